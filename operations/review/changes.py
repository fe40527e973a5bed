"""What a new version means for us, in lines for a report."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from infra.declaration.service import Service
from infra.services import declared
from operations.releases.changelog import (
    ChangelogUnavailable,
    Concern,
    Direction,
    migration_between,
    read_changelog,
    span,
    span_link,
)
from operations.releases.changelog.range import Span

_MOST_LINES = 12
_LONGEST_LINE = 200


@dataclass(frozen=True)
class Meaning:
    """What is known of the way from one version to another.

    `lines` of the changelog, a `link` to all of it, and `concerns`: what cannot simply be taken
    back, or breaks what relies on it.
    """

    lines: Sequence[str]
    link: str
    concerns: Sequence[Concern]


Changelogs = Callable[[str, str, str, str], Meaning]
"""From version key, repository and two versions to what that means. It never raises."""


def nothing_read(key: str, repository: str, before: str, after: str) -> Meaning:
    """Without any changelog."""
    return _meaning(key, repository, before, after, lambda _: None)


def from_copies(key: str, repository: str, before: str, after: str) -> Meaning:
    """By changelogs that are on this machine: earlier copies, or what SERLO_CHANGELOGS names."""
    return _meaning(key, repository, before, after, lambda service: _text(service, offline=True))


def from_network(key: str, repository: str, before: str, after: str) -> Meaning:
    """By changelogs that are fetched if there is no fresh copy."""
    return _meaning(key, repository, before, after, lambda service: _text(service, offline=False))


def _meaning(
    key: str, repository: str, before: str, after: str, read: Callable[[Service], str | None]
) -> Meaning:
    service = _service(key)
    if service is None:
        return Meaning((), f"https://github.com/{repository}", ())
    # Digests say nothing about what changes.
    old, new = before.partition("@")[0], after.partition("@")[0]
    text = read(service) if old != new else None
    concerns = [one for one in migration_between(service, old, new, text) if text is not None]
    lines = list(_lines(span(text, old, new))) if text is not None else []
    return Meaning(lines, span_link(service, old, new), concerns)


def _service(key: str) -> Service | None:
    """The service that a version is named after, or one that shares it."""
    sharing = [service for service in declared() if service.version_key == key]
    return next((s for s in sharing if s.name == key), sharing[0] if sharing else None)


def _text(service: Service, *, offline: bool) -> str | None:
    try:
        return read_changelog(service, offline=offline).text
    except ChangelogUnavailable:
        return None


def _lines(found: Span) -> Iterator[str]:
    entries = found.entries
    back = "taken back: " if found.direction is Direction.BACK else ""
    for entry in entries[:_MOST_LINES]:
        group = f"{entry.group}: " if entry.group else ""
        first = entry.text.splitlines()[0] if entry.text else ""
        line = f"{back}{group}{first} ({entry.version.removeprefix('v')})"
        yield line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"
    if len(entries) > _MOST_LINES:
        yield f"and {len(entries) - _MOST_LINES} more"
    yield from found.notes
