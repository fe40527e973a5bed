"""The references of commands and stack files are written from the code."""

from pathlib import Path

import pytest

from operations.reference import TEXTS


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.name)
def test_a_reference_is_what_the_code_says(file: Path) -> None:
    assert file.read_text() == TEXTS[file](), "run `make golden`"
