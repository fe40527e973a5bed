"""Calls between workloads that the NetworkPolicies of a stack allow."""

from collections.abc import Mapping
from typing import Any

from k8s.reachability import Network, Pod, pods
from operations.declared.snapshot import Snapshot

Edge = tuple[str, str, int]
"""From workload, to workload, port."""


def edges(snapshot: Snapshot) -> set[Edge]:
    """Every pair of workloads of which the first may open a connection to a port of the second."""
    objects = objects_of(snapshot)
    network = Network(objects)
    workloads = workloads_of(objects)
    ports = {name: _ports(objects, name) for name in workloads}
    return {
        (source, target, port)
        for source, caller in workloads.items()
        for target, called in workloads.items()
        if source != target
        for port in ports[target]
        if network.may_reach(caller, called, port)
    }


def objects_of(snapshot: Snapshot) -> list[Mapping[str, Any]]:
    """The Kubernetes objects of a snapshot."""
    return [r.properties for r in snapshot.resources.values() if r.is_kubernetes]


def workloads_of(objects: list[Mapping[str, Any]]) -> dict[str, Pod]:
    """A pod of each workload, by the workload's name."""
    found: dict[str, Pod] = {}
    for pod in pods(objects).values():
        # Jobs are named after their version, which is no other caller.
        found[f"{pod.namespace}/{pod.labels['app.kubernetes.io/name']}"] = pod
    return found


def _ports(objects: list[Mapping[str, Any]], workload: str) -> set[int]:
    namespace, _, name = workload.partition("/")
    found: set[int] = set()
    for thing in objects:
        metadata = thing["metadata"]
        if metadata.get("namespace") != namespace:
            continue
        if metadata["labels"].get("app.kubernetes.io/name") != name:
            continue
        template = thing.get("spec", {}).get("template")
        for container in template["spec"]["containers"] if template else ():
            found |= {port["containerPort"] for port in container.get("ports", ())}
    return found
