from pathlib import Path

import pytest

from .repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Staging and production in a repository of their own."""
    return Repository.create(tmp_path / "repository")
