"""What holds for all tests."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.stack_files import FIXED, ROOT

# How long an example takes says something about the machine, not about the code.
settings.register_profile("no-deadline", deadline=None, print_blob=True)
settings.load_profile("no-deadline")


@pytest.fixture(scope="session", autouse=True)
def fixed_stacks() -> Iterator[None]:
    """Commands called by a test read tests/stacks for the name of a stack."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("operations.declared.stack_files._STACKS", FIXED)
        yield


_REAL_STACKS = ROOT / "stacks"
_opened: list[str] = []


def _note_real_stacks(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str | Path):
        path = Path.cwd() / arguments[0]
        if path.parent == _REAL_STACKS:
            _opened.append(str(path))


sys.addaudithook(_note_real_stacks)


@pytest.fixture(autouse=True)
def only_marked_tests_read_real_stacks(request: pytest.FixtureRequest) -> Iterator[None]:
    """A change of stacks/ can fail only the tests that are about these very files."""
    yield
    opened = sorted(set(_opened))
    _opened.clear()
    if opened and request.node.get_closest_marker("real_stacks") is None:
        pytest.fail(f"reads {', '.join(opened)} without the marker real_stacks")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep tests of one xdist_group in one process.

    pytest-xdist 3.8 names the group in a test's id by a field that pytest 9.2 no longer has, so
    that groups are silently ignored: https://github.com/pytest-dev/pytest-xdist/issues/1386.
    """
    if not config.getoption("loadgroup", False):
        return
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group is not None and "@" not in item.nodeid.rpartition("]")[2]:
            named = type(item.id).parse(f"{item.nodeid}@{group.args[0]}")
            object.__setattr__(item, "_id", named)
