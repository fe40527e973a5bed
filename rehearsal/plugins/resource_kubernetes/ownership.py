"""Whose object, whose field: field managers of server-side apply."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from rehearsal.kubernetes_api import Conflict, JsonObject, items, section
from rehearsal.plugins.resource_kubernetes.annotations import PATCH_FIELD_MANAGER, annotation
from rehearsal.plugins.resource_kubernetes.manifests import FIELD_MANAGER
from rehearsal.plugins.resource_kubernetes.replacement_rules import Path

# Writers that are a person at a keyboard, not another controller or tool that would write again:
# what they changed by hand is taken back, and said so.
_HANDS = ("kubectl", "before-first-apply")

_CAUSE = re.compile(
    r'conflict with "(?P<manager>[^"]*)"(?: with subresource "(?P<subresource>[^"]*)")?'
    r"(?P<update> using )?"
)


def default_field_manager(urn: str) -> str:
    """The field manager of a resource: always the same for the same resource of the same stack.

    It is the mark by which an object is recognised as ours when the engine died between the
    write and its own note of it.
    """
    return f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def field_manager(urn: str, inputs: JsonObject, state: JsonObject | None = None) -> str:
    """The field manager to apply with: the annotation's, else the state's, else the default."""
    kept = (state or {}).get(FIELD_MANAGER)
    return annotation(inputs, PATCH_FIELD_MANAGER) or kept or default_field_manager(urn)


def is_ours(live: JsonObject, manager: str) -> bool:
    """Whether a live object was applied by this field manager."""
    return any(
        entry.get("manager") == manager and entry.get("operation") == "Apply"
        for entry in _managed_fields(live)
    )


def managers_of(live: JsonObject) -> str:
    """The field managers of an object, for messages."""
    names = {str(entry.get("manager")) for entry in _managed_fields(live)}
    return ", ".join(sorted(names)) or "nobody on record"


def _managed_fields(live: JsonObject) -> list[JsonObject]:
    return items(live, "metadata", "managedFields")


@dataclass(frozen=True)
class FieldConflict:
    """One field that another manager owns."""

    field: str
    manager: str
    by_hand: bool


def conflicts_of(error: Conflict) -> list[FieldConflict]:
    """The conflicting fields and their owners that a Conflict names; empty for other conflicts."""
    causes: list[JsonObject] = error.details.get("causes") or []
    found: list[FieldConflict] = []
    for cause in causes:
        if cause.get("reason") != "FieldManagerConflict":
            continue
        match = _CAUSE.search(str(cause.get("message")))
        manager = match["manager"] if match else "an unknown manager"
        # The API server writes "using" and a version only of updates, not of other applies.
        by_hand = bool(match and match["update"]) and manager.startswith(_HANDS)
        found.append(FieldConflict(str(cause.get("field")), manager, by_hand))
    return found


def without_foreign_fields(
    manifest: JsonObject, live: JsonObject, manager: str, ignored: Iterable[Path]
) -> None:
    """Make a manifest leave alone, in place, what `ignoreChanges` names.

    A field that others own and we do not is left out of it (so that it stays theirs); any other
    keeps its live value, because leaving it out would remove it.
    """
    ours = _owned(live, manager, ours=True)
    theirs = _owned(live, manager, ours=False)
    for path in ignored:
        if any(key == "*" or isinstance(key, int) for key in path):
            continue  # elements of lists are owned by key, not by index; the engine keeps these
        if _owns(theirs, path) and not _owns(ours, path):
            _remove(manifest, path)
        else:
            _copy(live, manifest, path)


def _owned(live: JsonObject, manager: str, *, ours: bool) -> list[JsonObject]:
    return [
        section(entry, "fieldsV1")
        for entry in _managed_fields(live)
        if (entry.get("manager") == manager) is ours
    ]


def _owns(owned: list[JsonObject], path: Path) -> bool:
    for fields in owned:
        node: Any = fields
        for key in path:
            node = cast(JsonObject, node).get(f"f:{key}") if isinstance(node, dict) else None
        if node is not None:
            return True
    return False


def _remove(document: JsonObject, path: Path) -> None:
    node: Any = document
    for key in path[:-1]:
        node = cast(JsonObject, node).get(str(key)) if isinstance(node, dict) else None
    if isinstance(node, dict):
        cast(JsonObject, node).pop(str(path[-1]), None)


def _copy(source: JsonObject, target: JsonObject, path: Path) -> None:
    value: Any = source
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return
        value = cast(JsonObject, value)[str(key)]
    node: JsonObject = target
    for key in path[:-1]:
        child = node.setdefault(str(key), {})
        if not isinstance(child, dict):
            return
        node = cast(JsonObject, child)
    node[str(path[-1])] = value
