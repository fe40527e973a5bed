"""The little of Markdown that changelogs are made of: headings, bullets, paragraphs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_END = re.compile(r"\r\n|\n|\r")
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What steers terminals, or makes text look other than it is."""
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*")
_UNDERLINE = re.compile(r" {0,3}(=+|-{3,})[ \t]*")
_BULLET = re.compile(r"( *)(?:[-*+]|[0-9]{1,9}[.)])(?:[ \t]+(.*))?")
_RULE = re.compile(r" {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})")
_FENCE = re.compile(r" *(`{3,}|~{3,})[^`]*")
_DEFINITION = re.compile(r" {0,3}\[[^\]]+\]:[ \t]*\S.*")


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 to 6; `number` is that of its line, counted from 1."""

    number: int
    level: int
    text: str


@dataclass(frozen=True)
class Bullet:
    """The first line of an item; `indent` counts the spaces before it."""

    number: int
    indent: int
    text: str
    raw: str


@dataclass(frozen=True)
class Prose:
    """Any other line, also a blank one (text "") or one of code (indented, then)."""

    number: int
    indent: int
    text: str
    raw: str


Line = Heading | Bullet | Prose


def lines(text: str) -> Iterator[Line]:
    """Every line that says something. Comments and definitions of links are left out."""
    clean = _UNSEEN.sub("\ufffd", text.removeprefix("\ufeff"))
    every = [line.expandtabs(4) for line in _END.split(clean)]
    fence: str | None = None
    comment = underline = False
    for number, raw in enumerate(every, start=1):
        if underline:
            underline = False
            continue
        if comment:
            comment = "-->" not in raw
            continue
        opened = _FENCE.fullmatch(raw)
        if fence is not None:
            if raw.strip().startswith(fence) and not raw.strip().strip(fence[0]):
                fence = None
            yield Prose(number, 4, raw.strip(), raw.rstrip())
            continue
        if opened is not None:
            fence = opened[1]
            yield Prose(number, 4, raw.strip(), raw.rstrip())
            continue
        if raw.lstrip().startswith("<!--"):
            comment = "-->" not in raw
            continue
        if _DEFINITION.fullmatch(raw):
            continue
        line = _line(number, raw)
        below = _UNDERLINE.fullmatch(every[number]) if number < len(every) else None
        if below is not None and isinstance(line, Prose) and line.text and line.indent < 4:
            underline = True
            line = Heading(number, 1 if below[1][0] == "=" else 2, line.text)
        yield line


def _line(number: int, raw: str) -> Line:
    heading = _HEADING.fullmatch(raw)
    if heading is not None:
        return Heading(number, len(heading[1]), (heading[2] or "").strip())
    if _RULE.fullmatch(raw):
        return Prose(number, 0, "", "")
    bullet = _BULLET.fullmatch(raw)
    if bullet is not None:
        return Bullet(number, len(bullet[1]), (bullet[2] or "").strip(), raw.rstrip())
    text = raw.strip()
    return Prose(number, len(raw) - len(raw.lstrip()) if text else 0, text, raw.rstrip())
