"""May A reach B on port P? NetworkPolicies, read as Kubernetes documents them.

A connection is allowed if what applies to its source lets it out and what applies to its target
lets it in. To a pod and a direction apply all policies of its namespace that select the pod and
name the direction; if there are none, everything is allowed, else what any of them allows.

Not modelled, since no policy can forbid it: a pod reaching itself, and a node (its kubelet's probes
say) reaching its own pods. An `ipBlock` counts for pods too: some networks hold it against the
addresses of pods, and an answer must not depend on which one is used.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from k8s.selectors import selects

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label with which the API server marks every namespace."""

Object = Mapping[str, Any]
Direction = Literal["Ingress", "Egress"]
_PEERS: Mapping[Direction, str] = {"Ingress": "from", "Egress": "to"}


class PolicyError(ValueError):
    """A policy says something that this module does not understand, so it cannot judge."""


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod: where it is, how it is labelled and addressed, which numbers its port names have."""

    namespace: str
    labels: Mapping[str, str]
    address: str
    ports: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Outside:
    """An address that belongs to no pod."""

    address: str


Peer = Pod | Outside


@dataclass(frozen=True)
class _Door:
    """What a connection is opened to."""

    target: Peer
    port: int
    protocol: str

    def fits(self, ports: list[Object]) -> bool:
        # No list, or an empty one: every port.
        return not ports or any(
            entry.get("protocol", "TCP") == self.protocol and self._is(entry) for entry in ports
        )

    def _is(self, entry: Object) -> bool:
        wanted: int | str | None = entry.get("port")
        if wanted is None:
            return True
        if isinstance(wanted, str):
            # A name means what the pod that is reached calls so; others have no names.
            return isinstance(self.target, Pod) and self.target.ports.get(wanted) == self.port
        return wanted <= self.port <= entry.get("endPort", wanted)


class Network:
    """The policies among some Kubernetes objects, and the namespaces they select by label."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._policies: dict[str, list[Object]] = {}
        self._labels: dict[str, dict[str, str]] = {}
        for thing in objects:
            metadata = thing["metadata"]
            if thing["kind"] == "NetworkPolicy":
                self._policies.setdefault(metadata["namespace"], []).append(thing)
            elif thing["kind"] == "Namespace":
                self._labels[metadata["name"]] = dict(metadata.get("labels") or {})

    def may_reach(self, source: Peer, target: Peer, port: int, protocol: str = "TCP") -> bool:
        """Whether `source` may open a connection to a port of `target`; raises PolicyError."""
        asked = (source, target, port, protocol)
        return self.lets_out(*asked) and self.lets_in(*asked)

    def lets_out(self, source: Peer, target: Peer, port: int, protocol: str = "TCP") -> bool:
        """Whether the policies of `source` allow the connection; raises PolicyError."""
        return self._allows("Egress", source, target, _Door(target, port, protocol))

    def lets_in(self, source: Peer, target: Peer, port: int, protocol: str = "TCP") -> bool:
        """Whether the policies of `target` allow the connection; raises PolicyError."""
        return self._allows("Ingress", target, source, _Door(target, port, protocol))

    def _allows(self, direction: Direction, at: Peer, other: Peer, door: _Door) -> bool:
        if isinstance(at, Outside):
            return True
        policies = self._applying(direction, at)
        return not policies or any(
            self._matches_peers(policy, _list(rule, _PEERS[direction]), other)
            and door.fits(_list(rule, "ports"))
            for policy in policies
            for rule in _list(policy["spec"], direction.lower())
        )

    def _applying(self, direction: Direction, pod: Pod) -> list[Object]:
        return [
            policy
            for policy in self._policies.get(pod.namespace, [])
            if direction in _directions(policy)
            and selects(policy["spec"].get("podSelector") or {}, pod.labels)
        ]

    def _matches_peers(self, policy: Object, peers: list[Object], other: Peer) -> bool:
        # No list, or an empty one: everybody.
        return not peers or any(self._matches_peer(policy, peer, other) for peer in peers)

    def _matches_peer(self, policy: Object, peer: Object, other: Peer) -> bool:
        known = {"ipBlock"} if "ipBlock" in peer else {"podSelector", "namespaceSelector"}
        if not peer or not set(peer) <= known:
            raise PolicyError(f"{policy['metadata']['name']}: cannot read the peer {dict(peer)}")
        if "ipBlock" in peer:
            return _in_block(peer["ipBlock"], other.address)
        if isinstance(other, Outside) or not selects(peer.get("podSelector") or {}, other.labels):
            return False
        if "namespaceSelector" not in peer:
            return other.namespace == policy["metadata"]["namespace"]
        labels = {**self._labels.get(other.namespace, {}), NAMESPACE_NAME: other.namespace}
        return selects(peer["namespaceSelector"] or {}, labels)


def pods(objects: Iterable[Object]) -> dict[str, Pod]:
    """One pod of each workload among the objects, by `namespace/kind/name` of the workload.

    Their addresses are made up, all from 10.0.0.0/8.
    """
    found: dict[str, Pod] = {}
    for thing in objects:
        template = _template(thing)
        if template is None:
            continue
        metadata = thing["metadata"]
        name = f"{metadata['namespace']}/{thing['kind']}/{metadata['name']}"
        found[name] = Pod(
            namespace=metadata["namespace"],
            labels=template["metadata"]["labels"],
            address=str(ipaddress.IPv4Address("10.0.0.1") + len(found)),
            ports={
                port["name"]: port["containerPort"]
                for container in _list(template["spec"], "containers")
                for port in _list(container, "ports")
                if "name" in port
            },
        )
    return found


def _template(thing: Object) -> Object | None:
    spec: Object = thing.get("spec", {})
    if thing["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec.get("template")


def _directions(policy: Object) -> list[str]:
    spec = policy["spec"]
    implied = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    return spec.get("policyTypes") or implied


def _in_block(block: Object, address: str) -> bool:
    exceptions: list[str] = block.get("except") or []
    return _contains(block["cidr"], address) and not any(
        _contains(exception, address) for exception in exceptions
    )


@cache
def _contains(cidr: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr)


def _list(thing: Object, key: str) -> list[Object]:
    return thing.get(key) or []
