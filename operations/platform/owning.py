"""Whose fields are whose: moving the ownership of an adopted object's fields to Pulumi.

What was made with kubectl, Terraform or Helm belongs, field by field, to these (see "server-side
apply" in Kubernetes' documentation). Pulumi could then neither change such a field, which would be
a conflict, nor remove one that is no longer declared, which would be silently without effect.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

Object = dict[str, Any]

PEOPLE_AND_TOOLS = ("kubectl", "before-first-apply", "HashiCorp", "Terraform", "terraform", "helm")
"""How the field managers of people and of other tools that declare begin; controllers are not
among them, since what these set (numbers of pods, revisions) has to stay theirs."""

REPLICAS_MANAGER = "serlo-replicas"
"""Keeps the number of pods until the autoscaler takes it. Without an owner, or with Pulumi as its
owner, an update that does not declare it would set it to 1."""

_REPLICAS = ("f:spec", "f:replicas")


@dataclass(frozen=True)
class Ownership:
    """An object's `managedFields` as they should be, and whose entries went into Pulumi's."""

    entries: Sequence[Object]
    taken: Sequence[str]


def ownership(
    live: Mapping[str, Any],
    declared: Mapping[str, Any],
    manager: str,
    more: Iterable[str] = (),
) -> Ownership:
    """What `managedFields` has to become for `manager` to own all that people and tools have set.

    `more`: the beginnings of further managers' names.
    """
    beginnings = (*PEOPLE_AND_TOOLS, *more)
    entries = cast(list[Object], live["metadata"].get("managedFields") or [])
    # Entries of another version speak of other fields; they cannot become part of one of this.
    ours = [entry for entry in entries if _is(entry, manager)]
    theirs = [
        entry
        for entry in entries
        if _writes_what_is_declared(entry, declared)
        and entry["manager"].startswith(beginnings)
        and entry["apiVersion"] == live["apiVersion"]
        and entry not in ours
    ]
    if not theirs:
        return Ownership(entries, ())
    fields: Object = {}
    for entry in (*ours, *theirs):
        fields = _union(fields, entry.get("fieldsV1") or {})
    others = [entry for entry in entries if entry not in ours and entry not in theirs]
    latest = max(str(entry.get("time") or "") for entry in (*ours, *theirs))
    common = {"apiVersion": live["apiVersion"], "fieldsType": "FieldsV1", "time": latest}
    if "replicas" not in (declared.get("spec") or {}) and _take(fields, _REPLICAS):
        others = [entry for entry in others if entry["manager"] != REPLICAS_MANAGER]
        kept = {"f:spec": {"f:replicas": cast(Object, {})}}
        others.append(
            {"manager": REPLICAS_MANAGER, "operation": "Update", **common, "fieldsV1": kept}
        )
    applied = {"manager": manager, "operation": "Apply", **common, "fieldsV1": fields}
    taken = sorted({entry["manager"] for entry in theirs})
    return Ownership([*others, applied], taken)


def others_than(
    live: Mapping[str, Any], manager: str, more: tuple[str, ...] = ()
) -> frozenset[str]:
    """The managers who have set fields and keep them, those of a status or a scale aside."""
    known = (*PEOPLE_AND_TOOLS, *more, manager, REPLICAS_MANAGER)
    entries = cast(list[Object], live["metadata"].get("managedFields") or [])
    return frozenset(
        entry["manager"]
        for entry in entries
        if not entry.get("subresource") and not entry["manager"].startswith(known)
    )


def patch_of(live: Mapping[str, Any], after: Ownership) -> list[Object]:
    """The JSON patch that makes it so, refused if the object was written meanwhile."""
    metadata = live["metadata"]
    return [
        {"op": "test", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
        {"op": "replace", "path": "/metadata/managedFields", "value": list(after.entries)},
    ]


def _writes_what_is_declared(entry: Mapping[str, Any], declared: Mapping[str, Any]) -> bool:
    """Not so of a status, nor of the number of pods that is left to the autoscaler."""
    subresource = entry.get("subresource") or ""
    declares_replicas = "replicas" in (declared.get("spec") or {})
    return not subresource or (subresource == "scale" and declares_replicas)


def _is(entry: Mapping[str, Any], manager: str) -> bool:
    return entry["manager"] == manager and entry["operation"] == "Apply"


def _union(one: Object, other: Object) -> Object:
    """The union of two sets of fields, written as trees. An empty tree is a field without fields
    below it; a field that has some says by "." that it is in the set itself."""
    merged = copy.deepcopy(one)
    for key, below in other.items():
        if key not in merged:
            merged[key] = copy.deepcopy(below)
        elif not merged[key] or not below:
            both = merged[key] or copy.deepcopy(below)
            merged[key] = {".": {}, **both} if both else {}
        else:
            merged[key] = _union(merged[key], below)
    return merged


def _take(fields: Object, path: Sequence[str]) -> bool:
    """Remove a field from a set; returns whether it was in it."""
    inner = fields
    for key in path[:-1]:
        if key not in inner:
            return False
        inner = inner[key]
    return inner.pop(path[-1], None) is not None
