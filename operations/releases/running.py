"""The pods of a cluster, and which versions it really runs, read from their images.

kubectl reads a real cluster, since it knows the credential plugins of clouds, and only if the stack
file names that cluster. A rehearsal is read directly, as a reader.
"""

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.cluster.metadata import NAME_LABEL
from infra.declaration.service import Service
from infra.stack.environment import Environment, StackFileError
from infra.stack.schema import NO_UID
from k8s import ApiError, Cluster, KubeconfigError
from operations.declared.stack_files import stack_name
from operations.errors import CommandError
from operations.rehearsed.project import current_stack
from rehearsal.control_plane.credentials import READER
from toolchain.errors import ToolError
from toolchain.resolver import resolve

_SECONDS = 30
_AWAY = 3.0

Object = Mapping[str, Any]


class LiveError(CommandError):
    """The cluster cannot be asked, or is another one; the message says why."""


@dataclass(frozen=True)
class Running:
    """What runs of a service: each version once, several in the middle of a rollout."""

    versions: tuple[str, ...]
    declared: str
    finishes: bool
    """Whether the service runs to an end, so that having no pods is no news."""

    @property
    def differs(self) -> bool:
        """Whether the cluster runs something else than the stack file says."""
        if not self.versions:
            return not self.finishes
        return any(not _is(version, self.declared) for version in self.versions)


def running(file: Path, rehearsal: Path | None) -> dict[str, Running]:
    """What the cluster of a stack runs, by service. Raises LiveError.

    `rehearsal`: the folder of a rehearsal to ask instead of the cluster that the file names.
    """
    environment = _environment(file)
    pods = _pods(environment, file, rehearsal)
    return {
        service.name: Running(
            _versions(service, pods),
            str(environment.versions[service.version_key]),
            not service.serves,
        )
        for service in environment.services
    }


def pods_of_stack(file: Path, rehearsal: Path | None) -> list[Object]:
    """The pods of a stack's services, in its cluster or in a rehearsal. Raises LiveError."""
    return _pods(_environment(file), file, rehearsal)


def _environment(file: Path) -> Environment:
    try:
        return Environment.load(file)
    except StackFileError as error:
        raise LiveError(str(error)) from None


def _pods(environment: Environment, file: Path, rehearsal: Path | None) -> list[Object]:
    if rehearsal is None:
        return _real_pods(environment)
    return _rehearsed_pods(rehearsal.resolve(), stack_name(file), _namespaces(environment))


def _rehearsed_pods(folder: Path, stack: str, namespaces: Iterable[str]) -> list[Object]:
    rehearsed = current_stack(folder)
    if rehearsed != stack:
        what = f"rehearses {rehearsed}" if rehearsed else "holds no rehearsal"
        raise LiveError(f"{folder.name} {what}: serlo rehearse --stack {stack}")
    try:
        cluster = Cluster.from_kubeconfig(str(folder / "kubeconfig"), READER, retry_seconds=_AWAY)
        try:
            return [
                pod
                for namespace in namespaces
                for pod in cluster.list("v1", "Pod", namespace, label_selector=NAME_LABEL)
            ]
        finally:
            cluster.close()
    except (ApiError, KubeconfigError) as error:
        raise LiveError(f"the rehearsal in {folder.name} does not answer: {error}") from None


def _real_pods(environment: Environment) -> list[Object]:
    if environment.cluster.uid == NO_UID:
        place = f"{environment.file.label}: serlo:cluster.uid"
        raise LiveError(f"{place} does not say yet which cluster this is, so none is read")
    uid = _kubectl(environment, "get", "namespace", "kube-system")["metadata"]["uid"]
    if uid != environment.cluster.uid:
        raise LiveError(
            f"this is not the cluster of {environment.name}: its kube-system has the UID {uid}, "
            f"not {environment.cluster.uid}"
        )
    found: list[Object] = []
    # One by one: only an administrator may list the pods of all namespaces at once.
    for namespace in _namespaces(environment):
        words = ("get", "pods", "--namespace", namespace, "--selector", NAME_LABEL)
        found += _kubectl(environment, *words)["items"]
    return found


def _namespaces(environment: Environment) -> list[str]:
    return sorted({service.namespace for service in environment.services})


def _kubectl(environment: Environment, *arguments: str) -> Object:
    try:
        done = subprocess.run(
            [
                resolve("kubectl").path,
                *("--kubeconfig", Path(environment.cluster.kubeconfig).expanduser()),
                *("--context", environment.cluster.context, "--request-timeout=10s"),
                *arguments,
                "--output=json",
            ],
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, ToolError, subprocess.TimeoutExpired) as error:
        raise LiveError(f"kubectl: {error}") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise LiveError(said[-1] if said else "kubectl failed without a message")
    answer: Object = json.loads(done.stdout)
    return answer


def _versions(service: Service, pods: Iterable[Object]) -> tuple[str, ...]:
    mine = [pod for pod in pods if _belongs(service, pod)]
    if not service.serves:
        # Runs that are over stay for a while: the last one says what is current.
        mine = sorted(mine, key=lambda pod: pod["metadata"]["creationTimestamp"])[-1:]
    repositories = service.images
    found: dict[str, None] = {}
    for pod in mine:
        spec = pod["spec"]
        for container in (*spec.get("initContainers", ()), *spec["containers"]):
            repository, version = _split(container["image"])
            if repository in repositories:
                found[version] = None
    return tuple(sorted(found))


def _belongs(service: Service, pod: Object) -> bool:
    metadata = pod["metadata"]
    phase = pod.get("status", {}).get("phase")
    over = "deletionTimestamp" in metadata or (service.serves and phase in {"Succeeded", "Failed"})
    return (
        not over
        and metadata["namespace"] == service.namespace
        and metadata.get("labels", {}).get(NAME_LABEL) == service.name
    )


def _split(image: str) -> tuple[str, str]:
    """Repository and version: `host:5000/a:1.2@sha256:…` is `host:5000/a` and `1.2@sha256:…`."""
    name, at, digest = image.partition("@")
    folder, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    return f"{folder}{slash}{last}", f"{tag}{at}{digest}"


def _is(version: str, declared: str) -> bool:
    # A digest that only one of the two names does not make them differ.
    tag, _, digest = version.partition("@")
    wanted, _, pinned = declared.partition("@")
    return tag == wanted and (not digest or not pinned or digest == pinned)
