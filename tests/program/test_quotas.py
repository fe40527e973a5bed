"""Quotas are what the rendered workloads add up to at their largest, and cover every container."""

from collections import Counter
from decimal import Decimal
from typing import Any

from infra.cluster.priority_classes import BATCH, SERVING
from infra.declaration import quantity
from infra.recorder import Program
from operations.declared.rendering import kubernetes_objects

Json = dict[str, Any]
WORKLOADS = {"Deployment", "StatefulSet", "Job", "CronJob"}


def _of_kind(objects: list[Json], *kinds: str) -> list[Json]:
    return [thing for thing in objects if thing["kind"] in kinds]


def _list(thing: Json, key: str) -> list[Json]:
    return thing.get(key) or []


def _containers(pod: Json) -> list[Json]:
    return [*_list(pod, "initContainers"), *_list(pod, "containers")]


def _pod(workload: Json) -> Json:
    spec = workload["spec"]
    if workload["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec["template"]["spec"]


def _most(workload: Json, objects: list[Json]) -> int:
    """The most pods at once: while it is rolled out with as many replicas as it may have."""
    spec = workload["spec"]
    if workload["kind"] in {"Job", "CronJob"}:
        return 1
    scaled = [
        scaler["spec"]["maxReplicas"]
        for scaler in _of_kind(objects, "HorizontalPodAutoscaler")
        if scaler["metadata"]["namespace"] == workload["metadata"]["namespace"]
        and scaler["spec"]["scaleTargetRef"]["name"] == workload["metadata"]["name"]
        and scaler["spec"]["scaleTargetRef"]["kind"] == workload["kind"]
    ]
    replicas = scaled[0] if scaled else spec.get("replicas", 1)
    if workload["kind"] == "StatefulSet" or spec["strategy"]["type"] == "Recreate":
        return replicas
    # One that starts, and one that still ends its requests.
    return replicas + spec["strategy"]["rollingUpdate"]["maxSurge"] + 1


def _amounts(pod: Json, kind: str) -> tuple[Decimal, Decimal]:
    def add(containers: list[Json]) -> list[tuple[Decimal, Decimal]]:
        amounts = [container["resources"][kind] for container in containers]
        return [(quantity.cpu(a["cpu"]), quantity.memory(a["memory"])) for a in amounts]

    together, before = add(_list(pod, "containers")), add(_list(pod, "initContainers"))
    cpu, memory = sum((c for c, _ in together), Decimal(0)), sum((m for _, m in together), 0)
    return max([cpu, *(c for c, _ in before)]), Decimal(max([memory, *(m for _, m in before)]))


def _number(text: str, resource: str) -> Decimal:
    if text == "0":
        return Decimal(0)
    return quantity.cpu(text) if resource.endswith("cpu") else quantity.memory(text)


def test_quotas_are_what_the_workloads_add_up_to(program: Program) -> None:
    objects = kubernetes_objects(program.registrations)
    namespaces = {thing["metadata"]["name"] for thing in _of_kind(objects, "Namespace")}
    quotas = {q["metadata"]["namespace"]: q for q in _of_kind(objects, "ResourceQuota")}
    assert set(quotas) == namespaces
    for namespace, quota in quotas.items():
        needed: Counter[str] = Counter()
        for workload in _of_kind(objects, *WORKLOADS):
            if workload["metadata"]["namespace"] != namespace:
                continue
            most = _most(workload, objects)
            needed["pods"] += most
            for kind in ("requests", "limits"):
                cpu, memory = _amounts(_pod(workload), kind)
                needed[f"{kind}.cpu"] += most * cpu  # pyright: ignore[reportArgumentType]
                needed[f"{kind}.memory"] += most * memory  # pyright: ignore[reportArgumentType]
            for claim in _list(workload["spec"], "volumeClaimTemplates"):
                size = claim["spec"]["resources"]["requests"]["storage"]
                needed["persistentvolumeclaims"] += most
                needed["requests.storage"] += most * int(quantity.memory(size))
        hard = quota["spec"]["hard"]
        for resource in ("pods", "persistentvolumeclaims"):
            assert int(hard[resource]) == needed[resource], f"{namespace}: {resource}"
        for resource in ("requests.cpu", "limits.cpu"):
            assert _number(hard[resource], resource) == needed[resource], namespace
        for resource in ("requests.memory", "limits.memory", "requests.storage"):
            spare = _number(hard[resource], resource) - needed[resource]
            # Rounded up to whole mebibytes.
            assert 0 <= spare < 2**20, f"{namespace}: {resource}"


def test_limits_are_those_of_the_largest_container(program: Program) -> None:
    objects = kubernetes_objects(program.registrations)
    for limits in _of_kind(objects, "LimitRange"):
        (entry,) = limits["spec"]["limits"]
        largest = [entry["default"]]
        for workload in _of_kind(objects, *WORKLOADS):
            if workload["metadata"]["namespace"] == limits["metadata"]["namespace"]:
                largest += [c["resources"]["limits"] for c in _containers(_pod(workload))]
        assert quantity.cpu(entry["max"]["cpu"]) == max(quantity.cpu(a["cpu"]) for a in largest)
        assert quantity.memory(entry["max"]["memory"]) == max(
            quantity.memory(a["memory"]) for a in largest
        )


def test_serving_goes_before_batch_and_neither_evicts_another_teams_pods(program: Program) -> None:
    objects = kubernetes_objects(program.registrations)
    classes = {thing["metadata"]["name"]: thing for thing in _of_kind(objects, "PriorityClass")}
    assert set(classes) == {SERVING, BATCH}
    # Pods without a class have priority 0. Below -10 the cluster does not grow for a pod:
    # https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md
    assert 0 == classes[SERVING]["value"] > classes[BATCH]["value"] >= -10
    assert classes[BATCH]["preemptionPolicy"] == "Never"
    assert not any(thing["globalDefault"] for thing in classes.values())
    for workload in _of_kind(objects, *WORKLOADS):
        batch = workload["kind"] in {"Job", "CronJob"}
        assert _pod(workload)["priorityClassName"] == (BATCH if batch else SERVING)


def test_what_runs_waits_for_the_guards_of_its_namespace_and_for_its_class(
    program: Program,
) -> None:
    kinds = ("NetworkPolicy", "ResourceQuota", "LimitRange")
    guards = {
        (kind, entry.properties["metadata"]["namespace"]): entry.urn
        for entry in program.registrations
        for kind in (entry.type.split(":")[-1],)
        if kind in kinds
    }
    for entry in program.registrations:
        if entry.type.split(":")[-1] in WORKLOADS:
            namespace = entry.properties["metadata"]["namespace"]
            for kind in kinds:
                assert guards[kind, namespace] in entry.dependencies, f"{entry.name}: {kind}"
