"""What kwok does with nodes, pods and volumes: stages of its own module, and our failing pods.

kwok plays the stage whose selector fits a pod; of several that fit, those with a weight win over
those without. The module's stages have none, so ours decide over every pod that is to fail.
"""

from pathlib import Path

import yaml

from k8s import JsonObject
from rehearsal.control_plane.container_states import (
    CRASHED,
    ENDED,
    PULL_BACK_OFF,
    PULL_FAILED,
    PULL_MESSAGE,
    RUNS_READY,
    RUNS_UNREADY,
)
from rehearsal.control_plane.faults import ANNOTATION, KINDS, Faults, regular_expression

STORAGE_CLASS = "standard-rwo"
HEALTHY = "none"

_MODULE_STAGES = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
    "volume/fast/pvc-provision.yaml",
    "volume/fast/pv-bind.yaml",
    "volume/fast/pvc-delete.yaml",
    "volume/fast/pv-delete.yaml",
)
_TEMPLATES = Path(__file__).parent / "templates"

_Requirement = tuple[str, str, str]  # jq expression, operator, value
_Event = tuple[str, str, str]  # type, reason, template of the message

# jq: why a container of the pod waits, when it waits because it failed.
_WAITING = (
    "(.status.containerStatuses[]?, .status.initContainerStatuses[]?)"
    ' | .state.waiting.reason // empty | select(endswith("BackOff") or . == "ErrImagePull")'
)
_UNREADY = '.status.conditions[]? | select(.type == "Ready") | .reason'

# jq: delays as Go durations. Back-offs are the kubelet's: 10 s, doubled each time, at most 5 min.
_AT_ONCE = '"100ms"'
_SOON = '"300ms"'
_PULL_RETRY = f'if [{_WAITING}] == [] then "100ms" else "20s" end'
_CRASH_BACK_OFF = (
    "([.status.containerStatuses[]?.restartCount] | max // 1) as $restarts"
    ' | "\\([10 * pow(2; [$restarts - 1, 5] | min), 300] | min)s"'
)


def render(module_stages: Path, faults: Faults) -> str:
    """The stages as a multi-document YAML text. `module_stages` is kwok's folder of stages."""
    texts = [(module_stages / name).read_text() for name in _MODULE_STAGES]
    # The module's volumes are for a storage class of its own; ours has the name it has on GKE.
    texts = [text.replace("kwok-volume", STORAGE_CLASS) for text in texts]
    texts.append(yaml.safe_dump_all(_failing(faults), sort_keys=False, width=1000))
    return "\n---\n".join(texts)


def _failing(faults: Faults) -> list[JsonObject]:
    pattern = {kind: regular_expression(faults.globs(kind)) for kind in KINDS}
    fits = _kind_of_pod(pattern)
    pull, crash, never = KINDS
    pending = (".status.phase", "In", "Pending")
    running = (".status.phase", "In", "Running")
    restarts = (".spec.restartPolicy", "NotIn", "Never")
    pull_events = [
        ("Normal", "Pulling", 'printf "Pulling image %q" .image'),
        ("Warning", "Failed", f'printf "Failed to pull image %q: %s" .image {PULL_MESSAGE}'),
        ("Warning", "Failed", '"Error: ErrImagePull"'),
    ]
    back_off_events = [
        ("Normal", "BackOff", 'printf "Back-off pulling image %q" .image'),
        ("Warning", "Failed", '"Error: ImagePullBackOff"'),
    ]
    crash_message = 'printf "Back-off restarting failed container %s in pod %s" .name $pod'
    crash_event = ("Warning", "BackOff", crash_message)
    probe_message = '"Readiness probe failed: HTTP probe failed with statuscode: 503"'
    probe_event = ("Warning", "Unhealthy", probe_message)

    def stage(
        name: str,
        kind: str,
        when: list[_Requirement],
        delay: str,
        becomes: tuple[str, str],
        *events: _Event,
    ) -> JsonObject:
        phase, state = becomes
        values = {
            "ANNOTATION": ANNOTATION,
            "KIND": kind,
            # A pod that recovers is set right whole.
            "PATTERN": pattern.get(kind, "^.*$"),
            "PHASE": phase,
            "READY": "True" if kind == HEALTHY else "False",
        }
        status = _template("pod-status", {"STATE": state, **values})
        steps: list[JsonObject] = [
            {"patch": {"subresource": "status", "root": "status", "template": status}}
        ]
        for event_type, reason, message in events:
            event = {"TYPE": event_type, "REASON": reason, "MESSAGE": message}
            steps.append({"apply": {"template": _template("event", {**event, **values})}})
        selector = [(".metadata.deletionTimestamp", "DoesNotExist", ""), (fits, "In", kind)]
        return _stage(f"rehearsal-{name}", [*selector, *when], delay, steps)

    return [
        stage(
            "pull-error",
            pull,
            [pending, (_WAITING, "NotIn", "ErrImagePull")],
            _PULL_RETRY,
            ("Pending", PULL_FAILED),
            *pull_events,
        ),
        stage(
            "pull-back-off",
            pull,
            [pending, (_WAITING, "In", "ErrImagePull")],
            _SOON,
            ("Pending", PULL_BACK_OFF),
            *back_off_events,
        ),
        stage("crash-start", crash, [pending], _AT_ONCE, ("Running", RUNS_UNREADY)),
        stage(
            "crash",
            crash,
            [running, restarts, (_WAITING, "NotIn", "CrashLoopBackOff")],
            _SOON,
            ("Running", CRASHED),
            crash_event,
        ),
        stage(
            "crash-restart",
            crash,
            [running, restarts, (_WAITING, "In", "CrashLoopBackOff")],
            _CRASH_BACK_OFF,
            ("Running", RUNS_UNREADY),
        ),
        stage(
            "crash-for-good",
            crash,
            [running, (".spec.restartPolicy", "In", "Never")],
            _SOON,
            ("Failed", ENDED),
        ),
        stage("never-ready", never, [pending], _AT_ONCE, ("Running", RUNS_UNREADY), probe_event),
        # Changes nothing. It keeps the module's pod-complete away from the pods of a Job.
        stage("never-ready-still", never, [running], '"1h"', ("Running", RUNS_UNREADY)),
        stage(
            "recover",
            HEALTHY,
            [running, (_UNREADY, "In", "ContainersNotReady")],
            _AT_ONCE,
            ("Running", RUNS_READY),
        ),
    ]


def _kind_of_pod(pattern: dict[str, str]) -> str:
    """jq: in which way a pod is to fail, or HEALTHY."""
    images = "[.spec.containers[], .spec.initContainers[]? | .image]"
    found = f'"{HEALTHY}"'
    for kind in reversed(KINDS):
        fits = f'{images} | any(test("{pattern[kind]}"))'
        found = f'if ({fits}) then "{kind}" else {found} end'
    return f'.metadata.annotations["{ANNOTATION}"] // ({found})'


def _stage(
    name: str, selector: list[_Requirement], delay: str, steps: list[JsonObject]
) -> JsonObject:
    expressions: list[JsonObject] = [
        {"key": key, "operator": operator, **({"values": [value]} if value else {})}
        for key, operator, value in selector
    ]
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
            "selector": {"matchExpressions": expressions},
            "weight": 1,
            "delay": {"durationMilliseconds": 300, "durationFrom": {"expressionFrom": delay}},
            "steps": steps,
        },
    }


def _template(name: str, values: dict[str, str]) -> str:
    text = (_TEMPLATES / f"{name}.gotmpl").read_text()
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text
