"""Diff: what an update would change, and whether it has to replace the object."""

from collections.abc import Sequence
from typing import NamedTuple

from k8s import JsonObject, section
from k8s.annotations import AUTONAMED, is_true
from k8s.diffing import (
    Change,
    covers,
    differences,
    parse_property_path,
)
from k8s.identity import group_of, is_built_in
from k8s.manifests import INPUTS, manifest_of
from k8s.properties import PropertyMap
from k8s.pruning import prune
from k8s.replacement_rules import replacement_paths


class Plan(NamedTuple):
    """The changes, and whether the old object has to go before the new one can come."""

    changes: list[Change]
    delete_before_replace: bool


def plan(
    old_inputs: PropertyMap,
    state: PropertyMap,
    new_inputs: PropertyMap,
    *,
    ignored: Sequence[str],
) -> Plan:
    """Compare the inputs of the last update (or refresh) with new ones.

    `state` is consulted only where inputs are missing, as in a state that another provider wrote.
    """
    new = manifest_of(new_inputs)
    old = manifest_of(old_inputs or state.get(INPUTS) or prune(state, new_inputs))
    api_version, kind = str(new.get("apiVersion")), str(new.get("kind"))
    replacing = replacement_paths(api_version, kind)
    if _is_another_kind(old, new):
        replacing = (*replacing, ("apiVersion",), ("kind",))
    changes = differences(old, new, quantities=is_built_in(api_version), replacing=replacing)
    if state and "namespace" not in section(state, "metadata"):
        # The object lives in no namespace; one in the inputs was a guess of an earlier Check.
        changes = [change for change in changes if change.path != ("metadata", "namespace")]
    patterns = [parse_property_path(text) for text in ignored]
    changes = [
        change
        for change in changes
        if not any(covers(pattern, change.path) for pattern in patterns)
    ]
    replaces = any(change.replaces for change in changes)
    return Plan(changes, replaces and _keeps_its_place(old, new))


def _is_another_kind(old: JsonObject, new: JsonObject) -> bool:
    """Another version of the same group serves the same objects; another group or kind does not."""
    groups = [group_of(str(document.get("apiVersion"))) for document in (old, new)]
    return groups[0] != groups[1] or old.get("kind") != new.get("kind")


def _keeps_its_place(old: JsonObject, new: JsonObject) -> bool:
    """Whether the new object wants the very name that the old one still has.

    An autonamed object does not: it gets another name, and the old one goes afterwards.
    """
    before, after = section(old, "metadata"), section(new, "metadata")
    return (
        not is_true(new, AUTONAMED)
        and before.get("name") == after.get("name")
        and before.get("namespace") == after.get("namespace")
    )
