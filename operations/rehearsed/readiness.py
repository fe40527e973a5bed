"""Waiting until a rehearsed cluster has as many pods as it wants to have.

`pulumi up` waits for the pods that a Deployment asks for. Its autoscaler may raise that number to
its minimum a few seconds later: a picture taken in between would show half a platform.
"""

import time

from k8s import Cluster
from operations.rehearsed.summary import SYSTEM_NAMESPACES

SECONDS = 30.0
_POLL_SECONDS = 0.2


def settle(cluster: Cluster, seconds: float = SECONDS) -> bool:
    """Wait until every Deployment has its autoscaler's minimum and all its pods are ready.

    Answers whether that came true within `seconds`. Raises ApiError.
    """
    deadline = time.monotonic() + seconds
    while not _settled(cluster):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _settled(cluster: Cluster) -> bool:
    least = {
        (item["metadata"]["namespace"], item["spec"]["scaleTargetRef"]["name"]): item["spec"].get(
            "minReplicas", 1
        )
        for item in cluster.list("autoscaling/v2", "HorizontalPodAutoscaler")
    }
    for item in cluster.list("apps/v1", "Deployment"):
        key = item["metadata"]["namespace"], item["metadata"]["name"]
        wanted: int = item["spec"]["replicas"]
        ready: int = item.get("status", {}).get("readyReplicas", 0)
        if key[0] not in SYSTEM_NAMESPACES and (wanted < least.get(key, 1) or ready < wanted):
            return False
    return True
