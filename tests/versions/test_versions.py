"""No version, size or setting in stacks/ fails a test that is not about exactly these files.

`make test-versions` does the same for each service by itself.
"""

import shutil
from pathlib import Path

import pytest

from tests.versions.copies import CHANGES, Copy, changed, releases

pytestmark = [pytest.mark.xdist_group("versions"), pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy.create(tmp_path_factory.mktemp("versions") / "copy")


def test_the_fast_tests_do_without_the_real_stacks(tmp_path: Path) -> None:
    copy = Copy.create(tmp_path / "copy")
    shutil.rmtree(copy.folder / "stacks")
    copy.fast_tests("not real_stacks")


@pytest.mark.parametrize("change", CHANGES)
def test_what_reads_the_real_stacks_passes_after_every_change(copy: Copy, change: str) -> None:
    changed(copy, change, releases())
    copy.fast_tests("real_stacks")
