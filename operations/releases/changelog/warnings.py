"""Changes that cannot simply be taken back: migrations of the database, and breaking ones."""

import re
from dataclasses import dataclass
from enum import StrEnum

from infra.declaration.release import Channel, ReleaseError
from infra.declaration.service import Service
from operations.releases.changelog.parsing import ChangelogEntry
from operations.releases.changelog.range import between

MIGRATIONS = "db-migration"
"""The service whose every version is a migration of the database."""

_MIGRATION = re.compile(
    r"\bmigrations?\b"
    r"|\bmigrat(?:e|es|ed|ing)\b.{0,60}\b(?:database|db|tables?|columns?|schemas?|rows?|data)\b"
    r"|\b(?:database|db|tables?|columns?|schemas?|rows?|data)\b.{0,60}\bmigrat(?:e|es|ed|ing)\b"
    r"|\b(?:alter|drop|create|rename)\s+(?:table|column|index)\b"
    r"|\b(?:database|db|sql|mysql|postgres(?:ql)?)\s+schema\b",
    re.IGNORECASE | re.DOTALL,
)


class WarningKind(StrEnum):
    """Why a change is of concern."""

    MIGRATION = "migration"
    BREAKING = "breaking change"


@dataclass(frozen=True)
class Concern:
    """One reason to look twice before going from one version to another, or back."""

    kind: WarningKind
    text: str
    """Markdown, of one line or several."""
    version: str
    """Which version brings it, as the changelog writes it."""


def migration_between(service: Service, a: str, b: str, text: str | None) -> list[Concern]:
    """Entries between two versions that speak of migrations or breaking changes.

    `text` is the service's changelog, None if it is not available. A changed version of
    `db-migration` is a concern without one. Never raises: what cannot be read says nothing.
    """
    concerns: list[Concern] = []
    a, b = (version.partition("@")[0] for version in (a, b))
    if service.version_key == MIGRATIONS and a != b:
        changed = f"{MIGRATIONS} itself goes from {a} to {b}"
        concerns.append(Concern(WarningKind.MIGRATION, changed, b))
    if text is None or service.channel is not Channel.SEMANTIC:
        return concerns
    try:
        entries = between(text, a, b)
    except ReleaseError:
        return concerns
    return concerns + [
        Concern(kind, entry.text, entry.version)
        for entry in entries
        if (kind := _kind(entry)) is not None
    ]


def _kind(entry: ChangelogEntry) -> WarningKind | None:
    if _MIGRATION.search(entry.text) or "migration" in entry.group.lower():
        return WarningKind.MIGRATION
    return WarningKind.BREAKING if entry.is_breaking else None
