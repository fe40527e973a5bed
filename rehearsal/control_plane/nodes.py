"""The simulated nodes: Node objects for the node pools of an environment."""

from rehearsal.control_plane.pools import N1_STANDARD_1, POOLS, ZONES, Machine, Pool
from rehearsal.kubernetes_api import JsonObject

POOL_LABEL = "cloud.google.com/gke-nodepool"


def nodes(environment: str, kubelet_version: str, pool_size: int | None = None) -> list[JsonObject]:
    """The Node objects of an environment; `pool_size` overrides the nodes per pool.

    Raises KeyError for an unknown environment.
    """
    return [
        _node(environment, pool, index, N1_STANDARD_1, kubelet_version)
        for pool in POOLS[environment]
        for index in range(pool_size or pool.nodes)
    ]


def _node(
    environment: str, pool: Pool, index: int, machine: Machine, kubelet_version: str
) -> JsonObject:
    pool_name = f"serlo-{environment}-cluster-{pool.suffix}"
    name = f"gke-{pool_name}-{index:02d}"
    zone = ZONES[index % len(ZONES)]
    labels = {
        POOL_LABEL: pool_name,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": machine.name,
        "topology.kubernetes.io/region": "europe-west3",
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
            "capacity": {"cpu": machine.cpu, "memory": machine.memory, "pods": "110"},
            "allocatable": {
                "cpu": machine.allocatable_cpu,
                "memory": machine.allocatable_memory,
                "pods": "110",
            },
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
