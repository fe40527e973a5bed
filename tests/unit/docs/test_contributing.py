"""CONTRIBUTING.md lists the files that a new kind of rule touches, as the rules of today do."""

import re
from typing import get_args

from infra.routing import model
from operations.command import app
from tests.unit.docs.markdown import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
ENTRIES = {
    "infra/routing/table.py",
    "infra/routing/redirects.py",
    "infra/routing/legacy_split.py",
    "infra/services/legacy.py",
    "operations/routing/managed_worker.py",
}
"""Files that use actions, and know nothing about them in general."""


def section(heading: str) -> str:
    return TEXT.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]


def test_a_new_kind_of_rule() -> None:
    listed = set(re.findall(r"`((?:infra|operations)/[^`]+\.\w+)`", section("A new kind of rule")))
    actions = "|".join(action.__name__ for action in get_args(model.Action))
    naming = {
        str(file.relative_to(ROOT))
        for folder in ("infra", "operations")
        for file in (ROOT / folder).rglob("*.py")
        if re.search(rf"\b(?:{actions})\b", file.read_text())
    }
    assert naming - ENTRIES <= listed


def test_a_subcommand_is_a_file_of_its_name() -> None:
    commands = {name for name in app if not name.startswith("-")}
    files = {file.stem for file in (ROOT / "operations" / "commands").glob("*.py")}
    assert commands <= files
