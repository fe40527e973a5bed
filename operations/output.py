"""Writing for people and for pipes."""

import os
import sys


def write_out(text: str) -> None:
    """Write a text to standard output, whose reader may leave when it has seen enough."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
