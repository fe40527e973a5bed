"""Service: the words in which a microservice is declared. Plain data, no Pulumi.

A declaration says what holds everywhere; what differs between environments stands in the stack
files: the version, and below `serlo:services.<name>` replicas, resources, settings and node pool.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from infra.declaration.release import Channel
from infra.declaration.values import (
    ConfigFile,
    Environments,
    Secret,
    SecretFile,
    Setting,
    Value,
    Variables,
)

GATEWAY = "gateway"
"""The caller that stands for the world outside: requests that come in through the gateway."""


class Kind(StrEnum):
    """What Kubernetes makes of a service."""

    DEPLOYMENT = "Deployment"
    STATEFUL_SET = "StatefulSet"
    JOB = "Job"
    """Runs to its end once per version, before the services that need it roll."""
    CRON_JOB = "CronJob"


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


@dataclass(frozen=True, kw_only=True)
class Port:
    """A further port of a service, behind a Kubernetes Service of its own.

    name          of the port, and in `Address`
    port          on which the process listens; `service_port` is what others use
    called        name of the Kubernetes Service, by default `<service>-<name>`
    callers       who may reach it: names of services, or GATEWAY
    """

    name: str
    port: int
    service_port: int | None = None
    called: str | None = None
    callers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outside:
    """A target outside our services that a service talks to, by TCP `port`.

    `who` is for readers: policies know addresses only. Outside the cluster, unless `namespace` says
    in which one of the cluster's other pods; `port` is then that of the pods.
    """

    who: str
    port: int = 443
    namespace: str | None = None


@dataclass(frozen=True)
class Schedule:
    """When a service runs: a cron expression, in UTC. `only_in`: environments, all by default."""

    cron: str
    only_in: Environments | None = None


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
    writable: tuple[str, ...] = ("/tmp",)  # noqa: S108 a mount point, not our file
    exempt: Mapping[Hardening, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Entrance:
    """A port that others can reach: what a Kubernetes Service and a NetworkPolicy need to know."""

    name: str
    """As in `Address`; `main` for the port that needs no name."""
    port_name: str
    """Of the port in the pod."""
    called: str
    """Name of the Kubernetes Service."""
    port: int
    service_port: int
    callers: tuple[str, ...]
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
    kind          what Kubernetes makes of it
    only_in       environments in which it exists, all by default
    part          optional part of the platform that it belongs to, switched by `serlo:parts`
    port          on which the process listens, None if it does not; `service_port` is what others
                  use, `called` the name of the Kubernetes Service if not `name`
    ports         further ports
    command, args instead of the image's own
    probes        of the main container
    resources     for the main container, unless the stack file says otherwise
    replicas      unless the stack file says otherwise; `target_cpu` in percent of the request
    recreate      stop the old pod before the new one starts: two at once would do harm
    storage       of a StatefulSet
    schedule      of a CronJob; a Job may have one besides
    needs         services that must be there before this rolls; Jobs must have run to their end
    env           environment variables, in the order in which they are shown
    files         secrets and configuration as files
    init          containers that run to their end before the pod's others start
    sidecars      containers beside the main one
    writable      folders the process may write to, emptied with the pod; all else is read-only
    user          numeric user and group the process runs as, never 0
    exempt        rules of hardening that do not hold for it, each with the reason
    callers       who may reach it: names of services, or GATEWAY
    outside       whom it talks to besides the services that name it as a caller
    host          first label of its public host, e.g. "api" for api.serlo.org
    path          of the public host, and all below
    catch_all     it answers for the zone's apex and every host that no other service has
    pool          node pool, the part of its name after the cluster's
    shutdown      seconds a pod may take to finish its requests before it is killed
    active_deadline_seconds
                  after which a run of a Job or CronJob counts as failed
    third_party   others release it: their tags may start with v
    """

    name: str
    namespace: str
    source: str
    image: str
    channel: Channel
    version_of: str | None = None
    kind: Kind = Kind.DEPLOYMENT
    only_in: Environments | None = None
    part: str | None = None
    port: int | None = None
    service_port: int | None = None
    called: str | None = None
    ports: tuple[Port, ...] = ()
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    probes: Probes | None = None
    resources: Resources
    replicas: Replicas = Replicas()
    target_cpu: int = 80
    recreate: bool = False
    storage: Storage | None = None
    schedule: Schedule | None = None
    needs: tuple[str, ...] = ()
    env: Variables = field(default_factory=lambda: MappingProxyType({}))
    files: tuple[SecretFile | ConfigFile, ...] = ()
    init: tuple[Container, ...] = ()
    sidecars: tuple[Container, ...] = ()
    writable: tuple[str, ...] = ("/tmp",)  # noqa: S108 a mount point, not our file
    user: int = 1000
    exempt: Mapping[Hardening, str] = field(default_factory=lambda: MappingProxyType({}))
    callers: tuple[str, ...] = ()
    outside: tuple[Outside, ...] = ()
    host: str | None = None
    path: str = "/"
    catch_all: bool = False
    pool: str = "non-preemptible"
    shutdown: int = 30
    active_deadline_seconds: int = 3600
    third_party: bool = False

    @property
    def version_key(self) -> str:
        """The name under which `serlo:versions` holds its version."""
        return self.version_of or self.name

    @property
    def serves(self) -> bool:
        """Whether it runs all the time, rather than to an end."""
        return self.kind in {Kind.DEPLOYMENT, Kind.STATEFUL_SET}

    @property
    def single(self) -> bool:
        """Whether it must never run twice at once, so that no stack file may say how often."""
        return self.recreate or self.storage is not None or not self.serves

    @property
    def entrances(self) -> tuple[Entrance, ...]:
        """Every port that others can reach, the main one first."""
        main: list[Entrance] = []
        if self.port is not None:
            used = self.service_port or self.port
            asked = self.probes is not None and self.probes.readiness_path is not None
            protocol = "http" if asked or GATEWAY in self.callers else "tcp"
            called = self.called or self.name
            main.append(
                Entrance("main", protocol, called, self.port, used, self.callers, self.name)
            )
        further = (
            Entrance(
                port.name,
                port.name,
                port.called or f"{self.name}-{port.name}",
                port.port,
                port.service_port or port.port,
                port.callers,
                f"{self.name}-{port.name}",
            )
            for port in self.ports
        )
        return (*main, *further)

    def entrance(self, port: str | None = None) -> Entrance | None:
        """The entrance of that name, by default the main one; None if there is no such."""
        return next((e for e in self.entrances if e.name == (port or "main")), None)

    @property
    def all_callers(self) -> frozenset[str]:
        """Every client that may reach any of its ports."""
        return frozenset(caller for entrance in self.entrances for caller in entrance.callers)

    @property
    def reached_at(self) -> int:
        """The main port of the Kubernetes Service; raises ValueError if there is none."""
        entrance = self.entrance()
        if entrance is None:
            raise ValueError(f"{self.name} listens on no port")
        return entrance.service_port

    def address(self, port: str | None = None, scheme: str | None = None) -> str:
        """Host and port for callers inside the cluster; raises ValueError for an unknown port."""
        entrance = self.entrance(port)
        if entrance is None:
            raise ValueError(f"{self.name} has no port {port or 'of its own'}")
        at = f"{entrance.called}.{self.namespace}"
        if scheme is None:
            return f"{at}:{entrance.service_port}"
        implied = scheme == "http" and entrance.service_port == 80
        return f"{scheme}://{at}" + ("" if implied else f":{entrance.service_port}")

    def values(self) -> Iterator[tuple[str, Value]]:
        """Every value of every container and file, by name."""
        yield from self.env.items()
        yield from _values_in(self.files)
        for container in (*self.init, *self.sidecars):
            yield from container.env.items()
            yield from _values_in(container.files)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every secret it uses, in order of appearance, each once."""
        found = [value for _, value in self.values() if isinstance(value, Secret)]
        return tuple(dict.fromkeys(found))

    @property
    def settings(self) -> Mapping[str, Setting]:
        """The values the stack file may set."""
        return {name: value for name, value in self.values() if isinstance(value, Setting)}


def allowed_in(service: Service, environment: str) -> bool:
    """Whether the environment can have the service, whether it is switched off or on."""
    return service.only_in is None or environment in service.only_in


def exists_in(service: Service, environment: str, parts: Mapping[str, object]) -> bool:
    """Whether the environment has the service; `parts` are the optional ones, on or off."""
    return allowed_in(service, environment) and (
        service.part is None or parts.get(service.part) is True
    )


def _values_in(files: tuple[SecretFile | ConfigFile, ...]) -> Iterator[tuple[str, Value]]:
    for file in files:
        if isinstance(file, SecretFile):
            yield file.path, file.secret
        else:
            yield from file.values.items()
