"""The versions that a stack file declares, also in old files that today's rules would refuse.

What the program reads before it acts is `infra.stack.environment`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

# The fast parser overflows the stack of the whole process where the other raises an error.
_NESTING = re.compile(r"[\[{]|[-?] ")
_DEEPEST = 50


@dataclass(frozen=True)
class StackVersions:
    """What a stack file says: the text of each version by key, and which features are on."""

    versions: Mapping[str, str]
    features: Mapping[str, bool]


NOTHING = StackVersions(MappingProxyType({}), MappingProxyType({}))
"""A stack file that is not there."""


def peek(text: str) -> StackVersions | None:
    """Return the versions and features in a stack file; None if that is no mapping with a config.

    Composing production's file takes 0.7 ms.
    """
    import yaml  # noqa: PLC0415 costs 20 ms at the start of every command

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
    features = dict(_members(blocks.get("serlo:features"))).items()
    return StackVersions(
        {key: node.value for key, node in versions if isinstance(node, yaml.ScalarNode)},
        {key: _truth(node.value) for key, node in features if isinstance(node, yaml.ScalarNode)},
    )


def _truth(text: str) -> bool:
    return text.lower() in {"yes", "true", "on"}


def _members(node: Any) -> Iterator[tuple[str, Any]]:
    import yaml  # noqa: PLC0415 as above

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, value
