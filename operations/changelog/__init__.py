"""Changelogs: what changes for us between two versions, and whether the database is part of it."""

from operations.changelog.concerns import Concern, migration_between
from operations.changelog.links import newer_link, span_link
from operations.changelog.parsing import Entry, Section, parse
from operations.changelog.sources import (
    Changelog,
    ChangelogUnavailable,
    changelog_text,
    read_changelog,
)
from operations.changelog.spans import Direction, Span, between, span

__all__ = [
    "Changelog",
    "ChangelogUnavailable",
    "Concern",
    "Direction",
    "Entry",
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
