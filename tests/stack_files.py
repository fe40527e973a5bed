"""The stack files that tests read: those of tests/stacks, which no release changes.

A version, size or setting in the real stacks/ may change every day and must not fail a test. Only
the tests that protect the real stacks read those, through `real_stack_file`, and they expect no
exact value: the stacks load, render, keep the policy, pass the judges and come up in a rehearsal.
"""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
STACKS = ("local", "staging", "production")

FIXED = Path(__file__).parent / "stacks"

Edit = tuple[str, str]


def stack_file(stack: str) -> Path:
    """The file of a stack for tests."""
    return FIXED / f"Pulumi.{stack}.yaml"


def real_stack_file(stack: str) -> Path:
    """The file that is deployed: for tests that hold whatever versions and settings it has."""
    return ROOT / "stacks" / f"Pulumi.{stack}.yaml"


def changed_stack_file(folder: Path, stack: str, *edits: Edit) -> Path:
    """A copy of a stack's file in `folder`/stacks, with each old text replaced by its new one.

    Each old text must occur exactly once.
    """
    text = stack_file(stack).read_text()
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} must occur once in {stack_file(stack)}"
        text = text.replace(old, new)
    file = folder / "stacks" / f"Pulumi.{stack}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def copy_declarations(folder: Path, *more: str) -> Path:
    """A copy of infra/, of `more` folders and files of the checkout, and of the tests' stacks/."""
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("infra", *more):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, folder / name)
    shutil.copytree(FIXED, folder / "stacks")
    return folder
