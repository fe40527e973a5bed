"""The per-user cache of finished tools: one folder per name and version.

<root>/<name>/<version>/<payload>     an executable, or a folder; it appears whole or not at all
<root>/<name>/<version>/origin.json   where it came from, written before the payload appears
<root>/<name>/<version>/.lock         held while it is made; names the process that makes it
<root>/logs/<name>-<version>.log      what the commands said
<root>/go/                            modules and compiled packages while something is built
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Collection, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from toolchain.errors import Cancelled, ToolError
from toolchain.progress import Progress

_PARTIAL = ".partial-"


def user_cache(name: str) -> Path:
    """Where this user's things of one kind are: below $XDG_CACHE_HOME, by default ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "serlo" / name


def default_root() -> Path:
    """Where this user's tools are."""
    return user_cache("tools")


@dataclass(frozen=True)
class Slot:
    """The place of one tool of one version."""

    root: Path
    name: str
    version: str
    """Names the folder: the version, and for what comes from a lock file also the lock's hash."""

    @property
    def folder(self) -> Path:
        """The folder of this version."""
        return self.root / self.name / self.version

    @property
    def payload(self) -> Path:
        """The executable or folder itself; everything that exists here is complete."""
        return self.folder / self.name

    @property
    def log(self) -> Path:
        """The log of the commands that make it (its folder is created)."""
        logs = self.root / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        return logs / f"{self.name}-{self.version}.log"

    def origin(self) -> str | None:
        """Where the payload came from; None when there is no record that fits it."""
        try:
            record = json.loads((self.folder / "origin.json").read_text())
            origin, size = record["origin"], record["size"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return str(origin) if size == self._size() else None

    def _size(self) -> int | None:
        """The executable's size: a cheap sign of damage. A folder has none."""
        return self.payload.stat().st_size if self.payload.is_file() else None

    def record(self, origin: str, *, size: int | None) -> None:
        """Remember where the payload came from."""
        text = json.dumps({"origin": origin, "size": size}) + "\n"
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=_PARTIAL)
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(name).replace(self.folder / "origin.json")

    def adopt(self) -> None:
        """Record a payload that somebody else put here and that was found good."""
        self.record("cache", size=self._size())

    @contextmanager
    def staged(self) -> Generator[Path]:
        """An empty folder beside the payload, removed at the end. Only under the lock."""
        for stale in self.folder.glob(f"{_PARTIAL}*"):  # left by a process that was killed
            if stale.is_dir():
                remove_tree(stale)
            else:
                stale.unlink()
        stage = Path(tempfile.mkdtemp(dir=self.folder, prefix=_PARTIAL))
        try:
            yield stage
        finally:
            remove_tree(stage)

    def publish(self, made: Path, origin: str) -> None:
        """Let the finished `made` appear as the payload, in one step. Only under the lock."""
        size = made.stat().st_size if made.is_file() else None
        if made.is_file():
            with made.open("rb") as file:
                os.fsync(file.fileno())
        self.discard()
        self.record(origin, size=size)
        made.rename(self.payload)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self) -> None:
        """Remove a payload that is no good. Only under the lock."""
        if self.payload.is_dir() and not self.payload.is_symlink():
            remove_tree(self.payload)
        else:
            self.payload.unlink(missing_ok=True)

    @contextmanager
    def locked(self, progress: Progress, cancelled: threading.Event) -> Generator[None]:
        """Hold the slot for this process; wait, and say for whom, while another one has it.

        Raises ToolError when the cache cannot be written, Cancelled when interrupted.
        """
        path = self.folder / ".lock"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = path.open("a+")
        except OSError as error:
            raise _unwritable(error) from None
        with handle:
            if not _try_lock(handle.fileno()):
                self._wait(handle.fileno(), path, progress, cancelled)
            # Truncated and rewritten in place: the lock belongs to this very file.
            handle.truncate(0)
            handle.write(str(os.getpid()))
            handle.flush()
            yield

    def _wait(
        self, handle: int, path: Path, progress: Progress, cancelled: threading.Event
    ) -> None:
        what = f"{self.name} {self.version}"
        owner = path.read_text().strip()
        if owner == str(os.getpid()):  # another thread, which tells about its work itself
            waiting: AbstractContextManager[None] = nullcontext()
        else:
            who = f"process {owner}" if owner else "another process"
            waiting = progress.work(f"waiting for {who}, which is at work on {what}")
        with waiting:
            while not _try_lock(handle):
                progress.tick()
                if cancelled.wait(0.2):
                    raise Cancelled(f"{what}: interrupted")


def _unwritable(error: OSError) -> ToolError:
    return ToolError(
        f"cannot write to the tool cache: {error.filename}: {error.strerror}. "
        "Set XDG_CACHE_HOME to a writable folder."
    )


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def go_caches(root: Path) -> Generator[Path]:
    """The folder for what Go keeps between builds; the last of its users removes it.

    Each build holds a shared lock, so the process that gets the lock alone is the last. Raises
    ToolError when the cache cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle = (root / "go.lock").open("a")
    except OSError as error:
        raise _unwritable(error) from None
    try:
        with handle:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield root / "go"
    finally:
        remove_go_caches(root)


def remove_go_caches(root: Path) -> bool:
    """Remove what Go keeps between builds, unless a build uses it. Returns whether it did."""
    folder = root / "go"
    if not folder.exists():
        return False
    with (root / "go.lock").open("a") as handle:
        if not _try_lock(handle.fileno()) or not folder.exists():
            return False
        remove_tree(folder)
    return True


def remove_unneeded(root: Path, needed: Collection[Slot]) -> list[Path]:
    """Remove every version of every tool that is not among `needed`, unless somebody makes it.

    Returns what was removed, remains of Go's builds included.
    """
    folders = {slot.folder for slot in needed}
    removed: list[Path] = []
    for lock in sorted(root.glob("*/*/.lock")):
        version = lock.parent
        if version in folders:
            continue
        with lock.open("a") as handle:
            if not _try_lock(handle.fileno()):
                continue
            remove_tree(version)
        removed.append(version)
        (root / "logs" / f"{version.parent.name}-{version.name}.log").unlink(missing_ok=True)
        if not any(version.parent.iterdir()):
            version.parent.rmdir()
    if remove_go_caches(root):
        removed.append(root / "go")
    return removed


def remove_tree(folder: Path) -> None:
    """Remove a folder even where its folders are read-only, as the Go module cache makes them."""
    for path, _, _ in os.walk(folder):
        Path(path).chmod(0o700)
    shutil.rmtree(folder)
