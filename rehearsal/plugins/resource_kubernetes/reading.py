"""Reads objects: for refresh, for import and for `.get()`."""

import copy
from typing import NamedTuple

from rehearsal.kubernetes_api import ApiError, Cluster, JsonObject, NotFound, UnknownKind, section
from rehearsal.plugins.properties import PropertyMap
from rehearsal.plugins.resource_kubernetes.identity import Token, is_secret, split_id
from rehearsal.plugins.resource_kubernetes.manifests import (
    FIELD_MANAGER,
    INITIAL_API_VERSION,
    hide_secret_contents,
    manifest_of,
    state_of,
)
from rehearsal.plugins.resource_kubernetes.ownership import field_manager
from rehearsal.plugins.resource_kubernetes.pruning import (
    importable_inputs,
    prune,
    refreshed_inputs,
)


class Found(NamedTuple):
    """An object as it is: what to keep as inputs and as outputs."""

    live: JsonObject
    inputs: PropertyMap
    outputs: PropertyMap


def read(
    cluster: Cluster,
    *,
    urn: str,
    token: Token,
    object_id: str,
    inputs: PropertyMap,
    state: PropertyMap,
    default_namespace: str,
) -> Found | None:
    """The object behind an ID; None when there is none. Raises ApiError.

    With known `inputs` (a refresh) the new inputs are the live values of the same fields,
    without them (an import, `.get()`) all that somebody must once have declared.
    """
    known = bool(inputs.get("kind"))
    api_version = str(inputs.get("apiVersion") or state.get("apiVersion") or token.api_version)
    kind = str(inputs.get("kind") or token.kind)
    namespace, name = split_id(object_id)
    try:
        if namespace is None and cluster.namespaced(api_version, kind):
            namespace = default_namespace
        live = cluster.get(api_version, kind, name, namespace)
    except (NotFound, UnknownKind):
        return None
    manager = field_manager(urn, manifest_of(inputs), state)
    new_inputs: PropertyMap = (
        _refreshed(cluster, inputs, live, manager) if known else importable_inputs(live)
    )
    if is_secret(live):
        hide_secret_contents(new_inputs)
    outputs = state_of(
        live,
        new_inputs,
        field_manager=manager,
        initial_api_version=str(state.get(INITIAL_API_VERSION) or api_version),
    )
    if not known and FIELD_MANAGER not in state:
        # Nothing of ours is applied yet; the first update will use the resource's own manager.
        outputs.pop(FIELD_MANAGER)
    return Found(live, new_inputs, outputs)


def _refreshed(
    cluster: Cluster, inputs: PropertyMap, live: JsonObject, manager: str
) -> PropertyMap:
    wanted = manifest_of(inputs)
    if prune(live, wanted) == wanted:
        return inputs
    # Something reads differently: is it a drift, or just how the server spells it ("1000m" is
    # kept as "1", stringData as data)? Ask what the server would make of our inputs today.
    try:
        applied = cluster.apply(wanted, field_manager=manager, force=True, dry_run=True)
    except ApiError:
        applied = copy.deepcopy(wanted)  # then differences of spelling show up as drift
    found = refreshed_inputs(inputs, live, applied)
    for key in ("apiVersion", "kind"):
        found[key] = inputs[key]
    if not section(found, "metadata"):
        found["metadata"] = inputs["metadata"]
    return found
