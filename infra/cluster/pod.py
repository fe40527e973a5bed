"""Pods: containers, volumes, probes, and what hardens them."""

from collections.abc import Iterator

from infra.cluster.configuration import Stores
from infra.cluster.manifest import NAME_LABEL, PART_OF, VERSION_LABEL, Manifest
from infra.cluster.priority_classes import BATCH, SERVING
from infra.declaration.service import GATEWAY, Hardening, Service
from infra.declaration.values import Secret
from infra.workloads import Container, Workload

# Seconds that a pod which is to end goes on to answer, until everybody knows that it is going. The
# gateway's load balancer learns it later than the cluster's own network does.
_DRAIN_IN_CLUSTER = 10
_DRAIN_AT_GATEWAY = 30
_PROBE_EVERY = 5
_STORAGE = "data"
_LOWEST_ORDINARY_PORT = 1024

EXEMPTION = "exempt.serlo.org"
"""Annotations below it, `exempt.serlo.org/<container>.<rule>`, say why a rule does not hold."""


def template(workload: Workload, stores: Stores) -> Manifest:
    """The pod template of a service: metadata and spec."""
    service = workload.service
    metadata: Manifest = {
        "labels": {
            NAME_LABEL: service.name,
            # Without the digest, which no label can hold; the image has it.
            VERSION_LABEL: workload.image.release.tag,
            "app.kubernetes.io/part-of": PART_OF,
            "app.kubernetes.io/managed-by": "pulumi",
        }
    }
    exemptions = {
        f"{EXEMPTION}/{container.name}.{rule}": reason
        for container in (*workload.init, *workload.containers)
        for rule, reason in container.exempt.items()
    }
    if exemptions:
        metadata["annotations"] = exemptions
    return {"metadata": metadata, "spec": _pod(workload, stores)}


def drain_seconds(service: Service) -> int:
    """How long a pod that is to end goes on to answer; 0 if nobody asks it anything."""
    if not service.all_callers or service.storage is not None:
        return 0
    return _DRAIN_AT_GATEWAY if GATEWAY in service.all_callers else _DRAIN_IN_CLUSTER


def _pod(workload: Workload, stores: Stores) -> Manifest:
    service = workload.service
    containers = (*workload.init, *workload.containers)
    pod: Manifest = {
        "serviceAccountName": service.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "priorityClassName": SERVING if service.serves else BATCH,
        "terminationGracePeriodSeconds": drain_seconds(service) + service.shutdown,
        "nodeSelector": {"cloud.google.com/gke-nodepool": workload.node_pool},
        "securityContext": _pod_security(service, containers),
        "containers": [_container(workload, c, stores) for c in workload.containers],
        "volumes": list(_volumes(workload, containers, stores)),
    }
    if workload.init:
        pod["initContainers"] = [_container(workload, c, stores) for c in workload.init]
    if service.serves:
        pod["topologySpreadConstraints"] = [_spread(service)]
    else:
        pod["restartPolicy"] = "Never"
    return pod


def _pod_security(service: Service, containers: tuple[Container, ...]) -> Manifest:
    security: Manifest = {
        "runAsNonRoot": True,
        "runAsUser": service.user,
        "runAsGroup": service.user,
        "fsGroup": service.user,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    if any(port < _LOWEST_ORDINARY_PORT for c in containers for _, port in c.ports):
        # Lets a process that is not root listen on the port its image is made for.
        security["sysctls"] = [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
    return security


def _spread(service: Service) -> Manifest:
    spread: Manifest = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {NAME_LABEL: service.name}},
    }
    if service.storage is None:
        # Each release is spread by itself, else a rollout could pile up on one node.
        spread["matchLabelKeys"] = ["pod-template-hash"]
    return spread


def _container(workload: Workload, container: Container, stores: Stores) -> Manifest:
    service = workload.service
    runs_on = container in workload.containers and service.serves
    made: Manifest = {
        "name": container.name,
        "image": container.image.reference,
        # Versions are immutable, so what a node has is what a registry would send.
        "imagePullPolicy": "IfNotPresent",
        "env": [_variable(name, value, stores.secret) for name, value in container.env],
        "resources": {
            "requests": vars(container.resources.requests),
            "limits": vars(container.resources.limits),
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": Hardening.READ_ONLY_ROOT not in container.exempt,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": list(_mounts(workload, container)),
    }
    if container.command:
        made["command"] = list(container.command)
    if container.args:
        made["args"] = list(container.args)
    if container.ports:
        made["ports"] = [
            {"name": name, "containerPort": port, "protocol": "TCP"}
            for name, port in container.ports
        ]
    if runs_on and container.health is not None:
        made |= _probes(container)
    if runs_on and (seconds := drain_seconds(service)):
        made["lifecycle"] = {"preStop": {"sleep": {"seconds": seconds}}}
    return made


def _variable(name: str, value: str | Secret, secret_name: str) -> Manifest:
    if isinstance(value, str):
        return {"name": name, "value": value}
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret_name, "key": value.name}}}


def _probes(container: Container) -> Manifest:
    health = container.health
    if health is None:
        return {}
    probe: Manifest = {"tcpSocket": {"port": container.ports[0][0]}} if container.ports else {}
    if health.path is not None:
        probe = {"httpGet": {"path": health.path, "port": container.ports[0][0]}}
    elif health.command:
        probe = {"exec": {"command": list(health.command)}}
    alive = probe
    if health.alive_path is not None:
        alive = {"httpGet": {"path": health.alive_path, "port": container.ports[0][0]}}
    return {
        "startupProbe": {
            **probe,
            "periodSeconds": _PROBE_EVERY,
            "timeoutSeconds": 5,
            "failureThreshold": -(-health.start_within // _PROBE_EVERY),
        },
        "readinessProbe": {**probe, "periodSeconds": health.ready_every, "timeoutSeconds": 3},
        "livenessProbe": {
            **alive,
            "periodSeconds": health.alive_every,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
    }


def _writable(container: Container) -> Iterator[tuple[str, str]]:
    for number, path in enumerate(container.writable):
        yield f"{container.name}-writable-{number}"[-63:].lstrip("-"), path


def _volumes(
    workload: Workload, containers: tuple[Container, ...], stores: Stores
) -> Iterator[Manifest]:
    for container in containers:
        for name, _ in _writable(container):
            yield {"name": name, "emptyDir": {}}
    for secret, name in ((True, stores.secret), (False, stores.config)):
        keys = sorted({file.key for file in workload.files if file.is_secret == secret})
        if not keys:
            continue
        source: Manifest = {
            "secretName" if secret else "name": name,
            "defaultMode": 0o440,
            "items": [{"key": key, "path": key} for key in keys],
        }
        yield {"name": _files_volume(secret), "secret" if secret else "configMap": source}


def _mounts(workload: Workload, container: Container) -> Iterator[Manifest]:
    for name, path in _writable(container):
        yield {"name": name, "mountPath": path}
    for file in container.files:
        yield {
            "name": _files_volume(file.is_secret),
            "mountPath": file.path,
            "subPath": file.key,
            "readOnly": True,
        }
    storage = workload.service.storage
    if storage is not None and container == workload.main:
        yield {"name": _STORAGE, "mountPath": storage.path}


def _files_volume(secret: bool) -> str:
    return "secret-files" if secret else "config-files"


def claim(service: Service) -> Manifest | None:
    """The claim for a service's storage, as a StatefulSet makes it for its pod."""
    if service.storage is None:
        return None
    return {
        "metadata": {"name": _STORAGE, "labels": {NAME_LABEL: service.name}},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": service.storage.storage_class,
            "resources": {"requests": {"storage": service.storage.size}},
        },
    }
