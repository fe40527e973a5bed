"""The golden files tell what the stacks of the tests render to now."""

from difflib import unified_diff

import pytest
import yaml

from tests.golden.golden import FOLDER, golden_files
from tests.stack_files import STACKS


@pytest.mark.parametrize("stack", STACKS)
def test_the_golden_files_are_up_to_date(stack: str) -> None:
    now = golden_files(stack)
    kept = {path.name: path.read_text() for path in (FOLDER / stack).glob("*")}
    changes = [
        line
        for name in sorted(now.keys() | kept.keys())
        for line in unified_diff(
            kept.get(name, "").splitlines(keepends=True),
            now.get(name, "").splitlines(keepends=True),
            f"tests/golden/{stack}/{name}",
            f"now, of tests/stacks/Pulumi.{stack}.yaml",
        )
    ]
    assert not changes, "run `make golden` and look at what changed:\n" + "".join(changes)


@pytest.mark.parametrize("stack", STACKS)
def test_golden_files_hold_no_secret(stack: str) -> None:
    for path in (FOLDER / stack).glob("*.yaml"):
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] == "Secret":
                values = {**document.get("data", {}), **document.get("stringData", {})}
                assert set(values.values()) == {"[secret]"}
