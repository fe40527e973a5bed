"""Asking git: one short process each, with git's own words when it refuses."""

import os
import subprocess
import tarfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from operations.errors import CommandError


class GitError(CommandError):
    """Git refused, or is not there; the message is what it said."""


class GitMissing(GitError):
    """There is no git on this machine."""


def git(folder: Path, *arguments: str, given: bytes = b"", seconds: float | None = None) -> bytes:
    """What git prints when run in `folder`, with `given` as its input. Raises GitError.

    It may take so many seconds; without them, as long as it likes.
    """
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            input=given,
            capture_output=True,
            check=False,
            timeout=seconds,
            # Reading never waits for, or disturbs, somebody who writes.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except FileNotFoundError as error:
        raise GitMissing(f"git cannot be run: {error.strerror}") from None
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise GitError(f"git {arguments[0]} takes longer than {seconds:.0f} s") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise GitError(said or f"git {arguments[0]} ended with status {done.returncode}")
    return done.stdout


def unpack(folder: Path, ref: str, into: Path, *names: str, seconds: float | None = None) -> None:
    """Write the files of a ref into a folder: all, or what is named. Raises GitError."""
    archive = git(
        folder, "archive", "--format=tar", "--end-of-options", ref, *names, seconds=seconds
    )
    with tarfile.open(fileobj=BytesIO(archive)) as content:
        content.extractall(into, filter="data")


def blobs(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The contents of git objects by name, in one process; those that are missing are left out.

    Raises GitError.
    """
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    out = git(folder, "cat-file", "--batch", given="\n".join([*wanted, ""]).encode())
    found: dict[str, bytes] = {}
    at = 0
    for name in wanted:
        end = out.index(b"\n", at)
        header = out[at:end].split()
        at = end + 1
        if header[-1] == b"missing":
            continue
        size = int(header[-1])
        found[name] = out[at : at + size]
        at += size + 1
    return found


def in_the_way(file: Path) -> list[str]:
    """Why a commit of this file alone would take along, or hide, changes of somebody else.

    Raises GitError.
    """
    status = git(file.parent, "status", "--porcelain=v1", "-z", "--untracked-files=no")
    reasons: list[str] = []
    entries = iter(status.decode(errors="surrogateescape").split("\0"))
    staged: list[str] = []
    for entry in entries:
        if not entry:
            continue
        in_index, path = entry[0], entry[3:]
        if in_index in "RC":  # its old name follows
            next(entries, None)
        if in_index != " ":
            staged.append(path)
        elif any(above / path == file for above in file.parents):
            reasons.append(f"{path} has changes that are not committed: commit or undo them first")
    if staged:
        listed = ", ".join(staged[:3]) + (", …" if len(staged) > 3 else "")
        reasons.append(f"the index holds staged changes ({listed}): commit or unstage them first")
    return reasons


def commit_file(file: Path, message: str) -> str:
    """Commit this one file as it stands, hooks and all; what git says about it.

    Raises GitError.
    """
    # The pathspec makes git commit this file only, whatever else was changed meanwhile.
    out = git(file.parent, "commit", "--file=-", "--only", "--", file.name, given=message.encode())
    return out.decode(errors="replace").strip()
