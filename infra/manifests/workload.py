"""The objects that run a service: Deployment, autoscaler, disruption budget, account, Secret."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from json import dumps

from infra.manifests import NAME_LABEL, VERSION_LABEL, Manifest, manifest
from infra.resolution import Workload
from infra.service import Secret

# Time for load balancers to learn that a pod is going before it stops to answer.
_DRAIN_SECONDS = 10
_PORT = "http"


def account(workload: Workload) -> Manifest:
    """The service's own account; it gets no token, since no service talks to Kubernetes."""
    service = workload.service
    return manifest(
        "v1",
        "ServiceAccount",
        service.name,
        namespace=service.namespace,
        automountServiceAccountToken=False,
    )


def secret_name(workload: Workload, values: Mapping[str, str]) -> str:
    """The name of the Secret that holds these values: another name for other values.

    So a changed secret rolls the pods, and pods of the previous release keep theirs meanwhile.
    """
    used = {name: values[name] for name in workload.secrets}
    fingerprint = sha256(dumps(used, sort_keys=True).encode()).hexdigest()[:10]
    return f"{workload.service.name}-{fingerprint}"


def secret(
    workload: Workload, values: Mapping[str, str], conceal: Callable[[str], object]
) -> Manifest:
    """The Secret with every value the service uses, each passed through `conceal`."""
    return manifest(
        "v1",
        "Secret",
        secret_name(workload, values),
        namespace=workload.service.namespace,
        labels={NAME_LABEL: workload.service.name},
        type="Opaque",
        immutable=True,
        data={
            name: conceal(b64encode(values[name].encode()).decode()) for name in workload.secrets
        },
    )


def deployment(workload: Workload, secret_name: str) -> Manifest:
    """The Deployment. It says no number of replicas: that is the autoscaler's."""
    service = workload.service
    # Without the digest, which no label can hold; the image has it.
    version = {VERSION_LABEL: workload.image.release.tag}
    selector = {NAME_LABEL: service.name}
    return manifest(
        "apps/v1",
        "Deployment",
        service.name,
        namespace=service.namespace,
        labels=version,
        spec={
            "revisionHistoryLimit": 3,
            "progressDeadlineSeconds": 300,
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
            },
            "selector": {"matchLabels": selector},
            "template": {
                "metadata": {
                    "labels": {**selector, "app.kubernetes.io/part-of": "serlo", **version}
                },
                "spec": _pod(workload, secret_name),
            },
        },
    )


def autoscaler(workload: Workload) -> Manifest:
    """The autoscaler, which owns the number of pods."""
    service = workload.service
    return manifest(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        service.name,
        namespace=service.namespace,
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": service.name},
            "minReplicas": workload.replicas.min,
            "maxReplicas": workload.replicas.max,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {
                            "type": "Utilization",
                            "averageUtilization": service.target_cpu,
                        },
                    },
                }
            ],
        },
    )


def disruption_budget(workload: Workload) -> Manifest:
    """One pod at a time may be evicted: a drain is slowed down, never blocked."""
    service = workload.service
    return manifest(
        "policy/v1",
        "PodDisruptionBudget",
        service.name,
        namespace=service.namespace,
        spec={
            "maxUnavailable": 1,
            "selector": {"matchLabels": {NAME_LABEL: service.name}},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    )


def _pod(workload: Workload, secret_name: str) -> Manifest:
    service = workload.service
    writable = [(f"writable-{number}", path) for number, path in enumerate(service.writable)]
    volumes: list[Manifest] = [{"name": name, "emptyDir": {}} for name, _ in writable]
    mounts: list[Manifest] = [{"name": name, "mountPath": path} for name, path in writable]
    if workload.files:
        keys = sorted({file.name for _, file in workload.files})
        volumes.append(
            {
                "name": "secret-files",
                "secret": {
                    "secretName": secret_name,
                    "defaultMode": 0o440,
                    "items": [{"key": key, "path": key} for key in keys],
                },
            }
        )
        for path, file in workload.files:
            mounts.append(
                {"name": "secret-files", "mountPath": path, "subPath": file.name, "readOnly": True}
            )
    return {
        "serviceAccountName": service.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": _DRAIN_SECONDS + service.shutdown,
        "nodeSelector": {"cloud.google.com/gke-nodepool": workload.node_pool},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": service.user,
            "runAsGroup": service.user,
            "fsGroup": service.user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {NAME_LABEL: service.name}},
                # Each release is spread by itself, else a rollout could pile up on one node.
                "matchLabelKeys": ["pod-template-hash"],
            }
        ],
        "containers": [
            {
                "name": service.name,
                "image": workload.image.reference,
                "imagePullPolicy": "IfNotPresent",
                "ports": [{"name": _PORT, "containerPort": service.port}],
                "env": [_variable(name, value, secret_name) for name, value in workload.env],
                "resources": {
                    "requests": vars(workload.resources.requests),
                    "limits": vars(workload.resources.limits),
                },
                **_probes(workload),
                "lifecycle": {"preStop": {"sleep": {"seconds": _DRAIN_SECONDS}}},
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                "volumeMounts": mounts,
            }
        ],
        "volumes": volumes,
    }


def _variable(name: str, value: str | Secret, secret_name: str) -> Manifest:
    if isinstance(value, str):
        return {"name": name, "value": value}
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret_name, "key": value.name}}}


def _probes(workload: Workload) -> Manifest:
    health = workload.service.health
    probe: Manifest = (
        {"tcpSocket": {"port": _PORT}}
        if health.path is None
        else {"httpGet": {"path": health.path, "port": _PORT}}
    )
    every = 5
    return {
        "startupProbe": {
            **probe,
            "periodSeconds": every,
            "failureThreshold": -(-health.start_within // every),
        },
        "readinessProbe": {**probe, "periodSeconds": health.ready_every, "timeoutSeconds": 3},
        "livenessProbe": {
            **probe,
            "periodSeconds": health.alive_every,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
    }
