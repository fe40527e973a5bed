"""Declarations that do not fit together are refused, all mistakes at once."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from string import Template

from infra.declaration import quantity
from infra.declaration.service import GATEWAY, Hardening, Resources, Service
from infra.declaration.values import Address, ConfigFile, Content

KNOWN_IN_FILES = frozenset({"domain", "environment"})
"""What every configuration file may refer to."""

_FEWEST_WORDS_OF_A_REASON = 3


class DeclarationError(ValueError):
    """A mistake in a declaration, which only a change of code can fix."""


def check_catalogue(services: tuple[Service, ...]) -> None:
    """Refuse services that do not fit together; raises DeclarationError naming all mistakes."""
    known = {service.name: service for service in services}
    wrong = [f"two services are named {name}" for name in _repeated(s.name for s in services)]
    called = [f"{s.namespace}/{e.service_name}" for s in services for e in s.service_ports]
    wrong += [f"two Kubernetes Services are called {name}" for name in _repeated(called)]
    for service in services:
        wrong += [f"{service.name}: {mistake}" for mistake in _mistakes(service, known)]
    wrong += _circles(known)
    if wrong:
        raise DeclarationError("\n".join(wrong))


def _circles(known: Mapping[str, Service]) -> list[str]:
    needs = {name: [n for n in s.depends_on if n in known] for name, s in known.items()}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return [f"these depend on each other: {', '.join(error.args[1])}"]
    return []


def _repeated(names: Iterable[str]) -> list[str]:
    listed = list(names)
    return sorted({name for name in listed if listed.count(name) > 1})


def _mistakes(service: Service, known: Mapping[str, Service]) -> Iterator[str]:
    yield from _neighbours(service, known)
    yield from _shape(service)
    yield from _files(service)
    if not 0 < service.run_as_user < 2**31:
        yield f"runs as user {service.run_as_user}; expected any user except root"
    containers = (*service.init_containers, *service.sidecars)
    for name in _repeated([service.name, *(container.name for container in containers)]):
        yield f"two containers are named {name}"
    for exempt in (service.exempt, *(container.exempt for container in containers)):
        for rule, reason in exempt.items():
            if len(reason.split()) < _FEWEST_WORDS_OF_A_REASON:
                yield f"is exempt from {rule} without a reason that explains it"
    if service.patch is not None and len(service.patch.reason.split()) < _FEWEST_WORDS_OF_A_REASON:
        yield "has a patch without a reason that explains it"
    for resources in (service.resources, *(container.resources for container in containers)):
        yield from _wrong_amounts(resources)


def _neighbours(service: Service, known: Mapping[str, Service]) -> Iterator[str]:
    for client in sorted(service.all_allowed_clients):
        if client not in known and client != GATEWAY:
            yield f"client {client!r} is no service; declared are {', '.join(known)} and {GATEWAY}"
    for name, value in service.values():
        if isinstance(value, Address):
            yield from _wrong_address(service.name, name, value, known)
    if service.version_of is not None:
        other = known.get(service.version_of)
        if other is None:
            yield f"shares the version of {service.version_of!r}, which is no service"
        elif other.version_of is not None:
            yield f"shares the version of {other.name}, which shares another's: name that one"
    for needed in service.depends_on:
        if needed not in known:
            yield f"depends on {needed!r}, which is no service"


def _wrong_address(
    service: str, name: str, address: Address, known: Mapping[str, Service]
) -> Iterator[str]:
    target = known.get(address.service)
    if target is None:
        yield f"{name} holds the address of {address.service!r}, which is no service"
        return
    port = target.service_port(address.port)
    if port is None:
        yield f"{name}: {target.name} has no port {address.port or 'to listen on'}"
    elif service not in port.allowed_clients:
        yield f"{name}: {target.name} does not name {service} among its allowed_clients"


def _shape(service: Service) -> Iterator[str]:
    is_public = service.host is not None or service.catch_all
    if is_public and GATEWAY not in service.allowed_clients:
        yield f"is public at {service.host!r} but does not allow {GATEWAY!r} as a client"
    if service.allowed_clients and service.port is None:
        yield "allows clients but has no port"
    if service.serves and service.probes is None and Hardening.PROBES not in service.exempt:
        yield "runs all the time but says nothing about its health"
    if not service.serves and service.service_ports:
        yield "listens on a port but runs to an end"
    if service.single and service.serves and service.replicas.max != 1:
        yield "must not run twice at once, so say Replicas(1, 1)"
    if service.storage is not None:
        try:
            quantity.memory(service.storage.size)
        except ValueError:
            yield "storage: expected a size such as 10Gi"


def _files(service: Service) -> Iterator[str]:
    containers = ((service.files, service.name), *((c.files, c.name) for c in service.sidecars))
    for files, name in (*containers, *((c.files, c.name) for c in service.init_containers)):
        for path in _repeated(file.path for file in files):
            yield f"two files of {name} are mounted at {path}"
        for file in files:
            if not file.path.startswith("/"):
                yield f"{file.path} is no absolute path"
            if isinstance(file, ConfigFile):
                yield from _config(file)


def _config(file: ConfigFile) -> Iterator[str]:
    for word in sorted(placeholders(file.content) - KNOWN_IN_FILES - file.values.keys()):
        yield f"{file.path} refers to ${{{word}}}, which has no value"
    for secret in file.secrets:
        if secret.environments is not None:
            yield f"{file.path}: {secret.name} has to exist wherever the file does"


def placeholders(content: Content) -> set[str]:
    """The names that the texts of a configuration file refer to."""
    if isinstance(content, str):
        return set(Template(content).get_identifiers())
    if isinstance(content, Mapping):
        return {name for member in content.values() for name in placeholders(member)}
    if isinstance(content, (list, tuple)):
        return {name for member in content for name in placeholders(member)}
    return set()


def _wrong_amounts(resources: Resources) -> list[str]:
    try:
        ordered = (
            quantity.cpu(resources.requests.cpu) <= quantity.cpu(resources.limits.cpu),
            quantity.memory(resources.requests.memory) <= quantity.memory(resources.limits.memory),
        )
    except ValueError as error:
        return [f"resources: expected {error}"]
    return [] if all(ordered) else ["resources: a request exceeds its limit"]
