"""CODEOWNERS speaks of files that exist, and of every stack."""

import re

from operations.declared.stack_files import every_stack
from tests.unit.github.workflows import GITHUB, ROOT

LINES = [
    line.split()
    for line in (GITHUB / "CODEOWNERS").read_text().splitlines()
    if line and not line.startswith("#")
]


def test_paths_exist() -> None:
    for pattern, *_ in LINES[1:]:
        assert pattern.startswith("/")
        path = ROOT / pattern.strip("/")
        assert path.is_dir() if pattern.endswith("/") else path.is_file(), pattern


def test_everything_has_owners_and_they_are_teams() -> None:
    assert LINES[0][0] == "*"
    for _, *owners in LINES:
        assert owners
        assert all(re.fullmatch(r"@serlo/[a-z-]+", owner) for owner in owners)


def test_each_stack_has_owners_of_its_own() -> None:
    patterns = {pattern for pattern, *_ in LINES}
    assert {f"/stacks/Pulumi.{stack}.yaml" for stack in every_stack()} <= patterns
