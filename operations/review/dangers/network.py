"""Who may call whom, before and after, by the NetworkPolicies that are declared."""

from collections.abc import Iterator, Mapping
from typing import Any

from operations.reachability import Network, Pod, pods
from operations.review.comparing import Comparison
from operations.review.dangers.danger import Danger, Kind
from operations.review.snapshot import Snapshot

_EVERY_PORT: list[dict[str, Any]] = [{}]

Edge = tuple[str, str, int]
"""From workload, to workload, port."""


def network_dangers(comparison: Comparison) -> Iterator[Danger]:
    """Calls that become possible or impossible, and ways out of the cluster."""
    if not comparison.of_kind(
        "NetworkPolicy", "Namespace", "Deployment", "StatefulSet", "Job", "CronJob"
    ):
        return
    before, after = edges(comparison.before), edges(comparison.after)
    old, new = _names(comparison.before), _names(comparison.after)
    for source, target, port in sorted(after - before):
        if source in old and target in old:
            yield Danger(
                Kind.EDGE_ADDED,
                f"{source} may call {target} on port {port}",
                _policies(source, target),
                "one more that can misuse the other if it is taken over",
            )
    for source, target, port in sorted(before - after):
        if source in new and target in new:
            yield Danger(
                Kind.EDGE_REMOVED,
                f"{source} may no longer call {target} on port {port}",
                _policies(source, target),
                "its requests hang until they time out; whether it still sends any is not declared",
            )
    yield from _ways_out(comparison)


def edges(snapshot: Snapshot) -> set[Edge]:
    """Every pair of workloads of which the first may open a connection to a port of the second."""
    objects = _objects(snapshot)
    network = Network(objects)
    workloads = _workloads(objects)
    ports = {name: _ports(objects, name) for name in workloads}
    return {
        (source, target, port)
        for source, caller in workloads.items()
        for target, called in workloads.items()
        if source != target
        for port in ports[target]
        if network.may_reach(caller, called, port)
    }


def _objects(snapshot: Snapshot) -> list[Mapping[str, Any]]:
    return [r.properties for r in snapshot.resources.values() if r.is_kubernetes]


def _workloads(objects: list[Mapping[str, Any]]) -> dict[str, Pod]:
    found: dict[str, Pod] = {}
    for pod in pods(objects).values():
        # Jobs are named after their version, which is no other caller.
        found[f"{pod.namespace}/{pod.labels['app.kubernetes.io/name']}"] = pod
    return found


def _names(snapshot: Snapshot) -> set[str]:
    return set(_workloads(_objects(snapshot)))


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


def _policies(source: str, target: str) -> str:
    return f"NetworkPolicy {source} (egress), NetworkPolicy {target} (ingress)"


def _ways_out(comparison: Comparison) -> Iterator[Danger]:
    before = {r.label: _blocks(r.properties) for r in comparison.before.of_kind("NetworkPolicy")}
    for policy in comparison.after.of_kind("NetworkPolicy"):
        for block, port in sorted(_blocks(policy.properties) - before.get(policy.label, set())):
            yield Danger(
                Kind.EGRESS,
                f"pods are let out to {block}, {port}",
                f"{policy.label}: spec.egress",
                "whatever the pods know can be carried there",
            )


def _blocks(policy: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {
        (_block(peer["ipBlock"]), _named(port))
        for rule in policy["spec"].get("egress", ())
        for peer in rule.get("to", [])
        if "ipBlock" in peer
        for port in rule.get("ports") or _EVERY_PORT
    }


def _block(block: Mapping[str, Any]) -> str:
    exceptions = ", ".join(sorted(block.get("except", ())))
    return f"{block['cidr']} but {exceptions}" if exceptions else block["cidr"]


def _named(port: Mapping[str, Any]) -> str:
    return f"{port.get('protocol', 'TCP')} {port.get('port', 'every port')}"
