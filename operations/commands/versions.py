"""`serlo versions`: which version is where, since when, and how far production is behind.

Reads files and asks git; starts no Pulumi, and loads no more than that takes.
"""

import json as json_format
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

from cyclopts import Parameter

from infra.declaration.release import ReleaseError, parse_release
from infra.services import declared
from operations.declared.stack_files import (
    UnknownStack,
    every_stack,
    existing_stack,
    stack_file,
    stack_name,
)
from operations.releases.history import History, Revision
from operations.releases.lag import AHEAD, BEHIND, Place, Row, rows
from operations.releases.stack_versions import NOTHING, peek
from operations.releases.versions_table import print_versions
from operations.support.git import GitError
from operations.support.output import print_text, working

if TYPE_CHECKING:
    from operations.releases.running import Running

Flag = Annotated[bool, Parameter(negative="")]


def versions(
    *stacks: str,
    at: str | None = None,
    live: Flag = False,
    rehearsal: Path | None = None,
    json: Flag = False,
) -> None:
    """Print which version of each service the stacks declare, since when and by which commit.

    Status 1 if a stack file has mistakes, or a cluster that was to be asked does not answer.

    Parameters
    ----------
    stacks
        The stacks to show: local, staging, production, or paths of stack files; all by default.
    at
        A commit, tag or branch: show what it says instead of the working tree.
    live
        Also show what the clusters run, and where that differs. Of local, the rehearsal is asked.
    rehearsal
        As --live, but ask the rehearsal in this folder instead of real clusters.
    json
        Print JSON instead of a table, with versions in full.
    """
    live = live or rehearsal is not None
    if at is not None and live:
        _stop(["--live shows what runs now: leave out --at"])
    try:
        files = [existing_stack(stack) for stack in stacks] or [*map(stack_file, every_stack())]
    except UnknownStack as error:
        _stop([str(error)])
    picture = _Picture.at(files, at) if at is not None else _Picture.now(files)
    shown = [place for place in (picture.known.get(file) for file in files) if place is not None]
    if not shown:
        _stop(picture.notes)
    for note in picture.notes:
        print_text(f"Note: {note}.", on_error=True)
    lines = rows(shown, picture.by_stack(shown))
    running, silent = ({}, [])
    if live:
        with working("asking the clusters what runs"):
            running, silent = _running(files, rehearsal)
    if json:
        print(json_format.dumps([_as_json(row, running) for row in lines], indent=2))
    else:
        print_versions(lines, [place.stack for place in shown], running, shown[0].now)
    for stack, reason in silent:
        print_text(f"{stack}: what runs is not known: {reason}", on_error=True)
    if silent:
        raise SystemExit(1)


@dataclass(frozen=True)
class _Picture:
    """All stacks that a command knows, those beside the asked ones too, by file."""

    known: Mapping[Path, Place]
    notes: list[str]

    @classmethod
    def at(cls, files: Sequence[Path], ref: str) -> "_Picture":
        known: dict[Path, Place] = {}
        notes: list[str] = []
        for folder in dict.fromkeys(file.parent for file in files):
            try:
                history = History.read(folder, ref)
            except GitError as error:
                _stop([f"--at: {error}"])
            moment = history.at.date if history.at else datetime.now(UTC)
            for file in _with_neighbours(folder, files):
                declared = history.declared(file.name)
                if declared is None or declared is NOTHING:
                    what = "cannot be read" if declared is None else "does not exist"
                    notes += [f"{file.name} {what} at {ref}"] if file in files else []
                    continue
                known[file] = Place(
                    stack_name(file), file.name, declared, history, moment, is_past=True
                )
        return cls(known, notes)

    @classmethod
    def now(cls, files: Sequence[Path]) -> "_Picture":
        known: dict[Path, Place] = {}
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
            _stop(mistakes)
        return cls(known, notes)

    def by_stack(self, shown: Sequence[Place]) -> dict[str, Place]:
        """The stacks to measure distances between: where one is shown, it counts."""
        return {place.stack: place for place in (*self.known.values(), *shown)}


def _with_neighbours(folder: Path, files: Sequence[Path]) -> list[Path]:
    pair = (folder / f"Pulumi.{stack}.yaml" for stack in (AHEAD, BEHIND))
    return list(dict.fromkeys([*(file for file in files if file.parent == folder), *pair]))


def _read(file: Path, history: History | None, now: datetime) -> Place | None:
    try:
        declared = peek(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    if declared is None:
        return None
    return Place(stack_name(file), file.name, declared, history, now, is_past=False)


def _mistakes(known: Mapping[Path, Place], files: Sequence[Path]) -> Iterator[str]:
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


def _is_release(place: Place, key: str) -> bool:
    service = next((s for s in declared() if s.version_key == key), None)
    if service is None:
        return False
    try:
        parse_release(place.declared.versions[key], service.channel, allow_v=service.third_party)
    except ReleaseError:
        return False
    return True


def _running(
    files: Sequence[Path], rehearsal: Path | None
) -> tuple[dict[str, dict[str, "Running"]], list[tuple[str, str]]]:
    """What runs, by stack and service, and the stacks of which that is not known."""
    from operations.releases.running import LiveError, running  # noqa: PLC0415 talks to clusters: dear

    found: dict[str, dict[str, Running]] = {}
    silent: list[tuple[str, str]] = []
    for file in files:
        stack = stack_name(file)
        folder = rehearsal or (Path(".rehearsal") if stack == "local" else None)
        try:
            found[stack] = running(file, folder)
        except LiveError as error:
            silent.append((stack, str(error)))
    return found, silent


def _as_json(row: Row, running: Mapping[str, Mapping[str, "Running"]]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "service": row.service,
        "channel": row.channel,
        "versions": dict(row.versions),
        "since": {stack: _revision(revision) for stack, revision in row.since.items()},
        "distance": None if row.distance is None else asdict(row.distance),
        "span": row.span,
        "changes": row.changes,
    }
    live = {
        stack: services[row.service]
        for stack, services in running.items()
        if row.service in services
    }
    if running:
        answer["live"] = {
            stack: {"versions": list(one.versions), "differs": one.differs}
            for stack, one in live.items()
        }
    return answer


def _revision(revision: Revision | None) -> dict[str, Any] | None:
    if revision is None:
        return None
    return {
        "commit": revision.sha,
        "date": revision.date.isoformat(),
        "author": revision.author,
        "subject": revision.subject,
        "at_least": revision.cut,
    }


def _stop(reasons: Sequence[str]) -> NoReturn:
    print_text("\n".join(reasons), on_error=True)
    raise SystemExit(1)
