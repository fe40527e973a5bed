"""What git says about the versions in the stack files: who changed which, when.

History is the main line: a merge counts as one step, since what lies on a branch is not deployed.
It takes two processes of git, three for another commit than HEAD, however long it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from operations.releases.stack_versions import NOTHING, StackVersions, peek
from operations.support.git import GitError, blobs, git

__all__ = ["GitError", "History", "Revision", "VersionCommit", "VersionPeriod", "versions_at"]

_FILES = "Pulumi.*.yaml"
_FORMAT = "%x1e%H%x1f%cI%x1f%an%x1f%D%x1f%s"


@dataclass(frozen=True)
class Revision:
    """A commit on the main line. `date` is when it got there: the committer's."""

    sha: str
    date: datetime
    author: str
    subject: str
    cut: bool = False
    """Whether the clone is shallow and knows nothing before it."""


@dataclass(frozen=True)
class State:
    """A stack file from a commit on; `declared` is None where it could not be read."""

    revision: Revision
    declared: StackVersions | None


@dataclass(frozen=True)
class VersionCommit:
    """A commit that gave a key another version; None: the key was not there."""

    revision: Revision
    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class VersionPeriod:
    """A version that ran for a while, from a commit on; None stands for the working tree."""

    text: str
    revision: Revision | None

    @property
    def tag(self) -> str:
        """The version without its digest: pinning a version makes no other of it."""
        return tag_of(self.text)


def tag_of(text: str) -> str:
    """A version without its digest."""
    return text.partition("@")[0]


@dataclass(frozen=True)
class History:
    """Every state of the stack files of a folder up to a commit, by file name, oldest first."""

    at: Revision | None
    """The commit that was asked for, whether or not it touched a stack file; None: HEAD."""
    states: Mapping[str, Sequence[State]]

    @classmethod
    def read(cls, folder: Path, ref: str | None = None) -> "History":
        """The history of the stack files in `folder`, up to HEAD or another commit.

        Raises GitError, with a clear word for a `ref` that names no commit.
        """
        at = _revision(folder, ref) if ref is not None else None
        log = git(
            folder,
            *("log", "--first-parent", "--diff-merges=first-parent", "--no-renames"),
            *("--no-show-signature", "--no-color", "--no-ext-diff", "--encoding=UTF-8"),
            *("--raw", "--no-abbrev", "--relative", f"--format={_FORMAT}"),
            *(at.sha if at else "HEAD", "--", f":(glob){_FILES}"),
        ).decode(errors="replace")
        touched = list(_touched(log))
        declared = _declared(folder, (blob for _, _, blob in touched))
        states: dict[str, list[State]] = {}
        for revision, name, blob in reversed(touched):
            states.setdefault(name, []).append(State(revision, declared[blob]))
        return cls(at, states)

    def declared(self, name: str) -> StackVersions | None:
        """What a stack file said in the end: nothing if it was not there, None if unreadable."""
        states = self.states.get(name)
        return states[-1].declared if states else NOTHING

    def changes(self, name: str) -> list[VersionCommit]:
        """Every change of a version in a stack file, oldest first.

        Commits in which the file could not be read are passed over: what was changed there
        counts for the next that could.
        """
        found: list[VersionCommit] = []
        before = NOTHING
        for state in self.states.get(name, ()):
            if state.declared is None:
                continue
            after = state.declared
            for key in sorted({*before.versions, *after.versions}):
                old, new = before.versions.get(key), after.versions.get(key)
                if old != new:
                    found.append(VersionCommit(state.revision, key, old, new))
            before = after
        return found

    def steps(self, name: str, key: str, now: str | None = None) -> list[VersionPeriod]:
        """The versions that a key had one after the other; `now` is what the working tree has.

        Two that differ in the digest alone are one, with the newer text.
        """
        texts = [
            (state.declared.versions.get(key), state.revision)
            for state in self.states.get(name, ())
            if state.declared is not None
        ]
        steps: list[VersionPeriod] = []
        gap = True
        for text, revision in [*texts, (now, None)]:
            if text is None:
                gap = revision is not None
            elif gap or steps[-1].tag != tag_of(text):
                steps.append(VersionPeriod(text, revision))
                gap = False
            else:
                steps[-1] = VersionPeriod(text, steps[-1].revision)
        return steps


def versions_at(folder: Path, ref: str | None = None) -> dict[str, dict[str, str]]:
    """The versions by stack and key at a commit; files that cannot be read are left out.

    Raises GitError.
    """
    history = History.read(folder, ref)
    found: dict[str, dict[str, str]] = {}
    for name in sorted(history.states):
        declared = history.declared(name)
        if declared is not None and declared is not NOTHING:
            stack = name.removeprefix("Pulumi.").removesuffix(".yaml")
            found[stack] = dict(declared.versions)
    return found


def _revision(folder: Path, ref: str) -> Revision:
    if ".." in ref or not ref.strip():
        raise GitError(f"{ref!r} names no single commit")
    try:
        out = git(
            folder,
            *("log", "-1", "--no-show-signature", "--no-color", "--encoding=UTF-8"),
            *(f"--format={_FORMAT}", "--end-of-options", f"{ref}^{{commit}}", "--"),
        )
    except GitError as error:
        said = str(error)
        if "not a git repository" in said or "cannot be run" in said or "dubious" in said:
            raise
        raise GitError(f"there is no commit called {ref!r} in this repository") from None
    return _header(out.decode(errors="replace").strip("\n\x1e"))


def _touched(log: str) -> Iterator[tuple[Revision, str, str]]:
    """Every commit, stack file and blob in a raw log, newest first."""
    for record in log.split("\x1e")[1:]:
        header, *lines = record.split("\n")
        revision = _header(header)
        for line in lines:
            if line.startswith(":"):
                facts, _, name = line.partition("\t")
                yield revision, name, facts.split()[3]


def _header(line: str) -> Revision:
    sha, date, author, decoration, subject = line.split("\x1f", 4)
    cut = "grafted" in decoration.split(", ")
    return Revision(sha, datetime.fromisoformat(date), author, subject, cut)


# A blob is named after its content, so what was read once holds for ever.
_KNOWN: dict[str, StackVersions | None] = {}


def _declared(folder: Path, names: Iterable[str]) -> Mapping[str, StackVersions | None]:
    wanted = {name for name in names if name not in _KNOWN}
    for name in wanted:
        _KNOWN[name] = NOTHING if set(name) == {"0"} else None
    found = blobs(folder, sorted(name for name in wanted if set(name) != {"0"}))
    for name, content in found.items():
        try:
            _KNOWN[name] = peek(content.decode())
        except UnicodeDecodeError:
            _KNOWN[name] = None
    return _KNOWN
