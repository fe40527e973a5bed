"""Waits for objects: until they are ready, or until they are gone."""

import time
from collections.abc import Callable
from typing import NamedTuple

from rehearsal.kubernetes_api import ApiError, Cluster, JsonObject, NotFound
from rehearsal.plugins.resource_kubernetes.awaiting.observing import Bell, Observer, View
from rehearsal.plugins.resource_kubernetes.awaiting.others import (
    ClaimJudge,
    DefinitionJudge,
    NamespaceJudge,
    ServiceJudge,
)
from rehearsal.plugins.resource_kubernetes.awaiting.verdict import (
    Judge,
    Surroundings,
    Verdict,
    condition,
    newer,
)
from rehearsal.plugins.resource_kubernetes.awaiting.workloads import (
    DaemonSetJudge,
    DeploymentJudge,
    JobJudge,
    PodJudge,
    StatefulSetJudge,
)
from rehearsal.plugins.resource_kubernetes.identity import group_of

DEFAULT_TIMEOUT_SECONDS = 600.0
# Nothing rings when patience runs out, so look again at least this often.
LOOK_AGAIN_SECONDS = 1.0

JUDGES: dict[tuple[str, str], Callable[[Surroundings, JsonObject], Judge]] = {
    ("", "Namespace"): NamespaceJudge,
    ("", "PersistentVolumeClaim"): ClaimJudge,
    ("", "Pod"): PodJudge,
    ("", "Service"): ServiceJudge,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): DefinitionJudge,
    ("apps", "DaemonSet"): DaemonSetJudge,
    ("apps", "Deployment"): DeploymentJudge,
    ("apps", "StatefulSet"): StatefulSetJudge,
    ("batch", "Job"): JobJudge,
}

# The kinds whose health a refresh looks at: what does not run now is to be seen to.
WORKLOADS = frozenset(
    {("apps", "DaemonSet"), ("apps", "Deployment"), ("apps", "StatefulSet"), ("batch", "Job")}
)

Report = Callable[[str], None]


class NotReady(Exception):
    """An object that was written but did not become ready; `live` is its last known state."""

    def __init__(self, reason: str, problems: tuple[str, ...], live: JsonObject) -> None:
        super().__init__(reason)
        self.reason = reason
        self.problems = problems
        self.live = live


class NotGone(Exception):
    """An object that was asked to go and did not; `live` is its last known state."""

    def __init__(self, reason: str, live: JsonObject) -> None:
        super().__init__(reason)
        self.reason = reason
        self.live = live


class Watchtower(NamedTuple):
    """What waiting needs: the API and the views on it."""

    cluster: Cluster
    observer: Observer


def until_ready(
    tower: Watchtower, applied: JsonObject, *, timeout_seconds: float, report: Report
) -> JsonObject:
    """Wait until an object that was just applied is ready; answers its latest state.

    Kinds that nobody judges are ready at once. `report` gets a line whenever there is news.
    Raises NotReady: after the timeout, when it is hopeless, or when everything is cancelled.
    """
    make = JUDGES.get((group_of(str(applied["apiVersion"])), str(applied["kind"])))
    if make is None:
        return applied
    bell = tower.observer.new_bell()
    try:
        judge = make(Surroundings(tower.cluster, tower.observer, bell), applied)
        if judge(applied, 0.0).done:
            return applied
        return _watch_until_ready(
            tower,
            applied,
            judge=judge,
            bell=bell,
            timeout_seconds=timeout_seconds,
            report=report,
        )
    finally:
        tower.observer.retire(bell)


def _watch_until_ready(
    tower: Watchtower,
    applied: JsonObject,
    *,
    judge: Judge,
    bell: Bell,
    timeout_seconds: float,
    report: Report,
) -> JsonObject:
    metadata = applied["metadata"]
    name, uid = str(metadata["name"]), metadata.get("uid")
    view = _view_of(tower, applied)
    view.listen(bell, lambda found: found["metadata"]["name"] == name)
    started = time.monotonic()
    live, last = applied, ""
    while True:
        seconds = time.monotonic() - started
        seen = view.get(name)
        if (seen is None or seen["metadata"].get("uid") != uid) and seconds > LOOK_AGAIN_SECONDS:
            # Deleted behind our back, or the view is late: ask.
            seen = _ask(tower, applied)
            if seen is not None and seen["metadata"].get("uid") != uid:
                raise NotReady("it was deleted while it was waited for", (), live)
        live = newer(live, seen)
        verdict = judge(live, seconds)
        if verdict.done:
            # The last line stays on the screen beside the finished resource: leave only news.
            if last or verdict.progress:
                report(verdict.progress)
            return live
        if verdict.failure is not None:
            raise NotReady(verdict.failure, _others(verdict), live)
        if tower.observer.cancelled:
            raise NotReady(f"cancelled: {verdict.progress}", verdict.problems, live)
        if seconds >= timeout_seconds:
            reason = f"timed out after {timeout_seconds:.0f} s: {verdict.progress}"
            raise NotReady(reason, verdict.problems, live)
        line = _line(verdict, view)
        if line != last:
            report(line)
            last = line
        bell.wait(min(LOOK_AGAIN_SECONDS, timeout_seconds - seconds))


def _ask(tower: Watchtower, obj: JsonObject) -> JsonObject | None:
    """The object as the API server has it: empty metadata when it is gone, None if unknown."""
    metadata = obj["metadata"]
    try:
        return tower.cluster.get(
            str(obj["apiVersion"]), str(obj["kind"]), metadata["name"], metadata.get("namespace")
        )
    except NotFound:
        return {"metadata": {}}
    except ApiError:
        return None


def _line(verdict: Verdict, view: View) -> str:
    parts = [verdict.progress, *verdict.problems[:1]]
    if view.problem is not None:
        parts.append(f"cannot watch at the moment: {view.problem}")
    return "; ".join(part for part in parts if part)


def _others(verdict: Verdict) -> tuple[str, ...]:
    return tuple(problem for problem in verdict.problems if problem != verdict.failure)


def is_workload(obj: JsonObject) -> bool:
    """Whether an object runs pods, so that its health may change without anybody changing it."""
    return (group_of(str(obj.get("apiVersion"))), str(obj.get("kind"))) in WORKLOADS


def until_gone(
    tower: Watchtower, deleting: JsonObject, *, timeout_seconds: float, report: Report
) -> None:
    """Wait until that very object (by its uid) is gone. Raises NotGone."""
    metadata = deleting["metadata"]
    name, uid = str(metadata["name"]), metadata.get("uid")
    bell = tower.observer.new_bell()
    try:
        view = _view_of(tower, deleting)
        view.listen(bell, lambda found: found["metadata"]["name"] == name)
        started = time.monotonic()
        live, last = deleting, ""
        view.synced.wait(5)
        while True:
            seconds = time.monotonic() - started
            seen = view.get(name)
            if _is_gone(tower, seen, deleting):
                return
            if seen is not None and seen["metadata"].get("uid") == uid:
                live = newer(live, seen)
            if tower.observer.cancelled:
                raise NotGone("cancelled while waiting for it to be gone", live)
            if seconds >= timeout_seconds:
                reason = f"still there after {timeout_seconds:.0f} s: {_remaining(live)}"
                raise NotGone(reason, live)
            line = f"waiting for it to be gone: {_remaining(live)}"
            if line != last:
                report(line)
                last = line
            bell.wait(min(LOOK_AGAIN_SECONDS, timeout_seconds - seconds))
    finally:
        tower.observer.retire(bell)


def _is_gone(tower: Watchtower, seen: JsonObject | None, deleting: JsonObject) -> bool:
    uid = deleting["metadata"].get("uid")
    if seen is not None and seen["metadata"].get("uid") == uid:
        return False
    # A view that is late must not declare anything gone: ask.
    found = _ask(tower, deleting)
    return found is not None and found["metadata"].get("uid") != uid


def _view_of(tower: Watchtower, obj: JsonObject) -> View:
    return tower.observer.view(
        str(obj["apiVersion"]), str(obj["kind"]), obj["metadata"].get("namespace")
    )


def _remaining(live: JsonObject) -> str:
    """What holds up a deletion: a namespace's own account, else the finalizers."""
    for kind in ("NamespaceContentRemaining", "NamespaceFinalizersRemaining"):
        remaining = condition(live, kind)
        if remaining.get("status") == "True":
            return str(remaining.get("message"))
    finalizers: list[str] = live["metadata"].get("finalizers") or []
    return f"finalizers {', '.join(finalizers)}" if finalizers else "its pods or dependents end"
