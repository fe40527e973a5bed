"""Versions: which way they go, and whether somebody has tried them before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.declaration.release import Channel, Commit, Release, ReleaseError, parse_release
from operations.review.comparing import Comparison
from operations.review.dangers.danger import Danger, DangerKind

_PRODUCTION, _STAGING = "production", "staging"


@dataclass(frozen=True)
class VersionChange:
    """The version of a key, before and after; None where the stack does not have it."""

    key: str
    before: str | None
    after: str | None
    services: tuple[str, ...]
    direction: str
    """`up`, `down`, `new`, `gone`, `same` if only the digest differs, else `other`."""


def version_changes(comparison: Comparison) -> tuple[VersionChange, ...]:
    """Every version that changes, by key."""
    before, after = comparison.before, comparison.after
    keys = sorted(before.versions.keys() | after.versions.keys())
    changed = (key for key in keys if before.versions.get(key) != after.versions.get(key))
    return tuple(_change(comparison, key) for key in changed)


def _change(comparison: Comparison, key: str) -> VersionChange:
    old, new = comparison.before.versions.get(key), comparison.after.versions.get(key)
    known = {**comparison.before.services, **comparison.after.services}
    sharing = tuple(sorted(name for name, s in known.items() if s.version_key == key))
    if old is None:
        direction = "new"
    elif new is None:
        direction = "gone"
    elif old.partition("@")[0] == new.partition("@")[0]:
        direction = "same"
    else:
        direction = _direction(_parsed(comparison, key, old), _parsed(comparison, key, new))
    return VersionChange(key, old, new, sharing, direction)


def _parsed(comparison: Comparison, key: str, text: str) -> Release | None:
    services = {**comparison.before.services, **comparison.after.services}
    service = next(s for s in services.values() if s.version_key == key)
    try:
        return parse_release(text, Channel(service.channel), allow_v=service.third_party)
    except ReleaseError:
        return None


def _direction(old: Release | None, new: Release | None) -> str:
    if old is None or new is None or isinstance(old, Commit) or isinstance(new, Commit):
        return "other"
    if new < old:
        return "down"
    return "up" if old < new else "other"


def version_dangers(comparison: Comparison, every: Mapping[str, Comparison]) -> Iterator[Danger]:
    """Downgrades, pre-releases in production, migrations in between, staging skipped."""
    changes = version_changes(comparison)
    for change in changes:
        where = place(comparison, change.key)
        shown = f"{change.key} {change.before or 'none'} ➔ {change.after or 'none'}"
        if change.direction == "down":
            why = "data that the newer version wrote must be readable for the older one"
            yield Danger(DangerKind.DOWNGRADE, shown, where, why)
        if change.after is None:
            continue
        release = _parsed(comparison, change.key, change.after)
        if comparison.stack == _PRODUCTION and release is not None and release.is_prerelease:
            yield Danger(DangerKind.PRERELEASE, shown, where, "it was not meant for everybody")
        moves = change.before is not None and change.direction != "same"
        if moves and any(_is_migration(comparison, name) for name in change.services):
            yield Danger(
                DangerKind.MIGRATION,
                shown,
                where,
                "the database is changed: a way back needs a migration back, or a dump",
            )
        if comparison.stack == _PRODUCTION:
            yield from _skipped(change.key, change.after, shown, where, every.get(_STAGING))


def _is_migration(comparison: Comparison, name: str) -> bool:
    service = comparison.after.services.get(name)
    return service is not None and service.kind == "Job"


def _skipped(
    key: str, version: str, shown: str, where: str, staging: Comparison | None
) -> Iterator[Danger]:
    if staging is None or key not in staging.before.versions:
        return
    running = staging.before.versions[key]
    if running.partition("@")[0] != version.partition("@")[0]:
        yield Danger(
            DangerKind.SKIPPED,
            shown,
            where,
            f"staging has {running}: this one never ran there",
        )


def place(comparison: Comparison, key: str) -> str:
    """Where a version is written: file and line."""
    line = comparison.after.lines.get(key) or comparison.before.lines.get(key)
    return f"stacks/Pulumi.{comparison.stack}.yaml" + (f":{line}" if line else "")
