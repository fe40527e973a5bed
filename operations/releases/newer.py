"""Which of a registry's tags are newer than a version, told apart by what they are."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from infra.declaration.release import ReleaseError, Version

_UNFINISHED = re.compile(
    r"(?:alpha|beta|rc|pre|preview|dev|m|milestone|next|snapshot|nightly|canary)[0-9-]*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Newer:
    """The newest versions after the current one, each None where there is none."""

    newest: Version | None = None
    """Of all that are finished."""
    same_major: Version | None = None
    """Of those with the same major version: as a rule without breaking changes."""
    prerelease: Version | None = None
    """Of the pre-releases beyond the newest finished version."""


def newer(current: Version, tags: Iterable[str], *, third_party: bool) -> Newer:
    """What is newer than `current`; tags that are no full versions, or move, have no say.

    Third parties publish variants of an image as `7.2.4-alpine`, which is no pre-release: only tags
    of the current variant and with the current prefix are compared.
    """
    versions = [_read(tag, third_party) for tag in tags]
    variant = _variant(current, third_party)
    finished: list[Version] = []
    unfinished: list[Version] = []
    for version in versions:
        if version is None or version.prefix != current.prefix or version <= current:
            continue
        if _variant(version, third_party) != variant:
            continue
        unready = version.is_prerelease and not variant
        (unfinished if unready else finished).append(version)
    newest = max(finished, default=None)
    ahead = [v for v in unfinished if newest is None or v > newest]
    return Newer(
        newest=newest,
        same_major=max((v for v in finished if v.major == current.major), default=None),
        prerelease=max(ahead, default=None),
    )


def common(tags: Collection[Collection[str]]) -> set[str]:
    """Tags that all of several images have: a version counts when it can run everywhere."""
    sets = [set(names) for names in tags]
    return set[str]().union(*sets).intersection(*sets)


def _variant(version: Version, third_party: bool) -> tuple[str, ...]:
    """What looks like a pre-release and is none, empty for all else."""
    unfinished = version.is_prerelease and _UNFINISHED.fullmatch(version.prerelease[0])
    return () if unfinished or not third_party else version.prerelease


def _read(tag: str, third_party: bool) -> Version | None:
    try:
        return Version.parse(tag, allow_v=third_party)
    except ReleaseError:
        return None
