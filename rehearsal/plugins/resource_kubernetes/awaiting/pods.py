"""Why pods do not start, in their own words, and when it is time to give up on them."""

import time
from dataclasses import dataclass, field

from rehearsal.kubernetes_api import JsonObject, items, section
from rehearsal.plugins.resource_kubernetes.awaiting.verdict import condition

# For how many seconds a pod may be in a state before that is a failure. Zero where nothing but
# another declaration can help; longer where what is missing may still come in the same update.
PATIENCE_SECONDS: dict[str, float] = {
    "InvalidImageName": 0,
    "ErrImageNeverPull": 0,
    "ErrImagePull": 3,
    "ImagePullBackOff": 3,
    "ImageInspectError": 3,
    "RegistryUnavailable": 15,
    "CreateContainerConfigError": 15,
    "CreateContainerError": 15,
    "RunContainerError": 15,
    "CrashLoopBackOff": 10,
    "Error": 10,
    "OOMKilled": 10,
    "ContainerCannotRun": 15,
    "Unschedulable": 30,
    "FailedCreate": 5,
    "Evicted": 15,
}
# A pod that flips between two states of one trouble (pull, back off, pull) stays in trouble.
_SAME_TROUBLE = {
    "ErrImagePull": "image",
    "ImagePullBackOff": "image",
    "CrashLoopBackOff": "crash",
    "Error": "crash",
    "OOMKilled": "crash",
}


@dataclass(frozen=True)
class Problem:
    """One thing that keeps a pod from being ready."""

    where: str
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}" + (f": {self.message}" if self.message else "")


def problems_of(pod: JsonObject) -> list[Problem]:
    """What is wrong with a pod now; empty for one that is ready or still on its way."""
    name = str(pod["metadata"]["name"])
    found: list[Problem] = []
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        found.append(
            Problem(
                f"pod {name}",
                str(scheduled.get("reason") or "Unschedulable"),
                str(scheduled.get("message") or ""),
            )
        )
    status = section(pod, "status")
    if status.get("phase") == "Failed" and status.get("reason"):
        found.append(
            Problem(f"pod {name}", str(status["reason"]), str(status.get("message") or ""))
        )
    for key in ("initContainerStatuses", "containerStatuses"):
        for container in items(pod, "status", key):
            problem = _container_problem(name, container)
            if problem is not None:
                found.append(problem)
    return found


def _container_problem(pod: str, container: JsonObject) -> Problem | None:
    where = f"pod {pod}, container {container.get('name')}"
    waiting = section(container, "state", "waiting")
    reason = str(waiting.get("reason") or "")
    if reason and reason not in ("ContainerCreating", "PodInitializing"):
        message = str(waiting.get("message") or "")
        last = section(container, "lastState", "terminated")
        if reason == "CrashLoopBackOff" and last:
            message = f"{message} (last exit: {_exit(last)})" if message else _exit(last)
        return Problem(where, reason, message)
    terminated = section(container, "state", "terminated")
    if terminated and terminated.get("exitCode"):
        return Problem(where, str(terminated.get("reason") or "Error"), _exit(terminated))
    return None


def _exit(terminated: JsonObject) -> str:
    text = f"exit code {terminated.get('exitCode')}"
    if terminated.get("reason") not in (None, "", "Error"):
        text += f", {terminated['reason']}"
    if terminated.get("message"):
        text += f", {str(terminated['message']).strip()}"
    return text


def is_ready(pod: JsonObject) -> bool:
    """Whether a pod serves."""
    return condition(pod, "Ready").get("status") == "True"


# A container that starts, runs for a moment and fails again is in the same trouble all along.
_LULL_SECONDS = 20.0


@dataclass
class Patience:
    """Remembers since when each trouble lasts, and says which has lasted too long."""

    since: dict[str, float] = field(default_factory=dict[str, float])
    last: dict[str, float] = field(default_factory=dict[str, float])

    def exhausted(self, problems: list[Problem]) -> Problem | None:
        """The first problem that has lasted longer than its kind may."""
        now = time.monotonic()
        tired: Problem | None = None
        for problem in problems:
            allowed = PATIENCE_SECONDS.get(problem.reason)
            if allowed is None:
                continue
            trouble = _SAME_TROUBLE.get(problem.reason, problem.reason)
            if now - self.last.get(trouble, -_LULL_SECONDS) >= _LULL_SECONDS:
                self.since[trouble] = now
            self.last[trouble] = now
            if tired is None and now - self.since[trouble] >= allowed:
                tired = problem
        return tired


def matches(selector: JsonObject, labels: JsonObject) -> bool:
    """Whether labels satisfy a LabelSelector (or a plain map of labels under matchLabels)."""
    wanted = section(selector, "matchLabels")
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    for expression in items(selector, "matchExpressions"):
        value, values = labels.get(str(expression.get("key"))), _values(expression)
        operator = expression.get("operator")
        satisfied = {
            "In": value in values,
            "NotIn": value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }.get(str(operator), False)
        if not satisfied:
            return False
    return True


def _values(expression: JsonObject) -> list[str]:
    return expression.get("values") or []


def owned_by(obj: JsonObject, uid: str) -> bool:
    """Whether an object belongs to the owner with this uid."""
    return any(owner.get("uid") == uid for owner in items(obj, "metadata", "ownerReferences"))
