"""The same trace for the checkout at another git ref, which runs its own code."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from operations.rehearsed.project import CHECKOUT
from operations.support.git import GitError, GitMissing, unpack

_SECONDS = 120


class BaseError(Exception):
    """The checkout at that ref cannot say; the text says why."""


@dataclass(frozen=True)
class Before:
    """What the other checkout says: for comparing, and for reading."""

    document: dict[str, Any]
    text: str


def trace_at(ref: str, arguments: Sequence[str]) -> Before:
    """What `serlo trace` says there; raises BaseError.

    `arguments` are those of the command. Files of the checkout that are not committed are no part
    of it, and no rehearsal is asked.
    """
    with tempfile.TemporaryDirectory(prefix="serlo-trace-") as folder:
        _extract(ref, Path(folder))
        if not (Path(folder) / "operations" / "command.py").is_file():
            raise BaseError(f"at {ref} there is no `serlo trace` yet")
        said = _run(ref, Path(folder), [*arguments, "--json"])
        return Before(cast(dict[str, Any], json.loads(said)), _run(ref, Path(folder), arguments))


def _run(ref: str, folder: Path, arguments: Sequence[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "operations.command", "trace", *arguments, "--no-rehearsal"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise BaseError(f"at {ref}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def _extract(ref: str, folder: Path) -> None:
    try:
        unpack(CHECKOUT, ref, folder, seconds=_SECONDS)
    except GitMissing:
        raise BaseError("git is not installed, so no other ref can be looked at") from None
    except GitError as error:
        raise BaseError(f'git knows no ref "{ref}" here: {error}') from None
