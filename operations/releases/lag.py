"""How versions stand: since when each runs where, and how far production is behind staging."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from infra.declaration.release import Channel, ReleaseError, Version, parse_release
from infra.declaration.service import Service, exists_in
from infra.services import declared
from operations.releases.changelog import span_link
from operations.releases.history import History, Revision, VersionPeriod, tag_of
from operations.releases.stack_versions import StackVersions

AHEAD, BEHIND = "staging", "production"
"""Between which stacks the distance counts."""


class Lag(StrEnum):
    """Where production stands, seen from staging."""

    LEVEL = "level"
    BEHIND = "behind"
    AHEAD = "ahead"
    APART = "apart"
    """Staging never ran production's version, and it is unknown which of the two is newer."""


@dataclass(frozen=True)
class Distance:
    """How far production is from staging.

    `versions` is how many staging ran since it left production's version (or, if production is
    ahead, before it got there); `days` is for how long they have been apart by staging's doing.
    Both are None if staging never ran it.
    """

    side: Lag
    versions: int | None = None
    days: int | None = None


@dataclass(frozen=True)
class ShownStack:
    """A stack as it is shown: what it declares, and its history."""

    stack: str
    file_name: str
    declared: StackVersions
    history: History | None
    now: datetime
    is_past: bool
    """Whether it is shown as of a commit, so that the working tree plays no part."""

    def steps(self, key: str) -> list[VersionPeriod]:
        """The versions of a key one after the other, up to what is shown."""
        text = self.declared.versions.get(key)
        if self.history is None:
            return [] if text is None else [VersionPeriod(text, None)]
        return self.history.steps(self.file_name, key, None if self.is_past else text)

    def since(self, key: str) -> Revision | None:
        """The commit that brought the version, None if it is not committed or not known."""
        steps = self.steps(key)
        return steps[-1].revision if steps else None


@dataclass(frozen=True)
class ServiceVersions:
    """One service: its version in each stack that has it, and what there is to know about it."""

    service: str
    channel: str
    versions: Mapping[str, str]
    since: Mapping[str, Revision | None]
    distance: Distance | None
    """None if one of the two stacks does not have it."""
    span: tuple[str, str] | None
    """The two versions, older one first, where production and staging differ."""
    changes: str
    """Where the changes between production and staging can be read, or all of them."""


def rows(places: Sequence[ShownStack], known: Mapping[str, ShownStack]) -> list[ServiceVersions]:
    """A row for each service in `places`; distances are taken from all stacks that are `known`."""
    found: list[ServiceVersions] = []
    for service in declared():
        having = [place for place in places if has(place, service)]
        if having:
            found.append(_row(service, having, known))
    keys = {service.version_key for service in declared()}
    for key in sorted({key for place in places for key in place.declared.versions} - keys):
        found.append(_forgotten(key, [p for p in places if key in p.declared.versions]))
    return sorted(found, key=lambda row: row.service)


def has(place: ShownStack, service: Service) -> bool:
    """Whether a stack has a service and says its version."""
    return service.version_key in place.declared.versions and exists_in(
        service, place.stack, place.declared.features
    )


def distance(
    service: Service, production: str, staging: str, steps: Sequence[VersionPeriod], now: datetime
) -> Distance:
    """How far production's version is from staging's, which took the `steps` one by one."""
    ran, wanted = tag_of(production), tag_of(staging)
    tags = [step.tag for step in steps]
    if ran == wanted:
        return Distance(Lag.LEVEL, 0, 0)
    if ran not in tags[:-1]:
        return Distance(_by_precedence(service, ran, wanted) or Lag.APART)
    left = len(tags) - tags[::-1].index(ran)  # the step with which staging went elsewhere
    since = steps[left].revision
    days = max(0, (now - since.date).days) if since is not None else 0
    earlier = tags[: left - 1]
    side = _by_precedence(service, ran, wanted) or (Lag.AHEAD if wanted in earlier else Lag.BEHIND)
    between = tags[left:]
    if side is Lag.AHEAD:
        if wanted not in earlier:
            return Distance(side, None, days)
        came = len(earlier) - earlier[::-1].index(wanted)
        between = tags[came:left]
    return Distance(side, len(set(between)), days)


def _by_precedence(service: Service, ran: str, wanted: str) -> Lag | None:
    if service.channel is not Channel.SEMANTIC:
        return None
    try:
        one, other = (parse_release(text, service.channel, allow_v=True) for text in (ran, wanted))
    except ReleaseError:
        return None
    if not isinstance(one, Version) or not isinstance(other, Version):
        return None
    return Lag.AHEAD if one > other else Lag.BEHIND


def _row(
    service: Service, places: Sequence[ShownStack], known: Mapping[str, ShownStack]
) -> ServiceVersions:
    key = service.version_key
    versions = {place.stack: place.declared.versions[key] for place in places}
    any_version = next(iter(versions.values()))
    far, span = None, None
    ahead, behind = known.get(AHEAD), known.get(BEHIND)
    if ahead and behind and has(ahead, service) and has(behind, service):
        staging, production = ahead.declared.versions[key], behind.declared.versions[key]
        far = distance(service, production, staging, ahead.steps(key), ahead.now)
        if far.side is not Lag.LEVEL:
            ahead_of = far.side is Lag.AHEAD
            span = (staging, production) if ahead_of else (production, staging)
    since = {place.stack: place.since(key) for place in places}
    link = span_link(service, *(span or (any_version, any_version)))
    return ServiceVersions(service.name, service.channel.value, versions, since, far, span, link)


def _forgotten(key: str, places: Sequence[ShownStack]) -> ServiceVersions:
    """A version of something that is not declared any more, or not yet."""
    return ServiceVersions(
        service=key,
        channel="unknown",
        versions={place.stack: place.declared.versions[key] for place in places},
        since={place.stack: place.since(key) for place in places},
        distance=None,
        span=None,
        changes="",
    )
