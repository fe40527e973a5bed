"""The origin against a real cluster: which version answers is what the cluster runs."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from k8s import Cluster, JsonObject
from rehearsal.control_plane.faults import Faults
from rehearsal.supervisor import CONTROL_PLANE, read_status, start
from rehearsal.supervisor.change_faults import set_faults
from tests.rehearsal.conftest import POOL

Eventually = Callable[..., Any]
Ask = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def origin(control_plane: Any) -> Iterator[str]:
    """The origin as the supervisor starts it, with its own identity. Its URL."""
    kubeconfig = control_plane.folder / "control_plane" / "origin.kubeconfig"
    process = subprocess.Popen(
        [sys.executable, "-m", "rehearsal.origin", "--kubeconfig", str(kubeconfig)],
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    yield json.loads(process.stdout.readline())["origin"]
    process.terminate()
    assert process.wait(10) in (0, -signal.SIGTERM)
    process.stdout.close()


@pytest.fixture
def ask(origin: str) -> Iterator[Ask]:
    with httpx.Client(base_url=origin, trust_env=False) as client:

        def request(host: str, path: str = "/", method: str = "GET", **more: Any) -> httpx.Response:
            headers = {"host": host, **more.pop("headers", {})}
            return client.request(method, path, headers=headers, **more)

        yield request


@dataclass(frozen=True)
class Platform:
    """Services and routes in one namespace, under hostnames that only this test has."""

    cluster: Cluster
    namespace: str

    @property
    def host(self) -> str:
        return f"{self.namespace}.example.org"

    def apply(self, api_version: str, kind: str, name: str, **fields: Any) -> JsonObject:
        metadata = {"name": name, "namespace": self.namespace}
        obj = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}
        return self.cluster.apply(obj, field_manager="test", force=True)

    def service(self, name: str, version: str, replicas: int = 2) -> None:
        container = {
            "name": name,
            "image": f"ghcr.io/serlo/{name}:{version}",
            "ports": [{"name": "http", "containerPort": 3001}],
        }
        labels = {"app": name}
        self.apply(
            "apps/v1",
            "Deployment",
            name,
            spec={
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "proxy", "image": "proxy:1.0.0"}, container]},
                },
            },
        )
        ports = [{"port": 3000, "targetPort": "http"}]
        self.apply("v1", "Service", name, spec={"selector": labels, "ports": ports})

    def gateway(self) -> None:
        listener = {"name": "http", "port": 80, "protocol": "HTTP"}
        self.apply(
            "gateway.networking.k8s.io/v1",
            "Gateway",
            "public",
            spec={
                "gatewayClassName": "gke-l7-global-external-managed",
                "listeners": [listener],
            },
        )

    def route(self, name: str, *rules: JsonObject, host: str | None = None) -> None:
        self.apply(
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            name,
            spec={
                "parentRefs": [{"name": "public"}],
                "hostnames": [host or self.host],
                "rules": list(rules),
            },
        )


def to(name: str, port: int = 3000, **more: Any) -> JsonObject:
    return {"backendRefs": [{"name": name, "port": port, **more}]}


@pytest.fixture
def platform(cluster: Cluster, namespace: str) -> Platform:
    platform = Platform(cluster, namespace)
    platform.gateway()
    return platform


def test_the_answer_names_who_answered_and_what_was_received(
    platform: Platform, ask: Ask, eventually: Eventually
) -> None:
    platform.service("server", "0.52.1", replicas=1)
    platform.route("server", to("server"))
    eventually(lambda: ask(platform.host).status_code == 200)
    answer = ask(
        platform.host, "/a/b?c=d", "POST", headers={"X-From": "test"}, content=b"12345"
    ).json()
    pod = platform.cluster.list("v1", "Pod", platform.namespace)[0]
    request = answer.pop("request")
    assert answer == {
        "service": "server",
        "namespace": platform.namespace,
        "pod": pod["metadata"]["name"],
        "container": "server",
        "image": "ghcr.io/serlo/server:0.52.1",
        "version": "0.52.1",
        "digest": "",
        "node": pod["spec"]["nodeName"],
        "route": f"{platform.namespace}/server",
    }
    assert (request["method"], request["host"]) == ("POST", platform.host)
    assert (request["path"], request["query"]) == ("/a/b", "c=d")
    assert (request["headers"]["x-from"], request["body_bytes"]) == ("test", 5)


def test_the_version_follows_a_rollout_without_a_gap(
    platform: Platform, ask: Ask, eventually: Eventually
) -> None:
    platform.service("server", "1.0.0")
    platform.route("server", to("server"))
    eventually(lambda: ask(platform.host).status_code == 200)
    platform.service("server", "1.0.1@sha256:" + "0" * 64)
    seen: list[tuple[int, str]] = []

    def finished() -> bool:
        answer = ask(platform.host)
        seen.append((answer.status_code, answer.json().get("version", "")))
        return seen[-4:] == [(200, "1.0.1")] * 4

    eventually(finished)
    assert set(seen) <= {(200, "1.0.0"), (200, "1.0.1")}
    assert ask(platform.host).json()["digest"] == "sha256:" + "0" * 64
    # Once nothing of the old version is there, it never answers again.
    assert {ask(platform.host).json()["version"] for _ in range(10)} == {"1.0.1"}


def test_a_bad_release_gets_no_traffic(
    control_plane: Any, platform: Platform, ask: Ask, eventually: Eventually
) -> None:
    set_faults(control_plane.folder, Faults(never_ready=("*/server:9.9.9",)))
    platform.service("server", "1.0.0")
    platform.route("server", to("server"))
    eventually(lambda: ask(platform.host).status_code == 200)
    platform.service("server", "9.9.9")

    def bad_pod_runs() -> bool:
        pods = platform.cluster.list("v1", "Pod", platform.namespace)
        return any(
            pod["spec"]["containers"][1]["image"].endswith("9.9.9")
            and pod["status"]["phase"] == "Running"
            for pod in pods
        )

    eventually(bad_pod_runs)
    assert {ask(platform.host).json()["version"] for _ in range(10)} == {"1.0.0"}
    set_faults(control_plane.folder, Faults())


def test_requests_go_to_all_ready_pods_in_turn(
    platform: Platform, ask: Ask, eventually: Eventually
) -> None:
    platform.service("server", "1.0.0", replicas=3)
    platform.route("server", to("server"))

    def all_answer() -> bool:
        return len({ask(platform.host).json().get("pod") for _ in range(6)} - {None}) == 3

    eventually(all_answer)


def test_nothing_ready_is_503_and_says_so(
    platform: Platform, ask: Ask, eventually: Eventually
) -> None:
    platform.service("server", "1.0.0", replicas=0)
    platform.route("server", to("server"))
    eventually(lambda: ask(platform.host).status_code == 503)
    answer = ask(platform.host).json()
    assert answer["error"] == f"no pod of the Service {platform.namespace}/server is ready"
    assert answer["route"] == f"{platform.namespace}/server"
    platform.service("server", "1.0.0", replicas=1)
    eventually(lambda: ask(platform.host).status_code == 200)
    platform.service("server", "1.0.0", replicas=0)
    eventually(lambda: ask(platform.host).status_code == 503)


def test_no_route_is_404_and_wrong_references_are_500(
    platform: Platform, ask: Ask, eventually: Eventually
) -> None:
    unknown = ask(f"other.{platform.host}", "/x")
    assert unknown.status_code == 404
    assert unknown.json()["error"] == f"no HTTPRoute has the host other.{platform.host}"
    platform.service("server", "1.0.0", replicas=0)
    platform.route(
        "server",
        {"matches": [{"path": {"type": "Exact", "value": "/gone"}}], **to("gone")},
        {"matches": [{"path": {"type": "Exact", "value": "/port"}}], **to("server", 3999)},
        {"matches": [{"path": {"type": "Exact", "value": "/none"}}], **to("server", weight=0)},
        {
            "matches": [{"path": {"type": "Exact", "value": "/foreign"}}],
            **to("kubernetes", 443, namespace="default"),
        },
    )
    eventually(lambda: ask(platform.host, "/gone").status_code == 500)
    assert "there is no Service" in ask(platform.host, "/gone").json()["error"]
    assert "has no port 3999" in ask(platform.host, "/port").json()["error"]
    assert "no backend has a weight" in ask(platform.host, "/none").json()["error"]
    assert "no ReferenceGrant" in ask(platform.host, "/foreign").json()["error"]
    other = ask(platform.host, "/other")
    assert (other.status_code, "fits /other" in other.json()["error"]) == (404, True)


def test_a_route_that_no_gateway_admits_is_named(
    platform: Platform, ask: Ask, eventually: Eventually
) -> None:
    platform.route("server", to("server"))
    path = ("gateway.networking.k8s.io/v1", "Gateway", "public", platform.namespace)
    platform.cluster.delete(*path)
    eventually(lambda: ask(platform.host).status_code == 404)
    error = ask(platform.host).json()["error"]
    assert error.startswith(f"HTTPRoute {platform.namespace}/server has the host {platform.host}")


def test_hostnames_and_paths_decide(platform: Platform, ask: Ask, eventually: Eventually) -> None:
    for name in ("server", "frontend"):
        platform.service(name, "1.0.0", replicas=1)
    platform.route("wide", to("frontend"), host=f"*.{platform.host}")
    graphql = {"matches": [{"path": {"type": "PathPrefix", "value": "/graphql"}}]}
    platform.route("api", {**graphql, **to("server")}, to("frontend"), host=f"api.{platform.host}")
    api, other = f"api.{platform.host}", f"de.{platform.host}"
    # Not the status alone: until the route of `api` is known, the wider one answers.
    eventually(lambda: ask(api, "/graphql").json().get("service") == "server")
    eventually(lambda: ask(api, "/graphqlx").status_code == 200)
    eventually(lambda: ask(other, "/graphql").status_code == 200)
    assert ask(api, "/graphql/x").json()["service"] == "server"
    assert ask(f"{api}:8443", "/graphql").json()["service"] == "server"
    assert ask(api, "/graphqlx").json()["service"] == "frontend"
    assert ask(other, "/graphql").json()["service"] == "frontend"


def test_weights_divide_the_traffic(platform: Platform, ask: Ask, eventually: Eventually) -> None:
    for name in ("old", "new"):
        platform.service(name, "1.0.0", replicas=1)
    backends = [
        {"name": "old", "port": 3000, "weight": 3},
        {"name": "new", "port": 3000, "weight": 1},
    ]
    platform.route("server", {"backendRefs": backends})
    eventually(lambda: {ask(platform.host).status_code for _ in range(4)} == {200})
    services = [ask(platform.host).json()["service"] for _ in range(8)]
    assert (services.count("old"), services.count("new")) == (6, 2)


def test_it_survives_a_restart_of_the_api_server(
    control_plane: Any, platform: Platform, ask: Ask, eventually: Eventually
) -> None:
    folder: Path = control_plane.folder
    platform.service("server", "1.0.0", replicas=1)
    platform.route("server", to("server"))
    eventually(lambda: ask(platform.host).status_code == 200)
    status = read_status(folder)
    assert status
    api_server = status.process("kube-apiserver")
    assert api_server
    assert api_server.pid
    os.kill(api_server.pid, signal.SIGKILL)
    assert ask(platform.host).json()["version"] == "1.0.0"
    platform.service("server", "1.0.1", replicas=1)
    eventually(lambda: ask(platform.host).json().get("version") == "1.0.1", seconds=30)
    # Waits until all answer again: with other pools it would take the nodes from the other tests.
    start(folder, pools=[POOL], components=CONTROL_PLANE, bound=True)
