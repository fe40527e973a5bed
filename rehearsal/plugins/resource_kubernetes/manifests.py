"""Between Pulumi's properties and the documents that the API server takes and gives."""

from collections.abc import Mapping
from typing import Any, cast

from rehearsal.kubernetes_api import JsonObject
from rehearsal.plugins.properties import OutputValue, PropertyMap, PropertyValue, Secret
from rehearsal.plugins.resource_kubernetes.annotations import LAST_APPLIED
from rehearsal.plugins.resource_kubernetes.identity import is_crd, is_secret

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
_UNDERSCORED = {dashed: underscored for underscored, dashed in _DASHED.items()}


def without_nulls(value: PropertyValue) -> PropertyValue:
    """A copy of inputs without nulls, which mean "not set" and nothing to the API server."""
    if isinstance(value, Secret):
        return Secret(without_nulls(value.value))
    if isinstance(value, dict):
        return {
            key: without_nulls(element)
            for key, element in cast(PropertyMap, value).items()
            if element is not None
        }
    if isinstance(value, list):
        return [without_nulls(element) for element in cast(list[PropertyValue], value)]
    return value


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


def state_of(
    live: JsonObject, inputs: PropertyMap, *, field_manager: str, initial_api_version: str
) -> PropertyMap:
    """The outputs to keep for a live object: what was secret in the inputs is secret in them.

    managedFields are left out (they are large and name values of nobody's interest), and so is
    what kubectl noted down as last applied (which holds Secrets in the clear).
    """
    cleaned = without_noise(live)
    if is_crd(live):
        cleaned = _underscored(cleaned)
    outputs = mark_secrets(cleaned, inputs)
    if is_secret(live):
        hide_secret_contents(outputs)
    outputs[INITIAL_API_VERSION] = initial_api_version
    outputs[FIELD_MANAGER] = field_manager
    return outputs


def without_noise(live: JsonObject) -> JsonObject:
    """A live object without managedFields and the last-applied annotation; shares the rest."""
    metadata: JsonObject = {
        key: value for key, value in live["metadata"].items() if key != "managedFields"
    }
    annotations: JsonObject = metadata.get("annotations") or {}
    if LAST_APPLIED in annotations:
        metadata["annotations"] = {k: v for k, v in annotations.items() if k != LAST_APPLIED}
    return {**live, "metadata": metadata}


def hide_secret_contents(properties: PropertyMap) -> None:
    """Make the contents of a core Secret secret, whether the program did so or not."""
    for key in ("data", "stringData"):
        contents = properties.get(key)
        if contents is not None and not isinstance(contents, Secret):
            properties[key] = Secret(contents)


def mark_secrets(live: Any, inputs: PropertyValue) -> PropertyValue:
    """A copy of a live value with everything secret that is secret in the inputs at its place."""
    if isinstance(inputs, Secret):
        return Secret(live)
    if isinstance(live, dict) and isinstance(inputs, Mapping):
        known = cast(Mapping[str, PropertyValue], inputs)
        return {
            key: mark_secrets(value, known[key]) if key in known else value
            for key, value in cast(JsonObject, live).items()
        }
    if isinstance(live, list) and isinstance(inputs, list):
        elements, known_elements = cast(list[Any], live), cast(list[PropertyValue], inputs)
        if len(elements) == len(known_elements):
            return [mark_secrets(*pair) for pair in zip(elements, known_elements, strict=True)]
        # The elements no longer line up (somebody added one): then all of them are secret.
        return Secret(elements) if contains_secrets(known_elements) else elements
    return cast(Any, live)


def contains_secrets(value: PropertyValue) -> bool:
    """Whether anything in a value is secret."""
    if isinstance(value, Secret):
        return True
    if isinstance(value, Mapping):
        return any(contains_secrets(v) for v in cast(Mapping[str, PropertyValue], value).values())
    if isinstance(value, list):
        return any(contains_secrets(element) for element in cast(list[PropertyValue], value))
    return False


def _underscored(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            _UNDERSCORED.get(key, key): _underscored(element)
            for key, element in cast(JsonObject, value).items()
        }
    if isinstance(value, list):
        return [_underscored(element) for element in cast(list[Any], value)]
    return value
