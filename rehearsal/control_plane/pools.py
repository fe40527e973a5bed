"""The node pools of each environment, as plain data."""

from dataclasses import dataclass

ZONES = ("europe-west3-a", "europe-west3-b", "europe-west3-c")


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
