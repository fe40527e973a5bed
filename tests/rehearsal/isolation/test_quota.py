"""A real API server admits what a quota is made for, a rollout at full size too, and no more."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.cluster.guardrails import guardrails
from k8s import ApiError, Cluster
from operations.declared.program import run_program
from operations.declared.rendering import kubernetes_objects
from tests.stack_files import stack_file

Json = dict[str, Any]
STACK = stack_file("production")
OWNER = "serlo-tests"
COPIED = ("ServiceAccount", "ResourceQuota", "LimitRange", "Deployment")


@pytest.fixture(scope="module")
def frontend(cluster: Cluster) -> Iterator[list[Json]]:
    """What production declares in the namespace of the frontend."""
    objects = kubernetes_objects(run_program(STACK).registrations)
    classes = [o for o in objects if o["kind"] == "PriorityClass"]
    for priority_class in classes:
        cluster.apply(priority_class, field_manager=OWNER)
    yield [o for o in objects if o["metadata"].get("namespace") == "frontend"]
    for priority_class in classes:
        name = priority_class["metadata"]["name"]
        cluster.delete("scheduling.k8s.io/v1", "PriorityClass", name)


def _copies(frontend: list[Json], namespace: str) -> Iterator[Json]:
    for thing in frontend:
        if thing["kind"] in COPIED:
            yield {**thing, "metadata": {"name": "frontend", "namespace": namespace}}


def _at(cluster: Cluster, deployment: Json, replicas: int, release: str) -> None:
    """Run so many pods of a release, on whatever nodes there are."""
    changed = copy.deepcopy(deployment)
    spec = changed["spec"]
    spec["replicas"] = replicas
    spec["template"]["spec"]["nodeSelector"] = {}
    spec["template"]["metadata"]["labels"]["release"] = release
    cluster.apply(changed, field_manager=OWNER, force=True)


def _refusal(cluster: Cluster, thing: Json) -> str:
    """Why the API server would not create it; empty if it would."""
    try:
        cluster.create(thing, dry_run=True)
    except ApiError as error:
        return error.message
    return ""


def test_a_rollout_at_full_size_fits_and_twice_as_much_does_not(
    cluster: Cluster, namespace: str, frontend: list[Json], eventually: Callable[..., Any]
) -> None:
    (scaler,) = (o for o in frontend if o["kind"] == "HorizontalPodAutoscaler")
    most: int = scaler["spec"]["maxReplicas"]
    copies = {one["kind"]: one for one in _copies(frontend, namespace)}
    deployment = copies.pop("Deployment")
    for one in copies.values():
        cluster.apply(one, field_manager=OWNER)
    allowed = int(copies["ResourceQuota"]["spec"]["hard"]["pods"])
    assert most < allowed < 2 * most

    def status() -> Json:
        return cluster.get("apps/v1", "Deployment", "frontend", namespace)["status"]

    def all_updated(count: int) -> bool:
        now = status()
        counts = (now.get("replicas"), now.get("updatedReplicas"), now.get("availableReplicas"))
        return counts == (count, count, count)

    def pods(release: str) -> list[Json]:
        return cluster.list("v1", "Pod", namespace, label_selector=f"release={release}")

    _at(cluster, deployment, most, "one")
    eventually(lambda: all_updated(most), 60)
    _at(cluster, deployment, most, "two")
    eventually(lambda: len(pods("two")) == most and all_updated(most), 90)
    eventually(lambda: not pods("one"), 60)

    _at(cluster, deployment, 2 * most, "two")

    def refused() -> bool:
        conditions: list[Json] = status().get("conditions") or []
        return any(
            c["type"] == "ReplicaFailure" and "exceeded quota" in c["message"] for c in conditions
        )

    eventually(refused, 30)
    eventually(lambda: len(pods("two")) == allowed, 30)


def test_the_largest_container_fits_and_a_larger_one_does_not(
    cluster: Cluster, namespace: str, frontend: list[Json], eventually: Callable[..., Any]
) -> None:
    copies = {one["kind"]: one for one in _copies(frontend, namespace)}
    for kind in ("ResourceQuota", "LimitRange", "ServiceAccount"):
        cluster.apply(copies[kind], field_manager=OWNER)
    template = copies["Deployment"]["spec"]["template"]

    def pod(name: str, **limits: str) -> Json:
        main = template["spec"]["containers"][0]
        resources = {**main["resources"], "limits": {**main["resources"]["limits"], **limits}}
        spec = {**template["spec"], "containers": [{**main, "resources": resources}]}
        metadata = {"name": name, "namespace": namespace}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    # Admission learns of new limits a moment after they are there.
    too_large = pod("too-large", memory="64Gi")
    eventually(lambda: "maximum memory usage per Container" in _refusal(cluster, too_large))
    too_greedy = pod("too-greedy", cpu="64")
    assert "maximum cpu usage per Container" in _refusal(cluster, too_greedy)
    assert _refusal(cluster, pod("as-declared")) == ""


def test_no_service_may_open_ports_of_nodes(
    cluster: Cluster, namespace: str, eventually: Callable[..., Any]
) -> None:
    (quota,) = (o for o in guardrails([namespace]) if o["kind"] == "ResourceQuota")
    cluster.apply(quota, field_manager=OWNER)

    def refused(kind: str) -> bool:
        service: Json = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": kind.lower(), "namespace": namespace},
            "spec": {"type": kind, "ports": [{"port": 80}], "selector": {"app": "x"}},
        }
        return "exceeded quota" in _refusal(cluster, service)

    eventually(lambda: refused("NodePort"))
    assert refused("LoadBalancer")
    assert not refused("ClusterIP")
