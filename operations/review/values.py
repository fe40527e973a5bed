"""How a field's two values are shown: line by line, what goes and what comes."""

from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

import yaml

_CONTEXT = 2
_LINES_OF_A_HEADING = 3  # of a unified diff: two names, and which lines follow


def difference(before: Any, after: Any, longest: int | None = None) -> Iterator[tuple[str, str]]:
    """The lines of two values, each with `-`, `+`, or a blank if it stays; None has no lines.

    Of values of many lines only those that change are shown, and what is around them. No line is
    longer than `longest`.
    """
    old, new = _lines(before), _lines(after)
    if len(old) <= 1 and len(new) <= 1:
        signed = [*(("-", line) for line in old), *(("+", line) for line in new)]
    else:
        compared = unified_diff(old, new, lineterm="", n=_CONTEXT)
        signed = [(line[:1], line[1:]) for line in compared]
        signed = [
            (" ", "…") if sign == "@" else (sign, text)
            for sign, text in signed[_LINES_OF_A_HEADING:]
        ]
    for sign, text in signed:
        if longest is not None and len(text) > longest:
            yield sign, f"{text[:longest]}… ({len(text)} characters)"
        else:
            yield sign, text


def _lines(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        return value.splitlines() or [""]
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, int | float):
        return [str(value)]
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10_000)
    return text.splitlines()
