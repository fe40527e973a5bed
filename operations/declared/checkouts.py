"""The two sides of a review: snapshots of a git ref, and of the working tree."""

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from operations.declared.snapshot import Snapshot, broken, from_json
from operations.declared.traceback_tail import reason
from operations.support.git import GitError, git, unpack
from toolchain.cache import user_cache

WORKTREE = "WORKTREE"
"""Stands for the files as they are, committed or not."""
_DECLARED = ("Pulumi.yaml", "infra", "stacks")


class RefError(Exception):
    """Git does not know such a ref; the text says what to do."""


@dataclass(frozen=True)
class Side:
    """One side: what people call it, the commit it stands for (None: the working tree)."""

    name: str
    commit: str | None
    snapshots: dict[str, Snapshot]


def both(
    root: Path,
    base: str,
    head: str,
    stacks: Sequence[str],
    names: tuple[str | None, str | None] = (None, None),
) -> tuple[Side, Side]:
    """The sides of a review, taken at once; raises RefError.

    `names` are what the sides are called, by default their refs; the working tree is called after
    the branch that is checked out.
    """
    commits = [_commit(root, ref) for ref in (base, head)]
    with ThreadPoolExecutor(2) as pool:
        tasks = [pool.submit(_snapshots, root, commit, stacks) for commit in commits]
        taken = [task.result() for task in tasks]
    called = [
        name or (ref if commit is not None else _branch(root))
        for name, ref, commit in zip(names, (base, head), commits, strict=True)
    ]
    sides = [Side(*described) for described in zip(called, commits, taken, strict=True)]
    return sides[0], sides[1]


def _branch(root: Path) -> str:
    try:
        return f"{asked(root, 'symbolic-ref', '--quiet', '--short', 'HEAD')} (working tree)"
    except GitError:  # no branch, but a commit, is checked out
        return "the working tree"


def _snapshots(root: Path, commit: str | None, stacks: Sequence[str]) -> dict[str, Snapshot]:
    folder = declarations(root, commit)
    files = {stack: folder / "stacks" / f"Pulumi.{stack}.yaml" for stack in stacks}
    present = {stack: file for stack, file in files.items() if file.exists()}
    missing = {stack: broken(stack, f"{_name(stack)} does not exist") for stack in files}
    if not present:
        return missing
    pairs = [text for stack, file in present.items() for text in (stack, str(file))]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "operations.declared.snapshot", *pairs],
        capture_output=True,
        text=True,
        env=reading(folder),
        check=False,
    )
    if done.returncode:
        said = done.stderr.replace(f"{folder}{os.sep}", "")
        silence = f"it ended with status {done.returncode} and said nothing"
        problem = f"its program cannot be run:\n{reason(said) or silence}"
        return {stack: broken(stack, problem) for stack in stacks}
    return missing | from_json(done.stdout.replace(f"{folder}{os.sep}", ""))


def reading(folder: Path) -> dict[str, str]:
    """The variables for a Python process that is to import the `infra` of a checkout."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": str(folder)}


def _name(stack: str) -> str:
    return f"stacks/Pulumi.{stack}.yaml"


def declarations(root: Path, commit: str | None) -> Path:
    """The declarations of a commit, or of the working tree, in a folder with nothing else.

    Nothing else, since the code that reads them is this checkout's. Kept for the next review.
    """
    cache = user_cache("review")
    cache.mkdir(parents=True, exist_ok=True)
    if commit is None:
        return _links(root, cache / f"worktree-{sha256(str(root).encode()).hexdigest()[:16]}")
    folder = cache / asked(root, "rev-parse", f"{commit}^{{tree}}")
    with _locked(cache):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=cache) as draft:
                unpack(root, commit, Path(draft) / "tree", *_present(root, commit))
                (Path(draft) / "tree").rename(folder)
    return folder


def _links(root: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name in _DECLARED:
        with suppress(FileExistsError):
            (folder / name).symlink_to(root / name)
    return folder


def _present(root: Path, commit: str) -> list[str]:
    names = asked(root, "ls-tree", "--name-only", commit).splitlines()
    return [name for name in _DECLARED if name in names]


@contextmanager
def _locked(cache: Path) -> Generator[None]:
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _commit(root: Path, ref: str) -> str | None:
    if ref == WORKTREE:
        return None
    try:
        return asked(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    except GitError:
        raise RefError(
            f"git knows no {ref!r}: fetch it (git fetch origin), or name another with --base or "
            "--head"
        ) from None


def asked(root: Path, *arguments: str) -> str:
    """What git answers in a line or some; raises GitError."""
    return git(root, *arguments).decode(errors="surrogateescape").strip()
