"""Which of our pods give way to which when room is scarce; no other team's pod ever does."""

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
        0,
        "PreemptLowerPriority",
        "Answers requests: makes room for itself at the cost of batch jobs.",
    ),
    Priority(BATCH, -5, "Never", "Can wait: never pushes others off a node, and goes first."),
)
"""Pods without a class, such as those that others run in the cluster, have priority 0 too.

Below -10 the cluster would not grow for a pod.
"""
