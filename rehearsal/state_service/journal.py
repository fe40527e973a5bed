"""What a journal means: a deployment and the entries appended to it, replayed to a deployment.

The rules are those of `JournalReplayer` in pulumi's `backend/journal.go` (version 1 of the
journal). Entries are replayed in the order of their sequence numbers, whatever order they came in.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

SCHEMA_VERSION = 3
SCHEMA_VERSION_WITH_FEATURES = 4
_STACK_TYPE = "pulumi:pulumi:Stack"


class Kind(IntEnum):
    """The kinds of journal entries, numbered as on the wire."""

    BEGIN = 0
    SUCCESS = 1
    FAILURE = 2
    REFRESH_SUCCESS = 3
    OUTPUTS = 4
    WRITE = 5
    SECRETS_MANAGER = 6
    REBUILT_BASE_STATE = 7
    EXTENSION_PARAMETERIZE = 8
    SNIPPETS = 9


class _Replay:
    """A base deployment and the changes that the entries seen so far make to it.

    A reference to an operation that the journal does not hold marks nothing: what it would have
    marked is not in the state.
    """

    def __init__(self, base: Json) -> None:
        self.base = base
        self.byte_strings = False
        self._clear()
        self.refreshed = False

    def _clear(self) -> None:
        self.new: list[Json] = []
        self.index: dict[int, int] = {}  # operation → place in `new`
        self.removed_new: set[int] = set()  # operations
        self.removed_old: set[int] = set()  # places in the base, as in the three below
        self.replaced_old: dict[int, Json] = {}
        self.deleting_old: set[int] = set()
        self.replacing_old: set[int] = set()
        self.begun: dict[int, Json] = {}
        self.extensions: Json = {}

    def add(self, entry: Json) -> None:
        """Take one entry, in the order of sequence numbers."""
        self.byte_strings |= bool(entry.get("requiresByteString"))
        kind = Kind(entry["kind"])
        match kind:
            case Kind.BEGIN:
                self.begun[entry["operationID"]] = entry
            case Kind.FAILURE:
                self.begun.pop(entry["operationID"], None)
            case Kind.SUCCESS:
                self._success(entry)
            case Kind.REFRESH_SUCCESS:
                self.begun.pop(entry["operationID"], None)
                self.refreshed = True
                self._put(entry, remove=True)
            case Kind.OUTPUTS:
                self._put(entry, remove=False)
            case Kind.WRITE:
                self.base = entry["newSnapshot"]
            case Kind.SECRETS_MANAGER:
                self.base = {**self.base, "secrets_providers": entry["secretsProvider"]}
            case Kind.SNIPPETS:
                self.base = {**self.base, "snippets": items(entry, "snippets")}
            case Kind.EXTENSION_PARAMETERIZE:
                self.extensions[entry["extensionRef"]] = entry["extension"]
            case Kind.REBUILT_BASE_STATE:
                self.base, _ = self.deployment("")
                self._clear()

    def _success(self, entry: Json) -> None:
        operation: int = entry["operationID"]
        self.begun.pop(operation, None)
        if entry.get("state") is not None:
            self.index[operation] = len(self.new)
            self.new.append(entry["state"])
        for key, places in (
            ("removeOld", self.removed_old),
            ("deleteOld", self.deleting_old),
            ("pendingReplacementOld", self.replacing_old),
            ("removeNew", self.removed_new),
        ):
            if entry.get(key) is not None:
                places.add(entry[key])
        for key, mark in (("deleteNew", "delete"), ("pendingReplacementNew", "pendingReplacement")):
            place = self.index.get(entry[key]) if entry.get(key) is not None else None
            if place is not None:
                self.new[place] = {**self.new[place], mark: True}
        self.refreshed |= bool(entry.get("isRefresh"))

    def _put(self, entry: Json, *, remove: bool) -> None:
        """Put the entry's state in place of the one it names; without one, `remove` that."""
        state: Json | None = entry.get("state")
        old, new = entry.get("removeOld"), entry.get("removeNew")
        if old is not None and state is not None:
            self.replaced_old[old] = state
        elif old is not None and remove:
            self.removed_old.add(old)
        place = self.index.get(new) if new is not None else None
        if place is not None and state is not None:
            self.new[place] = state
        elif new is not None and remove and state is None:
            self.removed_new.add(new)

    def deployment(self, cli_version: str) -> tuple[Json, set[str]]:
        """The deployment that results, and the features that a reader of it must know.

        Its manifest names `cli_version`, which may be empty.
        """
        base = self.base
        removed = {self.index[op] for op in self.removed_new if op in self.index}
        resources = [dict(r) for place, r in enumerate(self.new) if place not in removed]
        resources += [
            self._old(place, resource)
            for place, resource in enumerate(items(base, "resources"))
            if place not in self.removed_old
        ]
        pending: list[Json] = [
            entry["operation"] for entry in self.begun.values() if entry.get("operation")
        ]
        # Only a person can tell whether an interrupted creation took place, so these stay until
        # `pulumi refresh` has resolved them.
        pending += [op for op in items(base, "pending_operations") if op["type"] == "creating"]
        every = [*resources, *(operation["resource"] for operation in pending)]
        features = _features(every, byte_strings=self.byte_strings)
        if items(base, "snippets"):
            features.add("snippets-prototype")
        if self.refreshed:
            _rebuild_dependencies(resources)
        _normalize(resources)
        extensions = {**self.extensions, **mapping(base, "extensions")}
        result: Json = {"manifest": _manifest(cli_version)}
        for key, value in (
            ("secrets_providers", base.get("secrets_providers")),
            ("resources", resources),
            ("pending_operations", pending),
            ("metadata", mapping(base, "metadata")),
            ("snippets", items(base, "snippets")),
            ("extensions", extensions),
        ):
            if value or key == "metadata":
                result[key] = value
        return result, features

    def _old(self, place: int, resource: Json) -> Json:
        if place in self.replaced_old:
            return dict(self.replaced_old[place])
        marks: Json = {}
        if place in self.replacing_old:
            marks["pendingReplacement"] = True
        if place in self.deleting_old:
            marks["delete"] = True
        return {**resource, **marks}


def replay(base: Json, entries: Iterable[Json], cli_version: str) -> Json:
    """Replay `entries` on the untyped deployment `base` and return an untyped deployment.

    An untyped deployment is what the CLI exports: `version`, perhaps `features`, and `deployment`,
    the latter missing for a stack that was never updated. Raises ValueError for a kind of entry
    that version 1 of the journal does not know.
    """
    run = _Replay(mapping(base, "deployment"))
    for entry in sorted(entries, key=lambda entry: entry["sequenceID"]):
        run.add(entry)
    deployment, features = run.deployment(cli_version)
    # Bytes inside secrets cannot be seen once encrypted: what the base declared stays declared.
    features |= {"byteString"} & set(items(base, "features"))
    if not features:
        return {"version": SCHEMA_VERSION, "deployment": deployment}
    return {
        "version": SCHEMA_VERSION_WITH_FEATURES,
        "features": sorted(features),
        "deployment": deployment,
    }


def empty() -> Json:
    """The untyped deployment of a stack that was never updated."""
    return {"version": SCHEMA_VERSION}


def dumps(value: Any) -> str:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def items(parent: Json, key: str) -> list[Any]:
    """The list at `key`; an empty one where Go left it out or wrote null."""
    value: list[Any] | None = parent.get(key)
    return value or []


def mapping(parent: Json, key: str) -> Json:
    """The object at `key`; an empty one where Go left it out or wrote null."""
    value: Json | None = parent.get(key)
    return value or {}


def _manifest(cli_version: str) -> Json:
    # The CLI refuses a state whose "magic" is not the hash of its version.
    magic = hashlib.sha256(cli_version.encode()).hexdigest() if cli_version else ""
    return {"time": datetime.now(UTC).isoformat(), "magic": magic, "version": cli_version}


_FEATURES = {
    "refreshBeforeUpdate": "refreshBeforeUpdate",
    "viewOf": "views",
    "resourceHooks": "hooks",
    "taint": "taint",
    "replaceWith": "replaceWith",
    "extensionRef": "extensionParameterization",
    "snippetID": "snippets-prototype",
}


def _features(resources: list[Json], *, byte_strings: bool) -> set[str]:
    features = {name for key, name in _FEATURES.items() if any(r.get(key) for r in resources)}
    if byte_strings and resources:
        features.add("byteString")
    return features


def _rebuild_dependencies(resources: list[Json]) -> None:
    """Drop references to resources that a refresh found gone; children move to a grandparent."""
    seen: set[str] = set()
    for resource in resources:
        for key in ("dependencies", "replaceWith"):
            _put(resource, key, [urn for urn in items(resource, key) if urn in seen])
        dependencies = mapping(resource, "propertyDependencies")
        by_property: dict[str, list[str]] = {
            name: [urn for urn in items(dependencies, name) if urn in seen] for name in dependencies
        }
        kept = {name: urns for name, urns in by_property.items() if urns}
        _put(resource, "propertyDependencies", kept)
        if resource.get("deletedWith") and resource["deletedWith"] not in seen:
            del resource["deletedWith"]
        seen.add(resource["urn"])
    parents: dict[str, str] = {}
    for resource in resources:
        parent: str = resource.get("parent") or ""
        if parent and parent not in seen:
            resource["parent"] = parent = parents.get(parent, "")
            if not parent:
                del resource["parent"]
        parents[resource["urn"]] = parent


def _put(resource: Json, key: str, value: Any) -> None:
    """Set the key, or leave it out if there is nothing to set, as Go does."""
    resource.pop(key, None)
    if value:
        resource[key] = value


def _normalize(resources: list[Json]) -> None:
    """Refer to every resource by its newest name: aliases are resolved and dropped."""
    names: dict[str, str] = {}
    for resource in resources:
        for alias in items(resource, "aliases"):
            names[alias] = resource["urn"]
        parent = names.get(resource.get("parent") or "")
        if parent and _type(parent) != _STACK_TYPE:
            names[resource["urn"]] = _reparented(resource["urn"], parent)
    for resource in resources:
        resource.pop("aliases", None)
        if names:
            _rename(resource, names)


def _rename(resource: Json, names: dict[str, str]) -> None:
    for key in ("urn", "parent", "deletedWith", "viewOf"):
        if resource.get(key):
            resource[key] = names.get(resource[key], resource[key])
    if resource.get("provider"):
        urn, _, identifier = resource["provider"].rpartition("::")
        resource["provider"] = f"{names.get(urn, urn)}::{identifier}"
    if resource.get("dependencies"):
        resource["dependencies"] = [names.get(urn, urn) for urn in resource["dependencies"]]
    dependencies = mapping(resource, "propertyDependencies")
    if dependencies:
        resource["propertyDependencies"] = {
            name: [names.get(urn, urn) for urn in items(dependencies, name)]
            for name in dependencies
        }


def _type(urn: str) -> str:
    """The type of a URN, with those of its parents: `urn:pulumi:stack::project::TYPE::name`."""
    return urn.split("::", 3)[2]


def _reparented(urn: str, parent: str) -> str:
    stack, project, own_type, name = urn.split("::", 3)
    return f"{stack}::{project}::{_type(parent)}${own_type.rsplit('$', 1)[-1]}::{name}"
