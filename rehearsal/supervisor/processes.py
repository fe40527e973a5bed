"""Starts the processes of a rehearsal so that they can be found again, and ends them.

Each carries a mark of the state folder in its environment, and so do its own children: a process
with the mark belongs to the rehearsal. That cannot be mistaken for another process that has got the
number of a dead one, in this boot or another, so no signal ever reaches a stranger.
"""

import ctypes
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

MARK = "SERLO_REHEARSAL"
_PR_SET_PDEATHSIG = 1


def environment(folder: Path) -> dict[str, str]:
    """The environment of a process of the rehearsal in `folder`."""
    # etcd takes every such variable for one of its flags, and ends when it does not like it.
    inherited = {name: value for name, value in os.environ.items() if name[:5] != "ETCD_"}
    # Python components look at their own standard output long before it would be flushed.
    return {**inherited, **mark(folder), "PYTHONUNBUFFERED": "1"}


def mark(folder: Path) -> dict[str, str]:
    """The variable by which a process, and what it starts, belongs to the rehearsal in `folder`."""
    return {MARK: _value_of_mark(folder)}


def spawn(
    command: list[str], folder: Path, *, log: Path, output: Path, death_signal: signal.Signals
) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own, with standard error appended to `log`.

    On Linux the kernel sends it `death_signal` when this process ends, however it ends.
    Call from the main thread. Raises OSError.
    """
    with log.open("ab") as errors, output.open("ab") as standard_output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=standard_output,
            stderr=errors,
            cwd=folder,
            env=environment(folder),
            start_new_session=True,
            preexec_fn=_die_with(os.getpid(), death_signal),  # noqa: PLW1509 - no threads here
        )


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None  # the next start ends what is left
    libc = ctypes.CDLL(None, use_errno=True)

    def ask_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # it died before we could ask
            os.kill(os.getpid(), signal.SIGKILL)

    return ask_kernel


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a process that was spawned here, and to its children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def wait_all(processes: Iterable[subprocess.Popen[bytes]], seconds: float) -> bool:
    """Wait until all have ended; answers whether they did within `seconds`."""
    deadline = time.monotonic() + seconds
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
    return True


def members(folder: Path) -> set[int]:
    """The ids of all processes, of this user, that belong to the rehearsal in `folder`."""
    wanted = f"{MARK}={_value_of_mark(folder)}"
    found = _linux_members(wanted) if sys.platform == "linux" else _other_members(wanted)
    return found - {os.getpid()}


def _linux_members(wanted: str) -> set[int]:
    variable = wanted.encode()
    found: set[int] = set()
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        with suppress(OSError):  # gone meanwhile, or another user's
            # A process that has ended and waits to be reaped has no environment any more.
            if variable in Path(entry.path, "environ").read_bytes().split(b"\0"):
                found.add(int(entry.name))
    return found


def _other_members(wanted: str) -> set[int]:
    listing = subprocess.run(
        ["ps", "axeww", "-o", "pid=,command="], capture_output=True, text=True, check=False
    )
    # The environment follows the command.
    lines = (line.split() for line in listing.stdout.splitlines())
    return {int(words[0]) for words in lines if wanted in words}


def _value_of_mark(folder: Path) -> str:
    # Not the path itself, which may have a space in it.
    return hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]


def end_members(folder: Path, seconds: float) -> bool:
    """Kill everything that belongs to the rehearsal; answers whether all has ended in time."""
    deadline = time.monotonic() + seconds
    while found := members(folder):
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
