"""Commands in a terminal of 80 columns and in a pipe, run as a user runs them."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

SERLO = Path(sys.prefix) / "bin" / "serlo"
_WIDTH = 80
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_COMMANDS = (
    ("versions",),
    ("versions", "staging", "production"),
    ("secrets", "production"),
    ("routes",),
    ("routes", "--stack", "production"),
    ("tools",),
    ("--help",),
    ("versions", "--help"),
)


def in_terminal(*arguments: str, width: int = _WIDTH, cwd: Path | None = None) -> str:
    """What a command shows in a terminal of that width, without colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    variables = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
    with subprocess.Popen(
        [SERLO, *arguments],
        cwd=cwd,
        env={**variables, "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as command:
        os.close(theirs)
        parts: list[bytes] = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux, when nobody has the other end any more
                break
            if not part:
                break
            parts.append(part)
        os.close(ours)
    assert command.returncode == 0
    return _CONTROL.sub("", b"".join(parts).decode()).replace("\r\n", "\n")


def in_pipe(*arguments: str) -> str:
    done = subprocess.run([SERLO, *arguments], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
def test_nothing_is_cut_in_80_columns(command: tuple[str, ...]) -> None:
    shown = in_terminal(*command)

    # A word that is longer than a line, such as an address, is left whole.
    long = [line for line in shown.splitlines() if len(line) > _WIDTH and len(line.split()) > 1]
    assert long == []
    assert not any(line.rstrip().endswith("…") for line in shown.splitlines())


@pytest.mark.parametrize("command", _COMMANDS[:-2], ids=" ".join)
def test_a_pipe_gets_everything_on_one_line_and_no_colours(command: tuple[str, ...]) -> None:
    piped = in_pipe(*command)

    assert "\x1b" not in piped
    assert not any(line != line.rstrip() for line in piped.splitlines())
    assert piped == in_terminal(*command, width=1000)
