"""Ask an executable for its version, and look for one of the right version on PATH."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from toolchain.catalogue import Entry

_START = r"(?<![\w./-])"
_END = r"(?![\w./-]|\+(?!g[0-9a-f]))"
"""What stands around a version: nothing that makes it another one, or part of a path. A commit
(`+g1a2b3c`) may follow."""

_PATIENCE = 20
"""Seconds an executable may take to print its version."""


_ASKING = {
    "PULUMI_SKIP_UPDATE_CHECK": "true",  # else it asks the network
    "GOTOOLCHAIN": "local",  # else go may fetch and be another version of itself
}


@dataclass(frozen=True)
class VersionAnswer:
    """What came of asking an executable for its version."""

    text: str
    """What it printed, or why it could not be run."""
    good: bool
    """Whether it ran and ended without an error."""


def ask(entry: Entry, executable: Path) -> VersionAnswer:
    """Ask `executable` for its version, with the arguments of the catalogue."""
    environment = os.environ | _ASKING
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
    except OSError as error:
        return VersionAnswer(error.strerror or str(error), good=False)
    except subprocess.TimeoutExpired:
        return VersionAnswer(f"nothing for {_PATIENCE} s", good=False)
    return VersionAnswer(
        result.stdout.decode(errors="replace").strip(), good=result.returncode == 0
    )


def names_exact_version(entry: Entry, answer: VersionAnswer) -> bool:
    """Whether the answer names exactly the pinned version, not a pre-release or a relative."""
    number = re.escape(entry.version.removeprefix("v"))
    return answer.good and re.search(f"{_START}(?:v|go)?{number}{_END}", answer.text) is not None


def _accepted_version(entry: Entry, answer: VersionAnswer) -> str | None:
    """The version on PATH if it will do: the pinned one, or new enough where newer may be."""
    if names_exact_version(entry, answer):
        return entry.version
    if entry.at_least is None or not answer.good:
        return None
    found = re.search(rf"{_START}(?:v|go)(\d+(?:\.\d+)+){_END}", answer.text)
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
        version = _accepted_version(entry, ask(entry, candidate))
        if version is not None:
            return candidate, version
    return None
