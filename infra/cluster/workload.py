"""The objects that run a service: Deployment, StatefulSet, Job, CronJob, and what they need."""

import re

from infra.cluster import pod
from infra.cluster.configuration import Stores, fingerprint
from infra.cluster.manifest import NAME_LABEL, VERSION_LABEL, Manifest, manifest
from infra.declaration.service import Kind
from infra.workloads import Workload

PROGRESS_DEADLINE_SECONDS = 300
"""How long a rollout may make no progress until Kubernetes calls it failed."""

_RETRIES = 2
_LONGEST_JOB_NAME = 63  # it becomes a label of its pods


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


def runners(workload: Workload, stores: Stores) -> tuple[Manifest, ...]:
    """What makes pods of the service: one object, or a Job and the CronJob that repeats it."""
    match workload.service.kind:
        case Kind.DEPLOYMENT:
            return (_deployment(workload, stores),)
        case Kind.STATEFUL_SET:
            return (_stateful_set(workload, stores),)
        case Kind.JOB:
            repeated = (_cron_job(workload, stores),) if workload.cron else ()
            return (_job(workload, stores), *repeated)
        case Kind.CRON_JOB:
            return (_cron_job(workload, stores),) if workload.cron else ()


def autoscaler(workload: Workload) -> Manifest | None:
    """The autoscaler, which owns the number of pods; None where that is fixed."""
    service = workload.service
    if service.kind is not Kind.DEPLOYMENT or workload.replicas.fixed:
        return None
    target = {"type": "Utilization", "averageUtilization": service.target_cpu}
    return manifest(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        service.name,
        namespace=service.namespace,
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": service.name},
            "minReplicas": workload.replicas.min,
            "maxReplicas": workload.replicas.max,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
            # Up at once, since requests wait; down one by one, since load comes back.
            "behavior": {
                "scaleUp": {
                    "stabilizationWindowSeconds": 0,
                    "selectPolicy": "Max",
                    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 30}],
                },
                "scaleDown": {
                    "stabilizationWindowSeconds": 300,
                    "selectPolicy": "Max",
                    "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
                },
            },
        },
    )


def disruption_budget(workload: Workload) -> Manifest | None:
    """One pod at a time may be evicted: a drain is slowed down, never blocked.

    None for a service of one pod, which nothing can keep up during a drain.
    """
    service = workload.service
    if not service.serves or workload.replicas.max == 1:
        return None
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


def _deployment(workload: Workload, stores: Stores) -> Manifest:
    """It says no number of replicas where that is the autoscaler's."""
    service = workload.service
    strategy: Manifest = {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }
    spec: Manifest = {
        "revisionHistoryLimit": 3,
        "progressDeadlineSeconds": PROGRESS_DEADLINE_SECONDS,
        "strategy": {"type": "Recreate"} if service.recreate else strategy,
        "selector": {"matchLabels": {NAME_LABEL: service.name}},
        "template": pod.template(workload, stores),
    }
    if workload.replicas.fixed:
        spec["replicas"] = workload.replicas.min
    return _versioned(workload, "apps/v1", "Deployment", service.name, spec)


def _stateful_set(workload: Workload, stores: Stores) -> Manifest:
    service = workload.service
    spec: Manifest = {
        "replicas": workload.replicas.min,
        "revisionHistoryLimit": 3,
        "serviceName": service.called or service.name,
        "updateStrategy": {"type": "RollingUpdate"},
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "selector": {"matchLabels": {NAME_LABEL: service.name}},
        "template": pod.template(workload, stores),
        "volumeClaimTemplates": [pod.claim(service)],
    }
    return _versioned(workload, "apps/v1", "StatefulSet", service.name, spec)


def _job(workload: Workload, stores: Stores) -> Manifest:
    """Named after its version and all that it is: anything new about it is a new run."""
    spec = _run(workload, stores)
    tag = re.sub(r"[^a-z0-9]+", "-", workload.image.release.tag.lower()).strip("-")
    end = f"-{fingerprint(spec)}"
    start = f"{workload.service.name}-{tag}"[: _LONGEST_JOB_NAME - len(end)].rstrip("-")
    return _versioned(workload, "batch/v1", "Job", start + end, spec)


def _cron_job(workload: Workload, stores: Stores) -> Manifest:
    spec: Manifest = {
        "schedule": workload.cron,
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        # A run that could not start in time is left out, rather than started in the day.
        "startingDeadlineSeconds": 3600,
        "successfulJobsHistoryLimit": 2,
        "failedJobsHistoryLimit": 1,
        "jobTemplate": {"spec": _run(workload, stores)},
    }
    return _versioned(workload, "batch/v1", "CronJob", workload.service.name, spec)


def _run(workload: Workload, stores: Stores) -> Manifest:
    return {
        "backoffLimit": _RETRIES,
        "activeDeadlineSeconds": workload.service.deadline,
        "template": pod.template(workload, stores),
    }


def _versioned(
    workload: Workload, api_version: str, kind: str, name: str, spec: Manifest
) -> Manifest:
    service = workload.service
    labels = {NAME_LABEL: service.name, VERSION_LABEL: workload.image.release.tag}
    return manifest(api_version, kind, name, namespace=service.namespace, labels=labels, spec=spec)
