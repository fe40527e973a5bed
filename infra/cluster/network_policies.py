"""Who may talk to whom: NetworkPolicies that forbid everything, then allow what is declared.

An edge is open if the client's policy lets it out and the server's policy lets it in. Both follow
from the server's `allowed_clients`, so that one line opens it and nothing else does.
Ports are those of the pods: policies are applied behind Kubernetes Services.
"""

from collections.abc import Iterable, Sequence

from pulumi_kubernetes.networking import v1 as networking

from infra.cluster.metadata import NAME_LABEL
from infra.declaration.service import GATEWAY, EgressTarget, Service, ServicePort
from infra.workloads import Workload

_Peers = list[networking.NetworkPolicyPeerArgsDict]

NAMESPACE_NAME = "kubernetes.io/metadata.name"

# From where Google's load balancers, and the probes they send, reach pods directly.
GATEWAY_BLOCKS = ("35.191.0.0/16", "130.211.0.0/22")

# What is not the Internet: private networks, GKE's own, link-local with the metadata server.
PRIVATE_BLOCKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
_NOT_INTERNET = (
    *PRIVATE_BLOCKS,
    *("100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "198.18.0.0/15", "240.0.0.0/4"),
)

_PRIVATE: _Peers = [{"ip_block": {"cidr": block}} for block in PRIVATE_BLOCKS]
_INTERNET: _Peers = [{"ip_block": {"cidr": "0.0.0.0/0", "except_": list(_NOT_INTERNET)}}]

# MySQL and Postgres: Cloud SQL has addresses in our own network, and no service needs a database
# outside it. The exact addresses are settings of the cloud, which no policy knows.
DATABASE_PORTS = frozenset({3306, 5432})

# The cache on each node is found under this address or, with Dataplane V2, as a pod.
_DNS_PODS = ("kube-dns", "node-local-dns")
_DNS_CACHE = "169.254.20.10/32"


def default_deny() -> networking.NetworkPolicySpecArgsDict:
    """Nothing in, nothing out, for every pod of a namespace."""
    return {"pod_selector": {}, "policy_types": ["Ingress", "Egress"]}


def dns() -> networking.NetworkPolicySpecArgsDict:
    """Every pod may look names up, at the cluster's own servers only."""
    peers: _Peers = [
        {
            "namespace_selector": {"match_labels": {NAMESPACE_NAME: "kube-system"}},
            "pod_selector": {"match_labels": {"k8s-app": name}},
        }
        for name in _DNS_PODS
    ]
    peers.append({"ip_block": {"cidr": _DNS_CACHE}})
    ports: list[networking.NetworkPolicyPortArgsDict] = [
        {"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")
    ]
    return {
        "pod_selector": {},
        "policy_types": ["Egress"],
        "egress": [{"to": peers, "ports": ports}],
    }


def edges(
    workload: Workload, workloads: Iterable[Workload]
) -> networking.NetworkPolicySpecArgsDict:
    """What one service accepts and opens, given all that run in its environment."""
    service = workload.service
    others = [other.service for other in workloads]
    accepted = ((_clients(port, others), port.target_port) for port in service.service_ports)
    opened = (
        (
            _peers(other),
            [p.target_port for p in other.service_ports if service.name in p.allowed_clients],
        )
        for other in others
    )
    outside: dict[str, tuple[_Peers, list[int]]] = {}
    for target in service.egress:
        key, peers = _place(target)
        outside.setdefault(key, (peers, []))[1].append(target.port)
    return {
        "pod_selector": {"match_labels": {NAME_LABEL: service.name}},
        "policy_types": ["Ingress", "Egress"],
        "ingress": [{"from_": c, "ports": _ports([port])} for c, port in accepted if c],
        "egress": [
            {"to": peers, "ports": _ports(ports)}
            for peers, ports in (*opened, *outside.values())
            if ports
        ],
    }


def _clients(port: ServicePort, others: Iterable[Service]) -> _Peers:
    clients = [peer for s in others if s.name in port.allowed_clients for peer in _peers(s)]
    blocks = GATEWAY_BLOCKS if GATEWAY in port.allowed_clients else ()
    return [*clients, *({"ip_block": {"cidr": block}} for block in blocks)]


def _peers(service: Service) -> _Peers:
    return [
        {
            "namespace_selector": {"match_labels": {NAMESPACE_NAME: service.namespace}},
            "pod_selector": {"match_labels": {NAME_LABEL: service.name}},
        }
    ]


def _place(target: EgressTarget) -> tuple[str, _Peers]:
    """Name where a target is, and the peers that policies know it by."""
    if target.namespace is not None:
        labels = {NAMESPACE_NAME: target.namespace}
        return target.namespace, [{"namespace_selector": {"match_labels": labels}}]
    if target.port in DATABASE_PORTS:
        return "our network", _PRIVATE
    return "the Internet", _INTERNET


def _ports(numbers: Sequence[int]) -> list[networking.NetworkPolicyPortArgsDict]:
    return [{"port": number, "protocol": "TCP"} for number in sorted(set(numbers))]
