"""Every Deployment that serves is rolled under a stream of requests; none is lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from k8s import Cluster, JsonObject
from tests.rehearsal.platform.conftest import Rehearsal, until

REQUESTS_AT_MOST = 5_000
GATEWAY_API = "gateway.networking.k8s.io/v1"


@pytest.mark.xdist_group("platform-rollouts")
def test_no_request_is_lost_while_everything_rolls(
    new_rehearsal: Callable[[str], Rehearsal],
) -> None:
    rehearsal = new_rehearsal("production")
    rehearsal.rehearse()
    cluster = rehearsal.cluster
    serving = {key: behind for key, behind in services(cluster).items() if rolls(cluster, key)}
    assert len(serving) >= 8
    hosts = {key: probe_route(cluster, key, behind) for key, behind in serving.items()}
    origin = rehearsal.endpoints["origin"]
    for host in hosts.values():
        until(lambda host=host: ask(origin, host)["status"] == 200)
    before = {name: pods_asked(origin, host) for name, host in hosts.items()}

    ended = threading.Event()
    with ThreadPoolExecutor(len(hosts)) as pool:
        streams = [pool.submit(stream, origin, host, ended) for host in hosts.values()]
        try:
            for name in hosts:
                restart(cluster, name)
            until(lambda: all(rolled(cluster, name) for name in hosts), seconds=120)
        finally:
            ended.set()
        answers = {name: done.result() for name, done in zip(hosts, streams, strict=True)}

    for name, seen in answers.items():
        lost = [answer for answer in seen if answer["status"] != 200]
        assert not lost, f"{name}: {len(lost)} of {len(seen)} requests lost, first: {lost[0]}"
        assert len(seen) > 20
    after = {name: pods_asked(origin, host) for name, host in hosts.items()}
    assert all(not before[name] & after[name] for name in hosts)


def services(cluster: Cluster) -> dict[tuple[str, str], tuple[str, int]]:
    """Every Deployment (namespace, name) that a Service selects: the Service and a port of it."""
    found: dict[tuple[str, str], tuple[str, int]] = {}
    selecting = [s for s in cluster.list("v1", "Service") if s["spec"].get("selector")]
    for deployment in cluster.list("apps/v1", "Deployment"):
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        namespace, name = (deployment["metadata"][key] for key in ("namespace", "name"))
        for service in selecting:
            selected = service["spec"]["selector"].items() <= labels.items()
            if service["metadata"]["namespace"] == namespace and selected:
                port = service["spec"]["ports"][0]["port"]
                found[namespace, name] = (service["metadata"]["name"], port)
    return found


def rolls(cluster: Cluster, key: tuple[str, str]) -> bool:
    """Whether a Deployment replaces its pods one by one (one that may exist once only cannot)."""
    return get(cluster, key)["spec"]["strategy"]["type"] == "RollingUpdate"


def get(cluster: Cluster, key: tuple[str, str]) -> JsonObject:
    return cluster.get("apps/v1", "Deployment", key[1], key[0])


def probe_route(cluster: Cluster, key: tuple[str, str], behind: tuple[str, int]) -> str:
    """Lead a host of its own to a Service, past the edge: internal ones have no public host."""
    namespace, name = key
    service, port = behind
    gateway = cluster.list(GATEWAY_API, "Gateway")[0]["metadata"]
    admission = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": namespace, "labels": {"serlo.org/gateway-access": "true"}},
    }
    cluster.apply(admission, field_manager="probe", force=True)
    host = f"{name}.probe.test"
    route: dict[str, Any] = {
        "apiVersion": GATEWAY_API,
        "kind": "HTTPRoute",
        "metadata": {"name": f"probe-{name}", "namespace": namespace},
        "spec": {
            "parentRefs": [{"name": gateway["name"], "namespace": gateway["namespace"]}],
            "hostnames": [host],
            "rules": [{"backendRefs": [{"name": service, "port": port}]}],
        },
    }
    cluster.apply(route, field_manager="probe")
    return host


def ask(origin: str, host: str, client: httpx.Client | None = None) -> dict[str, Any]:
    """One request past the edge; a broken connection counts as lost."""
    get_ = client.get if client else httpx.get
    try:
        answer = get_(f"{origin}/", headers={"Host": host}, timeout=10)
    except httpx.HTTPError as error:
        return {"status": 0, "error": repr(error)}
    return {"status": answer.status_code, **answer.json()}


def pods_asked(origin: str, host: str) -> set[str]:
    return {ask(origin, host)["pod"] for _ in range(10)}


def stream(origin: str, host: str, ended: threading.Event) -> list[dict[str, Any]]:
    """Requests one after the other until told to end."""
    answers: list[dict[str, Any]] = []
    with httpx.Client(trust_env=False) as client:
        while not ended.is_set() and len(answers) < REQUESTS_AT_MOST:
            answers.append(ask(origin, host, client))
            ended.wait(0.01)
    return answers


def restart(cluster: Cluster, key: tuple[str, str]) -> None:
    """What `kubectl rollout restart` does."""
    annotations = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    patch: dict[str, Any] = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": key[0], "name": key[1]},
        "spec": {"template": {"metadata": {"annotations": annotations}}},
    }
    cluster.apply(patch, field_manager="kubectl-rollout")


def rolled(cluster: Cluster, key: tuple[str, str]) -> bool:
    deployment = get(cluster, key)
    status, generation = deployment["status"], deployment["metadata"]["generation"]
    wanted = deployment["spec"]["replicas"]
    return (
        status.get("observedGeneration") == generation
        and status.get("updatedReplicas") == wanted
        and status.get("availableReplicas") == wanted
        and status.get("replicas") == wanted
    )
