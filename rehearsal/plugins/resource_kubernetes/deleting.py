"""Deletes objects and waits until they are gone."""

from rehearsal.kubernetes_api import (
    Conflict,
    JsonObject,
    NotFound,
    Propagation,
    UnknownKind,
    section,
)
from rehearsal.plugins.resource_kubernetes.annotations import (
    DELETION_PROPAGATION,
    PROPAGATION_POLICIES,
    SKIP_AWAIT,
    annotation,
    is_true,
)
from rehearsal.plugins.resource_kubernetes.awaiting.waiting import (
    Report,
    Watchtower,
    until_gone,
)
from rehearsal.plugins.resource_kubernetes.identity import group_of
from rehearsal.plugins.resource_kubernetes.ownership import is_ours

# Groups whose objects own others (ReplicaSets, pods) that should be gone before they are. For the
# rest it would only be slow: the garbage collector needs half a minute to learn of a new kind.
_OWNING_GROUPS = frozenset({"apps", "batch"})


def propagation_of(inputs: JsonObject) -> Propagation:
    """Whether dependents are deleted before an object (Foreground), after it, or not at all."""
    wanted = (annotation(inputs, DELETION_PROPAGATION) or "").lower()
    if wanted in PROPAGATION_POLICIES:
        return PROPAGATION_POLICIES[wanted]
    owns = group_of(str(inputs.get("apiVersion"))) in _OWNING_GROUPS
    return "Foreground" if owns else "Background"


def delete(
    tower: Watchtower,
    known: JsonObject,
    manager: str,
    *,
    timeout_seconds: float,
    report: Report,
) -> None:
    """Delete the object that `known` (its last state) describes; one that is gone is fine.

    An object of the same name that has since been created by somebody else is left alone.
    Raises ApiError, NotGone.
    """
    api_version, kind = str(known["apiVersion"]), str(known["kind"])
    metadata = known["metadata"]
    name, namespace, uid = str(metadata["name"]), metadata.get("namespace"), metadata.get("uid")
    propagation = propagation_of(known)
    cluster = tower.cluster
    try:
        try:
            answer = cluster.delete(
                api_version, kind, name, namespace, propagation=propagation, uid=uid
            )
        except Conflict:
            live = cluster.get(api_version, kind, name, namespace)
            if live["metadata"].get("uid") == uid:
                raise
            if not is_ours(live, manager):
                report("the object was replaced by somebody else's: left alone")
                return
            answer = cluster.delete(
                api_version,
                kind,
                name,
                namespace,
                propagation=propagation,
                uid=live["metadata"].get("uid"),
            )
    except (NotFound, UnknownKind):
        return
    # What has nothing to wait for is gone at once, and the answer is a Status, not the object.
    if not section(answer, "metadata").get("deletionTimestamp") or is_true(known, SKIP_AWAIT):
        return
    answer.setdefault("apiVersion", api_version)
    answer.setdefault("kind", kind)
    until_gone(tower, answer, timeout_seconds=timeout_seconds, report=report)
