"""The folder of a rehearsal: one command works in it at a time, and nothing else lies in it."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from operations.errors import CommandError
from rehearsal.supervisor import stop
from rehearsal.supervisor.status import try_lock

_LOCK = "rehearse.lock"


@contextmanager
def exclusive(folder: Path) -> Generator[None]:
    """Keep other commands from changing a rehearsal; its folder is made if it is missing.

    A killed process frees it. Raises CommandError if another command works in it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = try_lock(folder / _LOCK)
    if descriptor is None:
        raise CommandError(
            f"another `serlo` works in {folder}",
            remedy="Wait for its end, or rehearse in another folder with `--folder`.",
        )
    try:
        yield
    finally:
        os.close(descriptor)


def clear(folder: Path) -> None:
    """Stop a rehearsal's servers and remove what it left, but for the lock of this command."""
    stop(folder)
    for entry in folder.iterdir():
        if entry.name == _LOCK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def purge(folder: Path) -> None:
    """Remove a rehearsal's folder. Raises CommandError for a folder that is none, or in use."""
    if not folder.exists():
        return
    if not (folder / _LOCK).is_file():
        raise CommandError(
            f"{folder} is no folder of a rehearsal",
            remedy="Name the one that `serlo rehearse --folder` got, or remove this one yourself.",
        )
    with exclusive(folder):
        stop(folder)
        shutil.rmtree(folder)
