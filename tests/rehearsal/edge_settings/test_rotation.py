"""Replacing the secrets between worker and cluster loses no request: docs/guides/.

The real worker in the real Workers runtime; behind it an origin that checks what it is sent as the
gateway and the API do. Each state below is one that an update passes through.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import pytest

from infra.cluster.origin_auth import HEADER
from infra.edge.cloudflare.worker_script import worker_code
from infra.edge.compiler import compile_rules
from infra.routing.model import LANGUAGES, AnyHost, AnyPath, Api, Exact, Frontend, PassThrough, Rule
from tests.rehearsal.cloudflare.emulator import ACCOUNT, Emulator, Zone

OLD, NEW = "old-worker-secret", "new-worker-secret"
OLD_DOOR, NEW_DOOR = "old-origin-secret", "new-origin-secret"
REQUESTS = 20
CODE = worker_code(
    compile_rules(
        (
            Rule("graphql", ("api",), Exact("/graphql"), Api(())),
            Rule("content", LANGUAGES, AnyPath(), Frontend()),
            Rule("everything-else", AnyHost(), AnyPath(), PassThrough()),
        ),
        legacy=False,
        splits={},
        switches=(),
    )
)


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def is_signed(authorization: str, secret: str) -> bool:
    """What the API asks of a request, with the one secret that a pod knows."""
    token = authorization.removeprefix("Serlo Service=")
    content, _, signature = token.rpartition(".")
    expected = hmac.new(secret.encode(), content.encode(), hashlib.sha256).digest()
    claims = json.loads(decoded(content.partition(".")[2]))
    return (
        hmac.compare_digest(decoded(signature), expected)
        and (claims["aud"], claims["iss"]) == ("api.serlo.org", "serlo.org-cloudflare-worker")
        and 0 < claims["exp"] - time.time() <= 7200
    )


class Cluster:
    """A gateway that admits `doors`, and pods that each know one of `secrets`, asked in turn."""

    def __init__(self) -> None:
        self.doors: set[str] = {OLD_DOOR}
        self.secrets: list[str] = [OLD]
        self.done: list[str] = []
        self.asked = 0
        self._turns = count()
        cluster = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
                status, document = cluster.judge(self.path, dict(self.headers.items()), body)
                content = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def judge(self, path: str, headers: dict[str, str], body: str) -> tuple[int, dict[str, Any]]:
        self.asked += 1
        given = {name.lower(): value for name, value in headers.items()}
        if given.get(HEADER) not in self.doors:
            return 404, {"error": "no route"}
        if path == "/graphql":
            secret = self.secrets[next(self._turns) % len(self.secrets)]
            if not is_signed(given["authorization"], secret):
                message = "Context creation failed: Invalid service token: invalid signature"
                return 400, {"errors": [{"message": message}]}
            self.done.append(body)
        return 200, {"data": {"headers": given}}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def backend() -> Iterator[Cluster]:
    backend = Cluster()
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory, backend: Cluster) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path_factory.mktemp("cloudflare"), backend.url, "--account", ACCOUNT)
    yield emulator
    emulator.end()


class Edge:
    """A zone whose hosts are answered by our worker."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        for label in ("api", "de", "frontend", "hydra"):
            zone.record(label)
        self.name = ""
        self.given()
        zone.route(f"*{zone.name}/*", self.name)

    def given(self, first: str = OLD, second: str | None = None, door: str = OLD_DOOR) -> None:
        """Upload the worker with these secrets."""
        secrets = {"API_SECRET": first, "API_SECRET_SECOND": second, "ORIGIN_SECRET": door}
        self.upload(self.zone.host("frontend"), secrets)

    def upload(self, frontend: str, secrets: Mapping[str, str | None]) -> None:
        """Upload the worker with a small table."""
        plain = {"DOMAIN": self.zone.name, "ENVIRONMENT": "local", "FRONTEND_DOMAIN": frontend}
        self.name = self.zone.script(
            CODE,
            *({"type": "plain_text", "name": n, "text": text} for n, text in plain.items()),
            *({"type": "secret_text", "name": n, "text": t} for n, t in secrets.items() if t),
            name=self.name,
        )

    def mutate(self, backend: Cluster) -> tuple[int, int]:
        """Send mutations; answers how many were carried out, each once, and how many were lost."""
        backend.done.clear()
        sent = [f'{{"query": "mutation {number}"}}' for number in range(REQUESTS)]
        answers = [
            self.zone.emulator.edge.post(
                "/graphql", content=body, headers={"host": self.zone.host("api")}
            )
            for body in sent
        ]
        lost = sum(answer.status_code != 200 for answer in answers)
        assert backend.done == [b for b, a in zip(sent, answers, strict=True) if a.is_success]
        return len(backend.done), lost


@pytest.fixture
def edge(emulator: Emulator, backend: Cluster) -> Edge:
    backend.doors, backend.secrets = {OLD_DOOR}, [OLD]
    return Edge(Zone(emulator))


def test_each_step_of_the_rotation_loses_nothing(edge: Edge, backend: Cluster) -> None:
    states = [
        ((OLD, None), [OLD]),
        # The first update tells the worker of the new value.
        ((OLD, NEW), [OLD]),
        # The second swaps the two, and changes worker and pods in whichever order.
        *(((OLD, NEW), pods) for pods in ([OLD, OLD, NEW], [OLD, NEW], [NEW])),
        *(((NEW, OLD), pods) for pods in ([OLD], [OLD, NEW], [OLD, NEW, NEW], [NEW])),
        # The third takes the old value away.
        ((NEW, None), [NEW]),
    ]
    for known, pods in states:
        edge.given(*known)
        backend.secrets = pods
        assert edge.mutate(backend) == (REQUESTS, 0), (known, pods)


def test_replacing_it_at_once_would_lose_requests(edge: Edge, backend: Cluster) -> None:
    edge.given(NEW)
    backend.secrets = [OLD, NEW]
    done, lost = edge.mutate(backend)
    assert (done, lost) == (REQUESTS // 2, REQUESTS // 2)


def test_other_refusals_are_not_repeated(edge: Edge, backend: Cluster) -> None:
    edge.given(OLD, NEW)
    backend.secrets = ["a third one"]
    assert edge.mutate(backend) == (0, REQUESTS), "the tries come to an end"
    backend.asked = 0
    backend.doors = set()
    assert edge.mutate(backend) == (0, REQUESTS)
    assert backend.asked == REQUESTS


def test_a_client_can_neither_sign_for_us_nor_open_the_door(edge: Edge) -> None:
    host = edge.zone.host("api")
    headers = {"host": host, "authorization": "Bearer theirs", HEADER: "theirs"}
    answer = edge.zone.emulator.edge.post("/graphql", headers=headers)
    assert answer.status_code == 200
    seen = answer.json()["data"]["headers"]
    assert seen[HEADER] == OLD_DOOR
    assert is_signed(seen["authorization"], OLD)


@pytest.mark.parametrize("host", ["hydra", "de"])
def test_every_request_to_the_gateway_has_the_header(
    edge: Edge, backend: Cluster, host: str
) -> None:
    backend.doors = {OLD_DOOR, NEW_DOOR}
    for door in (OLD_DOOR, NEW_DOOR):
        edge.given(door=door)
        answer = edge.zone.get(edge.zone.host(host), "/some/path?x=1")
        assert answer.json()["data"]["headers"][HEADER] == door


def test_nobody_else_learns_the_origin_secret(edge: Edge) -> None:
    secrets = {"API_SECRET": OLD, "ORIGIN_SECRET": OLD_DOOR}
    edge.upload("frontend.elsewhere.example", secrets)
    answer = edge.zone.get(edge.zone.host("de"), "/", **{HEADER: "theirs"})
    assert answer.headers["x-rehearsal-foreign"] == "frontend.elsewhere.example"
    assert OLD_DOOR not in answer.text + json.dumps(edge.zone.emulator.audit())
