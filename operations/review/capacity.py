"""What pods ask of the node pools, before and after, and whether they fit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from k8s.quantities import parse_quantity
from operations.declared.snapshot import NodePool, Snapshot

_POOL_LABEL = "cloud.google.com/gke-nodepool"
_SCALED = {"Deployment", "StatefulSet"}
_MIB = 2**20


@dataclass(frozen=True)
class Amount:
    """Processors, in thousandths, and memory, in MiB."""

    cpu: int = 0
    memory: int = 0

    def __str__(self) -> str:
        return f"{self.cpu}m and {self.memory} MiB"

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.cpu + other.cpu, self.memory + other.memory)

    def fits_in(self, other: "Amount") -> bool:
        """Whether neither of the two is more than the other's."""
        return self.cpu <= other.cpu and self.memory <= other.memory

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.cpu - other.cpu, self.memory - other.memory)


@dataclass(frozen=True)
class Need:
    """What the pods of one pool ask for: with the fewest pods, and with the most.

    `nodes_least` and `nodes_most` are how many nodes that takes; None if it does not fit.
    """

    pool: str
    pods_least: int
    pods_most: int
    requests_least: Amount
    requests_most: Amount
    limits_most: Amount
    nodes_least: int | None
    nodes_most: int | None
    nodes: int
    """How many nodes the pool may have."""

    @property
    def fits(self) -> str:
        """Whether it fits, in words."""
        if self.nodes_least is None:
            return f"does not fit in {self.nodes} nodes"
        if self.nodes_most is None:
            return f"{self.nodes_least} of {self.nodes} nodes; does not fit at the highest load"
        if self.nodes_least == self.nodes_most:
            return f"{self.nodes_least} of {self.nodes} nodes"
        return f"{self.nodes_least} to {self.nodes_most} of {self.nodes} nodes"

    @property
    def pods(self) -> str:
        """How many pods, in words."""
        return _span(self.pods_least, self.pods_most)

    @property
    def requests(self) -> str:
        """What they ask for, in words."""
        return _span(self.requests_least, self.requests_most)


def _span(least: object, most: object) -> str:
    return str(least) if least == most else f"{least} to {most}"


@dataclass(frozen=True)
class Pods:
    """The pods of a workload, by its label: how many at least and at most, and what each asks."""

    name: str
    pool: str
    least: int
    most: int
    requests: Amount
    limits: Amount


def needs(snapshot: Snapshot) -> tuple[Need, ...]:
    """What pods request of each node pool, in the order of the pools' names.

    Nothing where a checkout does not say what node pools there are.
    """
    every = list(pods(snapshot))
    return tuple(
        _need(name, snapshot.node_pools[name], [one for one in every if one.pool == name])
        for name in sorted({one.pool for one in every})
        if name in snapshot.node_pools
    )


def _need(name: str, pool: NodePool, pods: Sequence[Pods]) -> Need:
    return Need(
        pool=name,
        pods_least=sum(one.least for one in pods),
        pods_most=sum(one.most for one in pods),
        requests_least=_total([one.requests for one in pods for _ in range(one.least)]),
        requests_most=_total([one.requests for one in pods for _ in range(one.most)]),
        limits_most=_total([one.limits for one in pods for _ in range(one.most)]),
        nodes_least=_packed([one.requests for one in pods for _ in range(one.least)], pool),
        nodes_most=_packed([one.requests for one in pods for _ in range(one.most)], pool),
        nodes=pool.nodes,
    )


def _packed(pods: Sequence[Amount], pool: NodePool) -> int | None:
    """How many nodes hold the pods, the largest placed first; None if there are too few."""
    free: list[Amount] = []
    empty = Amount(_cpu(pool.cpu), _memory(pool.memory))
    for pod in sorted(pods, key=lambda pod: (pod.cpu, pod.memory), reverse=True):
        place = next((i for i, node in enumerate(free) if pod.fits_in(node)), None)
        if place is None:
            if len(free) == pool.nodes or not pod.fits_in(empty):
                return None
            free.append(empty)
            place = len(free) - 1
        free[place] -= pod
    return len(free)


def pods(snapshot: Snapshot) -> Iterator[Pods]:
    """Everything that makes pods."""
    scalers: dict[tuple[str, str], Mapping[str, Any]] = {}
    for scaler in snapshot.of_kind("HorizontalPodAutoscaler"):
        target = scaler.properties["spec"]["scaleTargetRef"]["name"]
        scalers[scaler.properties["metadata"]["namespace"], target] = scaler.properties["spec"]
    for workload in snapshot.of_kind("Deployment", "StatefulSet", "Job", "CronJob"):
        spec = workload.properties["spec"]
        metadata = workload.properties["metadata"]
        if workload.kind == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        scaler = scalers.get((metadata["namespace"], metadata["name"]))
        fixed = spec.get("replicas", 1) if workload.kind in _SCALED else 1
        pod = spec["template"]["spec"]
        yield Pods(
            name=workload.label,
            pool=pod.get("nodeSelector", {}).get(_POOL_LABEL, ""),
            least=scaler.get("minReplicas", 1) if scaler else fixed,
            most=scaler["maxReplicas"] if scaler else fixed,
            requests=_of_pod(pod, "requests"),
            limits=_of_pod(pod, "limits"),
        )


def _of_pod(pod: Mapping[str, Any], which: str) -> Amount:
    running = _total([_of_container(c, which) for c in pod["containers"]])
    # Init containers run one after the other, before the others.
    first = [_of_container(c, which) for c in pod.get("initContainers", ())]
    return Amount(
        max([running.cpu, *(one.cpu for one in first)]),
        max([running.memory, *(one.memory for one in first)]),
    )


def _of_container(container: Mapping[str, Any], which: str) -> Amount:
    said = container.get("resources", {}).get(which, {})
    return Amount(_cpu(said.get("cpu", "0")), _memory(said.get("memory", "0")))


def _total(amounts: Sequence[Amount]) -> Amount:
    return sum(amounts, start=Amount())


def _cpu(text: str) -> int:
    return int((parse_quantity(text) or Fraction()) * 1000)


def _memory(text: str) -> int:
    return int((parse_quantity(text) or Fraction()) / _MIB)
