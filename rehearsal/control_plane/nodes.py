"""The simulated nodes: the node pools of each environment, as plain data."""

from dataclasses import dataclass

from rehearsal.kubernetes_api import JsonObject

ZONES = ("europe-west3-a", "europe-west3-b", "europe-west3-c")
POOL_LABEL = "cloud.google.com/gke-nodepool"


@dataclass(frozen=True)
class Machine:
    """A machine type: what it has, and what remains of it for pods."""

    name: str
    cpu: str
    memory: str
    allocatable_cpu: str
    allocatable_memory: str


@dataclass(frozen=True)
class Pool:
    """A node pool, at the size up to which its autoscaler may grow it."""

    suffix: str
    nodes: int
    preemptible: bool = False


# Allocatable is what GKE leaves of one vCPU and 3.75 GB after its own reservations.
N1_STANDARD_1 = Machine("n1-standard-1", "1", "3840Mi", "940m", "2768Mi")

# No autoscaler is simulated: every pool stands at its maximum, so that a pod that stays Pending
# here would stay Pending there too.
POOLS: dict[str, tuple[Pool, ...]] = {
    "local": (Pool("non-preemptible", 6),),
    "staging": (
        Pool("non-preemptible", 10),
        Pool("preemptible", 10, preemptible=True),
    ),
    "production": (Pool("non-preemptible", 10),),
}


def nodes(environment: str, kubelet_version: str, pool_size: int | None = None) -> list[JsonObject]:
    """The Node objects of an environment; `pool_size` overrides the nodes per pool.

    Raises ValueError for an unknown environment.
    """
    pools = POOLS.get(environment)
    if pools is None:
        known = ", ".join(sorted(POOLS))
        raise ValueError(f"no node pools are known for {environment!r} (there are: {known})")
    return [
        _node(environment, pool, index, N1_STANDARD_1, kubelet_version)
        for pool in pools
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
