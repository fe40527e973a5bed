"""docs/services.md names every service's file, and no file that is not there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "services.md").read_text()
NAMED = set(re.findall(r"`((?:infra|stacks|operations)/[^`]+)`", TEXT))


def test_every_file_that_is_named_exists() -> None:
    assert len(NAMED) > 20
    assert [name for name in sorted(NAMED) if not (ROOT / name).is_file()] == []


def test_every_file_that_declares_services_is_named() -> None:
    files = (ROOT / "infra" / "services").glob("*.py")
    declaring = {f"infra/services/{file.name}" for file in files if file.name != "__init__.py"}
    assert declaring <= NAMED
