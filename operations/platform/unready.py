"""Which pods are not ready, in the words of the kubelet and the scheduler."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from operations.rehearsed.summary import SYSTEM_NAMESPACES


def unready_pods(pods: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a line for each pod that is not ready: its name, the reason, the message."""
    lines: list[str] = []
    for pod in pods:
        metadata = pod["metadata"]
        if metadata["namespace"] in SYSTEM_NAMESPACES or _is_fine(pod):
            continue
        reasons = "; ".join(dict.fromkeys(_reasons(pod))) or pod["status"].get("phase", "Unknown")
        lines.append(f"{metadata['namespace']}/{metadata['name']}: {reasons}")
    return sorted(lines)


def _is_fine(pod: Mapping[str, Any]) -> bool:
    if pod.get("status", {}).get("phase") == "Succeeded":
        return True
    conditions = pod.get("status", {}).get("conditions", ())
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _reasons(pod: Mapping[str, Any]) -> Iterator[str]:
    status = pod.get("status", {})
    for kind in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(kind, ()):
            state = container.get("state", {})
            trouble: dict[str, Any] = state.get("waiting") or state.get("terminated") or {}
            if trouble.get("reason") in (None, "PodInitializing", "ContainerCreating", "Completed"):
                continue
            yield _sentence(container["name"], trouble)
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield _sentence("not scheduled", condition)


def _sentence(subject: str, said: dict[str, Any]) -> str:
    message = said.get("message") or f"exit code {said.get('exitCode', 'unknown')}"
    return f"{subject}: {said.get('reason', 'unknown')}: {message}"
