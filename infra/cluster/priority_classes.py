"""What is scheduled first, and what may push others off a node, when room is scarce."""

from dataclasses import dataclass

SERVING = "serlo-serving"
BATCH = "serlo-batch"


@dataclass(frozen=True)
class Priority:
    """A PriorityClass. It cannot be changed later: another value needs another name."""

    name: str
    value: int
    preemption_policy: str
    description: str


PRIORITIES = (
    Priority(
        SERVING,
        100_000,
        "PreemptLowerPriority",
        "Answers requests: makes room for itself at the cost of batch jobs.",
    ),
    Priority(BATCH, 1_000, "Never", "Can wait: never pushes others off a node, and goes first."),
)
"""Pods without a class have priority 0, those of the system 2 000 000 000 and more.

Below -10 the cluster would not grow for a pod.
"""
