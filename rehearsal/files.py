"""Writing the files of a rehearsal: whole or not at all, and for the owner's eyes where needed."""

import os
import secrets
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` with mode 0600, atomically; the folder is made if missing."""
    _write(path, text, 0o600)


def write_public(path: Path, text: str) -> None:
    """Write `text` to `path` with mode 0644, atomically; the folder is made if missing."""
    _write(path, text, 0o644)


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Never open the final name for writing: a killed run would leave half a file.
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
