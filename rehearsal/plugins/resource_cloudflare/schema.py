"""What properties the resources have, how they are checked, and their form in the API's JSON.

Pulumi writes `compatibilityDate` where the API writes `compatibility_date`. Keys of maps are the
user's own and stay as they are; only an object's properties are renamed.
"""

import hashlib
import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, cast

from k8s.properties import (
    UNKNOWN,
    OutputValue,
    PropertyMap,
    PropertyValue,
    Secret,
    reveal,
)
from rehearsal.files import write_public
from rehearsal.plugins.resource_cloudflare import extract_schema
from toolchain.cache import user_cache

# See extract_schema.py for the forms of a type.
Type: TypeAlias = Any

# Pulumi puts the names of lists into the plural, the API does not always.
_PLURALS = {"statusCodeTtls": "status_code_ttl", "checkPresences": "check_presence"}

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
}


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a resource's inputs."""

    property: str
    """Path of the property, such as `bindings[0].namespaceId`."""
    reason: str


@cache
def _schema() -> dict[str, Any]:
    """The installed SDK's schema, kept for the next process: importing the SDK takes seconds."""
    code = hashlib.sha256(Path(extract_schema.__file__).read_bytes()).hexdigest()[:12]
    kept = user_cache("cloudflare-schema") / f"{sdk_version()}-{code}.json"
    if not kept.exists():
        # In a process of its own, as a plugin has stubs in the place of the SDK (stubs.py).
        command = [sys.executable, "-P", "-m", extract_schema.__name__]
        made = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        write_public(kept, made.stdout)
    return json.loads(kept.read_text(encoding="utf-8"))


def sdk_version() -> str:
    """The version of the installed pulumi_cloudflare. Raises PackageNotFoundError without it."""
    return importlib.metadata.version("pulumi-cloudflare")


def inputs_of(token: str) -> Type:
    """The object type of a resource's inputs. Raises KeyError for a token that is not known."""
    return _schema()["resources"][token]["inputs"]


def outputs_of(token: str) -> Type:
    """The object type of a resource's outputs. Raises KeyError for a token that is not known."""
    return _schema()["resources"][token]["outputs"]


def result_of(token: str) -> Type:
    """The object type of a function's result. Raises KeyError for a token that is not known."""
    return _schema()["functions"][token]


@cache
def api_name(name: str) -> str:
    """The API's name of a property: `zoneId` is `zone_id`."""
    return _PLURALS.get(name) or extract_schema.python_name(name)


def problems_with(value: PropertyValue, type_: Type, path: str = "") -> Iterator[Problem]:
    """What in a value does not fit its type. Unknown values fit every type."""
    value = _unwrapped(value)
    if value is UNKNOWN or value is None or type_ == "any":
        return
    if isinstance(type_, str):
        # In Python a truth value is a number; in JSON it is none.
        if not isinstance(value, _PYTHON_TYPES[type_]) or (
            type_ == "number" and isinstance(value, bool)
        ):
            yield Problem(path, f"must be a {type_}, found {_kind(value)}")
    elif "list" in type_:
        if not isinstance(value, list):
            yield Problem(path, f"must be a list, found {_kind(value)}")
            return
        for index, element in enumerate(cast(list[PropertyValue], value)):
            yield from problems_with(element, type_["list"], f"{path}[{index}]")
    elif not isinstance(value, Mapping):
        yield Problem(path, f"must be an object, found {_kind(value)}")
    elif "map" in type_:
        for key, element in cast(Mapping[str, PropertyValue], value).items():
            yield from problems_with(element, type_["map"], f"{path}[{json.dumps(key)}]")
    else:
        yield from _problems_with_object(cast(Mapping[str, PropertyValue], value), type_, path)


def _problems_with_object(
    value: Mapping[str, PropertyValue], type_: Type, path: str
) -> Iterator[Problem]:
    known: dict[str, Type] = type_["object"]
    for name, element in value.items():
        if name.startswith("__"):
            continue  # the engine's own, such as __defaults
        below = f"{path}.{name}" if path else name
        if name not in known:
            yield Problem(below, _unknown_property(name, known))
        else:
            yield from problems_with(element, known[name], below)
    for name in type_.get("required", ()):
        if _unwrapped(value.get(name)) is None:
            yield Problem(f"{path}.{name}" if path else name, "is required and missing")


def _unknown_property(name: str, known: Mapping[str, Type]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for mistakes

    close = get_close_matches(name, known, n=1)
    hint = f": did you mean {close[0]}?" if close else f"; known are {', '.join(sorted(known))}"
    return f"is no property of this resource{hint}"


def _unwrapped(value: PropertyValue) -> PropertyValue:
    while isinstance(value, (Secret, OutputValue)):
        value = value.value
    return value


def _kind(value: PropertyValue) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    # Not the text itself: it may be a secret in the wrong place.
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "an object"


def to_api(value: PropertyValue, type_: Type) -> Any:
    """A property as the API's JSON, without null properties. Secrets are revealed."""
    value = _unwrapped(value)
    if isinstance(value, list) and "list" in type_:
        return [to_api(v, type_["list"]) for v in cast(list[PropertyValue], value)]
    if isinstance(value, Mapping) and isinstance(type_, dict):
        mapping = cast(Mapping[str, PropertyValue], value)
        if "map" in type_:
            return {key: to_api(v, type_["map"]) for key, v in mapping.items()}
        known = cast(dict[str, Type], type_["object"])
        return {
            api_name(name): to_api(v, known[name])
            for name, v in mapping.items()
            if name in known and _unwrapped(v) is not None
        }
    return reveal(cast(PropertyValue, value))


def from_api(value: Any, type_: Type) -> PropertyValue:
    """JSON of the API as a property; what the type does not know is left out."""
    if type_ == "string" and type(value) in (dict, list):
        # The SDK has no better type for some answers (a record's `meta`) than JSON in a string.
        return json.dumps(value, sort_keys=True)
    if isinstance(type_, str):
        return value
    if isinstance(value, list) and "list" in type_:
        return [from_api(element, type_["list"]) for element in cast(list[Any], value)]
    if isinstance(value, Mapping) and "list" not in type_:
        mapping = cast(Mapping[str, Any], value)
        if "map" in type_:
            return {key: from_api(element, type_["map"]) for key, element in mapping.items()}
        return _object_from_api(mapping, type_["object"])
    return None


def _object_from_api(value: Mapping[str, Any], known: Mapping[str, Type]) -> PropertyMap:
    result: PropertyMap = {}
    for name, type_ in known.items():
        found = from_api(value.get(api_name(name)), type_)
        if found is not None:
            result[name] = found
    return result
