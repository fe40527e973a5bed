"""Run a command to its end: its time on the wall and on the processors, and its memory."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_SAMPLE_SECONDS = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE")
_OUTPUT_LINES = 25


class CommandFailedError(Exception):
    """A measured command failed; the message has the last lines of its output."""


@dataclass(frozen=True)
class Measurement:
    """Of a command and all its processes: seconds on the wall and of processor time, megabytes.

    Memory is resident memory at its peak; None where it cannot be known (not Linux).
    """

    seconds: float
    processor_seconds: float
    megabytes: float | None


def measure(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    folder: Path,
    place: Path | None = None,
) -> Measurement:
    """Run `command` in `folder`, or in `place`, with just this environment.

    Its output goes into a file in `folder`. Raises CommandFailedError.

    Memory is the sum over the command's session, sampled ten times a second: pages that
    processes share count for each of them.
    """
    log = folder / "last-output.log"
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            env=dict(environment),
            cwd=place or folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        memory = _Memory(process.pid)
        # Unlike Popen.wait this tells the processor time, of the children it waited for as well.
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:  # a session of its own hears no Ctrl-C
            os.killpg(process.pid, signal.SIGKILL)
            raise
        seconds = time.perf_counter() - began
        code = process.returncode = os.waitstatus_to_exitcode(status)
    peak = memory.stop()
    if code != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-_OUTPUT_LINES:])
        words = " ".join(str(word) for word in command)
        raise CommandFailedError(f"{words} failed with exit code {code}:\n{tail}")
    return Measurement(seconds, used.ru_utime + used.ru_stime, peak)


class _Memory:
    """Watches a session in a thread."""

    def __init__(self, session: int) -> None:
        self._session = session
        self._peak: float | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        if _PROC.is_dir():
            self._thread.start()

    def stop(self) -> float | None:
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()
        return self._peak

    def _watch(self) -> None:
        while not self._done.wait(_SAMPLE_SECONDS):
            pages = sum(self._pages(folder) for folder in _PROC.glob("[0-9]*"))
            self._peak = max(self._peak or 0.0, pages * _PAGE / 1e6)

    def _pages(self, process: Path) -> int:
        try:
            # The name, in parentheses, may hold spaces; what follows it does not.
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            return int(fields[21]) if int(fields[3]) == self._session else 0
        except (OSError, IndexError):  # it ended meanwhile
            return 0
