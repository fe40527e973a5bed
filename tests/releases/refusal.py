"""What a command says when it refuses."""

from collections.abc import Callable

import pytest

from .repository import Repository


def refused(
    repository: Repository, capsys: pytest.CaptureFixture[str], command: Callable[[], None]
) -> list[str]:
    """The reasons for a refusal, which touched nothing."""
    before, head = repository.bytes(), repository.head()
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        command()
    assert caught.value.code == 1
    assert (repository.bytes(), repository.head()) == (before, head)
    told = capsys.readouterr()
    assert told.out == ""
    first, *lines = told.err[told.err.index("serlo ") :].splitlines()
    reasons = [line[2:] for line in lines if line.startswith("- ")]
    return reasons or [first.partition(": ")[2]]
