"""Judges of what runs no pods itself: Service, PersistentVolumeClaim, CRD, Namespace."""

import threading
import time

from rehearsal.kubernetes_api import ApiError, JsonObject, NotFound, items, section
from rehearsal.plugins.resource_kubernetes.awaiting.verdict import (
    Surroundings,
    Verdict,
    condition,
)

SERVICE_NAME_LABEL = "kubernetes.io/service-name"

# The engine runs a limited number of operations at once (four per processor, at the least four).
# If that many of them are Services waiting for pods, the Deployments that would bring the pods
# never get their turn. So when nothing but waiting Services has happened for a while, let one go.
FEWEST_OPERATIONS_AT_ONCE = 4
STARVATION_SECONDS = 10.0


class _Queue:
    """The Services that wait for pods, and when one of them was last heard of."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, float] = {}
        self._changed = time.monotonic()

    def join(self, uid: str) -> None:
        with self._lock:
            if uid not in self._waiting:
                self._waiting[uid] = self._changed = time.monotonic()

    def leave(self, uid: str) -> None:
        with self._lock:
            if self._waiting.pop(uid, None) is not None:
                self._changed = time.monotonic()

    def starved(self, uid: str) -> bool:
        """Whether this Service is the one to be let go."""
        with self._lock:
            first = next(iter(self._waiting), None)
            quiet = time.monotonic() - self._changed >= STARVATION_SECONDS
            return first == uid and quiet and len(self._waiting) >= FEWEST_OPERATIONS_AT_ONCE


_queue = _Queue()


class ServiceJudge:
    """Ready when at least one ready pod stands behind it.

    A load balancer's address is not waited for: on the machines this plugin is for, nobody
    hands one out.
    """

    def __init__(self, around: Surroundings, applied: JsonObject) -> None:
        self._around = around
        metadata = applied["metadata"]
        self._name = str(metadata["name"])
        self._uid = str(metadata.get("uid"))
        self._namespace = metadata.get("namespace")

    def __call__(self, live: JsonObject, seconds: float) -> Verdict:  # noqa: ARG002
        """See Judge."""
        spec = section(live, "spec")
        selector = section(spec, "selector")
        if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not selector:
            return Verdict(done=True)
        view = self._around.observer.view("discovery.k8s.io/v1", "EndpointSlice", self._namespace)
        view.listen(self._around.bell, self._concerns)
        view.synced.wait(5)
        addresses = sum(self._ready(found) for found in view.select(self._concerns))
        if addresses:
            _queue.leave(self._uid)
            return Verdict(done=True)
        labels = ",".join(f"{key}={value}" for key, value in selector.items())
        problem = f"no ready pod has the labels {labels} that the Service selects"
        _queue.join(self._uid)
        if _queue.starved(self._uid):
            _queue.leave(self._uid)
            return Verdict(done=True, progress=f"not waiting any longer: {problem}")
        return Verdict(False, "waiting for a ready pod behind the Service", (problem,))

    def _concerns(self, found: JsonObject) -> bool:
        return section(found, "metadata", "labels").get(SERVICE_NAME_LABEL) == self._name

    @staticmethod
    def _ready(endpoint_slice: JsonObject) -> int:
        endpoints = items(endpoint_slice, "endpoints")
        return sum(1 for e in endpoints if section(e, "conditions").get("ready") is not False)


class ClaimJudge:
    """Ready when the claim is bound, or will be bound only to the first pod that uses it."""

    def __init__(self, around: Surroundings, applied: JsonObject) -> None:
        self._around = around
        self._binds_late = self._waits_for_consumer(applied)

    def __call__(self, live: JsonObject, seconds: float) -> Verdict:  # noqa: ARG002
        """See Judge."""
        phase = section(live, "status").get("phase")
        if phase == "Bound" or self._binds_late:
            return Verdict(done=True)
        if phase == "Lost":
            return Verdict(failure="the volume behind the claim is lost")
        return Verdict(progress=f"the claim is {phase or 'Pending'}")

    def _waits_for_consumer(self, applied: JsonObject) -> bool:
        name = section(applied, "spec").get("storageClassName")
        if not name:
            return True  # no class: bound by hand, some day
        try:
            found = self._around.cluster.get("storage.k8s.io/v1", "StorageClass", str(name))
        except NotFound:
            return True  # no provisioner either
        except ApiError:
            return False
        return found.get("volumeBindingMode") == "WaitForFirstConsumer"


class DefinitionJudge:
    """Ready when the API server serves the new kind."""

    def __init__(self, around: Surroundings, applied: JsonObject) -> None:
        self._around = around
        del applied

    def __call__(self, live: JsonObject, seconds: float) -> Verdict:  # noqa: ARG002
        """See Judge."""
        refused = condition(live, "NamesAccepted")
        if refused.get("status") == "False" and refused.get("reason") not in (None, "NotYet"):
            return Verdict(failure=f"{refused.get('reason')}: {refused.get('message')}")
        if condition(live, "Established").get("status") == "True":
            return Verdict(done=True)
        return Verdict(progress="waiting for the API server to serve the new kind")


class NamespaceJudge:
    """Ready when the namespace is active."""

    def __init__(self, around: Surroundings, applied: JsonObject) -> None:
        del around, applied

    def __call__(self, live: JsonObject, seconds: float) -> Verdict:  # noqa: ARG002
        """See Judge."""
        phase = section(live, "status").get("phase")
        return Verdict(done=phase in ("Active", None), progress=f"the namespace is {phase}")
