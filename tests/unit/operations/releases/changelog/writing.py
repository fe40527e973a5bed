"""Writes changelogs in the forms that real repositories have, from one model."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from infra.declaration.release import Version

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)


@dataclass(frozen=True)
class Release:
    """One version, when it was released, and its entries by group."""

    version: Version
    day: date | None = None
    groups: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def entries(self) -> list[tuple[str, str]]:
        """Group and text of each entry."""
        return [(group, text) for group, texts in self.groups.items() for text in texts]


def keep_a_changelog(releases: list[Release]) -> str:
    """As https://keepachangelog.com has it, with the links at the end."""
    lines = ["# Changelog", "", "All notable changes to this project.", "", "## [Unreleased]", ""]
    for release in releases:
        day = f" - {release.day.isoformat()}" if release.day else ""
        lines += [f"## [{release.version.tag}]{day}", ""]
        for group, texts in release.groups.items():
            lines += [f"### {group}", "", *(f"- {text}" for text in texts), ""]
    lines.append("[Unreleased]: https://github.com/o/r/compare/1.0.0...HEAD")
    lines += [
        f"[{r.version.tag}]: https://github.com/o/r/releases/{i}" for i, r in enumerate(releases)
    ]
    return "\n".join(lines) + "\n"


def serlo(releases: list[Release], *, prefix: str = "v") -> str:
    """As the generator of api.serlo.org and the database layer writes it.

    A link in the heading, the month in words, an empty line between entries.
    """
    lines = ["# Changelog", "", "All notable changes to this project will be documented.", ""]
    for release in releases:
        tag = release.version.tag
        link = f"https://github.com/serlo/api.serlo.org/compare/v0.0.1..v{tag}"
        day = release.day
        when = f" - {MONTHS[day.month - 1]} {day.day}, {day.year}" if day else ""
        lines += [f"## [{prefix}{tag}]({link}){when}", ""]
        for group, texts in release.groups.items():
            lines += [f"### {group}", ""]
            for text in texts:
                lines += [f"- {text}", ""]
    return "\n".join(lines)


def conventional(releases: list[Release]) -> str:
    """As conventional-changelog writes it: one level for patches and groups, stars for bullets."""
    lines: list[str] = []
    for release in releases:
        level = "###" if release.version.patch else "##"
        day = f" ({release.day.isoformat()})" if release.day else ""
        lines += [f"{level} [{release.version.tag}](https://github.com/o/r/compare/a...b){day}", ""]
        for group, texts in release.groups.items():
            lines += ["", f"### {group}", "", *(f"* {text}" for text in texts), ""]
    return "\r\n".join(lines)


def bold(releases: list[Release]) -> str:
    """As github_changelog_generator writes it: groups are bold lines."""
    lines = ["# Changelog", ""]
    for release in releases:
        day = f" ({release.day.isoformat()})" if release.day else ""
        lines += [f"## [v{release.version.tag}](https://github.com/o/r/tree/x){day}", ""]
        for group, texts in release.groups.items():
            lines += [f"**{group}:**", "", *(f"- {text}" for text in texts), ""]
    return "\n".join(lines)


def without_v(releases: list[Release]) -> str:
    """As the database layer's older versions are written."""
    return serlo(releases, prefix="")


def oldest_first(releases: list[Release]) -> str:
    """The other way round."""
    return serlo(releases[::-1])


Form = Callable[[list[Release]], str]
FORMS: tuple[Form, ...] = (
    keep_a_changelog,
    serlo,
    without_v,
    conventional,
    bold,
    oldest_first,
)
