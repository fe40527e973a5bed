"""Between Pulumi's properties and the documents that the API server takes and gives."""

from collections.abc import Mapping
from typing import Any, cast

from k8s import JsonObject
from k8s.annotations import LAST_APPLIED
from k8s.properties import OutputValue, PropertyMap, PropertyValue, Secret

FIELD_MANAGER = "__fieldManager"
INITIAL_API_VERSION = "__initialApiVersion"
INPUTS = "__inputs"  # the official provider's copy of the inputs, in states that it wrote

# SDKs have no names with dashes; CustomResourceDefinitions need these.
_DASHED = {
    name.replace("-", "_"): name
    for name in (
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-map-type",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
    )
}


def manifest_of(properties: PropertyMap) -> JsonObject:
    """The document that inputs or state stand for: no secrets wrapped, no nulls, dashed keys.

    Unknown values stay in it as UNKNOWN; such a document must not be sent.
    """
    return _plain(properties)


def _plain(value: PropertyValue) -> Any:
    if isinstance(value, (Secret, OutputValue)):
        return _plain(value.value)
    if isinstance(value, dict):
        plain: JsonObject = {}
        for key, element in cast(PropertyMap, value).items():
            converted = _plain(element)
            if converted is not None:
                plain[_DASHED.get(key, key)] = converted
        return plain
    if isinstance(value, list):
        return [_plain(element) for element in cast(list[PropertyValue], value)]
    return value


def without_noise(live: JsonObject) -> JsonObject:
    """A live object without managedFields and the last-applied annotation; shares the rest."""
    metadata: JsonObject = {
        key: value for key, value in live["metadata"].items() if key != "managedFields"
    }
    annotations: JsonObject = metadata.get("annotations") or {}
    if LAST_APPLIED in annotations:
        metadata["annotations"] = {k: v for k, v in annotations.items() if k != LAST_APPLIED}
    return {**live, "metadata": metadata}


def contains_secrets(value: PropertyValue) -> bool:
    """Whether anything in a value is secret."""
    if isinstance(value, Secret):
        return True
    if isinstance(value, Mapping):
        return any(contains_secrets(v) for v in cast(Mapping[str, PropertyValue], value).values())
    if isinstance(value, list):
        return any(contains_secrets(element) for element in cast(list[PropertyValue], value))
    return False
