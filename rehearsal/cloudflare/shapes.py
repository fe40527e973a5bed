"""Narrowing what came in as JSON: a list of one kind of thing, or None for anything else."""

from typing import cast

Json = dict[str, object]


def objects(value: object) -> list[Json] | None:
    """A list of JSON objects; null counts as an empty one."""
    items = _items(value)
    whole = items is not None and all(isinstance(item, dict) for item in items)
    return cast(list[Json], items) if whole else None


def texts(value: object) -> list[str] | None:
    """A list of text; null counts as an empty one."""
    items = _items(value)
    whole = items is not None and all(isinstance(item, str) for item in items)
    return cast(list[str], items) if whole else None


def _items(value: object) -> list[object] | None:
    if value is None:
        return []
    return cast(list[object], value) if isinstance(value, list) else None
