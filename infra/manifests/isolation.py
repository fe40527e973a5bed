"""Who may talk to whom: NetworkPolicies that forbid everything, then allow what is declared.

Both ends have to agree: an edge is open if the caller's policy lets it out and the callee's lets it
in. Both are derived from the callee's `callers`, so that one line opens it and nothing else does.
"""

from collections.abc import Iterable

from infra.manifests import NAME_LABEL, Manifest, manifest
from infra.resolution import Workload
from infra.service import GATEWAY, Egress, Service

API = "networking.k8s.io/v1"
NAMESPACE_NAME = "kubernetes.io/metadata.name"

# From where Google's load balancers, and the probes they send, reach pods directly.
GATEWAY_BLOCKS = ("35.191.0.0/16", "130.211.0.0/22")

# What is not the Internet: private networks, GKE's own, link-local with the metadata server.
PRIVATE_BLOCKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
_NOT_INTERNET = (
    *PRIVATE_BLOCKS,
    *("100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "198.18.0.0/15", "240.0.0.0/4"),
)

# The cache on each node is found under this address or, with Dataplane V2, as a pod.
_DNS_PODS = ("kube-dns", "node-local-dns")
_DNS_CACHE = "169.254.20.10/32"


def default_deny(namespace: str) -> Manifest:
    """Nothing in, nothing out, for every pod of a namespace."""
    return _policy("default-deny", namespace, {}, {"policyTypes": ["Ingress", "Egress"]})


def dns(namespace: str) -> Manifest:
    """Every pod may look names up, at the cluster's own servers only."""
    peers: list[Manifest] = [
        {
            "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": name}},
        }
        for name in _DNS_PODS
    ]
    peers.append({"ipBlock": {"cidr": _DNS_CACHE}})
    ports = [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
    return _policy(
        "allow-dns",
        namespace,
        {},
        {"policyTypes": ["Egress"], "egress": [{"to": peers, "ports": ports}]},
    )


def edges(workload: Workload, workloads: Iterable[Workload]) -> Manifest:
    """What one service accepts and opens, given all that run in its environment."""
    service = workload.service
    others = [other.service for other in workloads]
    callers = [
        peer for other in others if other.name in service.callers for peer in _peers_of(other)
    ]
    if GATEWAY in service.callers:
        callers += [{"ipBlock": {"cidr": block}} for block in GATEWAY_BLOCKS]
    ingress = [{"from": callers, "ports": _ports(service.port)}] if callers else []
    egress = [
        {"to": _peers_of(other), "ports": _ports(other.port)}
        for other in others
        if service.name in other.callers
    ]
    egress += [_outside(private, service.egress) for private in (True, False)]
    return _policy(
        service.name,
        service.namespace,
        {"matchLabels": {NAME_LABEL: service.name}},
        {
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": [rule for rule in egress if rule],
        },
    )


def _peers_of(service: Service) -> list[Manifest]:
    return [
        {
            "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: service.namespace}},
            "podSelector": {"matchLabels": {NAME_LABEL: service.name}},
        }
    ]


def _outside(private: bool, declared: Iterable[Egress]) -> Manifest:
    ports = sorted({egress.port for egress in declared if egress.private == private})
    if not ports:
        return {}
    blocks: list[Manifest] = (
        [{"cidr": block} for block in PRIVATE_BLOCKS]
        if private
        else [{"cidr": "0.0.0.0/0", "except": list(_NOT_INTERNET)}]
    )
    return {"to": [{"ipBlock": block} for block in blocks], "ports": _ports(*ports)}


def _ports(*numbers: int) -> list[Manifest]:
    return [{"port": number, "protocol": "TCP"} for number in numbers]


def _policy(name: str, namespace: str, selector: Manifest, rules: Manifest) -> Manifest:
    return manifest(
        API, "NetworkPolicy", name, namespace=namespace, spec={"podSelector": selector, **rules}
    )
