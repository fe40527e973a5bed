"""Snapshots of other checkouts: a commit, or a working tree, described by its own code.

Each side is a process of its own that runs the `infra.describe` of that checkout, with this
checkout's Python packages and without the variables of the user's shell. It is not a sandbox: the
code runs with the user's rights.
"""

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

from operations.declared.snapshot import DescriptionFormatError, Snapshot, broken, from_json
from operations.errors import CommandError
from operations.support.git import GitError, git, unpack
from toolchain.cache import user_cache

WORKTREE = "WORKTREE"
"""Stands for the files as they are, committed or not."""
_DECLARED = ("Pulumi.yaml", "infra", "stacks")
_SECONDS = 120
_LAST_LINES = 5


class RefError(CommandError):
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
    called = [
        name or (ref if commit is not None else _branch(root))
        for name, ref, commit in zip(names, (base, head), commits, strict=True)
    ]
    with ThreadPoolExecutor(2) as pool:
        tasks = [
            pool.submit(_snapshots, root, commit, stacks, name)
            for name, commit in zip(called, commits, strict=True)
        ]
        taken = [task.result() for task in tasks]
    sides = [Side(*described) for described in zip(called, commits, taken, strict=True)]
    return sides[0], sides[1]


def snapshot_at(root: Path, ref: str, stack: str) -> Snapshot:
    """What a stack declares at a git ref; raises RefError."""
    return _snapshots(root, _commit(root, ref), [stack], ref)[stack]


def _branch(root: Path) -> str:
    try:
        return f"{asked(root, 'symbolic-ref', '--quiet', '--short', 'HEAD')} (working tree)"
    except GitError:  # no branch, but a commit, is checked out
        return "the working tree"


def _snapshots(
    root: Path, commit: str | None, stacks: Sequence[str], name: str
) -> dict[str, Snapshot]:
    folder = declarations(root, commit)
    if not (folder / "infra" / "describe.py").is_file():
        text = f"{name} is from before `infra.describe`; it cannot be compared"
        return {stack: broken(stack, text) for stack in stacks}
    try:
        return from_json(_description(folder, commit, stacks))
    except DescriptionFormatError as error:
        return {stack: broken(stack, str(error)) for stack in stacks}


def _description(folder: Path, commit: str | None, stacks: Sequence[str]) -> str:
    """What `infra.describe` of a checkout prints; that of a commit is kept for the next time.

    Raises DescriptionFormatError.
    """
    if commit is None:
        return _describe(folder, stacks)
    made_from = " ".join((sys.version, _installed(), *stacks))
    kept = folder.with_name(f"{folder.name}-{sha256(made_from.encode()).hexdigest()[:16]}.json")
    if not kept.exists():
        text = _describe(folder, stacks)
        with tempfile.NamedTemporaryFile("w", dir=kept.parent, delete=False) as draft:
            draft.write(text)
        Path(draft.name).replace(kept)
    return kept.read_text()


def _installed() -> str:
    """Which Python packages this checkout has: a description depends on them."""
    lock = Path(__file__).parents[2] / "uv.lock"
    return sha256(lock.read_bytes()).hexdigest() if lock.is_file() else ""


def _describe(folder: Path, stacks: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "infra.describe", *stacks],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            # No token and no setting of the user's reaches the code of another branch.
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "HOME": str(folder),
                "LC_ALL": "C.UTF-8",
                "PYTHONPATH": str(folder),
            },
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise DescriptionFormatError(
            f"its infra.describe has not ended after {_SECONDS} s"
        ) from None
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-_LAST_LINES:])
        raise DescriptionFormatError(
            f"its infra.describe ended with status {done.returncode}:\n{last or 'no output'}"
        )
    return done.stdout.replace(f"{folder}{os.sep}", "")


def reading(folder: Path) -> dict[str, str]:
    """The variables for a Python process that is to import the `infra` of a checkout."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": str(folder)}


def declarations(root: Path, commit: str | None) -> Path:
    """The declarations of a commit, or of the working tree, in a folder with nothing else.

    Kept for the next review.
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
            f"git knows no {ref!r}: fetch it (git fetch origin), or name another one"
        ) from None


def asked(root: Path, *arguments: str) -> str:
    """What git answers in a line or some; raises GitError."""
    return git(root, *arguments).decode(errors="surrogateescape").strip()


def root_of(folder: Path) -> Path:
    """The root of the git repository that a folder is in; raises RefError."""
    try:
        return Path(asked(folder, "rev-parse", "--show-toplevel"))
    except GitError:
        raise RefError(
            "This folder is in no git repository: there is nothing to compare with"
        ) from None
