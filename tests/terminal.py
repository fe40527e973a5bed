"""Run `serlo` in a terminal of a given width, as a user sees it."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

SERLO = (sys.executable, "-m", "operations.command")
"""The command of the checkout whose tests these are."""
WIDTH = 80
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def in_terminal(*arguments: str, width: int = WIDTH, cwd: Path | None = None) -> str:
    """What a command shows in a terminal of that width, without colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    variables = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
    with subprocess.Popen(
        [*SERLO, *arguments],
        cwd=cwd,
        env={**variables, "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.DEVNULL,  # where progress is shown, on a slow machine
    ) as command:
        os.close(theirs)
        parts: list[bytes] = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux, when the other end is closed
                break
            if not part:
                break
            parts.append(part)
        os.close(ours)
    assert command.returncode == 0
    return _CONTROL.sub("", b"".join(parts).decode()).replace("\r\n", "\n")
