"""Judges of what runs pods: Deployment, StatefulSet, DaemonSet, Job and bare Pods."""

from typing import Any

from rehearsal.kubernetes_api import ApiError, JsonObject, items, section
from rehearsal.plugins.resource_kubernetes.awaiting.pods import (
    Patience,
    Problem,
    is_ready,
    matches,
    owned_by,
    problems_of,
)
from rehearsal.plugins.resource_kubernetes.awaiting.verdict import (
    Surroundings,
    Verdict,
    condition,
)

# Most rollouts are over before anything needs explaining: only then are pods watched as well.
LOOK_AT_PODS_AFTER_SECONDS = 1.0
# Events are asked for, not watched: they are many, and needed only when no pod was made at all.
ASK_FOR_EVENTS_AFTER_SECONDS = 3.0


class _Pods:
    """The pods of one workload, watched from the moment they are first looked at."""

    def __init__(self, around: Surroundings, namespace: str, selector: JsonObject) -> None:
        self._around = around
        self._namespace = namespace
        self._selector = selector
        self._view: Any = None

    def all(self) -> list[JsonObject]:
        if self._view is None:
            self._view = self._around.observer.view("v1", "Pod", self._namespace)
            self._view.listen(self._around.bell, self._concerns)
            self._view.synced.wait(2)
        found: list[JsonObject] = self._view.select(self._concerns)
        return found

    def _concerns(self, pod: JsonObject) -> bool:
        return matches(self._selector, section(pod, "metadata", "labels"))


def creation_failures(around: Surroundings, owner: JsonObject) -> list[Problem]:
    """Events saying that the pods of a workload are not even created (quota, admission)."""
    metadata = owner["metadata"]
    try:
        events = around.cluster.list(
            "v1",
            "Event",
            metadata.get("namespace"),
            field_selector=f"involvedObject.uid={metadata['uid']},reason=FailedCreate",
        )
    except ApiError:
        return []  # events explain; without them there is one explanation less
    where = f"{owner['kind']} {metadata['name']}"
    return [Problem(where, "FailedCreate", str(event.get("message"))) for event in events[-1:]]


class DeploymentJudge:
    """Ready when every replica is of the new revision and available (as kubectl rollout has it)."""

    def __init__(self, around: Surroundings, applied: JsonObject) -> None:
        self._around = around
        self._patience = Patience()
        self._namespace = str(applied["metadata"].get("namespace"))
        self._pods = _Pods(around, self._namespace, section(applied, "spec", "selector"))

    def __call__(self, live: JsonObject, seconds: float) -> Verdict:
        """See Judge."""
        spec, status = section(live, "spec"), section(live, "status")
        generation = int(live["metadata"].get("generation") or 0)
        if int(status.get("observedGeneration") or 0) < generation:
            return Verdict(progress="waiting for the Deployment controller to take notice")
        if spec.get("paused"):
            return Verdict(done=True, progress="the rollout is paused")
        wanted = int(spec.get("replicas", 1))
        updated = int(status.get("updatedReplicas") or 0)
        available = int(status.get("availableReplicas") or 0)
        total = int(status.get("replicas") or 0)
        if updated >= wanted and total <= updated and available >= updated:
            return Verdict(done=True)
        progress = f"{updated} of {wanted} replicas updated, {available} available"
        if updated >= wanted and total > updated:
            progress += f", {total - updated} old ones still ending"
        problems = self._problems(live, seconds)
        stuck = condition(live, "Progressing")
        failure: str | None = None
        if stuck.get("reason") == "ProgressDeadlineExceeded":
            failure = f"{stuck.get('reason')}: {stuck.get('message')}"
        elif tired := self._patience.exhausted(problems):
            failure = str(tired)
        return Verdict(False, progress, tuple(map(str, problems)), failure)

    def _problems(self, live: JsonObject, seconds: float) -> list[Problem]:
        found: list[Problem] = []
        refused = condition(live, "ReplicaFailure")
        if refused.get("status") == "True":
            found.append(
                Problem(
                    f"Deployment {live['metadata']['name']}",
                    str(refused.get("reason") or "FailedCreate"),
                    str(refused.get("message") or ""),
                )
            )
        if seconds < LOOK_AT_PODS_AFTER_SECONDS:
            return found
        current = self._current_replica_set(live)
        if current is None:
            return found
        uid = str(current["metadata"]["uid"])
        for pod in self._pods.all():
            if owned_by(pod, uid) and not is_ready(pod):
                found += problems_of(pod)
        return found

    def _current_replica_set(self, live: JsonObject) -> JsonObject | None:
        """The ReplicaSet of the newest revision; pods of older ones may be as bad as they like."""
        uid = str(live["metadata"]["uid"])
        view = self._around.observer.view("apps/v1", "ReplicaSet", self._namespace)
        view.listen(self._around.bell, lambda found: owned_by(found, uid))
        view.synced.wait(2)
        owned = view.select(lambda found: owned_by(found, uid))
        return max(owned, key=_revision, default=None)


def _revision(replica_set: JsonObject) -> int:
    annotations = section(replica_set, "metadata", "annotations")
    return int(annotations.get("deployment.kubernetes.io/revision") or 0)


class StatefulSetJudge:
    """Ready when every replica is of the new revision and ready."""

    def __init__(self, around: Surroundings, applied: JsonObject) -> None:
        self._around = around
        self._patience = Patience()
        namespace = str(applied["metadata"].get("namespace"))
        self._pods = _Pods(around, namespace, section(applied, "spec", "selector"))

    def __call__(self, live: JsonObject, seconds: float) -> Verdict:
        """See Judge."""
        spec, status = section(live, "spec"), section(live, "status")
        generation = int(live["metadata"].get("generation") or 0)
        if int(status.get("observedGeneration") or 0) < generation:
            return Verdict(progress="waiting for the StatefulSet controller to take notice")
        wanted = int(spec.get("replicas", 1))
        ready = int(status.get("readyReplicas") or 0)
        updated = int(status.get("updatedReplicas") or 0)
        strategy = section(spec, "updateStrategy")
        if strategy.get("type") == "OnDelete":
            return Verdict(done=True, progress="pods are replaced only when deleted")
        kept = int(section(strategy, "rollingUpdate").get("partition") or 0)
        rolled = updated >= max(0, wanted - kept)
        if rolled and ready >= wanted and int(status.get("replicas") or 0) == wanted:
            return Verdict(done=True)
        problems: list[Problem] = []
        if seconds >= LOOK_AT_PODS_AFTER_SECONDS:
            pods = [pod for pod in self._pods.all() if not is_ready(pod)]
            problems = [problem for pod in pods for problem in problems_of(pod)]
            if not pods and seconds >= ASK_FOR_EVENTS_AFTER_SECONDS:
                problems += creation_failures(self._around, live)
        tired = self._patience.exhausted(problems)
        return Verdict(
            False,
            f"{updated} of {wanted} replicas updated, {ready} ready",
            tuple(map(str, problems)),
            str(tired) if tired else None,
        )


class DaemonSetJudge:
    """Ready when the pods on all nodes are of the new revision and available."""

    def __init__(self, around: Surroundings, applied: JsonObject) -> None:
        self._patience = Patience()
        namespace = str(applied["metadata"].get("namespace"))
        self._pods = _Pods(around, namespace, section(applied, "spec", "selector"))

    def __call__(self, live: JsonObject, seconds: float) -> Verdict:
        """See Judge."""
        status = section(live, "status")
        generation = int(live["metadata"].get("generation") or 0)
        if int(status.get("observedGeneration") or 0) < generation:
            return Verdict(progress="waiting for the DaemonSet controller to take notice")
        if section(live, "spec", "updateStrategy").get("type") == "OnDelete":
            return Verdict(done=True, progress="pods are replaced only when deleted")
        wanted = int(status.get("desiredNumberScheduled") or 0)
        updated = int(status.get("updatedNumberScheduled") or 0)
        available = int(status.get("numberAvailable") or 0)
        if updated >= wanted and available >= wanted:
            return Verdict(done=True)
        problems: list[Problem] = []
        if seconds >= LOOK_AT_PODS_AFTER_SECONDS:
            pods = [pod for pod in self._pods.all() if not is_ready(pod)]
            problems = [problem for pod in pods for problem in problems_of(pod)]
        tired = self._patience.exhausted(problems)
        return Verdict(
            False,
            f"{updated} of {wanted} pods updated, {available} available",
            tuple(map(str, problems)),
            str(tired) if tired else None,
        )


class JobJudge:
    """Ready when the Job is complete; failed when it says so itself, or cannot start."""

    def __init__(self, around: Surroundings, applied: JsonObject) -> None:
        self._around = around
        self._patience = Patience()
        metadata = applied["metadata"]
        selector = {"matchLabels": {"batch.kubernetes.io/job-name": metadata["name"]}}
        self._pods = _Pods(around, str(metadata.get("namespace")), selector)

    def __call__(self, live: JsonObject, seconds: float) -> Verdict:
        """See Judge."""
        if condition(live, "Complete").get("status") == "True":
            return Verdict(done=True)
        spec, status = section(live, "spec"), section(live, "status")
        if spec.get("suspend"):
            return Verdict(done=True, progress="the Job is suspended")
        pods = self._pods.all()
        problems = [problem for pod in pods for problem in problems_of(pod)]
        failed = condition(live, "Failed")
        if failed.get("status") == "True":
            reason = f"{failed.get('reason')}: {failed.get('message')}"
            return Verdict(problems=tuple(map(str, problems)), failure=reason)
        if not pods and seconds >= ASK_FOR_EVENTS_AFTER_SECONDS:
            problems += creation_failures(self._around, live)
        # A container that exits with an error is the Job's own business: it counts retries.
        hopeless = [p for p in problems if p.reason not in ("Error", "OOMKilled")]
        tired = self._patience.exhausted(hopeless)
        wanted = int(spec.get("completions") or 1)
        return Verdict(
            False,
            f"{int(status.get('succeeded') or 0)} of {wanted} completions, "
            f"{int(status.get('active') or 0)} pods active",
            tuple(map(str, problems)),
            str(tired) if tired else None,
        )


class PodJudge:
    """Ready when the pod is ready, or has run to its end."""

    def __init__(self, around: Surroundings, applied: JsonObject) -> None:  # noqa: ARG002
        self._patience = Patience()

    def __call__(self, live: JsonObject, seconds: float) -> Verdict:  # noqa: ARG002
        """See Judge."""
        phase = section(live, "status").get("phase")
        if is_ready(live) or phase == "Succeeded":
            return Verdict(done=True)
        problems = problems_of(live)
        if phase == "Failed" and section(live, "spec").get("restartPolicy") == "Never":
            failure = "; ".join(map(str, problems)) or "the pod failed"
            return Verdict(problems=tuple(map(str, problems)), failure=failure)
        tired = self._patience.exhausted(problems)
        ready = sum(1 for c in items(live, "status", "containerStatuses") if c.get("ready"))
        wanted = len(items(live, "spec", "containers"))
        return Verdict(
            False,
            f"{phase or 'Pending'}, {ready} of {wanted} containers ready",
            tuple(map(str, problems)),
            str(tired) if tired else None,
        )
