"""`serlo versions`: which version is where, since when, and how far production is behind.

Reads files and asks git; starts no Pulumi, and loads no more than that takes.
"""

import json as json_format
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from operations.declared.stack_files import (
    every_stack,
    existing_stack,
    stack_file,
    stack_name,
)
from operations.errors import CommandError, reports_errors
from operations.releases.history import Revision
from operations.releases.lag import ServiceVersions, rows
from operations.releases.versions_picture import VersionsPicture
from operations.releases.versions_table import print_versions
from operations.support.output import print_text, working

if TYPE_CHECKING:
    from operations.releases.running import Running


@reports_errors
def versions(
    *stacks: str,
    at: str | None = None,
    live: bool = False,
    rehearsal: Path | None = None,
    json: bool = False,
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
        Also show what the clusters run, and where that differs. For local, it asks the rehearsal.
    rehearsal
        As --live, but ask the rehearsal in this folder instead of real clusters.
    json
        Print JSON instead of a table, with versions in full.
    """
    live = live or rehearsal is not None
    if at is not None and live:
        raise CommandError("--live shows what runs now", remedy="Leave out --at.")
    files = [existing_stack(stack) for stack in stacks] or [*map(stack_file, every_stack())]
    picture = VersionsPicture.at(files, at) if at is not None else VersionsPicture.now(files)
    shown = [place for place in (picture.known.get(file) for file in files) if place is not None]
    if not shown:
        raise CommandError(*picture.notes)
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


def _running(
    files: Sequence[Path], rehearsal: Path | None
) -> tuple[dict[str, dict[str, "Running"]], list[tuple[str, str]]]:
    """What runs, by stack and service, and the stacks of which that is not known."""
    from operations.releases.running import LiveError, running  # noqa: PLC0415 slow to import

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


def _as_json(
    row: ServiceVersions, running: Mapping[str, Mapping[str, "Running"]]
) -> dict[str, Any]:
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
