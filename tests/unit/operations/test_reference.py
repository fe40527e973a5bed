"""The reference of the commands is written from them."""

from operations import reference


def test_the_reference_is_what_the_commands_say() -> None:
    assert reference.FILE.read_text() == reference.text(), "run `make golden`"
