"""Who may talk to whom: NetworkPolicies that forbid everything, then allow what is declared.

Both ends have to agree: an edge is open if the caller's policy lets it out and the callee's lets it
in. Both are derived from the callee's `callers`, so that one line opens it and nothing else does.
Ports are those of the pods: policies are applied behind Kubernetes Services.
"""

from collections.abc import Iterable, Sequence

from infra.cluster.manifest import NAME_LABEL, Manifest, manifest
from infra.declaration.service import GATEWAY, Entrance, Outside, Service
from infra.workloads import Workload

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

_PRIVATE: list[Manifest] = [{"ipBlock": {"cidr": block}} for block in PRIVATE_BLOCKS]
_INTERNET: list[Manifest] = [{"ipBlock": {"cidr": "0.0.0.0/0", "except": list(_NOT_INTERNET)}}]

# MySQL and Postgres: Cloud SQL has addresses in our own network, and nobody's database beyond it
# is any of our business. Which ones, no policy knows: they are settings of the cloud.
DATABASE_PORTS = frozenset({3306, 5432})

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
    accepted = ((_callers(entrance, others), entrance.port) for entrance in service.entrances)
    opened = (
        (_peers(other), [e.port for e in other.entrances if service.name in e.callers])
        for other in others
    )
    outside: dict[str, tuple[list[Manifest], list[int]]] = {}
    for one in service.outside:
        key, peers = _place(one)
        outside.setdefault(key, (peers, []))[1].append(one.port)
    return _policy(
        service.name,
        service.namespace,
        {"matchLabels": {NAME_LABEL: service.name}},
        {
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": c, "ports": _ports([port])} for c, port in accepted if c],
            "egress": [
                {"to": peers, "ports": _ports(ports)}
                for peers, ports in (*opened, *outside.values())
                if ports
            ],
        },
    )


def _callers(entrance: Entrance, others: Iterable[Service]) -> list[Manifest]:
    callers = [peer for s in others if s.name in entrance.callers for peer in _peers(s)]
    blocks = GATEWAY_BLOCKS if GATEWAY in entrance.callers else ()
    return [*callers, *({"ipBlock": {"cidr": block}} for block in blocks)]


def _peers(service: Service) -> list[Manifest]:
    return [
        {
            "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: service.namespace}},
            "podSelector": {"matchLabels": {NAME_LABEL: service.name}},
        }
    ]


def _place(outside: Outside) -> tuple[str, list[Manifest]]:
    """Where somebody is, as a name for it and as peers."""
    if outside.namespace is not None:
        labels = {NAMESPACE_NAME: outside.namespace}
        return outside.namespace, [{"namespaceSelector": {"matchLabels": labels}}]
    if outside.port in DATABASE_PORTS:
        return "our network", _PRIVATE
    return "the Internet", _INTERNET


def _ports(numbers: Sequence[int]) -> list[Manifest]:
    return [{"port": number, "protocol": "TCP"} for number in sorted(set(numbers))]


def _policy(name: str, namespace: str, selector: Manifest, rules: Manifest) -> Manifest:
    return manifest(
        API, "NetworkPolicy", name, namespace=namespace, spec={"podSelector": selector, **rules}
    )
