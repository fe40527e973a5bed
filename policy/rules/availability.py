"""Workloads of several pods survive the loss of a node, and let a node be drained."""

from collections.abc import Iterator, Sequence
from typing import Any

from k8s.selectors import selects
from policy.facts import Facts
from policy.resources import Fields, Resource, fields, pod_template
from policy.rules.rule import StackRule

_SCALED = ("Deployment", "StatefulSet")


def _without_budget(resources: Sequence[Resource], _: Facts) -> Iterator[tuple[Resource, str]]:
    for workload in _workloads(resources):
        fewest, most = _replicas(workload, resources)
        if most < 2:
            continue
        template = pod_template(workload) or {}
        budgets = [
            budget
            for budget in _of_kind(resources, "PodDisruptionBudget")
            if budget.namespace == workload.namespace
            and selects(fields(budget.spec, "selector"), fields(template, "metadata", "labels"))
        ]
        if not budgets:
            yield workload, f"up to {most:.0f} pods run, and no PodDisruptionBudget selects them"
        if len(budgets) > 1:
            yield workload, "several PodDisruptionBudgets select its pods, so none can be evicted"
        for budget in budgets:
            if _blocks(budget.spec, fewest):
                yield budget, "it never lets a pod go, so no node could be drained"


def _alone(resources: Sequence[Resource], facts: Facts) -> Iterator[tuple[Resource, str]]:
    if not facts.is_production:
        return
    for workload in _workloads(resources):
        fewest, most = _replicas(workload, resources)
        if workload.kind == "Deployment" and fewest < 2 <= most:
            yield workload, "it may be down to a single pod"


def _workloads(resources: Sequence[Resource]) -> Iterator[Resource]:
    for resource in resources:
        if resource.type.startswith("kubernetes:") and resource.kind in _SCALED:
            yield resource


def _of_kind(resources: Sequence[Resource], kind: str) -> list[Resource]:
    return [entry for entry in resources if entry.kind == kind]


def _replicas(workload: Resource, resources: Sequence[Resource]) -> tuple[float, float]:
    """How few and how many pods a workload runs, by its autoscaler or by its own word."""
    name = workload.metadata.get("name")
    for scaler in _of_kind(resources, "HorizontalPodAutoscaler"):
        target = fields(scaler.spec, "scaleTargetRef")
        if scaler.namespace == workload.namespace and (target.get("kind"), target.get("name")) == (
            workload.kind,
            name,
        ):
            return _number(scaler.spec, "minReplicas"), _number(scaler.spec, "maxReplicas")
    replicas = _number(workload.spec, "replicas")
    return replicas, replicas


def _number(spec: Fields, name: str) -> float:
    given: Any = spec.get(name)
    return 1 if given is None else float(given)


def _blocks(budget: Fields, fewest: float) -> bool:
    spare, needed = budget.get("maxUnavailable"), budget.get("minAvailable")
    if spare is not None:
        return str(spare) in {"0", "0.0", "0%"}
    if isinstance(needed, str):
        return needed == "100%"
    return needed is not None and float(needed) >= fewest


RULES = (
    StackRule(
        name="disruption-budgets",
        description="Pods that run in numbers have a budget, which lets one of them go.",
        remedy="Add one PodDisruptionBudget with maxUnavailable: 1 that selects exactly these pods",
        findings=_without_budget,
    ),
    StackRule(
        name="no-single-pods",
        description="In production no Deployment that can be several pods is down to one.",
        remedy="Set replicas: {min: 2, …} for the service in the stack file",
        mandatory=False,
        findings=_alone,
    ),
)
