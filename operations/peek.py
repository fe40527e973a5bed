"""Which versions a stack file declares, at a glance: for thousands of old files in a moment.

Nothing is judged here: history holds files that today's rules would refuse. What the program reads
before it acts is `infra.environment`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

# A block as `pulumi config set` and people write it. Anything else is left to a YAML parser.
_BLOCK = re.compile(
    r"^(?P<indent> +)serlo:(?P<name>versions|parts):[ ]*(?:#.*)?\n"
    r"(?P<lines>(?:(?P=indent) +[^\s#].*\n|[ ]*#.*\n|[ ]*\n)*)",
    re.MULTILINE,
)
_LINE = re.compile(
    r"(?P<indent> +)(?P<key>[A-Za-z][\w-]*):[ ]+"
    r"(?P<quote>[\"']?)(?P<value>[0-9A-Za-z](?:[\w.+@:-]*[\w.+-])?)(?P=quote)[ ]*(?:[ ]#.*)?"
)
_OUTER = re.compile(r"^config:[ ]*(?:#.*)?$", re.MULTILINE)
_MENTION = re.compile(r"serlo:(?:versions|parts)[\"']?[ ]*:(?:[ ]|$)", re.MULTILINE)
# Where a mapping could be hidden inside a text, looks do not suffice.
_TEXT_BLOCK = re.compile(r"[|>][+-]?[0-9]?[+-]?[ ]*(?:#.*)?$", re.MULTILINE)
_NESTING = re.compile(r"[\[{]|[-?] ")
_DEEPEST = 50


@dataclass(frozen=True)
class Declared:
    """What a stack file says: the text of each version by key, and which parts are switched on."""

    versions: Mapping[str, str]
    parts: Mapping[str, bool]


NOTHING = Declared(MappingProxyType({}), MappingProxyType({}))
"""A stack file that is not there."""


def peek(text: str) -> Declared | None:
    """The versions and parts in a stack file; None if it is no YAML mapping with a config.

    Where these can be told without, what else stands in the file is not looked at.
    """
    glance = _glance(text)
    return glance if glance is not None else _parsed(text)


def _glance(text: str) -> Declared | None:
    text += "" if text.endswith("\n") else "\n"
    if len(_OUTER.findall(text)) != 1 or _TEXT_BLOCK.search(text) or "\n---" in text:
        return None
    found: dict[str, dict[str, str]] = {}
    indents: set[str] = set()
    blocks = list(_BLOCK.finditer(text))
    # A mention in a comment makes the numbers differ too, which is merely slower.
    if len(blocks) != len(_MENTION.findall(text)):
        return None
    for block in blocks:
        lines = _lines(block["lines"])
        if lines is None or block["name"] in found:
            return None
        found[block["name"]] = lines
        indents.add(block["indent"])
    parts = found.get("parts", {})
    if "versions" not in found or len(indents) != 1:
        return None
    if not {*parts.values()} <= {"true", "false"}:
        return None
    return Declared(found["versions"], {name: text == "true" for name, text in parts.items()})


def _lines(block: str) -> dict[str, str] | None:
    values: dict[str, str] = {}
    indents: set[str] = set()
    for line in block.splitlines():
        bare = line.strip(" ")
        if not bare or bare.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None or match["key"] in values:
            return None
        indents.add(match["indent"])
        values[match["key"]] = match["value"]
    return values if len(indents) == 1 else None


def _parsed(text: str) -> Declared | None:
    import yaml  # noqa: PLC0415 seldom needed, and dear at the start of a command

    # The fast parser overflows the stack of the whole process where the other raises an error.
    deep = any(len(_NESTING.findall(line)) > _DEEPEST for line in text.splitlines())
    slow = yaml.SafeLoader
    try:
        root: Any = yaml.compose(text, slow if deep else getattr(yaml, "CSafeLoader", slow))
    except (yaml.YAMLError, RecursionError):
        return None
    config = dict(_members(root)).get("config")
    if not isinstance(config, yaml.MappingNode):
        return None
    blocks = dict(_members(config))
    versions = dict(_members(blocks.get("serlo:versions"))).items()
    parts = dict(_members(blocks.get("serlo:parts"))).items()
    return Declared(
        {key: node.value for key, node in versions if isinstance(node, yaml.ScalarNode)},
        {key: _truth(node.value) for key, node in parts if isinstance(node, yaml.ScalarNode)},
    )


def _truth(text: str) -> bool:
    return text.lower() in {"yes", "true", "on"}


def _members(node: Any) -> Iterator[tuple[str, Any]]:
    import yaml  # noqa: PLC0415 as above

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, value
