"""Which HTTPRoute, Service and pods answer a request in the cluster, by declarations alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from infra.recorder import Registration
from k8s import JsonObject, items, section
from k8s.properties import UNKNOWN, Secret
from operations.rehearsed.summary import version_of
from rehearsal.origin.cache import Key
from rehearsal.origin.routes import Request, Rule, find, table, why_none


@dataclass(frozen=True)
class Pods:
    """What makes the pods behind a Service, and the version of the container that listens."""

    namespace: str
    kind: str
    name: str
    replicas: str
    version: str
    image: str


@dataclass(frozen=True)
class Backend:
    """Who answers in the cluster: names of HTTPRoute and Service, and the pods behind."""

    host: str
    http_route: str
    service: str
    port: int
    pods: tuple[Pods, ...]


@dataclass(frozen=True)
class NoBackend:
    """No declared service answers."""

    host: str
    why: str


class DeclaredObjects:
    """The objects that a stack registers, as far as they decide who answers."""

    def __init__(self, registrations: Iterable[Registration]) -> None:
        self._objects: dict[str, dict[Key, JsonObject]] = {}
        for entry in registrations:
            if entry.type.startswith("kubernetes:") and entry.is_declared:
                thing = cast(JsonObject, _open(entry.properties))
                metadata = section(thing, "metadata")
                key = str(metadata.get("namespace", "")), str(metadata["name"])
                self._objects.setdefault(str(thing["kind"]), {})[key] = thing
        self._rules = table(self._of("HTTPRoute"), self._of("Gateway"), self._of("Namespace"))

    def answering(self, request: Request) -> Backend | NoBackend:
        """Who answers a request at the gateway."""
        rule = find(self._rules, request)
        if rule is None:
            return NoBackend(request.host, why_none(self._rules, self._of("HTTPRoute"), request))
        for backend in items(rule.rule, "backendRefs"):
            if backend.get("weight", 1):
                return self._backend(request.host, rule, backend)
        return NoBackend(request.host, f"HTTPRoute {rule.namespace}/{rule.route} has no backend")

    def _backend(self, host: str, rule: Rule, reference: JsonObject) -> Backend | NoBackend:
        key = str(reference.get("namespace", rule.namespace)), str(reference["name"])
        name = "/".join(key)
        service = self._of("Service").get(key)
        if service is None:
            return NoBackend(host, f"the Service {name} is not declared")
        port = int(reference["port"])
        return Backend(
            host,
            f"{rule.namespace}/{rule.route}",
            name,
            port,
            tuple(self._pods(key, service, port)),
        )

    def _pods(self, key: Key, service: JsonObject, port: int) -> Iterable[Pods]:
        selector = section(service, "spec", "selector")
        target = next(
            (
                entry.get("targetPort", port)
                for entry in items(service, "spec", "ports")
                if entry["port"] == port
            ),
            port,
        )
        for kind in ("Deployment", "StatefulSet"):
            for (namespace, name), workload in self._of(kind).items():
                template = section(workload, "spec", "template")
                labels = section(template, "metadata", "labels")
                if namespace != key[0] or not selector.items() <= labels.items():
                    continue
                image = str(_listening(items(template, "spec", "containers"), target)["image"])
                replicas = self._replicas(namespace, kind, name, workload)
                yield Pods(namespace, kind, name, replicas, version_of(image), image)

    def _replicas(self, namespace: str, kind: str, name: str, workload: JsonObject) -> str:
        for (other, _), scaler in self._of("HorizontalPodAutoscaler").items():
            target = section(scaler, "spec", "scaleTargetRef")
            if (other, target.get("kind"), target.get("name")) == (namespace, kind, name):
                spec = section(scaler, "spec")
                return f"{_number(spec['minReplicas'])} to {_number(spec['maxReplicas'])}"
        return _number(section(workload, "spec").get("replicas", 1))

    def _of(self, kind: str) -> Mapping[Key, JsonObject]:
        return self._objects.get(kind, {})


def _listening(containers: Sequence[JsonObject], target: object) -> JsonObject:
    for container in containers:
        for port in items(container, "ports"):
            if target in (port.get("name"), port["containerPort"]):
                return container
    return containers[0]


def _number(value: Any) -> str:
    return f"{float(value):g}"


def _open(value: Any) -> Any:
    """The value with what is secret in it: stand-ins, since the program ran with no others."""
    if isinstance(value, Secret):
        return _open(value.value)
    if value is UNKNOWN:
        return None
    if isinstance(value, Mapping):
        return {key: _open(member) for key, member in cast(Mapping[str, Any], value).items()}
    if isinstance(value, list):
        return [_open(member) for member in cast(list[Any], value)]
    return value
