"""The specs of what runs a service: Deployment, StatefulSet, Job, CronJob, and what scales it."""

import re

from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.autoscaling import v2 as autoscaling
from pulumi_kubernetes.batch import v1 as batch
from pulumi_kubernetes.policy import v1 as policy

from infra.cluster import pod
from infra.cluster.configuration import Stores, fingerprint
from infra.cluster.metadata import NAME_LABEL
from infra.cluster.patch import patched
from infra.declaration.service import CronJob, Deployment, Job
from infra.workloads import Workload

PROGRESS_DEADLINE_SECONDS = 300
"""How long a rollout may make no progress until Kubernetes calls it failed."""

_RETRIES = 2
_LONGEST_JOB_NAME = 63  # it becomes a label of its pods


def autoscaler(workload: Workload) -> autoscaling.HorizontalPodAutoscalerSpecArgsDict | None:
    """Return the autoscaler, which owns the number of pods; None where that is fixed."""
    service, kind = workload.service, workload.service.kind
    if not isinstance(kind, Deployment) or workload.replicas.fixed:
        return None
    return {
        "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": service.name},
        "min_replicas": workload.replicas.min,
        "max_replicas": workload.replicas.max,
        "metrics": [
            {
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "average_utilization": kind.target_cpu},
                },
            }
        ],
        # Up at once, since requests wait; down one by one, since load comes back.
        "behavior": {
            "scale_up": {
                "stabilization_window_seconds": 0,
                "select_policy": "Max",
                "policies": [{"type": "Percent", "value": 100, "period_seconds": 30}],
            },
            "scale_down": {
                "stabilization_window_seconds": 300,
                "select_policy": "Max",
                "policies": [{"type": "Pods", "value": 1, "period_seconds": 60}],
            },
        },
    }


def disruption_budget(workload: Workload) -> policy.PodDisruptionBudgetSpecArgsDict | None:
    """One pod at a time may be evicted: a drain is slowed down, never blocked.

    None for a service of one pod, which nothing can keep up during a drain.
    """
    service = workload.service
    if not service.serves or workload.replicas.max == 1:
        return None
    return {
        "max_unavailable": 1,
        "selector": {"match_labels": {NAME_LABEL: service.name}},
        "unhealthy_pod_eviction_policy": "AlwaysAllow",
    }


def deployment(workload: Workload, kind: Deployment, stores: Stores) -> apps.DeploymentSpecArgsDict:
    """Return a Deployment. It has no number of replicas where that is the autoscaler's."""
    service = workload.service
    strategy: apps.DeploymentStrategyArgsDict = {"type": kind.strategy}
    if kind.strategy == "RollingUpdate":
        strategy["rolling_update"] = {"max_surge": 1, "max_unavailable": 0}
    spec: apps.DeploymentSpecArgsDict = {
        "revision_history_limit": 3,
        "progress_deadline_seconds": PROGRESS_DEADLINE_SECONDS,
        "strategy": strategy,
        "selector": {"match_labels": {NAME_LABEL: service.name}},
        "template": pod.template(workload, stores),
    }
    if workload.replicas.fixed:
        spec["replicas"] = workload.replicas.min
    return patched(spec, service.patch)


def stateful_set(workload: Workload, stores: Stores) -> apps.StatefulSetSpecArgsDict:
    """Return a StatefulSet, whose volumes stay when it goes."""
    service = workload.service
    spec: apps.StatefulSetSpecArgsDict = {
        "replicas": workload.replicas.min,
        "revision_history_limit": 3,
        "service_name": service.service_name or service.name,
        "update_strategy": {"type": "RollingUpdate"},
        "persistent_volume_claim_retention_policy": {
            "when_deleted": "Retain",
            "when_scaled": "Retain",
        },
        "selector": {"match_labels": {NAME_LABEL: service.name}},
        "template": pod.template(workload, stores),
        "volume_claim_templates": pod.claims(service),
    }
    return patched(spec, service.patch)


def job(workload: Workload, kind: Job | CronJob, stores: Stores) -> batch.JobSpecArgsDict:
    """Return a Job: one run of the service, tried again twice."""
    spec: batch.JobSpecArgsDict = {
        "backoff_limit": _RETRIES,
        "active_deadline_seconds": kind.active_deadline_seconds,
        "template": pod.template(workload, stores),
    }
    return patched(spec, workload.service.patch)


def job_name(workload: Workload, spec: batch.JobSpecArgsDict) -> str:
    """Name a Job after its version and all that it is: anything new about it is a new run."""
    tag = re.sub(r"[^a-z0-9]+", "-", workload.image.release.tag.lower()).strip("-")
    end = f"-{fingerprint(spec)}"
    start = f"{workload.service.name}-{tag}"[: _LONGEST_JOB_NAME - len(end)].rstrip("-")
    return start + end


def cron_job(
    workload: Workload, kind: Job | CronJob, stores: Stores, cron: str
) -> batch.CronJobSpecArgsDict:
    """Return a CronJob that runs the service at the times of `cron`, in UTC."""
    return {
        "schedule": cron,
        "time_zone": "Etc/UTC",
        "concurrency_policy": "Forbid",
        # A run that could not start in time is left out, rather than started in the day.
        "starting_deadline_seconds": 3600,
        "successful_jobs_history_limit": 2,
        "failed_jobs_history_limit": 1,
        "job_template": {"spec": job(workload, kind, stores)},
    }
