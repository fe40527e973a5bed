"""Reads changelogs: Keep a Changelog, and what the generators of our repositories make of it.

All of these are sections of one version each, with grouped entries. They differ in whether a
heading has brackets, a `v`, a link, a date in words or digits, and in its level. What cannot be
read as a version stays a section with a title: nothing is thrown away, nothing raises.
"""

import re
from dataclasses import dataclass, field
from datetime import date

from infra.declaration.release import ReleaseError, Version
from operations.releases.changelog.markdown import Bullet, Heading, Line, Prose, lines

_LINK = r"(?:\([^()\s]*\)|\[[^\[\]]*\])"
_TITLE = re.compile(
    rf"(?:version |release )?(?P<open>\[)?(?P<name>[^\s\[\]()]+)(?(open)\]){_LINK}?(?P<rest>.*)",
    re.IGNORECASE,
)
_UNRELEASED = re.compile(r"unreleased|next|upcoming", re.IGNORECASE)
_LIKE_A_VERSION = re.compile(r"v?[0-9]+(\.[0-9x]+)+([-+.][^\s]*)?", re.IGNORECASE)
_YANKED = re.compile(r"\[yanked\]", re.IGNORECASE)
_DIGITS = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b")
_WORDS = re.compile(r"\b([A-Z][a-z]+) ([0-9]{1,2}), ([0-9]{4})\b")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_BOLD_GROUP = re.compile(r"\*\*([^*]+?)(?::\*\*|\*\*:)")
_GROUPS = frozenset(
    [
        *("added", "changed", "deprecated", "removed", "fixed", "security", "breaking changes"),
        *("breaking change", "internal", "bug fixes", "features", "performance improvements"),
        *("reverts", "documentation", "tests", "code refactoring", "code generation", "migrations"),
        *("chores", "migration", "notes", "patch changes", "minor changes", "major changes"),
    ]
)
"""Names of groups, whatever the level of their heading: some generators use one level for all."""


@dataclass(frozen=True)
class ChangelogEntry:
    """One thing that changed: Markdown, further lines of it indented as in the file.

    `version` is the title of its section, `group` the heading above it ("" if there is none),
    `line` where it begins, counted from 1.
    """

    version: str
    group: str
    text: str
    line: int

    @property
    def is_breaking(self) -> bool:
        """Whether the changelog itself calls it a breaking change."""
        return "breaking" in self.group.lower() or self.text.startswith(("BREAKING", "**BREAKING"))


@dataclass
class Section:
    """What a changelog says of one version. `version` is None for what is not one."""

    title: str
    line: int
    level: int
    version: Version | None = None
    unreleased: bool = False
    released: date | None = None
    yanked: bool = False
    entries: list[ChangelogEntry] = field(default_factory=list[ChangelogEntry])


def parse(text: str) -> list[Section]:
    """The sections of a changelog, in the order of the file."""
    reader = _Reader()
    for line in lines(text):
        reader.read(line)
    reader.finish()
    return reader.sections


class _Reader:
    """Puts lines together to entries, and entries into sections."""

    def __init__(self) -> None:
        self.sections: list[Section] = []
        self._group = ""
        self._open: list[str] = []
        """The lines of the entry that is being read."""
        self._open_at = 0
        self._indent: int | None = None
        """How far the entry's bullet is indented; None for an entry without one."""

    def read(self, line: Line) -> None:
        """Take in the next line."""
        if isinstance(line, Heading):
            self.finish()
            self._heading(line)
        elif not self.sections:
            return  # what stands before the first version
        elif isinstance(line, Bullet):
            self._bullet(line)
        else:
            self._prose(line)

    def finish(self) -> None:
        """The entry that was being read is complete."""
        text = re.sub(r"\n{2,}", "\n", "\n".join(self._open).strip())
        if text:
            section = self.sections[-1]
            section.entries.append(ChangelogEntry(section.title, self._group, text, self._open_at))
        self._open, self._indent = [], None

    def _heading(self, line: Heading) -> None:
        section = _section(line)
        if section is None and not self.sections:
            return
        if section is None and not self._is_group(line):
            section = Section(title=line.text, line=line.number, level=line.level)
        if section is None:
            self._group = line.text
        else:
            self.sections.append(section)
            self._group = ""

    def _is_group(self, line: Heading) -> bool:
        words = re.sub(r"[^a-z ]", "", line.text.lower()).strip()
        return line.level > self.sections[-1].level or words in _GROUPS

    def _bullet(self, line: Bullet) -> None:
        if self._indent is not None and line.indent > self._indent + 1:
            self._open.append(self._further(line))
            return
        self.finish()
        self._open, self._open_at, self._indent = [line.text], line.number, line.indent

    def _prose(self, line: Prose) -> None:
        group = _BOLD_GROUP.fullmatch(line.text)
        if group is not None and line.indent < 2:
            self.finish()
            self._group = group[1]
        elif self._indent is None:
            self._paragraph(line)
        else:
            if self._open[-1] == "" and line.text and line.indent < 2:
                self.finish()
                self._paragraph(line)
                return
            self._open.append(self._further(line))

    def _paragraph(self, line: Prose) -> None:
        if not line.text:
            self.finish()
            return
        if not self._open:
            self._open_at = line.number
        self._open.append(line.text)

    def _further(self, line: Bullet | Prose) -> str:
        """A further line of an item, indented as it is in the item."""
        return line.raw[self._indent :] if line.indent >= (self._indent or 0) else line.raw


def _section(line: Heading) -> Section | None:
    """The section that a heading begins, if it names a version or what is to come."""
    match = _TITLE.fullmatch(line.text)
    if match is None:
        return None
    name, rest = match["name"], match["rest"]
    section = Section(title=name, line=line.number, level=line.level)
    if _UNRELEASED.fullmatch(name) and (match["open"] or rest.strip()[:1] in {"", "-", "("}):
        section.unreleased = True
        return section
    try:
        section.version = Version.parse(name, allow_v=True)
    except ReleaseError:
        if not _LIKE_A_VERSION.fullmatch(name):
            return None
    section.released = _date(rest)
    section.yanked = _YANKED.search(rest) is not None
    return section


def _date(text: str) -> date | None:
    digits = _DIGITS.search(text)
    words = _WORDS.search(text)
    try:
        if digits is not None:
            return date.fromisoformat(digits[0])
        if words is not None:
            return date(int(words[3]), _MONTHS.index(words[1][:3]) + 1, int(words[2]))
    except ValueError:
        return None
    return None
