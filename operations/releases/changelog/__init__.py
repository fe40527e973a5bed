"""Changelogs: what changes for us between two versions, and whether the database is part of it."""

from operations.releases.changelog.links import newer_link, span_link
from operations.releases.changelog.parsing import ChangelogEntry, Section, parse
from operations.releases.changelog.range import Direction, Span, between, span
from operations.releases.changelog.sources import (
    Changelog,
    ChangelogUnavailable,
    changelog_text,
    read_changelog,
)
from operations.releases.changelog.warnings import Concern, migration_between

__all__ = [
    "Changelog",
    "ChangelogEntry",
    "ChangelogUnavailable",
    "Concern",
    "Direction",
    "Section",
    "Span",
    "between",
    "changelog_text",
    "migration_between",
    "newer_link",
    "parse",
    "read_changelog",
    "span",
    "span_link",
]
