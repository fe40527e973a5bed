"""How much may run in a namespace: what its declarations add up to at their largest, not more.

So a typing error in a number of replicas, or somebody's experiment by hand, cannot take the nodes
away from everybody else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from infra import quantity
from infra.manifests import Manifest, manifest
from infra.resolution import Workload
from infra.service import Amount

# Beyond the most replicas: during a rollout one pod starts while another still ends its requests.
ROLLOUT_PODS = 2

# For containers that do not say what they need: somebody's experiment, as nothing of ours does so.
_DEFAULT = Amount("50m", "64Mi")

_MEBIBYTE = 2**20


@dataclass(frozen=True)
class _Most:
    """The most pods of a workload that exist at once, and what each is given."""

    pods: int
    requests: Amount
    limits: Amount


def quota(namespace: str, workloads: Iterable[Workload]) -> Manifest:
    """The ResourceQuota of a namespace in which these run. No port of a node or cloud is opened.

    It has to grow before workloads do, so they depend on it. Lowering limits by more than half at
    once, while most replicas run, would leave no room for the rollout: do it in two steps.
    """
    most = [_most(workload) for workload in workloads]
    return manifest(
        "v1",
        "ResourceQuota",
        namespace,
        namespace=namespace,
        spec={
            "hard": {
                "pods": str(sum(one.pods for one in most)),
                "requests.cpu": _cpu(sum(quantity.cpu(x.requests.cpu) * x.pods for x in most)),
                "requests.memory": _memory(
                    sum(quantity.memory(x.requests.memory) * x.pods for x in most)
                ),
                "limits.cpu": _cpu(sum(quantity.cpu(x.limits.cpu) * x.pods for x in most)),
                "limits.memory": _memory(
                    sum(quantity.memory(x.limits.memory) * x.pods for x in most)
                ),
                "services.loadbalancers": "0",
                "services.nodeports": "0",
            }
        },
    )


def limits(namespace: str, workloads: Iterable[Workload]) -> Manifest:
    """The LimitRange of a namespace: no container may be given more than the largest declared."""
    largest = [workload.resources.limits for workload in workloads]
    cpu = max(quantity.cpu(amount.cpu) for amount in (*largest, _DEFAULT))
    memory = max(quantity.memory(amount.memory) for amount in (*largest, _DEFAULT))
    return manifest(
        "v1",
        "LimitRange",
        namespace,
        namespace=namespace,
        spec={
            "limits": [
                {
                    "type": "Container",
                    "max": {"cpu": _cpu(cpu), "memory": _memory(memory)},
                    "default": vars(_DEFAULT),
                    "defaultRequest": vars(_DEFAULT),
                }
            ]
        },
    )


def _most(workload: Workload) -> _Most:
    resources = workload.resources
    return _Most(workload.replicas.max + ROLLOUT_PODS, resources.requests, resources.limits)


def _cpu(amount: Decimal | int) -> str:
    return f"{int(amount)}" if amount == int(amount) else f"{int(amount * 1000)}m"


def _memory(amount: Decimal | int) -> str:
    mebibytes = int((Decimal(amount) / _MEBIBYTE).to_integral_value(ROUND_CEILING))
    return f"{mebibytes // 1024}Gi" if mebibytes and mebibytes % 1024 == 0 else f"{mebibytes}Mi"
