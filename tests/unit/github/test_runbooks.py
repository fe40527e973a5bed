"""Every runbook is found from the list, and no link in one leads nowhere."""

import re
from pathlib import Path

import pytest

from tests.unit.github.workflows import ROOT

RUNBOOKS = ROOT / "docs" / "runbooks"
FILES = sorted(RUNBOOKS.glob("*.md"))


def test_all_are_listed() -> None:
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", (RUNBOOKS / "README.md").read_text()))
    assert {file.name for file in FILES} - {"README.md"} <= listed


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_links_lead_somewhere(file: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", file.read_text()):
        assert (RUNBOOKS / link).exists(), link
