"""What changes between two sets of inputs, path by path, and whether it needs a replacement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from k8s.properties import Unknown
from k8s.quantities import is_quantity_path, same_quantity
from k8s.replacement_rules import Path

Kind = Literal["ADD", "DELETE", "UPDATE"]

_MISSING = object()


@dataclass(frozen=True)
class Change:
    """One difference: where, which kind, and whether it replaces the object."""

    path: Path
    kind: Kind
    replaces: bool = False


def differences(
    old: Any, new: Any, *, quantities: bool, replacing: Iterable[Path] = ()
) -> list[Change]:
    """The changes that lead from one document to another, in a stable order.

    With `quantities`, two spellings of one quantity ("1000m", "1") are no change: for the kinds
    that Kubernetes itself normalises. `replacing` are the paths below which a change replaces.
    """
    changes: list[Change] = []
    _compare(old, new, (), quantities, changes)
    rules = tuple(replacing)
    return [
        Change(change.path, change.kind, any(_touches(change, rule, old, new) for rule in rules))
        for change in changes
    ]


def _compare(old: Any, new: Any, path: Path, quantities: bool, changes: list[Change]) -> None:
    if isinstance(new, Unknown):
        changes.append(Change(path, "UPDATE"))
    elif isinstance(old, dict) and isinstance(new, dict):
        before, after = cast(dict[str, Any], old), cast(dict[str, Any], new)
        for key in sorted(before.keys() | after.keys()):
            if key not in after:
                changes.append(Change((*path, key), "DELETE"))
            elif key not in before:
                changes.append(Change((*path, key), "ADD"))
            else:
                _compare(before[key], after[key], (*path, key), quantities, changes)
    elif isinstance(old, list) and isinstance(new, list):
        was, becomes = cast(list[Any], old), cast(list[Any], new)
        for index in range(max(len(was), len(becomes))):
            if index >= len(becomes):
                changes.append(Change((*path, index), "DELETE"))
            elif index >= len(was):
                changes.append(Change((*path, index), "ADD"))
            else:
                _compare(was[index], becomes[index], (*path, index), quantities, changes)
    elif not _same_scalar(old, new) and not (
        quantities and is_quantity_path(path) and same_quantity(old, new)
    ):
        changes.append(Change(path, "UPDATE"))


def _same_scalar(old: Any, new: Any) -> bool:
    # In Python True == 1, in Kubernetes it is not.
    return old == new and isinstance(old, bool) == isinstance(new, bool)


def _touches(change: Change, rule: Path, old: Any, new: Any) -> bool:
    shared = min(len(change.path), len(rule))
    if any(
        wanted not in ("*", found)
        for found, wanted in zip(change.path[:shared], rule[:shared], strict=True)
    ):
        return False
    if len(change.path) >= len(rule):
        return True
    # Something above the rule's path came, went or changed type: look below.
    below = rule[shared:]
    return _values(_get(old, change.path), below) != _values(_get(new, change.path), below)


def _get(value: Any, path: Path) -> Any:
    for key in path:
        if isinstance(value, dict) and key in value:
            value = cast(dict[Any, Any], value)[key]
        elif isinstance(value, list) and isinstance(key, int):
            elements = cast(list[Any], value)
            value = elements[key] if key < len(elements) else _MISSING
        else:
            return _MISSING
    return value


def _values(value: Any, path: Path) -> list[Any]:
    if isinstance(value, Unknown):
        return []
    if not path:
        return [] if value is _MISSING else [value]
    if path[0] == "*":
        elements = cast(list[Any], value) if isinstance(value, list) else []
        return [found for element in elements for found in _values(element, path[1:])]
    return _values(_get(value, path[:1]), path[1:])


def parse_property_path(text: str) -> Path:
    """The keys of a path as Pulumi writes it. Raises ValueError."""
    path: list[str | int] = []
    rest = text
    while rest:
        if rest.startswith('["'):
            end = rest.index('"]', 2)
            while rest[end - 1] == "\\":
                end = rest.index('"]', end + 1)
            path.append(rest[2:end].replace('\\"', '"'))
            rest = rest[end + 2 :]
        elif rest.startswith("["):
            end = rest.index("]")
            index = rest[1:end]
            path.append("*" if index == "*" else int(index))
            rest = rest[end + 1 :]
        else:
            rest = rest.removeprefix(".")
            end = next((i for i, character in enumerate(rest) if character in ".["), len(rest))
            if end == 0:
                raise ValueError(f"not a property path: {text!r}")
            path.append(rest[:end])
            rest = rest[end:]
    return tuple(path)


def covers(pattern: Path, path: Path) -> bool:
    """Whether a path lies at or below a pattern, in which `*` stands for any element."""
    return len(path) >= len(pattern) and all(
        wanted in ("*", found) for wanted, found in zip(pattern, path, strict=False)
    )


def value_at(document: Mapping[str, Any], path: Path) -> Any:
    """The value at a path; None if there is none."""
    found = _get(document, path)
    return None if found is _MISSING else found
