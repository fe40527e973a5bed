"""No version, size or setting in stacks/ fails a test that is not about exactly these files.

`make test-versions` does the same for each service by itself.
"""

from pathlib import Path

import pytest

from tests.versions.copies import CHANGES, Copy, releases

pytestmark = [pytest.mark.xdist_group("versions"), pytest.mark.timeout(1200)]


def test_the_other_fast_tests_read_nothing_of_the_real_stacks(tmp_path: Path) -> None:
    copy = Copy.create(tmp_path / "copy")
    for file in (copy.folder / "stacks").iterdir():
        file.write_text("")
    copy.fast_tests("not real_stacks")


def test_what_reads_the_real_stacks_passes_after_every_change(tmp_path: Path) -> None:
    copy = Copy.create(tmp_path / "copy")
    for change in CHANGES.values():
        change(copy, releases())
        copy.fast_tests("real_stacks")
