"""Run one long command: quietly, into a log, and without leaving it behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain.errors import Cancelled, ToolError
from toolchain.progress import Progress

LAST_LINES = 15
"""How much of a failed command's own output is repeated in the error."""

_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> Callable[[], None] | None:
    """What a child does first, so that it does not outlive a killed parent (Linux only)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return arrange


_FIRST_IN_CHILD = _die_with_parent()


@dataclass(frozen=True)
class Runner:
    """Runs the commands that make one tool; `log` receives everything they print."""

    what: str
    """What is being made, for the error message: `kubectl v1.36.3`."""
    log: Path
    progress: Progress
    cancelled: threading.Event

    def run(self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> str:
        """The standard output of `command`.

        Raises ToolError with the command's last lines and the log's path when it fails, Cancelled
        when the run was interrupted meanwhile. The command never outlives this call.
        """
        with self.log.open("ab") as log, tempfile.TemporaryFile() as output:
            log.write(f"$ {' '.join(command)}\n".encode())
            log.flush()
            try:
                process = subprocess.Popen(
                    command,
                    cwd=cwd,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=log,
                    start_new_session=True,  # so that it can be ended with all its children
                    preexec_fn=_FIRST_IN_CHILD,  # noqa: PLW1509 - one system call, no lock taken
                )
            except OSError as error:
                raise ToolError(f"{self.what}: cannot run {command[0]}: {error.strerror}") from None
            try:
                code = self._wait(process)
            except BaseException:
                _end(process)
                raise
            output.seek(0)
            text = output.read().decode(errors="replace")
            log.write(text.encode())
        if code != 0:
            raise ToolError(self._failure(command, cwd, code))
        return text

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        while True:
            if self.cancelled.is_set():
                raise Cancelled(f"{self.what}: interrupted")
            self.progress.tick()
            try:
                return process.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue

    def _failure(self, command: Sequence[str], cwd: Path, code: int) -> str:
        lines = self.log.read_text(errors="replace").rstrip().splitlines()[-LAST_LINES:]
        return "\n".join(
            [
                f"{self.what} failed: {' '.join(command[:3])} … ended with code {code}",
                f"  in {cwd}. Its last lines:",
                *(f"    {line}" for line in lines),
                f"  The whole log: {self.log}",
            ]
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the command and everything it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
