"""The simulated nodes: Node objects for node pools, labelled as GKE labels them."""

from collections.abc import Sequence
from dataclasses import dataclass

from k8s import JsonObject

POOL_LABEL = "cloud.google.com/gke-nodepool"


@dataclass(frozen=True)
class NodePool:
    """A node pool at the size up to which its autoscaler may grow it.

    `cpu` and `memory` are what one node has left for pods, as Kubernetes quantities. Nodes are
    spread over `zones` in turn.
    """

    name: str
    nodes: int
    machine: str
    zones: Sequence[str]
    cpu: str
    memory: str
    preemptible: bool = False


def nodes(pools: Sequence[NodePool], kubelet_version: str) -> list[JsonObject]:
    """Return the Node objects of the pools."""
    return [_node(pool, index, kubelet_version) for pool in pools for index in range(pool.nodes)]


def _node(pool: NodePool, index: int, kubelet_version: str) -> JsonObject:
    name = f"gke-{pool.name}-{index:02d}"
    zone = pool.zones[index % len(pool.zones)]
    resources = {"cpu": pool.cpu, "memory": pool.memory, "pods": "110"}
    labels = {
        POOL_LABEL: pool.name,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": pool.machine,
        "topology.kubernetes.io/region": zone.rpartition("-")[0],
        "topology.kubernetes.io/zone": zone,
        "topology.gke.io/zone": zone,
    }
    if pool.preemptible:
        labels["cloud.google.com/gke-preemptible"] = "true"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {
            # The scheduler looks at what is allocatable alone.
            "capacity": resources,
            "allocatable": resources,
            "nodeInfo": {
                "architecture": "amd64",
                "operatingSystem": "linux",
                "kubeletVersion": kubelet_version,
                "osImage": "Container-Optimized OS from Google",
                "containerRuntimeVersion": "containerd://2.1.0",
                "kernelVersion": "",
                "kubeProxyVersion": "",
                "machineID": "",
                "systemUUID": "",
                "bootID": "",
            },
        },
    }
