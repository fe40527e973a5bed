"""Versions change by the real commands, and what is about the real stacks passes on each result.

That no other test reads them is in tests/conftest.py. `make test-versions` does the same for each
service by itself.
"""

from pathlib import Path

import pytest

from tests.versions.copies import CHANGES, Copy, releases

pytestmark = [
    pytest.mark.xdist_group("versions"),
    pytest.mark.timeout(1200),
    pytest.mark.real_stacks,
]


def test_what_reads_the_real_stacks_passes_after_every_change(tmp_path: Path) -> None:
    copy = Copy.create(tmp_path / "copy")
    for change in CHANGES.values():
        change(copy, releases())
        copy.fast_tests("real_stacks")
