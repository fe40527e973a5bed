"""What is scheduled first, and what may push others off a node, when room is scarce."""

from infra.cluster.manifest import Manifest, manifest

SERVING = "serlo-serving"
BATCH = "serlo-batch"


def priority_classes() -> dict[str, Manifest]:
    """Both classes by name. None can be changed later: another value needs another name.

    Pods without a class have priority 0, those of the system 2 000 000 000 and more. Below -10 the
    cluster would not grow for a pod.
    """
    return {
        SERVING: _priority_class(
            SERVING,
            100_000,
            "PreemptLowerPriority",
            "Answers requests: makes room for itself at the cost of batch jobs.",
        ),
        BATCH: _priority_class(
            BATCH, 1_000, "Never", "Can wait: never pushes others off a node, and goes first."
        ),
    }


def _priority_class(name: str, value: int, preemption: str, description: str) -> Manifest:
    return manifest(
        "scheduling.k8s.io/v1",
        "PriorityClass",
        name,
        value=value,
        globalDefault=False,
        preemptionPolicy=preemption,
        description=description,
    )
