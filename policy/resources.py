"""What the rules look at: a resource, and the pods and containers within it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

Fields = Mapping[str, Any]
"""A part of a Kubernetes object or of a resource's properties."""

_LONG_RUNNING = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


@dataclass(frozen=True)
class Resource:
    """A resource as Pulumi registers it; secrets in `properties` are open."""

    urn: str
    type: str
    name: str
    properties: Fields
    protect: bool = False

    @property
    def kind(self) -> str:
        """Its kind for Kubernetes and Cloudflare resources (Deployment, DnsRecord), else empty."""
        provider, _, kind = self.type.partition(":")
        return kind.rpartition(":")[2] if provider in {"kubernetes", "cloudflare"} else ""

    @property
    def stack(self) -> str:
        """The stack it belongs to."""
        return self.urn.split("::")[0].rpartition(":")[2]

    @property
    def metadata(self) -> Fields:
        """A Kubernetes object's metadata."""
        return fields(self.properties, "metadata")

    @property
    def spec(self) -> Fields:
        """A Kubernetes object's spec."""
        return fields(self.properties, "spec")

    @property
    def namespace(self) -> str:
        """A Kubernetes object's namespace; empty when it has none."""
        return str(self.metadata.get("namespace", ""))

    @property
    def is_long_running(self) -> bool:
        """Whether it keeps pods running."""
        return self.kind in _LONG_RUNNING


def fields(parent: Fields, *names: str) -> Fields:
    """The mapping at a path below `parent`; empty where there is none."""
    for name in names:
        child = parent.get(name)
        parent = cast(Fields, child) if isinstance(child, Mapping) else {}
    return parent


def entries(parent: Fields, name: str) -> list[Fields]:
    """The mappings in the list `name` of `parent`; empty where there is none."""
    found = parent.get(name)
    if not isinstance(found, Sequence) or isinstance(found, str):
        return []
    return [
        cast(Fields, entry) for entry in cast(Sequence[object], found) if isinstance(entry, Mapping)
    ]


def pod_template(resource: Resource) -> Fields | None:
    """The pod that a workload makes (with metadata and spec); None for everything else."""
    if not resource.type.startswith("kubernetes:"):
        return None
    if resource.kind == "Pod":
        return resource.properties
    if resource.is_long_running or resource.kind == "Job":
        return fields(resource.spec, "template")
    if resource.kind == "CronJob":
        return fields(resource.spec, "jobTemplate", "spec", "template")
    return None


def pod_spec(resource: Resource) -> Fields | None:
    """The spec of the pod that a workload makes; None for everything else."""
    template = pod_template(resource)
    return None if template is None else fields(template, "spec")


def containers(resource: Resource) -> Iterator[Fields]:
    """Every container of a workload's pod: the main ones first, then those for its start."""
    pod = pod_spec(resource) or {}
    for name in _CONTAINERS:
        yield from entries(pod, name)
