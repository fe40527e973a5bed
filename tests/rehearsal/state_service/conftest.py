"""A state service and a project on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rehearsal.state_service.workplace import Project, Service, on_service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service of the test's own."""
    service = Service(tmp_path / "service")
    yield service
    service.kill()


@pytest.fixture
def project(tmp_path: Path, service: Service) -> Project:
    """A project with an initialised stack on a service of its own."""
    return Project(tmp_path / "project", on_service(service))
