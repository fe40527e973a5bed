"""A service as one environment runs it: the declaration and the stack file, put together."""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.environment import Environment
from infra.release import Image
from infra.service import (
    Address,
    Amount,
    Fact,
    Replicas,
    Resources,
    Secret,
    Service,
    Setting,
    Value,
)


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What runs: everything decided, secrets named but without their values.

    `env` holds each variable's text, or the Secret it comes from; `files` the mount path of each
    secret that is read as a file.
    """

    service: Service
    image: Image
    replicas: Replicas
    resources: Resources
    env: tuple[tuple[str, str | Secret], ...]
    files: tuple[tuple[str, Secret], ...]
    host: str | None
    node_pool: str

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the secrets it uses, each once, in a fixed order."""
        values = [value for _, value in (*self.env, *self.files)]
        return tuple(sorted({value.name for value in values if isinstance(value, Secret)}))


def workloads(environment: Environment) -> tuple[Workload, ...]:
    """Every service as the environment runs it, ordered by name."""
    return tuple(resolve(service, environment) for service in environment.services)


def resolve(service: Service, environment: Environment) -> Workload:
    """One service as the environment runs it."""
    overrides = environment.overrides.get(service.name)
    replicas, resources = service.replicas, service.resources
    if overrides is not None and overrides.replicas is not None:
        replicas = Replicas(overrides.replicas.min, overrides.replicas.max)
    if overrides is not None and overrides.resources is not None:
        requests, limits = overrides.resources.requests, overrides.resources.limits
        resources = Resources(
            requests=Amount(requests.cpu, requests.memory), limits=Amount(limits.cpu, limits.memory)
        )
    return Workload(
        service=service,
        image=Image(service.image, environment.versions[service.version_key]),
        replicas=replicas,
        resources=resources,
        env=tuple(_env(service, environment)),
        files=tuple(
            (file.path, file.secret)
            for file in service.files
            if _applies(file.secret, environment.name)
        ),
        host=environment.host(service.host) if service.host else None,
        node_pool=environment.node_pool(service.pool),
    )


def _env(service: Service, environment: Environment) -> Iterator[tuple[str, str | Secret]]:
    overrides = environment.overrides.get(service.name)
    settings = overrides.settings if overrides is not None else {}
    for name, value in service.env.items():
        if isinstance(value, Secret) and _applies(value, environment.name):
            yield name, value
        elif isinstance(value, Setting):
            # The stack file was checked: a setting without default is in it.
            yield name, settings.get(name, value.default or "")
        else:
            yield name, _text(value, service, environment)


def _applies(secret: Secret, environment: str) -> bool:
    return secret.only_in is None or environment in secret.only_in


def _text(value: Value, service: Service, environment: Environment) -> str:
    match value:
        case str():
            return value
        case Fact.ENVIRONMENT:
            return environment.name
        case Fact.VERSION:
            return environment.versions[service.version_key].tag
        case Address():
            return next(s.address for s in environment.services if s.name == value.service)
        case _:
            return ""  # a secret that this environment does not have
