"""Pods: containers, volumes, probes, and what hardens them."""

from collections.abc import Iterator

from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta import v1 as meta

from infra.cluster.configuration import Stores
from infra.cluster.metadata import NAME_LABEL, PART_OF, VERSION_LABEL
from infra.cluster.priority_classes import BATCH, SERVING
from infra.declaration.service import GATEWAY, Hardening, Probes, Service
from infra.declaration.values import SecretRef
from infra.workloads import Container, Workload

# Seconds that a pod which is to end goes on to answer, until everybody knows that it is going. The
# gateway's load balancer learns it later than the cluster's own network does.
_DRAIN_IN_CLUSTER = 10
_DRAIN_AT_GATEWAY = 30
_PROBE_EVERY = 5
_STORAGE = "data"
_READ_BY_GROUP = 0o440
_LOWEST_ORDINARY_PORT = 1024

EXEMPTION = "exempt.serlo.org"
"""Annotations below it, `exempt.serlo.org/<container>.<rule>`, say why a rule does not hold."""


def template(workload: Workload, stores: Stores) -> core.PodTemplateSpecArgsDict:
    """Return the pod template of a service: metadata and spec."""
    service = workload.service
    metadata: meta.ObjectMetaArgsDict = {
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
        for container in (*workload.init_containers, *workload.containers)
        for rule, reason in container.exempt.items()
    }
    if exemptions:
        metadata["annotations"] = exemptions
    return {"metadata": metadata, "spec": _pod(workload, stores)}


def drain_seconds(service: Service) -> int:
    """Seconds for which a pod that ends still answers; 0 for a pod that no client calls."""
    if not service.all_allowed_clients or service.storage is not None:
        return 0
    return _DRAIN_AT_GATEWAY if GATEWAY in service.all_allowed_clients else _DRAIN_IN_CLUSTER


def grace_seconds(service: Service) -> int:
    """Seconds after which a pod that was told to end is killed."""
    return drain_seconds(service) + service.termination_grace_seconds


def _pod(workload: Workload, stores: Stores) -> core.PodSpecArgsDict:
    service = workload.service
    containers = (*workload.init_containers, *workload.containers)
    pod: core.PodSpecArgsDict = {
        "service_account_name": service.name,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "priority_class_name": SERVING if service.serves else BATCH,
        "termination_grace_period_seconds": grace_seconds(service),
        "node_selector": {"cloud.google.com/gke-nodepool": workload.node_pool},
        "security_context": _pod_security(service, containers),
        "containers": [_container(workload, c, stores) for c in workload.containers],
        "volumes": list(_volumes(workload, containers, stores)),
    }
    if workload.init_containers:
        pod["init_containers"] = [_container(workload, c, stores) for c in workload.init_containers]
    if service.serves:
        pod["topology_spread_constraints"] = [_spread(service)]
    else:
        pod["restart_policy"] = "Never"
    return pod


def _pod_security(
    service: Service, containers: tuple[Container, ...]
) -> core.PodSecurityContextArgsDict:
    security: core.PodSecurityContextArgsDict = {
        "run_as_non_root": True,
        "run_as_user": service.run_as_user,
        "run_as_group": service.run_as_user,
        "fs_group": service.run_as_user,
        "fs_group_change_policy": "OnRootMismatch",
        "seccomp_profile": {"type": "RuntimeDefault"},
    }
    if any(port < _LOWEST_ORDINARY_PORT for c in containers for _, port in c.ports):
        # Lets a process that is not root listen on the port its image is made for.
        security["sysctls"] = [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
    return security


def _spread(service: Service) -> core.TopologySpreadConstraintArgsDict:
    spread: core.TopologySpreadConstraintArgsDict = {
        "max_skew": 1,
        "topology_key": "kubernetes.io/hostname",
        "when_unsatisfiable": "ScheduleAnyway",
        "label_selector": {"match_labels": {NAME_LABEL: service.name}},
    }
    if service.storage is None:
        # Each release is spread by itself, else a rollout could pile up on one node.
        spread["match_label_keys"] = ["pod-template-hash"]
    return spread


def _container(workload: Workload, container: Container, stores: Stores) -> core.ContainerArgsDict:
    service = workload.service
    runs_on = container in workload.containers and service.serves
    made: core.ContainerArgsDict = {
        "name": container.name,
        "image": container.image.reference,
        # Versions are immutable, so what a node has is what a registry would send.
        "image_pull_policy": "IfNotPresent",
        "env": [_variable(name, value, stores.secret) for name, value in container.env],
        "resources": {
            "requests": vars(container.resources.requests),
            "limits": vars(container.resources.limits),
        },
        "security_context": {
            "allow_privilege_escalation": False,
            "read_only_root_filesystem": Hardening.READ_ONLY_ROOT not in container.exempt,
            "capabilities": {"drop": ["ALL"]},
        },
        "volume_mounts": list(_mounts(workload, container)),
    }
    if container.command:
        made["command"] = list(container.command)
    if container.args:
        made["args"] = list(container.args)
    if container.ports:
        made["ports"] = [
            {"name": name, "container_port": port, "protocol": "TCP"}
            for name, port in container.ports
        ]
    if runs_on and container.probes is not None:
        made["startup_probe"], made["readiness_probe"], made["liveness_probe"] = _probes(
            container, container.probes
        )
    if runs_on and (seconds := drain_seconds(service)):
        made["lifecycle"] = {"pre_stop": {"sleep": {"seconds": seconds}}}
    return made


def _variable(name: str, value: str | SecretRef, secret_name: str) -> core.EnvVarArgsDict:
    if isinstance(value, str):
        return {"name": name, "value": value}
    reference: core.SecretKeySelectorArgsDict = {"name": secret_name, "key": value.name}
    return {"name": name, "value_from": {"secret_key_ref": reference}}


def _probes(
    container: Container, probes: Probes
) -> tuple[core.ProbeArgsDict, core.ProbeArgsDict, core.ProbeArgsDict]:
    """Return the probes for startup, readiness and liveness."""
    probe: core.ProbeArgsDict = {}
    if probes.readiness_path is not None:
        probe = {"http_get": {"path": probes.readiness_path, "port": container.ports[0][0]}}
    elif probes.command:
        probe = {"exec_": {"command": list(probes.command)}}
    elif container.ports:
        probe = {"tcp_socket": {"port": container.ports[0][0]}}
    alive: core.ProbeArgsDict = probe
    if probes.liveness_path is not None:
        alive = {"http_get": {"path": probes.liveness_path, "port": container.ports[0][0]}}
    return (
        {
            **probe,
            "period_seconds": _PROBE_EVERY,
            "timeout_seconds": 5,
            "failure_threshold": -(-probes.startup_seconds // _PROBE_EVERY),
        },
        {**probe, "period_seconds": probes.readiness_period_seconds, "timeout_seconds": 3},
        {
            **alive,
            "period_seconds": probes.liveness_period_seconds,
            "timeout_seconds": 5,
            "failure_threshold": 3,
        },
    )


def _writable(container: Container) -> Iterator[tuple[str, str]]:
    for number, path in enumerate(container.empty_dirs):
        yield f"{container.name}-writable-{number}"[-63:].lstrip("-"), path


def _volumes(
    workload: Workload, containers: tuple[Container, ...], stores: Stores
) -> Iterator[core.VolumeArgsDict]:
    for container in containers:
        for name, _ in _writable(container):
            yield {"name": name, "empty_dir": {}}
    if items := _items(workload, secret=True):
        source: core.SecretVolumeSourceArgsDict = {
            "secret_name": stores.secret,
            "default_mode": _READ_BY_GROUP,
            "items": items,
        }
        yield {"name": _files_volume(True), "secret": source}
    if items := _items(workload, secret=False):
        yield {
            "name": _files_volume(False),
            "config_map": {"name": stores.config, "default_mode": _READ_BY_GROUP, "items": items},
        }


def _items(workload: Workload, *, secret: bool) -> list[core.KeyToPathArgsDict]:
    keys = sorted({file.key for file in workload.files if file.is_secret == secret})
    return [{"key": key, "path": key} for key in keys]


def _mounts(workload: Workload, container: Container) -> Iterator[core.VolumeMountArgsDict]:
    for name, path in _writable(container):
        yield {"name": name, "mount_path": path}
    for file in container.files:
        yield {
            "name": _files_volume(file.is_secret),
            "mount_path": file.path,
            "sub_path": file.key,
            "read_only": True,
        }
    storage = workload.service.storage
    if storage is not None and container == workload.main:
        yield {"name": _STORAGE, "mount_path": storage.path}


def _files_volume(secret: bool) -> str:
    return "secret-files" if secret else "config-files"


def claims(service: Service) -> list[core.PersistentVolumeClaimArgsDict]:
    """Return the claims for a service's storage, as a StatefulSet makes them for each pod."""
    if service.storage is None:
        return []
    return [
        {
            "metadata": {"name": _STORAGE, "labels": {NAME_LABEL: service.name}},
            "spec": {
                "access_modes": ["ReadWriteOnce"],
                "storage_class_name": service.storage.storage_class,
                "resources": {"requests": {"storage": service.storage.size}},
            },
        }
    ]
