"""Who may call whom, before and after, by the NetworkPolicies that are declared."""

from collections.abc import Iterator, Mapping
from typing import Any

from operations.declared.calls import edges, objects_of, workloads_of
from operations.declared.snapshot import Resource, Snapshot
from operations.review.comparing import Comparison
from operations.review.dangers.danger import Danger, DangerKind

_NAMESPACE = "kubernetes.io/metadata.name"
_DNS = "kube-system"
_EVERY_PORT: list[dict[str, Any]] = [{}]


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
                DangerKind.EDGE_ADDED,
                f"{source} may call {target} on port {port}",
                _policies(source, target),
                "one more that can misuse the other if it is taken over",
            )
    for source, target, port in sorted(before - after):
        if source in new and target in new:
            yield Danger(
                DangerKind.EDGE_REMOVED,
                f"{source} may no longer call {target} on port {port}",
                _policies(source, target),
                "its requests hang until they time out; whether it still sends any is not declared",
            )
    yield from _ways_out(comparison)


def _names(snapshot: Snapshot) -> set[str]:
    return set(workloads_of(objects_of(snapshot)))


def _policies(source: str, target: str) -> str:
    return f"NetworkPolicy {source} (egress), NetworkPolicy {target} (ingress)"


def _ways_out(comparison: Comparison) -> Iterator[Danger]:
    before = {r.urn: r.properties for r in comparison.before.of_kind("NetworkPolicy")}
    ours = {r.properties["metadata"]["name"] for r in comparison.after.of_kind("Namespace")}
    for policy in comparison.after.of_kind("NetworkPolicy"):
        old = before.get(policy.urn)
        known: set[tuple[str, str]] = set() if old is None else _blocks(old, ours)
        for block, port in sorted(_blocks(policy.properties, ours) - known):
            yield Danger(
                DangerKind.EGRESS,
                f"pods are let out to {block}, {port}",
                f"{policy.label}: spec.egress",
                "whatever the pods know can be carried there",
            )
        if old is not None:
            yield from _forbids_less(policy, old)


def _forbids_less(policy: Resource, old: Mapping[str, Any]) -> Iterator[Danger]:
    types = policy.properties["spec"].get("policyTypes", ())
    for gone in [t for t in old["spec"].get("policyTypes", ()) if t not in types]:
        yield Danger(
            DangerKind.HARDENING,
            f"it no longer forbids {gone.lower()} that no policy allows",
            policy.label,
            "pods that no other policy selects may talk to anybody, or be talked to",
        )


def _blocks(policy: Mapping[str, Any], ours: set[str]) -> set[tuple[str, str]]:
    """Targets outside our own pods that a policy lets pods reach, and the ports."""
    return {
        (place, _named(port))
        for rule in policy["spec"].get("egress", ())
        for peer in rule.get("to") or [{"ipBlock": {"cidr": "0.0.0.0/0"}}]
        if (place := _place(peer, ours)) is not None
        for port in rule.get("ports") or _EVERY_PORT
    }


def _place(peer: Mapping[str, Any], ours: set[str]) -> str | None:
    if "ipBlock" in peer:
        return _block(peer["ipBlock"])
    if "namespaceSelector" not in peer:
        return None
    namespace = peer["namespaceSelector"].get("matchLabels", {}).get(_NAMESPACE)
    if namespace in ours or namespace == _DNS:
        return None
    return f"pods of the namespace {namespace or 'of any name'}"


def _block(block: Mapping[str, Any]) -> str:
    exceptions = ", ".join(sorted(block.get("except", ())))
    return f"{block['cidr']} but {exceptions}" if exceptions else block["cidr"]


def _named(port: Mapping[str, Any]) -> str:
    return f"{port.get('protocol', 'TCP')} {port.get('port', 'every port')}"
