"""Writing the files of a rehearsal: whole or not at all, and for the owner's eyes where needed."""

import os
import secrets
from pathlib import Path


def write_private(path: Path, content: str | bytes) -> None:
    """Replace `path` by a file of mode 0600, atomically.

    The folder is made (mode 0700) if missing. Raises OSError.
    """
    _write(path, content, 0o600)


def write_public(path: Path, content: str | bytes) -> None:
    """Replace `path` by a file of mode 0644, atomically.

    The folder is made (mode 0700) if missing. Raises OSError.
    """
    _write(path, content, 0o644)


def _write(path: Path, content: str | bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    data = content.encode() if isinstance(content, str) else content
    # Never open the final name for writing: a killed run would leave half a file.
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
