"""The shape in which Kubernetes objects travel through this project."""

from typing import Any, TypeAlias, cast

JsonObject: TypeAlias = dict[str, Any]
JsonObjects: TypeAlias = list[JsonObject]


def section(obj: JsonObject, *keys: str) -> JsonObject:
    """The mapping at a path of keys, empty when it is missing or something else."""
    found: Any = obj
    for key in keys:
        found = cast(JsonObject, found).get(key) if isinstance(found, dict) else None
    return cast(JsonObject, found) if isinstance(found, dict) else {}


def items(obj: JsonObject, *keys: str) -> JsonObjects:
    """The objects in the list at a path of keys, empty when it is missing or something else."""
    found: Any = section(obj, *keys[:-1]).get(keys[-1])
    if not isinstance(found, list):
        return []
    return [cast(JsonObject, item) for item in cast(list[Any], found) if isinstance(item, dict)]
