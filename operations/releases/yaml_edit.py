"""Edits a YAML document in place: the characters of one value change, and no others.

Comments, quotes, order, line ends and flow mappings stay as they are. Keys are text; the document
has no anchors, tags or duplicate keys (`infra.stack.file` refuses those).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from infra.stack.file import Value
from operations.errors import CommandError

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Pulumi's YAML takes more for numbers than PyYAML does: 12e4, 0x1f, 0o17, 1_000.
_NUMBER = re.compile(r"[0-9][0-9_]*(\.[0-9_]*)?([eE][+-]?[0-9]+)?|0x[0-9a-fA-F_]+|0[ob]?[0-7_]+")


class EditError(CommandError):
    """A value that cannot be changed in place; the message says where and what to do."""


@dataclass(frozen=True)
class _Entry:
    """A member of a mapping: the nodes of its key and its value, and the mapping's."""

    key: Any
    value: Any
    mapping: Any


def set_value(text: str, place: Sequence[str], value: Value) -> str:
    """Return the document with another value at `place`, a path of keys.

    Mappings that are missing on the way are added. Raises EditError.
    """
    found = _entries(text, place)
    if len(found) == len(place):
        return _replace(text, place, found[-1].value, value)
    missing = place[len(found) :]
    parent = found[-1].value if found else _root(text)
    if isinstance(parent, yaml.ScalarNode) and parent.tag.endswith(":null"):
        for key in reversed(missing):
            value = {key: value}
        return _replace(text, place[: len(found)], parent, value)
    if not isinstance(parent, yaml.MappingNode):
        raise EditError(f"{_spelled(place[: len(found)])} is no mapping, so it has no keys to set")
    if parent.flow_style:
        return _insert_in_line(text, parent, missing, value)
    return _insert_lines(text, parent, found[-1].key if found else None, missing, value)


def remove(text: str, place: Sequence[str]) -> str:
    """Return the document without the key at `place`, nor mappings that it leaves empty.

    The outermost mapping of `place` stays. Raises EditError if there is no such key.
    """
    found = _entries(text, place)
    if len(found) < len(place):
        raise EditError(f"{_spelled(place)} is not set")
    while len(found) > 2 and len(found[-1].mapping.value) == 1:
        found.pop()
    entry = found[-1]
    start, end = entry.key.start_mark.index, _end(text, entry.value)
    if entry.mapping.flow_style:
        members: list[tuple[Any, Any]] = entry.mapping.value
        at = next(index for index, (key, _) in enumerate(members) if key is entry.key)
        if at > 0:
            start = _end(text, members[at - 1][1])
        elif len(members) > 1:
            end = members[1][0].start_mark.index
        return text[:start] + text[end:]
    line = text.rfind("\n", 0, start) + 1
    if text[line:start].strip():
        raise EditError(f"{_spelled(place)} does not begin its line: remove it by hand")
    return text[:line] + text[_next_line(text, end) :]


def _replace(text: str, place: Sequence[str], node: Any, value: Value) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    written = text[start:end]
    quote = ""
    if isinstance(node, yaml.ScalarNode):
        quote = node.style if node.style in {'"', "'"} else ""
        plain = written if quote == "" else written[1:-1]
        kept = plain == node.value if quote == "" else written[0] == written[-1] == quote
        if not kept:
            raise EditError(
                f"{_spelled(place)}: written in a way that cannot be kept; "
                f"write it as {place[-1]}: {flow(value)} by hand"
            )
    elif not node.flow_style:
        raise EditError(
            f"{_spelled(place)} has keys of its own, on lines of their own: set or unset each"
        )
    new = _scalar(value, quote) if isinstance(value, str) else flow(value)
    # Nothing at all is written right behind the colon.
    return text[:start] + (" " if start == end else "") + new + text[end:]


def _insert_in_line(text: str, parent: Any, missing: Sequence[str], value: Value) -> str:
    for key in reversed(missing[1:]):
        value = {key: value}
    member = f"{_scalar(missing[0])}: {flow(value)}"
    if not parent.value:
        at = parent.start_mark.index + 1
        return text[:at] + member + text[at:]
    at = _end(text, parent.value[-1][1])
    return f"{text[:at]}, {member}{text[at:]}"


def _insert_lines(
    text: str, parent: Any, parent_key: Any, missing: Sequence[str], value: Value
) -> str:
    first = parent.value[0][0]
    if text[text.rfind("\n", 0, first.start_mark.index) + 1 : first.start_mark.index].strip():
        raise EditError(f"{first.value} does not begin its line: add {missing[0]} by hand")
    before = _sibling_before([key.value for key, _ in parent.value], missing[0])
    if before is not None:
        at = _next_line(text, _end(text, parent.value[before][1]))
    else:
        at = _next_line(text, parent_key.end_mark.index)
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = [
        f"{' ' * (first.start_mark.column + 2 * depth)}{_scalar(key)}:"
        for depth, key in enumerate(missing)
    ]
    added = newline.join(lines) + f" {flow(value)}{newline}"
    if not text[:at].endswith("\n"):
        added = newline + added
    return text[:at] + added + text[at:]


def _sibling_before(names: list[str], name: str) -> int | None:
    """The index of the member that a new one follows; None if it comes first.

    In alphabetical order where there is one, else after those of its namespace, else at the end.
    """
    if len(names) > 1 and names == sorted(names):
        return max((index for index, other in enumerate(names) if other < name), default=None)
    namespace = name.partition(":")[0]
    alike = [i for i, other in enumerate(names) if other.partition(":")[0] == namespace]
    return alike[-1] if alike else len(names) - 1


def _entries(text: str, place: Sequence[str]) -> list[_Entry]:
    """The members on the way to `place`, as far as there are any."""
    found: list[_Entry] = []
    node = _root(text)
    for name in place:
        members: list[tuple[Any, Any]] = node.value if isinstance(node, yaml.MappingNode) else []
        member = next(((key, value) for key, value in members if key.value == name), None)
        if member is None:
            break
        found.append(_Entry(*member, node))
        node = member[1]
    return found


@lru_cache(maxsize=64)
def _root(text: str) -> Any:
    return yaml.compose(text, Loader=_LOADER)


def _end(text: str, node: Any) -> int:
    """Where a value ends; YAML lets the end of a block be where the next token begins."""
    end: int = node.end_mark.index
    if isinstance(node, yaml.ScalarNode):
        folded = node.style in {"|", ">"}
        return max(node.start_mark.index, len(text[:end].rstrip())) if folded else end
    if node.flow_style:
        return end
    last: Any = node.value[-1]
    return _end(text, last[1] if isinstance(last, tuple) else last)


def _next_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def flow(value: Value) -> str:
    """Return the value as YAML on one line."""
    match value:
        case str():
            return _scalar(value)
        case list():
            return f"[{', '.join(map(flow, value))}]"
        case dict():
            members = (f"{_scalar(key)}: {flow(member)}" for key, member in value.items())
            return f"{{{', '.join(members)}}}"
        case _:
            return json.dumps(value)


def _scalar(text: str, quote: str = "") -> str:
    """Text as YAML, in the quotes that were there, or without any where that means the same."""
    if not quote and _is_plain(text):
        return text
    if quote == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return json.dumps(text, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    if _NUMBER.fullmatch(text):
        return False
    try:
        read: list[Any] = [
            yaml.safe_load(written)
            for written in (f"key: {text}\n", f"{{key: {text}}}\n", f"{{{text}: 1}}\n")
        ]
    except (yaml.YAMLError, ValueError, RecursionError):
        return False
    return read == [{"key": text}, {"key": text}, {text: 1}]


def _spelled(place: Sequence[str]) -> str:
    return ".".join(place[1:] if place[:1] == ("config",) else place)
