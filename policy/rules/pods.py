"""What a pod may do, what it may use, and how Kubernetes learns whether it works."""

from collections.abc import Iterator

from policy.facts import Facts
from policy.resources import Resource, containers, entries, fields, pod_spec
from policy.rules.rule import ResourceRule

_HOST_NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")
_HARMLESS_CAPABILITIES = frozenset({"NET_BIND_SERVICE"})
_AMOUNTS = ("cpu", "memory")
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def _host_access(resource: Resource, _: Facts) -> Iterator[str]:
    pod = pod_spec(resource)
    if pod is None:
        return
    yield from (f"the pod sets {name}" for name in _HOST_NAMESPACES if pod.get(name))
    for volume in entries(pod, "volumes"):
        if "hostPath" in volume:
            yield f"volume {volume.get('name')!r} is the node's own folder (hostPath)"
    for container in containers(resource):
        name = container.get("name")
        context = fields(container, "securityContext")
        if context.get("privileged"):
            yield f"container {name!r} is privileged"
        if context.get("allowPrivilegeEscalation") is not False:
            yield f"container {name!r} does not set allowPrivilegeEscalation: false"
        added = set(fields(context, "capabilities").get("add") or ()) - _HARMLESS_CAPABILITIES
        if added:
            yield f"container {name!r} adds the capabilities {', '.join(sorted(added))}"
        for port in entries(container, "ports"):
            if port.get("hostPort"):
                yield f"container {name!r} takes port {port['hostPort']:.0f} of its node"


def _no_bounds(resource: Resource, _: Facts) -> Iterator[str]:
    for container in containers(resource):
        resources = fields(container, "resources")
        missing = [
            f"{part}.{amount}"
            for part in ("requests", "limits")
            for amount in _AMOUNTS
            if not fields(resources, part).get(amount)
        ]
        if missing:
            yield f"container {container.get('name')!r} has no {', '.join(missing)}"


def _no_probes(resource: Resource, _: Facts) -> Iterator[str]:
    if not resource.is_long_running:
        return
    for container in containers(resource):
        missing = [probe for probe in _PROBES if not fields(container, probe)]
        if entries(container, "ports") and missing:
            yield f"container {container.get('name')!r} has no {', '.join(missing)}"


def _token(resource: Resource, _: Facts) -> Iterator[str]:
    pod = pod_spec(resource)
    if pod is not None and pod.get("automountServiceAccountToken") is not False:
        yield "its pods get a token for the Kubernetes API"
    is_account = resource.type.startswith("kubernetes:") and resource.kind == "ServiceAccount"
    if is_account and resource.properties.get("automountServiceAccountToken") is not False:
        yield "pods of this account get a token for the Kubernetes API"


RULES = (
    ResourceRule(
        name="no-host-access",
        description="No pod reaches beyond itself into its node.",
        remedy=(
            "Take it out and set allowPrivilegeEscalation: false. Services need nothing of a "
            "node: keep data in a claim, and serve requests behind a Service"
        ),
        findings=_host_access,
    ),
    ResourceRule(
        name="bounded-resources",
        description="Every container says what it needs and what it may not exceed.",
        remedy="Give requests and limits for cpu and memory in the service's file",
        findings=_no_bounds,
    ),
    ResourceRule(
        name="three-probes",
        description="Kubernetes can tell whether a container that serves is up, ready and alive.",
        remedy="Give the container startupProbe, readinessProbe and livenessProbe",
        findings=_no_probes,
    ),
    ResourceRule(
        name="no-account-token",
        description="No pod gets access to the Kubernetes API.",
        remedy="Set automountServiceAccountToken: false on the pod and on its ServiceAccount",
        findings=_token,
    ),
)
