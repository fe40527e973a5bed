"""A service as one environment runs it: the declaration and the stack file, put together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from json import dumps
from string import Template

from infra.declaration import service as words
from infra.declaration.release import Image
from infra.declaration.service import Amount, Hardening, Job, Probes, Replicas, Resources, Service
from infra.declaration.values import (
    Address,
    ConfigFile,
    Content,
    EnvironmentValue,
    SecretFile,
    SecretRef,
    Setting,
    Value,
    Variables,
)
from infra.stack.environment import Environment


@dataclass(frozen=True, kw_only=True)
class File:
    """A file in a container: mounted at `path`, kept under `key` in a ConfigMap or Secret."""

    path: str
    key: str
    content: Content
    values: Mapping[str, str | SecretRef]

    @property
    def is_secret(self) -> bool:
        """Whether any part of it is."""
        return any(isinstance(value, SecretRef) for value in self.values.values())

    def text(self, secrets: Mapping[str, str]) -> str:
        """What stands in it; `secrets` holds the value of each secret by name."""
        texts = {
            name: secrets[value.name] if isinstance(value, SecretRef) else value
            for name, value in self.values.items()
        }
        filled = _filled(self.content, texts)
        return filled if isinstance(filled, str) else dumps(filled, indent=2) + "\n"


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container with everything decided. `env` holds each variable's text, or its Secret."""

    name: str
    image: Image
    command: tuple[str, ...]
    args: tuple[str, ...]
    ports: tuple[tuple[str, int], ...]
    probes: Probes | None
    resources: Resources
    env: tuple[tuple[str, str | SecretRef], ...]
    files: tuple[File, ...]
    empty_dirs: tuple[str, ...]
    exempt: Mapping[Hardening, str]


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What runs: everything decided, secrets named but without their values.

    `containers` starts with the main one; `init_containers` run before them. `hosts` are
    those under which the world reaches it. `cron` is when it runs, if it does by the clock.
    `depends_on` are the services of this environment that must be there, or have run, before it.
    `protected` guards what would be lost with it.
    """

    service: Service
    image: Image
    replicas: Replicas
    containers: tuple[Container, ...]
    init_containers: tuple[Container, ...]
    hosts: tuple[str, ...]
    node_pool: str
    cron: str | None
    depends_on: tuple[str, ...]
    protected: bool

    @property
    def main(self) -> Container:
        """The container that the service is named after."""
        return self.containers[0]

    @property
    def env(self) -> tuple[tuple[str, str | SecretRef], ...]:
        """The variables of the main container."""
        return self.main.env

    @property
    def resources(self) -> Resources:
        """Those of the main container."""
        return self.main.resources

    @property
    def host(self) -> str | None:
        """The first of its public hosts."""
        return self.hosts[0] if self.hosts else None

    @property
    def files(self) -> tuple[File, ...]:
        """Every file of every container."""
        return tuple(file for c in (*self.init_containers, *self.containers) for file in c.files)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the secrets it uses, each once, in a fixed order."""
        values = [value for c in (*self.init_containers, *self.containers) for _, value in c.env]
        values += [value for file in self.files for value in file.values.values()]
        return tuple(sorted({value.name for value in values if isinstance(value, SecretRef)}))

    @property
    def most_pods(self) -> int:
        """How many pods of it there may be at once, those of a rollout included."""
        if isinstance(self.service.kind, Job):
            return 2 if self.cron else 1
        if self.service.single or not self.service.serves:
            return self.replicas.max if self.service.serves else 1
        return self.replicas.max + 1


def workloads(environment: Environment) -> tuple[Workload, ...]:
    """Every service as the environment runs it: by name, but after those that it needs."""
    resolved = {service.name: resolve(service, environment) for service in environment.services}
    order = TopologicalSorter({name: workload.depends_on for name, workload in resolved.items()})
    return tuple(resolved[name] for name in order.static_order())


def resolve(service: Service, environment: Environment) -> Workload:
    """One service as the environment runs it."""
    overrides = environment.overrides.get(service.name)
    replicas, resources, pool = service.replicas, service.resources, service.node_pool
    if overrides is not None and overrides.replicas is not None:
        replicas = Replicas(overrides.replicas.min, overrides.replicas.max)
    if overrides is not None and overrides.resources is not None:
        requests, limits = overrides.resources.requests, overrides.resources.limits
        resources = Resources(
            requests=Amount(requests.cpu, requests.memory), limits=Amount(limits.cpu, limits.memory)
        )
    if overrides is not None and overrides.node_pool is not None:
        pool = overrides.node_pool
    image = Image(service.image, environment.versions[service.version_key])
    main = Container(
        name=service.name,
        image=image,
        command=service.command,
        args=service.args,
        ports=tuple((e.port_name, e.target_port) for e in service.service_ports),
        probes=service.probes,
        resources=resources,
        env=tuple(_resolved(service.env, service, environment)),
        files=tuple(_files(service.files, "", service, environment)),
        empty_dirs=service.empty_dirs,
        exempt=service.exempt,
    )
    present = {other.name for other in environment.services}
    schedule = service.schedule
    runs_by_clock = schedule is not None and _applies(schedule.environments, environment)
    return Workload(
        service=service,
        image=image,
        replicas=replicas,
        containers=(main, *(_further(c, service, environment) for c in service.sidecars)),
        init_containers=tuple(_further(c, service, environment) for c in service.init_containers),
        hosts=tuple(_hosts(service, environment)),
        node_pool=environment.node_pool(pool),
        cron=schedule.cron if schedule is not None and runs_by_clock else None,
        depends_on=tuple(name for name in service.depends_on if name in present),
        protected=environment.is_production and service.storage is not None,
    )


def _further(declared: words.Container, service: Service, environment: Environment) -> Container:
    return Container(
        name=declared.name,
        image=Image(declared.image, environment.versions[service.version_key]),
        command=declared.command,
        args=declared.args,
        ports=() if declared.port is None else ((declared.name[:15], declared.port),),
        probes=declared.probes,
        resources=declared.resources,
        env=tuple(_resolved(declared.env, service, environment)),
        files=tuple(_files(declared.files, f"{declared.name}.", service, environment)),
        empty_dirs=declared.empty_dirs,
        exempt=declared.exempt,
    )


def _hosts(service: Service, environment: Environment) -> Iterator[str]:
    if service.host is not None:
        yield environment.host(service.host)
    if service.catch_all:
        yield environment.domain
        yield environment.host("*")


def _files(
    files: tuple[SecretFile | ConfigFile, ...],
    prefix: str,
    service: Service,
    environment: Environment,
) -> Iterator[File]:
    for file in files:
        if isinstance(file, ConfigFile):
            facts: dict[str, str | SecretRef] = {
                "domain": environment.domain,
                "environment": environment.name,
            }
            yield File(
                path=file.path,
                key=prefix + file.path.strip("/").replace("/", "."),
                content=file.content,
                values=facts | dict(_resolved(file.values, service, environment)),
            )
        elif _applies(file.secret.environments, environment):
            secret = file.secret
            yield File(
                path=file.path, key=secret.name, content="${value}", values={"value": secret}
            )


def _resolved(
    variables: Variables, service: Service, environment: Environment
) -> Iterator[tuple[str, str | SecretRef]]:
    overrides = environment.overrides.get(service.name)
    settings = overrides.settings if overrides is not None else {}
    for name, value in variables.items():
        if isinstance(value, SecretRef) and _applies(value.environments, environment):
            yield name, value
        elif isinstance(value, Setting):
            # The stack file was checked: a setting without default is in it.
            yield name, settings.get(name, value.default or "")
        else:
            yield name, _text(value, service, environment)


def _applies(environments: words.Environments | None, environment: Environment) -> bool:
    return environments is None or environment.name in environments


def _text(value: Value, service: Service, environment: Environment) -> str:
    match value:
        case str():
            return value
        case EnvironmentValue.ENVIRONMENT:
            return environment.name
        case EnvironmentValue.VERSION:
            return environment.versions[service.version_key].tag
        case EnvironmentValue.GERMAN_HOST:
            return environment.host("de")
        case Address():
            found = (s for s in environment.services if s.name == value.service)
            target = next(found, None)
            return target.address(value.port, value.scheme) if target is not None else ""
        case _:
            return ""  # a secret that this environment does not have


def _filled(content: Content, texts: Mapping[str, str]) -> Content:
    if isinstance(content, str):
        return Template(content).substitute(texts)
    if isinstance(content, Mapping):
        return {key: _filled(member, texts) for key, member in content.items()}
    if isinstance(content, (list, tuple)):
        return [_filled(member, texts) for member in content]
    return content
