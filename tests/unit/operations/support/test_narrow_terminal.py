"""Commands in a terminal of 80 columns and in a pipe, run as a user runs them."""

import subprocess

import pytest

from tests.terminal import SERLO, WIDTH, in_terminal

pytestmark = pytest.mark.real_stacks

_COMMANDS = (
    ("versions",),
    ("versions", "staging", "production"),
    ("secrets", "--stack", "production"),
    ("routes",),
    ("routes", "--stack", "production"),
    ("tools",),
    ("trace", "https://de.serlo.org/mathe", "--no-rehearsal"),
    ("--help",),
    ("versions", "--help"),
)


def in_pipe(*arguments: str) -> str:
    done = subprocess.run([*SERLO, *arguments], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
def test_nothing_is_cut_in_80_columns(command: tuple[str, ...]) -> None:
    shown = in_terminal(*command)

    # A word that is longer than a line, such as an address, is left whole.
    long = [line for line in shown.splitlines() if len(line) > WIDTH and len(line.split()) > 1]
    assert long == []
    assert not any(line.rstrip().endswith("…") for line in shown.splitlines())


@pytest.mark.parametrize("command", _COMMANDS[:-2], ids=" ".join)
def test_a_pipe_gets_everything_on_one_line_and_no_colours(command: tuple[str, ...]) -> None:
    piped = in_pipe(*command)

    assert "\x1b" not in piped
    assert not any(line != line.rstrip() for line in piped.splitlines())
    assert piped == in_terminal(*command, width=1000)
