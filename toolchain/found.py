"""Ask an executable for its version, and look for one of the right version on PATH."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from toolchain.catalogue import Entry

_END = r"(?![\w.-]|\+(?!g[0-9a-f]))"
"""What ends a version: nothing that makes it another one. A commit (`+g1a2b3c`) does not."""

_PATIENCE = 20
"""Seconds an executable may take to print its version."""


def printed_version(entry: Entry, executable: Path) -> str:
    """What `executable` prints when asked for its version, or why it prints nothing."""
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        result = subprocess.run(
            [executable, *entry.version_arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return result.stdout.decode(errors="replace").strip()


def names_exact_version(entry: Entry, printed: str) -> bool:
    """Whether `printed` names exactly the pinned version, and not a pre-release or a relative."""
    number = re.escape(entry.version.removeprefix("v"))
    return re.search(rf"(?<![\w.-])(?:v|go)?{number}{_END}", printed) is not None


def _accepted_version(entry: Entry, printed: str) -> str | None:
    """The version on PATH if it will do: the pinned one, or new enough where newer may be."""
    if names_exact_version(entry, printed):
        return entry.version
    if entry.at_least is None:
        return None
    found = re.search(r"(?:\bgo|\bv)(\d+(?:\.\d+)+)" + _END, printed)
    if found is None:
        return None
    number = tuple(int(part) for part in found[1].split("."))
    return found[1] if number >= entry.at_least else None


def on_path(entry: Entry, path: str) -> tuple[Path, str] | None:
    """The first executable on `path` (as in $PATH) whose version will do, and that version."""
    for folder in path.split(os.pathsep):
        candidate = Path(folder) / entry.name
        if not folder or not candidate.is_file() or not os.access(candidate, os.X_OK):
            continue
        version = _accepted_version(entry, printed_version(entry, candidate))
        if version is not None:
            return candidate, version
    return None
