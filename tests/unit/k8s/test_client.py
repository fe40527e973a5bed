"""The client against a server that misbehaves in ways a real one does only now and then."""

import json
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from k8s import (
    ApiError,
    Cluster,
    Conflict,
    Gone,
    KubeconfigError,
    NotFound,
    UnknownKind,
    Unreachable,
    read_kubeconfig,
)

API = {"resources": [{"name": "configmaps", "kind": "ConfigMap", "namespaced": True}]}
BUSY = (503, {"kind": "Status", "reason": "ServiceUnavailable", "message": "starting"})


class Server:
    """Answers each request with the next of the prepared answers, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.asked: list[str] = []
        self.url = ""

    def answer(self, method: str, path: str) -> tuple[int, Any]:
        if path == "/api/v1":
            return 200, API
        self.asked.append(f"{method} {path}")
        return self.answers.pop(0)


@contextmanager
def listening() -> Generator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, document = server.answer(self.command, self.path)
            body = json.dumps(document).encode() + b"\n"
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    server.url = f"http://127.0.0.1:{http.server_port}"
    yield server
    http.shutdown()
    http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    with listening() as found:
        yield found


def kubeconfig(url: str, **user: Any) -> str:
    return json.dumps(
        {
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": url}}],
            "users": [{"name": "u", "user": user}],
        }
    )


@pytest.fixture
def cluster(server: Server) -> Iterator[Cluster]:
    client = Cluster.from_kubeconfig(kubeconfig(server.url, token="t"))
    yield client
    client.close()


OBJECT: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}


def test_what_can_be_repeated_is_repeated_while_the_server_is_busy(
    server: Server, cluster: Cluster
) -> None:
    server.answers = [BUSY, (500, {"message": "etcdserver: leader changed"}), (200, OBJECT)]
    assert cluster.apply(OBJECT, field_manager="us") == OBJECT
    assert len(server.asked) == 3


def test_what_cannot_be_repeated_is_not(server: Server, cluster: Cluster) -> None:
    server.answers = [BUSY]
    with pytest.raises(ApiError, match="starting"):
        cluster.create(OBJECT)
    assert len(server.asked) == 1


def test_an_apply_that_met_another_write_is_repeated(server: Server, cluster: Cluster) -> None:
    meanwhile = "the object has been modified; please apply your changes to the latest version"
    status = {
        "kind": "Status",
        "reason": "Conflict",
        "message": f"cannot be fulfilled: {meanwhile}",
    }
    server.answers = [(409, status), (200, OBJECT)]
    assert cluster.apply(OBJECT, field_manager="us") == OBJECT


def test_a_conflict_of_managers_is_not_repeated(server: Server, cluster: Cluster) -> None:
    status = {
        "kind": "Status",
        "reason": "Conflict",
        "message": "Apply failed",
        "details": {"a": 1},
    }
    server.answers = [(409, status)]
    with pytest.raises(Conflict) as caught:
        cluster.apply(OBJECT, field_manager="us")
    assert caught.value.details == {"a": 1}


def test_retries_end_with_the_last_error(server: Server) -> None:
    client = Cluster.from_kubeconfig(kubeconfig(server.url), retry_seconds=0.0)
    server.answers = [BUSY]
    with pytest.raises(ApiError, match="starting"):
        client.get("v1", "ConfigMap", "a", "n")


def test_cancelling_ends_the_waiting(server: Server) -> None:
    cancelled = threading.Event()
    client = Cluster(read_kubeconfig(kubeconfig(server.url)), cancelled=cancelled)
    server.answers = [BUSY] * 100
    threading.Timer(0.2, cancelled.set).start()
    with pytest.raises(ApiError, match="starting"):
        client.get("v1", "ConfigMap", "a", "n")
    assert len(server.asked) < 10


def test_nobody_there_is_an_error_that_names_the_address() -> None:
    with listening() as server:
        url = server.url
    client = Cluster.from_kubeconfig(kubeconfig(url), retry_seconds=0.0)
    with pytest.raises(Unreachable, match=url):
        client.request("GET", "/version")


def test_absent_objects_and_unknown_kinds_are_told_apart(server: Server, cluster: Cluster) -> None:
    server.answers = [(404, {"kind": "Status", "reason": "NotFound", "message": "no a"})]
    with pytest.raises(NotFound, match="no a"):
        cluster.get("v1", "ConfigMap", "a", "n")
    with pytest.raises(UnknownKind, match='no matches for kind "Widget" in version "v1"'):
        cluster.get("v1", "Widget", "a", "n")


def test_a_watch_that_starts_too_late_says_so(server: Server, cluster: Cluster) -> None:
    gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
    server.answers = [(200, {"type": "ERROR", "object": gone})]
    with pytest.raises(Gone, match="too old"):
        list(cluster.watch("v1", "ConfigMap", "n", resource_version="1", timeout_seconds=5))


def test_lists_are_read_to_their_last_page(server: Server, cluster: Cluster) -> None:
    server.answers = [
        (200, {"metadata": {"continue": "more"}, "items": [{"metadata": {"name": "a"}}]}),
        (200, {"metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"name": "b"}}]}),
    ]
    found, version = cluster.list_with_version("v1", "ConfigMap", "n")
    assert [entry["metadata"]["name"] for entry in found] == ["a", "b"]
    assert all(entry["kind"] == "ConfigMap" for entry in found)
    assert version == "7"
    assert "continue=more" in server.asked[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not YAML"),
        ("[]\n\n- a", "not YAML"),
        ("a: 1\nb: 2", "no context is named"),
        ('{"current-context": "x"}', "no context named 'x' .there are: none."),
        (kubeconfig("https://a", exec={"command": "gke"}), "credential plugins"),
        (kubeconfig("https://a", **{"client-key-data": "?"}), "client-key-data is not base64"),
        (kubeconfig(""), "cluster 'c' has no server"),
    ],
)
def test_unusable_kubeconfigs_say_why(text: str, message: str) -> None:
    with pytest.raises(KubeconfigError, match=message):
        read_kubeconfig(text)


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=f"{tmp_path}/none: cannot read the kubeconfig"):
        read_kubeconfig(str(tmp_path / "none"))


def test_credentials_do_not_show_in_messages() -> None:
    access = read_kubeconfig(kubeconfig("http://a", token="hunter2"))
    assert access.headers == {"Authorization": "Bearer hunter2"}
    assert "hunter2" not in repr(access)
