"""From a rule of a route to the pod that answers: Service, EndpointSlices, Pod."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

from k8s import JsonObject, items, section
from rehearsal.origin.cache import Key
from rehearsal.origin.routes import Rule

_IMAGE = re.compile(
    r"(?P<name>[^@]*?)(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]*))?(?:@(?P<digest>.+))?"
)
# What changes neither the answer of a simulated pod nor who gives it.
_HARMLESS_FILTERS = {"RequestHeaderModifier", "ResponseHeaderModifier"}


class NoBackend(Exception):
    """No pod can answer. `status` is what a gateway would send."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Pod:
    """A pod that answers, and the container of it that listens on the service's port."""

    service: str
    namespace: str
    name: str
    node: str
    container: str
    image: str

    @property
    def version(self) -> str:
        """The image's tag, or its digest when it has no tag."""
        found = _IMAGE.fullmatch(self.image)
        return (found["tag"] or found["digest"] or "") if found else ""

    @property
    def digest(self) -> str:
        """The image's digest, if it is given by one."""
        return self.image.partition("@")[2]


@dataclass(frozen=True)
class Snapshot:
    """The objects of one moment."""

    services: Mapping[Key, JsonObject]
    slices: Mapping[Key, list[JsonObject]]
    """EndpointSlices by the namespace and name of their Service."""
    pods: Mapping[Key, JsonObject]
    grants: Mapping[Key, JsonObject]
    routes: Mapping[Key, JsonObject]
    """All HTTPRoutes, those that no Gateway admits too."""


class Balancer:
    """Chooses among backends by weight, and among the ready pods of one in turn."""

    def __init__(self) -> None:
        self._turns: dict[object, count[int]] = {}

    def choose(self, rule: Rule, snapshot: Snapshot) -> Pod:
        """The pod that answers a request under `rule`. Raises NoBackend."""
        for entry in items(rule.rule, "filters"):
            if entry["type"] not in _HARMLESS_FILTERS:
                raise NoBackend(501, f"{_name(rule)}: the filter {entry['type']} is not simulated")
        backend = self._backend(rule)
        namespace = backend.get("namespace", rule.namespace)
        port = _service_port(rule, backend, namespace, snapshot)
        pods = ready_pods(snapshot, namespace, backend["name"], port)
        if not pods:
            raise NoBackend(503, f"no pod of the Service {namespace}/{backend['name']} is ready")
        return pods[self._turn((namespace, backend["name"]), len(pods))]

    def _backend(self, rule: Rule) -> JsonObject:
        backends = items(rule.rule, "backendRefs")
        total: int = sum(backend.get("weight", 1) for backend in backends)
        if total == 0:
            raise NoBackend(500, f"{_name(rule)}: no backend has a weight above 0")
        turn = self._turn((rule.namespace, rule.route, rule.order), total)
        for backend in backends:
            turn -= backend.get("weight", 1)
            if turn < 0:
                return backend
        raise AssertionError("a turn is less than the sum of all weights")

    def _turn(self, key: object, length: int) -> int:
        return next(self._turns.setdefault(key, count())) % length


def ready_pods(snapshot: Snapshot, namespace: str, name: str, port: JsonObject) -> list[Pod]:
    """The pods that get traffic of a Service: ready, not terminating, known to the cluster."""
    found: dict[str, Pod] = {}
    for endpoint_slice in snapshot.slices.get((namespace, name), []):
        for endpoint in items(endpoint_slice, "endpoints"):
            target = section(endpoint, "targetRef")
            pod = snapshot.pods.get((namespace, target.get("name", "")))
            ready = section(endpoint, "conditions").get("ready", True)
            if pod is None or not ready or not _takes_traffic(pod, target.get("uid")):
                continue
            container = _container(pod, port)
            found[pod["metadata"]["name"]] = Pod(
                service=name,
                namespace=namespace,
                name=pod["metadata"]["name"],
                node=pod["spec"].get("nodeName", ""),
                container=container["name"],
                image=container["image"],
            )
    return [found[name] for name in sorted(found)]


def _service_port(
    rule: Rule, backend: JsonObject, namespace: str, snapshot: Snapshot
) -> JsonObject:
    """The port of its Service that a backend names. A wrong reference is a 500, as elsewhere."""
    where = f"Service {namespace}/{backend['name']}"
    if backend.get("kind", "Service") != "Service" or backend.get("group", ""):
        raise NoBackend(500, f"{_name(rule)}: {backend.get('kind')} is no kind of backend here")
    if namespace != rule.namespace and not _granted(rule, backend, namespace, snapshot):
        raise NoBackend(500, f"{_name(rule)}: no ReferenceGrant in {namespace} allows the {where}")
    service = snapshot.services.get((namespace, backend["name"]))
    if service is None:
        raise NoBackend(500, f"{_name(rule)}: there is no {where}")
    for port in items(service, "spec", "ports"):
        if port["port"] == backend.get("port"):
            return port
    raise NoBackend(500, f"{_name(rule)}: the {where} has no port {backend.get('port')}")


def _granted(rule: Rule, backend: JsonObject, namespace: str, snapshot: Snapshot) -> bool:
    for (grant_namespace, _), grant in snapshot.grants.items():
        if grant_namespace != namespace:
            continue
        sources, targets = items(grant, "spec", "from"), items(grant, "spec", "to")
        if any(
            source["kind"] == "HTTPRoute" and source["namespace"] == rule.namespace
            for source in sources
        ) and any(
            target["kind"] == "Service" and target.get("name", backend["name"]) == backend["name"]
            for target in targets
        ):
            return True
    return False


def _takes_traffic(pod: JsonObject, uid: str | None) -> bool:
    # The EndpointSlice may be older than the pod is: what the pod itself says counts too.
    if pod["metadata"].get("deletionTimestamp") or (uid and pod["metadata"]["uid"] != uid):
        return False
    conditions = items(pod, "status", "conditions")
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _container(pod: JsonObject, port: JsonObject) -> JsonObject:
    """The container behind a port of the Service; the first when no container names the port."""
    wanted = port.get("targetPort", port["port"])
    containers = items(pod, "spec", "containers")
    for container in containers:
        for own in items(container, "ports"):
            if wanted in (own.get("name"), own["containerPort"]):
                return container
    return containers[0]


def _name(rule: Rule) -> str:
    return f"HTTPRoute {rule.namespace}/{rule.route}"
