"""How `serlo versions` shows what it knows: the more columns a terminal has, the more of it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from operations.releases.history import Revision, tag_of
from operations.releases.lag import AHEAD, BEHIND, Distance, Lag, ServiceVersions
from operations.support.output import Cell, Page, Table, page

if TYPE_CHECKING:
    from operations.releases.running import Running

_COMMIT = re.compile(r"\b[0-9a-f]{40}\b")
_SHORT = 7
"""Characters of a commit, as git shortens it."""
_SHORT_IN_LINK = 12
_MONTH, _YEAR = 30, 365  # days
_MOST_DAYS, _MOST_MONTHS = 60, 24
"""Up to this age the table shows days, then months."""

_Live = Mapping[str, Mapping[str, "Running"]]
"""What runs, by stack and service."""


def print_versions(
    rows: Sequence[ServiceVersions], stacks: Sequence[str], live: _Live, now: datetime
) -> None:
    """Print the table, and below it where to read what lies between staging and production.

    Ages count up to `now`.
    """

    def age(revision: Revision | None) -> str:
        return _age(revision, now)

    shown = page()
    shown.table(
        _whole(rows, stacks, live),
        _short(rows, stacks, live, ("since", _date), (f"{BEHIND} is", _distance)),
        _short(rows, stacks, live, ("age", age), ("lag", _short_distance)),
        _short(rows, stacks, live, ("age", age), None),
        _by_stack(rows, stacks, live),
    )
    _links(rows, shown)
    shown.show()


def _links(rows: Sequence[ServiceVersions], shown: Page) -> None:
    apart = [
        (f"{row.service} {short_version(row.span[0])} ➔ {short_version(row.span[1])}", row.changes)
        for row in rows
        if row.span is not None
    ]
    if not apart:
        return
    shown.text()
    shown.text("What lies between (serlo changelog SERVICE prints it):")
    narrow = [[_COMMIT.sub(lambda found: found[0][:_SHORT_IN_LINK], link)] for _, link in apart]
    shown.table(
        Table(("", ""), apart), Table(("",), [(name,) for name, _ in apart], notes=narrow), indent=2
    )


def _whole(rows: Sequence[ServiceVersions], stacks: Sequence[str], live: _Live) -> Table:
    """Everything, on one line for each service."""
    headings = ["service", "channel"]
    for stack in stacks:
        headings += [stack, "since", "commit", *([f"{stack} runs"] if stack in live else [])]
    cells: list[list[str | Cell]] = []
    for row in rows:
        line: list[str | Cell] = [row.service, row.channel]
        for stack in stacks:
            revision = row.since.get(stack)
            line += [_declared(row, stack), _date(revision) if stack in row.versions else ""]
            line += [revision.sha[:_SHORT] if revision else ""]
            line += [_differing(row, stack, live)] if stack in live else []
        cells.append([*line, *([_lag(row, _distance)] if _is_measured(rows) else [])])
    return Table([*headings, *([f"{BEHIND} is"] if _is_measured(rows) else [])], cells)


def _short(
    rows: Sequence[ServiceVersions],
    stacks: Sequence[str],
    live: _Live,
    since: tuple[str, Callable[[Revision | None], str]],
    lag: tuple[str, Callable[[Distance | None], str]] | None,
) -> Table:
    """One line for each service. `since` and `lag` are a heading and what stands below it.

    Without `lag`, a note says where production and staging differ.
    """
    heading, when = since
    lag_heading, distance = lag if lag is not None and _is_measured(rows) else ("", None)
    return Table(
        ["service", *(text for stack in stacks for text in (stack, heading))]
        + ([lag_heading] if distance else []),
        [
            [
                row.service,
                *(
                    text
                    for stack in stacks
                    for text in (
                        _declared(row, stack),
                        when(row.since.get(stack)) if stack in row.versions else "",
                    )
                ),
                *([_lag(row, distance)] if distance else []),
            ]
            for row in rows
        ],
        notes=[[*_notes(row, live, with_distance=lag is None)] for row in rows],
    )


def _by_stack(rows: Sequence[ServiceVersions], stacks: Sequence[str], live: _Live) -> Table:
    """One line for each service and stack, for versions too long to stand side by side."""
    having = [(row, stack) for row in rows for stack in stacks if stack in row.versions]
    last = {row.service: stack for row, stack in having}
    return Table(
        ("service", "stack", "version", "since"),
        [
            (row.service, stack, _declared(row, stack), _date(row.since[stack]))
            for row, stack in having
        ],
        notes=[
            [*_notes(row, live, with_distance=True)] if last[row.service] == stack else []
            for row, stack in having
        ],
    )


def _notes(row: ServiceVersions, live: _Live, *, with_distance: bool) -> Iterator[Cell]:
    for stack in live:
        if differing := _differing(row, stack, live).text:
            yield Cell(f"{stack} {differing}", "bold red")
    if with_distance and row.distance is not None and row.distance.side is not Lag.LEVEL:
        yield Cell(f"{BEHIND} is {_distance(row.distance)}", "yellow")


def _differing(row: ServiceVersions, stack: str, live: _Live) -> Cell:
    """What runs in a stack, where that is not what is declared."""
    running = live.get(stack, {}).get(row.service)
    if running is None or not running.differs:
        return Cell("")
    return Cell(
        f"≠ runs {', '.join(map(short_version, running.versions)) or 'nowhere'}", "bold red"
    )


def _declared(row: ServiceVersions, stack: str) -> str:
    return short_version(row.versions[stack]) if stack in row.versions else "-"


def short_version(text: str) -> str:
    """What a table shows: a tag, the first characters of a commit, or that it is not filled in."""
    tag = tag_of(text)
    if not _COMMIT.fullmatch(tag):
        return tag
    return "unset" if set(tag) == {"0"} else tag[:_SHORT]


def _date(revision: Revision | None) -> str:
    if revision is None:
        return "not committed"
    return f"{'≤' if revision.cut else ''}{revision.date:%Y-%m-%d}"


def _age(revision: Revision | None, now: datetime) -> str:
    if revision is None:
        return "new"
    days = max(0, (now - revision.date).days)
    least = "≥" if revision.cut else ""
    if days <= _MOST_DAYS:
        return f"{least}{days} d"
    months = days // _MONTH
    return f"{least}{months} mo" if months <= _MOST_MONTHS else f"{least}{days // _YEAR} y"


def _is_measured(rows: Sequence[ServiceVersions]) -> bool:
    return any(row.distance is not None for row in rows)


def _lag(row: ServiceVersions, words: Callable[[Distance | None], str]) -> Cell:
    apart = row.distance is not None and row.distance.side is not Lag.LEVEL
    return Cell(words(row.distance), "yellow" if apart else "")


def _distance(distance: Distance | None) -> str:
    match distance:
        case None:
            return ""
        case Distance(side=Lag.LEVEL):
            return "level"
        case Distance(versions=None, side=side):
            return f"{side}: {AHEAD} never ran it"
        case Distance(side, count, days):
            return f"{_counted(count, 'version')}, {_counted(days, 'day')} {side}"


def _short_distance(distance: Distance | None) -> str:
    match distance:
        case Distance(side, int() as count) if side is not Lag.LEVEL:
            return f"{count} {side}"
        case Distance(side):
            return str(side)
        case None:
            return ""


def _counted(number: int | None, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
