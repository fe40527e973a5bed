"""Service: the words in which a microservice is declared. Plain data, no Pulumi.

A declaration says what holds everywhere; what differs between environments stands in the stack
files: the version, and below `serlo:services.<name>` replicas, resources and settings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from infra import quantity
from infra.release import Channel

GATEWAY = "gateway"
"""The caller that stands for the world outside: requests that come in through the gateway."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """An environment variable whose value is no secret and may differ between environments.

    Without a default the stack file has to give it: `serlo:services.<service>.settings.<NAME>`.
    """

    default: str | None = None


@dataclass(frozen=True)
class Secret:
    """A value from `serlo:secrets.<name>`, which reaches the pod through a Kubernetes Secret.

    `only_in`: the environments that have it, all by default; elsewhere the variable is empty.
    """

    name: str
    only_in: frozenset[str] | None = None


class Fact(Enum):
    """An environment variable whose value follows from the environment or the release."""

    ENVIRONMENT = "the name of the environment, e.g. staging"
    VERSION = "the version that runs, without digest"


@dataclass(frozen=True)
class Address:
    """Where another service of ours listens inside the cluster: `<name>.<namespace>:<port>`."""

    service: str


Value = str | Setting | Secret | Fact | Address
"""What an environment variable holds. A plain string is the same in every environment."""


@dataclass(frozen=True)
class SecretFile:
    """A secret that the process reads from a file, mounted read-only at `path`."""

    path: str
    secret: Secret


@dataclass(frozen=True)
class Egress:
    """A TCP connection that a service opens to somewhere that is no service of ours.

    `host` is for readers: policies know addresses only, so the port is open to the whole Internet,
    or, if `private`, to our own network alone (the databases beside the cluster).
    """

    host: str
    port: int
    private: bool = False


@dataclass(frozen=True, kw_only=True)
class Health:
    """How Kubernetes asks whether a pod works: by GET of `path`, or by connecting if None.

    Times in seconds. A pod has `start_within` to answer at first, takes no requests while it fails
    (asked every `ready_every`), and is restarted after three failures (asked every `alive_every`).
    """

    path: str | None
    start_within: int = 60
    ready_every: int = 5
    alive_every: int = 30


@dataclass(frozen=True)
class Amount:
    """Processors (`175m`) and memory (`350Mi`)."""

    cpu: str
    memory: str


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a pod is given for certain (requests) and may not exceed (limits)."""

    requests: Amount
    limits: Amount


@dataclass(frozen=True)
class Replicas:
    """How few and how many pods there may be; between them decides the load on processors."""

    min: int = 1
    max: int = 5


@dataclass(frozen=True, kw_only=True)
class Service:
    """One microservice: one container image, run by a Deployment, reached through a Service.

    name          of every Kubernetes object and of the version in the stack files
    namespace     in which it runs
    source        GitHub repository the image is built from, for changelogs
    image         repository of the image, without tag
    channel       how it is released; `version_of` names the service whose version it shares
    port          on which the process listens; `service_port` is what others use
    health        probes
    resources     for a pod, unless the stack file says otherwise
    replicas      unless the stack file says otherwise; `target_cpu` in percent of the request
    env           environment variables, in the order in which they are shown
    files         secrets as files
    writable      folders the process may write to, emptied with the pod; all else is read-only
    user          numeric user and group the process runs as, never 0
    callers       who may reach it: names of services, or GATEWAY
    egress        what else it reaches, beyond services that name it as a caller (and DNS)
    host          first label of its public host, e.g. "api" for api.serlo.org
    pool          node pool, the part of its name after the cluster's
    shutdown      seconds a pod may take to finish its requests before it is killed
    third_party   others release it: their tags may start with v
    """

    name: str
    namespace: str
    source: str
    image: str
    channel: Channel
    version_of: str | None = None
    port: int
    service_port: int | None = None
    health: Health
    resources: Resources
    replicas: Replicas = Replicas()
    target_cpu: int = 80
    env: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    files: tuple[SecretFile, ...] = ()
    writable: tuple[str, ...] = ("/tmp",)  # noqa: S108 a mount point, not a file of ours
    user: int = 1000
    callers: tuple[str, ...] = ()
    egress: tuple[Egress, ...] = ()
    host: str | None = None
    pool: str = "non-preemptible"
    shutdown: int = 30
    third_party: bool = False

    @property
    def version_key(self) -> str:
        """The name under which `serlo:versions` holds its version."""
        return self.version_of or self.name

    @property
    def reached_at(self) -> int:
        """The port of the Kubernetes Service."""
        return self.service_port or self.port

    @property
    def address(self) -> str:
        """Host and port for callers inside the cluster."""
        return f"{self.name}.{self.namespace}:{self.reached_at}"

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every secret it uses, in order of appearance, each once."""
        values = [*self.env.values(), *(file.secret for file in self.files)]
        return tuple(dict.fromkeys(value for value in values if isinstance(value, Secret)))

    @property
    def settings(self) -> Mapping[str, Setting]:
        """The variables the stack file may set."""
        return {name: value for name, value in self.env.items() if isinstance(value, Setting)}


class DeclarationError(ValueError):
    """A mistake in a declaration, which only a change of code can mend."""


def check_catalogue(services: tuple[Service, ...]) -> None:
    """Refuse services that do not fit together; raises DeclarationError naming all mistakes."""
    known = {service.name: service for service in services}
    wrong = [f"two services are named {name}" for name in _repeated(services)]
    for service in services:
        wrong += [f"{service.name}: {mistake}" for mistake in _mistakes(service, known)]
    if wrong:
        raise DeclarationError("\n".join(wrong))


def _repeated(services: tuple[Service, ...]) -> list[str]:
    names = [service.name for service in services]
    return sorted({name for name in names if names.count(name) > 1})


def _mistakes(service: Service, known: Mapping[str, Service]) -> list[str]:
    wrong = [
        f"caller {caller!r} is no service; declared are {', '.join(known)} and {GATEWAY}"
        for caller in service.callers
        if caller not in known and caller != GATEWAY
    ]
    for name, value in service.env.items():
        if not isinstance(value, Address):
            continue
        target = known.get(value.service)
        if target is None:
            wrong.append(f"{name} holds the address of {value.service!r}, which is no service")
        elif service.name not in target.callers:
            wrong.append(f"{name}: {value.service} does not name {service.name} among its callers")
    if service.version_of is not None and service.version_of not in known:
        wrong.append(f"shares the version of {service.version_of!r}, which is no service")
    if service.host is not None and GATEWAY not in service.callers:
        wrong.append(f"is public at {service.host!r} but does not name {GATEWAY!r} as a caller")
    if not 0 < service.user < 2**31:
        wrong.append(f"runs as user {service.user}; allowed is any but root")
    return wrong + _wrong_amounts(service.resources)


def _wrong_amounts(resources: Resources) -> list[str]:
    try:
        ordered = (
            quantity.cpu(resources.requests.cpu) <= quantity.cpu(resources.limits.cpu),
            quantity.memory(resources.requests.memory) <= quantity.memory(resources.limits.memory),
        )
    except ValueError as error:
        return [f"resources: allowed is {error}"]
    return [] if all(ordered) else ["resources: a request exceeds its limit"]
