"""Shorten Markdown to what a comment may have. Needs nothing beyond Python's own library."""

import re

_FENCE = re.compile(r"(`{3,})[^`]*")
"""A line that opens a code block: after the ticks, a line of text with code in it has more."""


def cut(text: str, most: int, more: str = "") -> str:
    """Return at most `most` characters: whole lines, closing every code block and fold they open.

    A text that was cut says so at its end, followed by `more`.
    """
    if len(text) <= most:
        return text
    note = f"\n\n… cut off. {more}".rstrip() + "\n"
    left = most - len(note)
    kept: list[str] = []
    closing: list[str] = []
    for line in text.split("\n"):
        closing_after = _closing(line, closing)
        if len(line) + 1 + sum(len(each) + 2 for each in closing_after) > left:
            break
        left -= len(line) + 1
        kept.append(line)
        closing = closing_after
    return "\n".join([*kept, *(f"\n{each}" for each in reversed(closing))]) + note


def _closing(line: str, closing: list[str]) -> list[str]:
    """What closes all that is open after the line, given what does before it."""
    in_code = bool(closing) and closing[-1].startswith("`")
    if in_code:
        return closing[:-1] if line == closing[-1] else closing
    if fence := _FENCE.fullmatch(line):
        return [*closing, fence[1]]
    if line.startswith("<details>"):
        return [*closing, "</details>"]
    if line.startswith("</details>"):
        return closing[:-1]
    return closing
