"""What changes between two snapshots of a stack, resource by resource and field by field.

Which changes need a replacement is read from the same tables as in the plugins of the rehearsal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from k8s.diffing import differences
from k8s.replacement_rules import replacement_paths
from operations.declared.snapshot import Resource, Snapshot
from rehearsal.plugins.resource_cloudflare.catalogue import RESOURCES as CLOUDFLARE

_BY_VERSION_OR_CONTENT = frozenset({"Job", "Secret", "ConfigMap"})
"""Kinds whose objects are named after what is in them: the new one comes, then the old one goes."""


PROTECTION = "protected from deletion"
"""What Pulumi itself keeps, in the place of a field."""


class Operation(StrEnum):
    """What Pulumi would do with a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


@dataclass(frozen=True)
class FieldChange:
    """One field: where, and what it says before and after (None: nothing)."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class ResourceChange:
    """One resource that changes. `fields` are all that differ, also those of a replacement."""

    operation: Operation
    before: Resource | None
    after: Resource | None
    fields: tuple[FieldChange, ...]
    replacing: tuple[str, ...] = ()
    """The fields that cannot be changed in place."""

    @property
    def resource(self) -> Resource:
        """The resource as it will be; as it was if it goes."""
        return cast(Resource, self.after or self.before)

    @property
    def is_routine(self) -> bool:
        """Whether a replacement is how this kind of object is meant to change."""
        return (
            self.operation is Operation.REPLACE
            and self.resource.kind in _BY_VERSION_OR_CONTENT
            and "metadata.name" in self.replacing
        )


@dataclass(frozen=True)
class Comparison:
    """One stack before and after.

    `external` are the changes that an administrator makes before Pulumi makes the others.
    """

    before: Snapshot
    after: Snapshot
    changes: tuple[ResourceChange, ...]
    external: tuple[ResourceChange, ...] = ()

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.after.stack

    def count(self, operation: Operation) -> int:
        """How many resources get this operation."""
        return sum(change.operation is operation for change in self.changes)

    def of_kind(self, *kinds: str) -> list[ResourceChange]:
        """The changes of resources of these kinds."""
        return [change for change in self.changes if change.resource.kind in kinds]

    def field(self, change: ResourceChange, *path: str) -> tuple[Any, Any]:
        """A field before and after, given by its keys."""
        return at(change.before, *path), at(change.after, *path)


def compare(before: Snapshot, after: Snapshot) -> Comparison:
    """The changes that lead from one snapshot to the other, what goes last.

    Nothing is compared if one of them is broken.
    """
    if before.problem is not None or after.problem is not None:
        return Comparison(before, after, ())
    order = dict.fromkeys((*after.resources, *before.resources))
    found = (_change(before.resources.get(urn), after.resources.get(urn)) for urn in order)
    changes = [change for change in found if change is not None]
    return Comparison(
        before,
        after,
        tuple(change for change in changes if not change.resource.external),
        tuple(change for change in changes if change.resource.external),
    )


def at(resource: Resource | None, *path: str) -> Any:
    """What a resource says at a path of keys; None where it says nothing."""
    value: Any = None if resource is None else resource.properties
    for key in path:
        value = cast(dict[str, Any], value).get(key) if isinstance(value, Mapping) else None
    return value


def _change(before: Resource | None, after: Resource | None) -> ResourceChange | None:
    if before is None or after is None:
        operation = Operation.CREATE if before is None else Operation.DELETE
        return ResourceChange(operation, before, after, ())
    fields = tuple(_fields(before.properties, after.properties, ""))
    if before.protect != after.protect:
        fields = (*fields, FieldChange(PROTECTION, before.protect, after.protect))
    if not fields:
        return None
    replacing = tuple(_replacing(before, after))
    operation = Operation.REPLACE if replacing else Operation.UPDATE
    return ResourceChange(operation, before, after, fields, replacing)


def _replacing(before: Resource, after: Resource) -> Iterator[str]:
    if not after.is_kubernetes:
        known = CLOUDFLARE.get(after.type)
        for name in sorted(known.replace_on if known else ()):
            if before.properties.get(name) != after.properties.get(name):
                yield name
        return
    paths = replacement_paths(str(after.properties["apiVersion"]), after.kind)
    changes = differences(before.properties, after.properties, quantities=True, replacing=paths)
    yield from dict.fromkeys(_dotted(change.path) for change in changes if change.replaces)


def _dotted(path: Sequence[str | int]) -> str:
    return ".".join(str(key) for key in path)


def _fields(before: Any, after: Any, path: str) -> Iterator[FieldChange]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        was, becomes = cast(dict[str, Any], before), cast(dict[str, Any], after)
        for key in dict.fromkeys((*was, *becomes)):
            below = f"{path}.{key}" if path else key
            yield from _fields(was.get(key), becomes.get(key), below)
    elif isinstance(before, list) and isinstance(after, list):
        was_by, becomes_by = _keyed(cast(list[Any], before)), _keyed(cast(list[Any], after))
        if was_by is None or becomes_by is None:
            if before != after:
                yield FieldChange(path, before, after)
            return
        for key in dict.fromkeys((*was_by, *becomes_by)):
            yield from _fields(was_by.get(key), becomes_by.get(key), f"{path}[{key}]")
        old = [key for key in was_by if key in becomes_by]
        new = [key for key in becomes_by if key in was_by]
        if old != new:
            yield FieldChange(f"{path}, their order", old, new)
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield FieldChange(path, before, after)


def _keyed(elements: list[Any]) -> dict[str, Any] | None:
    """List elements by what names them; None if nothing does."""
    for key in ("name", "ref", "containerPort", "port", "mountPath"):
        names = [
            cast(dict[str, Any], element).get(key) if isinstance(element, Mapping) else None
            for element in elements
        ]
        if None not in names and len(set(names)) == len(names):
            return {str(name): element for name, element in zip(names, elements, strict=True)}
    return None
