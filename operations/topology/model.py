"""The topology of a stack: from the visitor to the data stores, and what a change does to it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from hashlib import sha256
from typing import Any

from operations.declared.calls import edges as allowed_calls
from operations.declared.snapshot import DeclaredService, Resource, Snapshot


class Column(IntEnum):
    """Where a node stands, from left to right."""

    VISITOR = 0
    EDGE = 1
    GATEWAY = 2
    PUBLIC = 3
    INTERNAL = 4
    STORE = 5
    OUTSIDE = 6


class State(StrEnum):
    """What a change does to a node or an arrow."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Node:
    """A node: `label` is its name, `detail` its version or hosts.

    `substance` stands for all that is declared of it, so that a change is seen that no label shows.
    """

    id: str
    label: str
    detail: str
    column: Column
    state: State = State.SAME
    substance: str = ""


@dataclass(frozen=True)
class Arrow:
    """A call that is allowed, with its ports or hosts."""

    source: str
    target: str
    label: str
    state: State = State.SAME


@dataclass(frozen=True)
class Graph:
    """Nodes and arrows, each in a stable order."""

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]


_VISITOR, _WORKER, _GATEWAY = "visitor", "worker", "gateway"


def graph(snapshot: Snapshot) -> Graph:
    """The topology that a snapshot declares."""
    nodes = {node.id: node for node in _nodes(snapshot)}
    arrows = [arrow for arrow in _arrows(snapshot) if {arrow.source, arrow.target} <= nodes.keys()]
    return Graph(tuple(sorted(nodes.values(), key=_order)), tuple(arrows))


def compared(before: Graph, after: Graph) -> Graph:
    """Both at once: what comes, what goes, and what is not as it was."""
    old, new = {n.id: n for n in before.nodes}, {n.id: n for n in after.nodes}
    nodes = [
        replace(new.get(key) or old[key], state=_state(old.get(key), new.get(key)))
        for key in {**old, **new}
    ]
    was = {(a.source, a.target): a for a in before.arrows}
    becomes = {(a.source, a.target): a for a in after.arrows}
    arrows = [
        replace(becomes.get(key) or was[key], state=_state(was.get(key), becomes.get(key)))
        for key in {**was, **becomes}
    ]
    return Graph(tuple(sorted(nodes, key=_order)), tuple(arrows))


def _state(before: Node | Arrow | None, after: Node | Arrow | None) -> State:
    if before is None:
        return State.ADDED
    if after is None:
        return State.REMOVED
    return State.SAME if before == after else State.CHANGED


def _order(node: Node) -> tuple[int, str]:
    return (node.column, node.id)


def _nodes(snapshot: Snapshot) -> Iterator[Node]:
    yield Node(_VISITOR, "visitor", "", Column.VISITOR)
    scripts = [str(r.properties["scriptName"]) for r in snapshot.of_kind("WorkersScript")]
    records = len(snapshot.of_kind("DnsRecord"))
    routes = len(snapshot.of_kind("WorkersRoute"))
    detail = f"{records} records, {routes} routes"
    edge = _substance(r for r in snapshot.resources.values() if not r.is_kubernetes)
    label = f"worker {', '.join(scripts)}".strip()
    yield Node(_WORKER, label, detail, Column.EDGE, substance=edge)
    gateway = _substance(snapshot.of_kind("Gateway"))
    yield Node(_GATEWAY, "gateway", "", Column.GATEWAY, substance=gateway)
    public = {source for source, _ in _hosts(snapshot)}
    stores = {_workload(r.properties) for r in snapshot.of_kind("StatefulSet")}
    parts = _parts(snapshot)
    for name, service in snapshot.services.items():
        key = f"{service.namespace}/{name}"
        column = Column.INTERNAL
        if key in public:
            column = Column.PUBLIC
        elif key in stores:
            column = Column.STORE
        substance = _substance(parts.get(key, []))
        yield Node(key, name, _version(snapshot, service), column, substance=substance)
        for other in service.outside:
            yield Node(_outside(other), other, "", Column.OUTSIDE)


def _arrows(snapshot: Snapshot) -> Iterator[Arrow]:
    yield Arrow(_VISITOR, _WORKER, "")
    yield Arrow(_WORKER, _GATEWAY, "")
    for service, hosts in _hosts(snapshot):
        yield Arrow(_GATEWAY, service, ", ".join(hosts))
    ports: dict[tuple[str, str], list[str]] = {}
    for source, target, port in sorted(allowed_calls(snapshot)):
        ports.setdefault((source, target), []).append(str(port))
    for (source, target), numbers in ports.items():
        yield Arrow(source, target, ", ".join(numbers))
    for name, service in snapshot.services.items():
        for other in dict.fromkeys(service.outside):
            yield Arrow(f"{service.namespace}/{name}", _outside(other), "")


def _hosts(snapshot: Snapshot) -> Iterator[tuple[str, list[str]]]:
    for route in snapshot.of_kind("HTTPRoute"):
        yield _workload(route.properties), list(route.properties["spec"]["hostnames"])


def _owner(resource: Resource) -> str | None:
    metadata: Mapping[str, Any] = resource.properties.get("metadata") or {}
    labels: Mapping[str, Any] = metadata.get("labels") or {}
    belongs = "app.kubernetes.io/name" in labels and "namespace" in metadata
    return _workload(resource.properties) if belongs and resource.is_kubernetes else None


def _workload(thing: Mapping[str, Any]) -> str:
    metadata = thing["metadata"]
    return f"{metadata['namespace']}/{metadata['labels']['app.kubernetes.io/name']}"


def _parts(snapshot: Snapshot) -> dict[str, list[Resource]]:
    """The resources of each service."""
    found: dict[str, list[Resource]] = {}
    for resource in snapshot.resources.values():
        if (key := _owner(resource)) is not None:
            found.setdefault(key, []).append(resource)
    return found


def _substance(resources: Iterable[Resource]) -> str:
    said = {resource.urn: [resource.protect, resource.properties] for resource in resources}
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _version(snapshot: Snapshot, service: DeclaredService) -> str:
    tag = snapshot.versions[service.version_key].partition("@")[0]
    return tag[:12]


def _outside(who: str) -> str:
    return f"outside/{who}"
