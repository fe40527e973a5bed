"""How much may run in a namespace: what its declarations add up to at their largest, not more.

So a typing error in a number of replicas, or somebody's experiment by hand, cannot take the nodes
away from everybody else.
"""

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from pulumi_kubernetes.core import v1 as core

from infra.declaration import quantity
from infra.declaration.service import Amount
from infra.workloads import Container, Workload

# During a rollout one pod may still end its requests while the next one starts already.
ENDING_PODS = 1

# For containers without requests and limits: an experiment, since all our services have them.
_DEFAULT = Amount("50m", "64Mi")

_MEBIBYTE = 2**20


def quota(workloads: Sequence[Workload]) -> core.ResourceQuotaSpecArgsDict:
    """The ResourceQuota of a namespace in which these run.

    It has to grow before workloads do, so they depend on it. Lowering limits by more than half at
    once, while most replicas run, would leave no room for the rollout: do it in two steps.
    """
    pods = {workload.service.name: _most_pods(workload) for workload in workloads}
    hard = {"pods": str(sum(pods.values()))}
    for kind in ("requests", "limits"):
        amounts = [(pods[workload.service.name], _of_pod(workload, kind)) for workload in workloads]
        hard[f"{kind}.cpu"] = _cpu(sum(count * cpu for count, (cpu, _) in amounts))
        hard[f"{kind}.memory"] = _memory(sum(count * memory for count, (_, memory) in amounts))
    volumes = [
        (workload.replicas.max, quantity.memory(storage.size))
        for workload in workloads
        if (storage := workload.service.storage) is not None
    ]
    hard["persistentvolumeclaims"] = str(sum(count for count, _ in volumes))
    hard["requests.storage"] = _memory(sum(count * size for count, size in volumes))
    return {"hard": hard}


def limits(workloads: Sequence[Workload]) -> core.LimitRangeSpecArgsDict:
    """The LimitRange of a namespace: no container may be given more than the largest declared."""
    largest = [
        _DEFAULT,
        *(c.resources.limits for workload in workloads for c in _containers(workload)),
    ]
    cpu = max(quantity.cpu(amount.cpu) for amount in largest)
    memory = max(quantity.memory(amount.memory) for amount in largest)
    return {
        "limits": [
            {
                "type": "Container",
                "max": {"cpu": _cpu(cpu), "memory": _memory(memory)},
                "default": vars(_DEFAULT),
                "default_request": vars(_DEFAULT),
            }
        ]
    }


def _containers(workload: Workload) -> Sequence[Container]:
    return (*workload.init_containers, *workload.containers)


def _most_pods(workload: Workload) -> int:
    rolls = workload.service.serves and not workload.service.single
    return workload.most_pods + (ENDING_PODS if rolls else 0)


def _of_pod(workload: Workload, kind: str) -> tuple[Decimal, Decimal]:
    """Processors and bytes of memory of one pod, as Kubernetes counts them.

    Containers run together; init containers before them, one after the other.
    """

    def amount(container: Container) -> Amount:
        return getattr(container.resources, kind)

    together = [amount(container) for container in workload.containers]
    before = [amount(container) for container in workload.init_containers]
    cpu = sum((quantity.cpu(one.cpu) for one in together), Decimal(0))
    memory = sum((quantity.memory(one.memory) for one in together), Decimal(0))
    return (
        max(cpu, *(quantity.cpu(one.cpu) for one in before), Decimal(0)),
        max(memory, *(quantity.memory(one.memory) for one in before), Decimal(0)),
    )


def _cpu(amount: Decimal | int) -> str:
    return f"{int(amount)}" if amount == int(amount) else f"{int(amount * 1000)}m"


def _memory(amount: Decimal | int) -> str:
    mebibytes = int((Decimal(amount) / _MEBIBYTE).to_integral_value(ROUND_CEILING))
    if mebibytes % 1024 == 0:
        return f"{mebibytes // 1024}Gi" if mebibytes else "0"
    return f"{mebibytes}Mi"
