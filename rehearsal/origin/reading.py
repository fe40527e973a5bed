"""Reads parts of Kubernetes objects that may be missing or null."""

from typing import Any, cast

from rehearsal.kubernetes_api import JsonObject


def mapping(obj: JsonObject, *path: str) -> JsonObject:
    """The mapping at `path`; empty when it is missing."""
    found: Any = obj
    for key in path:
        found = cast(JsonObject, found).get(key) or {}
    return found


def items(obj: JsonObject, *path: str) -> list[JsonObject]:
    """The list of mappings at `path`; empty when it is missing."""
    found: Any = mapping(obj, *path[:-1]).get(path[-1])
    return found or []


def has_condition(obj: JsonObject, kind: str) -> bool:
    """Whether the condition of that type is True."""
    return any(
        condition["type"] == kind and condition["status"] == "True"
        for condition in items(obj, "status", "conditions")
    )
