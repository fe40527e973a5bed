"""What every stack declares, and how far it lags behind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.declaration.release import ReleaseError, parse_release
from infra.services import declared
from operations.declared.stack_files import (
    stack_name,
)
from operations.errors import CommandError
from operations.releases.history import History
from operations.releases.lag import AHEAD, BEHIND, ShownStack
from operations.releases.stack_versions import NOTHING, peek
from operations.support.git import GitError


@dataclass(frozen=True)
class VersionsPicture:
    """All stacks that a command knows, those beside the asked ones too, by file."""

    known: Mapping[Path, ShownStack]
    notes: list[str]

    @classmethod
    def at(cls, files: Sequence[Path], ref: str) -> "VersionsPicture":
        """As a commit, tag or branch says. Raises CommandError."""
        known: dict[Path, ShownStack] = {}
        notes: list[str] = []
        for folder in dict.fromkeys(file.parent for file in files):
            try:
                history = History.read(folder, ref)
            except GitError as error:
                raise CommandError(f"--at: {error}") from None
            moment = history.at.date if history.at else datetime.now(UTC)
            for file in _with_neighbours(folder, files):
                declared = history.declared(file.name)
                if declared is None or declared is NOTHING:
                    what = "cannot be read" if declared is None else "does not exist"
                    notes += [f"{file.name} {what} at {ref}"] if file in files else []
                    continue
                known[file] = ShownStack(
                    stack_name(file), file.name, declared, history, moment, is_past=True
                )
        return cls(known, notes)

    @classmethod
    def now(cls, files: Sequence[Path]) -> "VersionsPicture":
        """As the working tree says. Raises CommandError."""
        known: dict[Path, ShownStack] = {}
        notes: list[str] = []
        now = datetime.now(UTC)
        for folder in dict.fromkeys(file.parent for file in files):
            history: History | None = None
            try:
                history = History.read(folder)
            except GitError as error:
                notes.append(f"since when is not known: {error}")
            for file in _with_neighbours(folder, files):
                place = _read(file, history, now)
                if place is not None:
                    known[file] = place
        mistakes = [*_mistakes(known, files)]
        if mistakes:
            raise CommandError(*mistakes)
        return cls(known, notes)

    def by_stack(self, shown: Sequence[ShownStack]) -> dict[str, ShownStack]:
        """The stacks to measure distances between: where one is shown, it counts."""
        return {place.stack: place for place in (*self.known.values(), *shown)}


def _with_neighbours(folder: Path, files: Sequence[Path]) -> list[Path]:
    pair = (folder / f"Pulumi.{stack}.yaml" for stack in (AHEAD, BEHIND))
    return list(dict.fromkeys([*(file for file in files if file.parent == folder), *pair]))


def _read(file: Path, history: History | None, now: datetime) -> ShownStack | None:
    try:
        declared = peek(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    if declared is None:
        return None
    return ShownStack(stack_name(file), file.name, declared, history, now, is_past=False)


def _mistakes(known: Mapping[Path, ShownStack], files: Sequence[Path]) -> Iterator[str]:
    """What is wrong with the files, in full, where a glance shows that something is."""
    for file in files:
        place = known.get(file)
        if place is not None and all(_is_release(place, key) for key in place.declared.versions):
            continue
        from infra.stack.environment import (  # noqa: PLC0415 slow to import, and only for files with mistakes
            Environment,
            StackFileError,
        )

        try:
            Environment.load(file)
        except StackFileError as error:
            yield str(error)


def _is_release(place: ShownStack, key: str) -> bool:
    service = next((s for s in declared() if s.version_key == key), None)
    if service is None:
        return False
    try:
        parse_release(place.declared.versions[key], service.channel, allow_v=service.third_party)
    except ReleaseError:
        return False
    return True
