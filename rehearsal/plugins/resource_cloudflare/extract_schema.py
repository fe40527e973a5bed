"""Reads what the installed pulumi_cloudflare says about the resources that the plugin knows.

A type is "string", "number", "boolean", "any", {"list": type}, {"map": type} or
{"object": {property: type}, "required": [property]}. The API's name of a property is not written
down: it follows from the property's own (`schema.api_name`), whose rule is checked here.
"""

import collections.abc
import inspect
import json
import re
import sys
import types
import typing
from importlib import import_module
from typing import Any

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Class, by the module of pulumi_cloudflare that defines it.
RESOURCES = {
    "dns_record": "DnsRecord",
    "ruleset": "Ruleset",
    "workers_kv": "WorkersKv",
    "workers_kv_namespace": "WorkersKvNamespace",
    "workers_route": "WorkersRoute",
    "workers_script": "WorkersScript",
    "zone_dnssec": "ZoneDnssec",
    "zone_setting": "ZoneSetting",
}
FUNCTIONS = {"get_zone": "getZone", "get_zones": "getZones"}

_SCALARS: dict[Any, str] = {str: "string", float: "number", int: "number", bool: "boolean"}


def python_name(name: str) -> str:
    """The name that the Python SDK has for a property."""
    return _WORD_START.sub("_", name).lower()


def extract_schema() -> dict[str, Any]:
    """The schema of the installed pulumi_cloudflare. Raises ModuleNotFoundError without it."""
    return {
        "resources": {
            _token(module, name): {
                "inputs": _object(_member(module, f"{name}Args")),
                "outputs": _object(_member(module, name), of_resource=True),
            }
            for module, name in RESOURCES.items()
        },
        "functions": {
            _token(module, name): _object(_member(module, f"{name[0].upper()}{name[1:]}Result"))
            for module, name in FUNCTIONS.items()
        },
    }


def _token(module: str, name: str) -> str:
    words = module.split("_")
    file = words[0] + "".join(word.capitalize() for word in words[1:])
    return f"cloudflare:index/{file}:{name}"


def _member(module: str, name: str) -> Any:
    return getattr(import_module(f"pulumi_cloudflare.{module}"), name)


def _object(cls: Any, *, of_resource: bool = False) -> dict[str, Any]:
    """One of the SDK's classes as an object type, with the names of Pulumi's wire."""
    types_module: Any = import_module("pulumi._types")
    if of_resource:
        names: dict[str, str] = types_module.resource_py_to_pulumi_names(cls)
        annotations: dict[str, Any] = types_module.resource_types(cls)
    else:
        names = types_module._py_to_pulumi_names_from_py_properties(cls)
        annotations = types_module._types_from_py_properties(cls)
    required = set[str]()
    if not of_resource:
        parameters = inspect.signature(cls.__init__).parameters.values()
        required = {p.name for p in parameters if p.default is inspect.Parameter.empty}
    for given, name in names.items():
        if python_name(name) != given.rstrip("_"):
            raise ValueError(f"{name}: the SDK's name is {given}, not {python_name(name)}")
    result: dict[str, Any] = {
        "object": {name: _type(annotations[name], types_module) for name in names.values()}
    }
    if required:
        result["required"] = sorted(names[given] for given in required & set(names))
    return result


def _type(annotation: Any, types_module: Any) -> Any:
    unwrapped: Any = types_module.unwrap_type(annotation)
    if unwrapped in _SCALARS:
        return _SCALARS[unwrapped]
    origin: Any = typing.get_origin(unwrapped)
    arguments: tuple[Any, ...] = typing.get_args(unwrapped)
    if origin in (list, collections.abc.Sequence):
        return {"list": _type(arguments[0], types_module)}
    if origin in (dict, collections.abc.Mapping):
        return {"map": _type(arguments[1], types_module)}
    if origin in (typing.Union, types.UnionType):
        # An object may be given as its class, as a dictionary or as another resource's output.
        return _type(arguments[0], types_module)
    if inspect.isclass(unwrapped) and unwrapped.__module__.startswith("pulumi_cloudflare"):
        return _object(unwrapped)
    if unwrapped is Any:
        return "any"
    raise TypeError(f"{annotation!r} has no place in the schema")


if __name__ == "__main__":
    json.dump(extract_schema(), sys.stdout)
