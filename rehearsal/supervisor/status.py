"""What a supervisor tells about itself: `processes.json` and `endpoints.json`."""

import fcntl
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from rehearsal.files import write_private

State = Literal["waiting", "starting", "ready", "recovering", "failed", "stopped"]


@dataclass(frozen=True)
class Endpoints:
    """Where the parts of a rehearsal answer: URLs; empty for a part that was not asked for."""

    kubernetes: str
    cloudflare_api: str = ""
    edge: str = ""
    origin: str = ""


@dataclass
class ProcessStatus:
    """One component, as it is now."""

    name: str
    state: State = "waiting"
    pid: int | None = None
    started: float | None = None
    """Seconds since the epoch."""
    restarts: int = 0
    log: str = ""
    configuration: str = ""
    """Fingerprint of the configuration it was started with."""


@dataclass
class Status:
    """The whole rehearsal, as it is now."""

    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    state: State = "stopped"
    pid: int = 0
    error: str = ""
    processes: list[ProcessStatus] = field(default_factory=list[ProcessStatus])

    def process(self, name: str) -> ProcessStatus | None:
        """The component of that name."""
        return next((process for process in self.processes if process.name == name), None)


def write_status(root: Path, status: Status) -> None:
    """Replace `processes.json`."""
    write_private(root / "processes.json", json.dumps(asdict(status), indent=2) + "\n")


def read_status(root: Path) -> Status | None:
    """The last status that was written, or None when there is none that can be read."""
    try:
        document: Any = json.loads((root / "processes.json").read_text())
        processes = [ProcessStatus(**process) for process in document.pop("processes")]
        return Status(**document, processes=processes)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_endpoints(root: Path, endpoints: Endpoints) -> None:
    """Replace `endpoints.json`."""
    found = {name: url for name, url in asdict(endpoints).items() if url}
    write_private(root / "endpoints.json", json.dumps(found, indent=2) + "\n")


def read_endpoints(root: Path) -> Endpoints | None:
    """The endpoints of a rehearsal that runs, or None."""
    try:
        document: Any = json.loads((root / "endpoints.json").read_text())
        return Endpoints(**document)
    except (OSError, ValueError, TypeError):
        return None


def try_lock(path: Path) -> int | None:
    """Take a lock that ends with this process; the open descriptor, or None when it is held."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold a lock, after waiting for the process that has it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def supervisor_lock(root: Path) -> Path:
    """The lock that a supervisor holds as long as it lives."""
    return root / "supervisor.lock"


def supervisor_runs(root: Path) -> bool:
    """Whether a supervisor lives. Asks the kernel, so neither kill -9 nor a reboot misleads it."""
    descriptor = try_lock(supervisor_lock(root))
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def supervisor_pid(root: Path) -> int:
    """The process id that the last supervisor has left in its lock; 0 when it has not."""
    try:
        return int(supervisor_lock(root).read_text())
    except (OSError, ValueError):
        return 0
