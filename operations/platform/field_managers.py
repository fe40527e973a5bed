"""Who set a field of a Kubernetes object: the managers that the API server keeps with it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from k8s.diffing import Path, parse_property_path
from operations.platform.owning import PEOPLE_AND_TOOLS

Object = Mapping[str, Any]

_PULUMI = "pulumi-kubernetes"
"""How the managers of Pulumi's own changes begin."""
_KUBECTLS_NOTES = "kubectl.kubernetes.io/"
"""Annotations in which kubectl keeps what it did: no setting, and no drift."""
_MISSING = object()
_Keys = tuple[tuple[Path, Any], ...]


@dataclass(frozen=True)
class FieldManager:
    """A manager that set fields, with which operation, and when it last did (UTC)."""

    manager: str
    operation: str
    time: str
    subresource: str = ""

    def __str__(self) -> str:
        # `kubectl scale` calls itself kubectl, as `kubectl apply` does.
        name = f"{self.manager} {self.subresource}".rstrip()
        return f"{name} ({self.operation}, {self.time})"


@dataclass(frozen=True)
class OwnedField:
    """A field that a manager other than Pulumi owns, where it is in the live object."""

    path: Path
    is_declared: bool
    """Whether the program declares it too. If not, somebody added it."""
    change: FieldManager
    keys: _Keys
    """The fields, and their values, that name the elements of lists on the path."""

    def __str__(self) -> str:
        """The path as Pulumi writes it, the last element named: `env[3] (DEBUG)`."""
        text = "".join(
            f"[{step}]"
            if isinstance(step, int)
            else f'["{step}"]'
            if set(step) & set('.["')
            else f".{step}"
            for step in self.path
        )
        names = [str(value) for path, value in self.keys if path[:-1] == self.path]
        return f"{text.removeprefix('.')} ({', '.join(names)})" if names else text.removeprefix(".")


def who(live: Object, path: str) -> list[FieldManager]:
    """Return who set the field at a property path, Pulumi left out; the latest first.

    Without an entry for the field itself, the managers of the field around it count.
    """
    managers = _managers(live)
    keys = parse_property_path(path)
    for length in range(len(keys), 0, -1):
        found = [
            _change(entry)
            for entry in managers
            if not entry["manager"].startswith(_PULUMI)
            and _owns(entry.get("fieldsV1", {}), keys[:length])
        ]
        if found:
            return sorted(found, key=lambda change: change.time, reverse=True)
    return []


def owned_by_others(live: Object, declared: Object) -> list[OwnedField]:
    """Return the fields that another manager owns although they are declared, or that people added.

    A declared one, whatever its value, is a conflict in the next update that changes it. Nothing is
    returned for an object of which Pulumi owns nothing: it only reads that.
    """
    managers = _managers(live)
    if not any(entry["manager"].startswith(_PULUMI) for entry in managers):
        return []
    found: dict[Path, OwnedField] = {}
    for entry in managers:
        # Only these write what is declared: all others write a status.
        subresource = entry.get("subresource") or ""
        if entry["manager"].startswith(_PULUMI) or subresource not in {"", "scale"}:
            continue
        adds = entry["manager"].startswith(PEOPLE_AND_TOOLS) and not subresource
        for path, is_declared, keys in _owned(entry.get("fieldsV1") or {}, live, declared):
            if is_declared or (adds and not str(path[-1]).startswith(_KUBECTLS_NOTES)):
                owned = OwnedField(path, is_declared, _change(entry), keys)
                found.setdefault(path, owned)
    return list(found.values())


def _managers(live: Object) -> list[dict[str, Any]]:
    metadata = cast(Object, live.get("metadata") or {})
    return cast(list[dict[str, Any]], metadata.get("managedFields") or [])


def _change(entry: Mapping[str, Any]) -> FieldManager:
    subresource = entry.get("subresource") or ""
    return FieldManager(entry["manager"], entry["operation"], entry.get("time", "?"), subresource)


def _owns(fields: Mapping[str, Any], keys: Sequence[str | int]) -> bool:
    if not keys:
        return True
    return any(_owns(below, keys[1:]) for below in _below(fields, keys[0]))


def _below(fields: Mapping[str, Any], key: str | int) -> Iterator[Mapping[str, Any]]:
    if isinstance(key, str):
        if f"f:{key}" in fields:
            yield fields[f"f:{key}"]
        return
    # Elements of lists are known by what names them, not by their number.
    yield from (fields[name] for name in fields if name.startswith(("k:", "v:")))


def _owned(
    fields: Mapping[str, Any], live: Any, declared: Any, path: Path = (), keys: _Keys = ()
) -> Iterator[tuple[Path, bool, _Keys]]:
    """The fields of a set that exist, each as far up as the whole of it belongs to the set."""
    for name, below in fields.items():
        sort, _, key = name.partition(":")
        step, names = _step(sort, key, live)
        if step is None:
            continue
        here = (*path, step)
        named = (*keys, *(((*here, key), value) for key, value in names.items()))
        wanted = _declared(sort, key, declared)
        inner = {name: value for name, value in below.items() if name != "."}
        # An element of a list that somebody added goes as a whole. A map may hold what others
        # have added meanwhile.
        if not inner or (sort == "k" and "." in below and wanted is _MISSING):
            yield here, wanted is not _MISSING, named
        else:
            yield from _owned(inner, live[step], wanted, here, named)


def _step(sort: str, key: str, live: Any) -> tuple[str | int | None, Object]:
    """Where in the live object a step of a set leads, and what names the element of a list."""
    if sort == "f":
        return (key if isinstance(live, dict) and key in live else None), {}
    # "." is the set itself.
    if key and isinstance(live, list):
        wanted = json.loads(key)
        for number, element in enumerate(cast(list[Any], live)):
            if sort == "v" and element == wanted:
                return number, {}
            if sort == "k" and all(element.get(name) == value for name, value in wanted.items()):
                return number, wanted
    return None, {}


def _declared(sort: str, key: str, declared: Any) -> Any:
    if sort == "f":
        return cast(Object, declared).get(key, _MISSING) if isinstance(declared, dict) else _MISSING
    if not isinstance(declared, list):
        return _MISSING
    wanted = json.loads(key)
    for element in cast(list[Any], declared):
        if sort == "v" and element == wanted:
            return element
        # What names an element may have a default, such as the protocol of a port.
        if (
            sort == "k"
            and any(name in element for name in wanted)
            and all(element.get(name, value) == value for name, value in wanted.items())
        ):
            return element
    return _MISSING
