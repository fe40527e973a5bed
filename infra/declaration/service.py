"""Service: the words in which a microservice is declared. Plain data, no Pulumi.

A declaration says what holds everywhere; what differs between environments stands in the stack
files: the version, and below `serlo:services.<name>` replicas, resources, settings and node pool.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, TypeAlias

from infra.declaration.release import Channel
from infra.declaration.values import (
    ConfigFile,
    Content,
    Environments,
    SecretFile,
    SecretRef,
    Setting,
    Value,
    Variables,
)

GATEWAY = "gateway"
"""The client that stands for the world outside: requests that come in through the gateway."""


class Hardening(StrEnum):
    """A rule that a container may be exempted from, with a reason."""

    READ_ONLY_ROOT = "read-only-root"
    PROBES = "probes"


@dataclass(frozen=True, kw_only=True)
class Probes:
    """How Kubernetes probes a pod: by GET of `readiness_path`, a command, or by connecting.

    `liveness_path` says whether a restart would help, where `readiness_path` also depends on other
    services.

    Times in seconds. A pod has `startup_seconds` to answer at first. It takes no requests while it
    fails, probed every `readiness_period_seconds`. It restarts after three failures, probed every
    `liveness_period_seconds`.
    """

    readiness_path: str | None = None
    liveness_path: str | None = None
    command: tuple[str, ...] = ()
    startup_seconds: int = 60
    readiness_period_seconds: int = 5
    liveness_period_seconds: int = 30


@dataclass(frozen=True)
class Amount:
    """Processors (`175m`) and memory (`350Mi`)."""

    cpu: str
    memory: str


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a container is given for certain (requests) and may not exceed (limits)."""

    requests: Amount
    limits: Amount


@dataclass(frozen=True)
class Replicas:
    """How few and how many pods there may be; between them decides the load on processors.

    Equal numbers are a fixed number of pods, without an autoscaler.
    """

    min: int = 1
    max: int = 5

    @property
    def fixed(self) -> bool:
        """Whether the number of pods never changes by itself."""
        return self.min == self.max


@dataclass(frozen=True)
class Storage:
    """A volume that outlives its pod, mounted at `path`; `size` such as `10Gi`."""

    path: str
    size: str
    storage_class: str = "standard-rwo"


@dataclass(frozen=True)
class Schedule:
    """When a service runs: a cron expression, in UTC. `environments`: all by default."""

    cron: str
    environments: Environments | None = None


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Pods that run all the time, any of which can take any request.

    replicas      unless the stack file says otherwise
    target_cpu    percentage of the requested processors at which the autoscaler adds a pod
    strategy      Recreate stops the old pod before the new one starts: two at once would do harm
    """

    replicas: Replicas = Replicas()
    target_cpu: int = 80
    strategy: Literal["RollingUpdate", "Recreate"] = "RollingUpdate"


@dataclass(frozen=True, kw_only=True)
class StatefulSet:
    """One pod that runs all the time, with a volume of its own."""

    storage: Storage


@dataclass(frozen=True, kw_only=True)
class Job:
    """Runs to its end once per version, before the services that depend on it roll.

    It may run on a schedule besides. A run that takes `active_deadline_seconds` has failed.
    """

    schedule: Schedule | None = None
    active_deadline_seconds: int = 3600


@dataclass(frozen=True, kw_only=True)
class CronJob:
    """Runs to its end on a schedule. A run that takes `active_deadline_seconds` has failed."""

    schedule: Schedule
    active_deadline_seconds: int = 3600


Kind: TypeAlias = Deployment | StatefulSet | Job | CronJob
"""What Kubernetes makes of a service."""


@dataclass(frozen=True, kw_only=True)
class Port:
    """A further port of a service, behind a Kubernetes Service of its own.

    name             of the port, and in `Address`
    port             of the Kubernetes Service; the process listens on `target_port` if that differs
    service_name     name of the Kubernetes Service, by default `<service>-<name>`
    allowed_clients  services that may reach it by name, or GATEWAY
    """

    name: str
    port: int
    target_port: int | None = None
    service_name: str | None = None
    allowed_clients: tuple[str, ...] = ()


@dataclass(frozen=True)
class EgressTarget:
    """A target outside our services that a service talks to, by TCP `port`.

    `who` is for readers: policies know addresses only. Outside the cluster, unless `namespace` says
    in which one of the cluster's other pods; `port` is then that of the pods.
    """

    who: str
    port: int = 443
    namespace: str | None = None


@dataclass(frozen=True, kw_only=True)
class Container:
    """A further container beside or before the main one, of the same release.

    A sidecar may have a port and probes; an init container runs to its end first.
    """

    name: str
    image: str
    resources: Resources
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    port: int | None = None
    probes: Probes | None = None
    env: Variables = field(default_factory=lambda: MappingProxyType({}))
    files: tuple[SecretFile | ConfigFile, ...] = ()
    empty_dirs: tuple[str, ...] = ("/tmp",)  # noqa: S108 a mount point, not our file
    exempt: Mapping[Hardening, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True)
class Patch:
    """What no other word here can say about what runs a service, with the reason.

    `spec` is merged into the spec of the Deployment, StatefulSet or Job, under the names that the
    SDK gives to fields: {"template": {"spec": {"host_aliases": [...]}}}. Reviews show the reason.
    """

    spec: Mapping[str, Content]
    reason: str


@dataclass(frozen=True)
class ServicePort:
    """A port that others can reach: what a Kubernetes Service and a NetworkPolicy need to know."""

    name: str
    """As in `Address`; `main` for the port that needs no name."""
    port_name: str
    """Of the port in the pod."""
    service_name: str
    """Name of the Kubernetes Service."""
    target_port: int
    port: int
    allowed_clients: tuple[str, ...]
    label: str
    """What nothing else of all services is named: the service, with the port unless it is main."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """One microservice: what runs from one release, in one kind of pod.

    name          of every Kubernetes object and of the version in the stack files
    namespace     in which it runs
    source        GitHub repository the image is built from, for changelogs
    image         repository of the image, without tag
    channel       how it is released; `version_of` names the service whose version it shares
    kind          Deployment, StatefulSet, Job or CronJob, with what only that kind has
    environments  in which it exists, all by default
    feature       optional part of the platform that it belongs to, switched by `serlo:features`
    port          of the Kubernetes Service, None if the process listens on none; the process
                  listens on `target_port` if that differs
    service_name  of the Kubernetes Service, if not `name`
    ports         further ports
    command, args instead of the image's own
    probes        of the main container
    resources     for the main container, unless the stack file says otherwise
    depends_on    services that must be there before this rolls; Jobs must have run to their end
    env           environment variables, in the order in which they are shown
    files         secrets and configuration as files
    init_containers
                  run to their end, one after the other, before the pod's others start
    sidecars      containers beside the main one
    empty_dirs    folders the process may write to, emptied with the pod; all else is read-only
    run_as_user   numeric user and group the process runs as, never 0
    exempt        rules of hardening that do not hold for it, each with the reason
    allowed_clients
                  services that may reach it by name, or GATEWAY
    egress        what it talks to besides the services that allow it as a client
    host          first label of its public host, e.g. "api" for api.serlo.org
    path          of the public host, and all below
    catch_all     it answers for the zone's apex and every host that no other service has
    response_timeout_seconds
                  the gateway's load balancer waits for an answer
    node_pool     the part of its name after the cluster's
    termination_grace_seconds
                  a pod may take to finish its requests, after the gateway has forgotten it
    third_party   others release it: their tags may start with v
    patch         what none of these words can say
    """

    name: str
    namespace: str
    source: str
    image: str
    channel: Channel
    version_of: str | None = None
    kind: Kind = Deployment()
    environments: Environments | None = None
    feature: str | None = None
    port: int | None = None
    target_port: int | None = None
    service_name: str | None = None
    ports: tuple[Port, ...] = ()
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    probes: Probes | None = None
    resources: Resources
    depends_on: tuple[str, ...] = ()
    env: Variables = field(default_factory=lambda: MappingProxyType({}))
    files: tuple[SecretFile | ConfigFile, ...] = ()
    init_containers: tuple[Container, ...] = ()
    sidecars: tuple[Container, ...] = ()
    empty_dirs: tuple[str, ...] = ("/tmp",)  # noqa: S108 a mount point, not our file
    run_as_user: int = 1000
    exempt: Mapping[Hardening, str] = field(default_factory=lambda: MappingProxyType({}))
    allowed_clients: tuple[str, ...] = ()
    egress: tuple[EgressTarget, ...] = ()
    host: str | None = None
    path: str = "/"
    catch_all: bool = False
    response_timeout_seconds: int = 60
    node_pool: str = "non-preemptible"
    termination_grace_seconds: int = 30
    third_party: bool = False
    patch: Patch | None = None

    @property
    def version_key(self) -> str:
        """The name under which `serlo:versions` holds its version."""
        return self.version_of or self.name

    @property
    def serves(self) -> bool:
        """Whether it runs all the time, rather than to an end."""
        return isinstance(self.kind, Deployment | StatefulSet)

    @property
    def single(self) -> bool:
        """Whether it must never run twice at once, so that no stack file may say how often."""
        return not isinstance(self.kind, Deployment) or self.kind.strategy == "Recreate"

    @property
    def replicas(self) -> Replicas:
        """How many pods there are unless the stack file says otherwise."""
        return self.kind.replicas if isinstance(self.kind, Deployment) else Replicas(1, 1)

    @property
    def storage(self) -> Storage | None:
        """The volume of a StatefulSet."""
        return self.kind.storage if isinstance(self.kind, StatefulSet) else None

    @property
    def schedule(self) -> Schedule | None:
        """When it runs by the clock: a CronJob, and a Job that has a schedule besides."""
        return self.kind.schedule if isinstance(self.kind, Job | CronJob) else None

    @property
    def service_ports(self) -> tuple[ServicePort, ...]:
        """Every port that others can reach, the main one first."""
        main: list[ServicePort] = []
        if self.port is not None:
            asked = self.probes is not None and self.probes.readiness_path is not None
            main.append(
                ServicePort(
                    name="main",
                    port_name="http" if asked or GATEWAY in self.allowed_clients else "tcp",
                    service_name=self.service_name or self.name,
                    target_port=self.target_port or self.port,
                    port=self.port,
                    allowed_clients=self.allowed_clients,
                    label=self.name,
                )
            )
        further = (
            ServicePort(
                name=port.name,
                port_name=port.name,
                service_name=port.service_name or f"{self.name}-{port.name}",
                target_port=port.target_port or port.port,
                port=port.port,
                allowed_clients=port.allowed_clients,
                label=f"{self.name}-{port.name}",
            )
            for port in self.ports
        )
        return (*main, *further)

    def service_port(self, port: str | None = None) -> ServicePort | None:
        """The port of that name, by default the main one; None if there is no such."""
        return next((p for p in self.service_ports if p.name == (port or "main")), None)

    @property
    def all_allowed_clients(self) -> frozenset[str]:
        """Every client that may reach any of its ports."""
        return frozenset(client for port in self.service_ports for client in port.allowed_clients)

    @property
    def main_port(self) -> int:
        """The main port of the Kubernetes Service; raises ValueError if there is none."""
        if self.port is None:
            raise ValueError(f"{self.name} listens on no port")
        return self.port

    def address(self, port: str | None = None, scheme: str | None = None) -> str:
        """Host and port for clients inside the cluster; raises ValueError for an unknown port."""
        found = self.service_port(port)
        if found is None:
            raise ValueError(f"{self.name} has no port {port or 'of its own'}")
        at = f"{found.service_name}.{self.namespace}"
        if scheme is None:
            return f"{at}:{found.port}"
        implied = scheme == "http" and found.port == 80
        return f"{scheme}://{at}" + ("" if implied else f":{found.port}")

    @property
    def images(self) -> tuple[str, ...]:
        """The image of every container, each once, the main one first."""
        further = (container.image for container in (*self.init_containers, *self.sidecars))
        return tuple(dict.fromkeys((self.image, *further)))

    def values(self) -> Iterator[tuple[str, Value]]:
        """Every value of every container and file, by name."""
        yield from self.env.items()
        yield from _values_in(self.files)
        for container in (*self.init_containers, *self.sidecars):
            yield from container.env.items()
            yield from _values_in(container.files)

    @property
    def secrets(self) -> tuple[SecretRef, ...]:
        """Every secret it uses, in order of appearance, each once."""
        found = [value for _, value in self.values() if isinstance(value, SecretRef)]
        return tuple(dict.fromkeys(found))

    @property
    def settings(self) -> Mapping[str, Setting]:
        """The values the stack file may set."""
        return {name: value for name, value in self.values() if isinstance(value, Setting)}


def allowed_in(service: Service, environment: str) -> bool:
    """Whether the environment can have the service, whether it is switched off or on."""
    return service.environments is None or environment in service.environments


def exists_in(service: Service, environment: str, features: Mapping[str, object]) -> bool:
    """Whether the environment has the service; `features` are on or off."""
    return allowed_in(service, environment) and (
        service.feature is None or features.get(service.feature) is True
    )


def _values_in(files: tuple[SecretFile | ConfigFile, ...]) -> Iterator[tuple[str, Value]]:
    for file in files:
        if isinstance(file, SecretFile):
            yield file.path, file.secret
        else:
            yield from file.values.items()
