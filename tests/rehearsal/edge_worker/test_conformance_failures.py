"""What visitors get when somebody does not answer, and what says afterwards what happened."""

import json
import re
import uuid
from typing import Any

import pytest

from tests.rehearsal.edge_worker.runtime import Answer, EdgeRuntime
from tests.rehearsal.edge_worker.sites import (
    API_SECRET,
    ORIGIN_SECRET,
    address,
    api,
    cases,
    frontend,
    titled,
)

STORE = "https://assets.serlo.org/"
HTML = {"content-type": "text/html; charset=utf-8"}
STACK_TRACE = re.compile(r"\bat .+:\d+|\.m?js\b|Error:|connection refused|Exception")

# Who answers a request for an address: host, path, and the start of the upstream's address.
UPSTREAMS = [
    ("frontend", "de", "/physik", "https://{F}/"),
    ("frontend without a language", "de", "/_next/x", "https://{F}/"),
    ("frontend's login", "de", "/api/auth/x", "https://{F}/"),
    ("origin", "kratos", "/x", "https://kratos.serlo-staging.dev/"),
    ("another path of the API", "api", "/x", "https://api.serlo-staging.dev/"),
    ("asset store", "assets", "/x.png", STORE),
]


def is_branded(answer: Answer, status: int, retry_after: str = "30") -> None:
    """Our page for visitors, which tells nothing of what is behind."""
    assert answer.status == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["retry-after"] == retry_after
    assert "no-store" in answer.headers.get("cache-control", "no-store")
    assert "Serlo" in answer.text
    assert not STACK_TRACE.search(answer.text)


def is_json(answer: Answer, status: int, retry_after: str = "30") -> None:
    """The same for programs that call the API."""
    assert answer.status == status
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["retry-after"] == retry_after
    assert answer.headers["access-control-allow-origin"] == "https://de.serlo-staging.dev"
    assert "origin" in answer.headers["vary"].lower()
    (error,) = answer.json()["errors"]
    assert error["message"]
    assert not STACK_TRACE.search(answer.text)


def call_api(edge: EdgeRuntime, site: str = "today") -> Answer:
    headers = {"origin": "https://de.serlo-staging.dev"}
    return edge.fetch(site, api(site), method="POST", body=b"{}", headers=headers)


@pytest.mark.parametrize(("label", "path", "upstream"), titled(UPSTREAMS))
def test_who_cannot_be_reached_has_a_page(
    edge: EdgeRuntime, label: str, path: str, upstream: str
) -> None:
    edge.answer(upstream.replace("{F}", frontend("today")), fail=True)
    is_branded(edge.fetch("today", address("today", label, path)), 502)


@pytest.mark.parametrize(("label", "path", "upstream"), titled(UPSTREAMS))
def test_who_takes_too_long_has_a_page(
    edge: EdgeRuntime, label: str, path: str, upstream: str
) -> None:
    edge.answer(upstream.replace("{F}", frontend("hasty")), hang=True)
    is_branded(edge.fetch("hasty", address("hasty", label, path)), 502)


@pytest.mark.parametrize("status", [502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 530])
@pytest.mark.parametrize(("label", "path", "upstream"), titled(UPSTREAMS))
def test_who_is_down_has_a_page(
    edge: EdgeRuntime, label: str, path: str, upstream: str, status: int
) -> None:
    headers = {"content-type": "text/plain"}
    host = upstream.replace("{F}", frontend("today"))
    edge.answer(host, status=status, body="error code: Error: at x.js:1", headers=headers)
    is_branded(edge.fetch("today", address("today", label, path)), 503)


# Answers of an upstream's own that say more than our page: status, type.
OWN = [
    (status, content_type)
    for status in (502, 503, 504)
    for content_type in (
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/problem+json",
        "text/html",
    )
]
SAID = '{"status":"unavailable"}'


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize(("label", "path", "upstream"), titled(UPSTREAMS))
def test_json_and_pages_of_an_upstream_are_kept(
    edge: EdgeRuntime, label: str, path: str, upstream: str, own: tuple[int, str]
) -> None:
    status, content_type = own
    host = upstream.replace("{F}", frontend("today"))
    edge.answer(host, status=status, body=SAID, headers={"content-type": content_type})
    answer = edge.fetch("today", address("today", label, path))
    assert (answer.status, answer.text) == (status, SAID)
    assert answer.headers["content-type"] == content_type


@pytest.mark.parametrize("path", ["/api/.ory/sessions/whoami", "/api/.ory/health/ready"])
def test_logins_are_told_in_json(edge: EdgeRuntime, path: str) -> None:
    for url in (f"https://{frontend('today')}/", address("today", "kratos", "/")):
        edge.answer(url, status=503, body=SAID, headers={"content-type": "application/json"})
    for url in (address("today", "de", path), address("today", "kratos", "/health/ready")):
        answer = edge.fetch("today", url, headers={"accept": "application/json, text/html"})
        assert (answer.status, answer.json()) == (503, {"status": "unavailable"})


ACCEPTED = [
    ("text/html,application/xhtml+xml,*/*;q=0.8", True),
    ("text/html", True),
    ("*/*", False),
    ("application/json", False),
    ("image/avif,image/webp,*/*;q=0.8", False),
    ("text/css,*/*;q=0.1", False),
]


@pytest.mark.parametrize(("accept", "is_page"), cases(ACCEPTED, 0))
@pytest.mark.parametrize("status", [502, 503, 504])
def test_only_who_asks_for_a_page_gets_one_of_ours(
    edge: EdgeRuntime, accept: str, is_page: bool, status: int
) -> None:
    headers = {"content-type": "text/plain"}
    edge.answer(f"https://{frontend('today')}/", status=status, body="no server", headers=headers)
    answer = edge.fetch("today", address("today", "de", "/physik"), headers={"accept": accept})
    if is_page:
        is_branded(answer, 503)
    else:
        assert (answer.status, answer.text) == (status, "no server")


@pytest.mark.parametrize("retry", ["7", "120", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_who_says_when_to_come_back_is_believed(edge: EdgeRuntime, retry: str) -> None:
    edge.answer(f"https://{frontend('today')}/", status=503, headers={"retry-after": retry})
    is_branded(edge.fetch("today", address("today", "de", "/physik")), 503, retry)
    edge.answer(api("today"), status=503, headers={"retry-after": retry})
    is_json(call_api(edge), 503, retry)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_page_of_the_upstream_s_own_is_kept(edge: EdgeRuntime, status: int) -> None:
    page = "<html>We are moving</html>"
    edge.answer(f"https://{frontend('today')}/", status=status, body=page, headers=HTML)
    answer = edge.fetch("today", address("today", "de", "/physik"))
    assert (answer.status, answer.text) == (status, page)


@pytest.mark.parametrize("status", [400, 404, 418, 429, 500, 501, 505, 519, 531])
def test_other_errors_are_the_upstream_s_own(edge: EdgeRuntime, status: int) -> None:
    url = address("today", "kratos", "/x")
    edge.answer(url, status=status, body="why")
    answer = edge.fetch("today", url)
    assert (answer.status, answer.text) == (status, "why")


API_FAILURES: list[tuple[str, dict[str, Any], int]] = [
    ("refused", {"fail": True}, 502),
    ("bad gateway", {"status": 502, "body": "bad gateway"}, 503),
    ("unavailable", {"status": 503, "body": '{"errors":[]}'}, 503),
    ("gateway time-out", {"status": 504}, 503),
    ("Cloudflare knows no origin", {"status": 530, "body": "error code: 1016"}, 503),
    ("a gateway's page", {"status": 503, "body": "<html>", "headers": HTML}, 503),
    ("Cloudflare cannot connect", {"status": 521, "body": "<html>", "headers": HTML}, 503),
]


@pytest.mark.parametrize(("failure", "status"), titled(API_FAILURES))
def test_programs_get_json(edge: EdgeRuntime, failure: dict[str, Any], status: int) -> None:
    edge.answer(api("today"), **failure)
    is_json(call_api(edge), status)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_json_of_the_api_is_kept(edge: EdgeRuntime, status: int) -> None:
    edge.answer(
        api("today"), status=status, body=SAID, headers={"content-type": "application/json"}
    )
    answer = call_api(edge)
    assert (answer.status, answer.text) == (status, SAID)
    assert answer.headers["access-control-allow-origin"] == "https://de.serlo-staging.dev"


def test_programs_get_json_from_a_slow_api(edge: EdgeRuntime) -> None:
    edge.answer(api("hasty"), hang=True)
    is_json(call_api(edge, "hasty"), 502)


# Whom a request reaches, one for each kind of answer.
KINDS = [
    ("redirect", "de", "/datenschutz"),
    ("https", "de", "/x"),
    ("text", "de", "/robots.txt"),
    ("json", "", "/auth/frontend-redirect-uris.json"),
    ("maintenance", "de", "/___cloudflare_worker_dev"),
    ("frontend", "de", "/physik"),
    ("special path", "de", "/_next/x"),
    ("login", "de", "/api/auth/x"),
    ("api", "api", "/graphql"),
    ("origin", "kratos", "/x"),
    ("placeholder", "embed", "/thumbnail"),
    ("asset", "assets", "/x.png"),
    ("pdf", "de", "/api/pdf/1"),
]

GOOD_IDS = ["abcdefgh", "0123-4567_89ab", "A" * 128, "0b0c2f1e-7a34-4f2b-9d5c-2f6f0a1d3c55"]
BAD_IDS = [
    "",
    "short",
    "A" * 129,
    "with space",
    "a;b;c;d;e",
    "ünïcödé-id",
    "abc\tdefgh",
    "${jndi:x}",
]


@pytest.mark.parametrize(("label", "path"), titled(KINDS))
def test_every_answer_says_which_request_and_rule_it_is_of(
    edge: EdgeRuntime, label: str, path: str
) -> None:
    headers = {"x-request-id": "request-of-mine", "x-serlo-rule": "guessed"}
    answer = edge.fetch("today", address("today", label, path), headers=headers)
    assert answer.headers["x-request-id"] == "request-of-mine"
    assert re.fullmatch(r"[a-z0-9-]+", answer.headers["x-serlo-rule"])
    assert answer.headers["x-serlo-rule"] != "guessed"
    for call in edge.calls():
        assert "x-serlo-rule" not in call.headers
        if call.url.partition("/")[2].startswith("/assets"):
            continue
        if "serlo-staging.dev" in call.url:
            assert call.headers["x-request-id"] == "request-of-mine"


@pytest.mark.parametrize("given", GOOD_IDS)
def test_a_good_request_id_is_kept(edge: EdgeRuntime, given: str) -> None:
    answer = edge.fetch("today", address("today", "de", "/x"), headers={"x-request-id": given})
    assert answer.headers.get_list("x-request-id") == [given]
    assert {call.headers["x-request-id"] for call in edge.calls()} == {given}


@pytest.mark.parametrize("given", BAD_IDS)
def test_a_bad_request_id_is_replaced(edge: EdgeRuntime, given: str) -> None:
    headers = {"x-request-id": given.encode().decode("latin-1")}
    answer = edge.fetch("today", address("today", "de", "/x"), headers=headers)
    (found,) = answer.headers.get_list("x-request-id")
    assert str(uuid.UUID(found)) == found
    assert {call.headers["x-request-id"] for call in edge.calls()} == {found}


def test_every_request_has_an_id_of_its_own(edge: EdgeRuntime) -> None:
    url = address("today", "de", "/datenschutz")
    assert len({edge.fetch("today", url).headers["x-request-id"] for _ in range(20)}) == 20


def test_pages_of_failures_have_the_request_s_id(edge: EdgeRuntime) -> None:
    edge.answer("https://", fail=True)
    headers = {"x-request-id": "request-of-mine"}
    answer = edge.fetch("today", address("today", "de", "/physik"), headers=headers)
    assert answer.headers["x-request-id"] == "request-of-mine"
    assert "request-of-mine" in answer.text


THIRD_PARTIES = [
    ("de", "/api/stats/quickbar.json"),
    ("de", "/api/pdf/1"),
    ("assets", "/x.png"),
    ("embed", "/thumbnail?url=https%3A%2F%2Fwww.youtube-nocookie.com%2Fembed%2FWtvyw4NjJWc"),
    ("embed", "/thumbnail?url=https%3A%2F%2Fwww.geogebra.org%2Fmaterial%2Fiframe%2Fid%2F1"),
    ("embed", "/thumbnail?url=https%3A%2F%2Fplayer.vimeo.com%2Fvideo%2F1"),
]


@pytest.mark.parametrize(("label", "path"), cases(THIRD_PARTIES))
def test_third_parties_learn_nothing(edge: EdgeRuntime, label: str, path: str) -> None:
    edge.answer("https://", headers={"set-cookie": "tracking=1"}, body="x")
    headers = {
        "cookie": "session=1",
        "authorization": "Bearer x",
        "x-serlo-edge": "guessed",
        "x-serlo-rule": "guessed",
        "x-serlo-editor-testing": "1",
    }
    answer = edge.fetch("production", address("production", label, path), headers=headers)
    calls = edge.calls()
    assert calls
    for call in calls:
        names = set(call.headers)
        assert not {"cookie", "authorization"} & names
        assert not [name for name in names if name.startswith("x-serlo")]
        assert ORIGIN_SECRET not in str(list(call.headers.items()))
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(("label", "path"), cases(THIRD_PARTIES[:4]))
def test_third_parties_are_only_read(edge: EdgeRuntime, label: str, path: str, method: str) -> None:
    body = b"secret" if method != "OPTIONS" else b""
    url = address("production", label, path)
    edge.fetch("production", url, method=method, body=body)
    third = [call for call in edge.calls() if "//assets.serlo.org/" in call.url]
    third += [call for call in edge.calls() if "serlo.org" not in call.url]
    assert all(call.method in ("GET", "HEAD") and not call.body for call in third)


@pytest.mark.parametrize(("label", "path"), titled(KINDS))
def test_a_worker_with_the_least_of_bindings_works(
    edge: EdgeRuntime, label: str, path: str
) -> None:
    answer = edge.fetch("bare", address("bare", label, path), headers={"x-serlo-edge": "guessed"})
    assert answer.status < 400
    assert not [call for call in edge.calls() if "x-serlo-edge" in call.headers]


LOGGED: list[tuple[str, str, str, dict[str, Any]]] = [
    ("redirect of the frontend", "/physik", "https://{F}/", {"status": 302}),
    ("no quickbar", "/api/stats/quickbar.json", "https://serlo.github.io/", {"status": 500}),
    ("no PDF", "/api/pdf/1", "https://pdf.serlo.org/", {"status": 404}),
    ("no frontend", "/physik", "https://{F}/", {"fail": True}),
    ("frontend is down", "/physik", "https://{F}/", {"status": 521}),
]


@pytest.mark.parametrize(("path", "upstream", "failure"), titled(LOGGED))
def test_what_somebody_should_know_of_is_logged(
    edge: EdgeRuntime, path: str, upstream: str, failure: dict[str, Any]
) -> None:
    headers = {"location": "https://elsewhere.example/"} if failure.get("status") == 302 else {}
    edge.answer(upstream.replace("{F}", frontend("today")), headers=headers, **failure)
    # What is no content is known, so that nothing else is logged.
    edge.kv_put(f"/de{path}", '{"missing":true}')
    mine = str(uuid.uuid4())
    edge.fetch("today", address("today", "de", path), headers={"x-request-id": mine})
    (line,) = [line for line in edge.log().splitlines() if mine in line]
    assert json.loads(line[line.index("{") :])["level"] in ("warning", "error")


def logged(edge: EdgeRuntime, site: str, url: str) -> dict[str, Any]:
    """The one line that a request writes to the log."""
    mine = str(uuid.uuid4())
    edge.fetch(site, url, headers={"x-request-id": mine})
    (line,) = [line for line in edge.log().splitlines() if mine in line]
    return json.loads(line[line.index("{") :])


DOWN: list[tuple[str, dict[str, Any], int | None]] = [
    ("refused", {"fail": True}, None),
    ("slow", {"hang": True}, None),
    ("unavailable", {"status": 503}, 503),
    ("Cloudflare knows no origin", {"status": 530}, 530),
]


@pytest.mark.parametrize("down", DOWN, ids=[title for title, *_ in DOWN])
@pytest.mark.parametrize(
    ("label", "path", "upstream"),
    [*titled(UPSTREAMS), *titled([("API", "api", "/graphql", "https://api.serlo-staging.dev/")])],
)
def test_a_dead_upstream_is_logged_with_its_host(
    edge: EdgeRuntime,
    label: str,
    path: str,
    upstream: str,
    down: tuple[str, dict[str, Any], int | None],
) -> None:
    _, failure, status = down
    host = upstream.replace("{F}", frontend("hasty"))
    edge.answer(host, **failure)
    edge.kv_put(f"/{label}{path}", '{"missing":true}')
    line = logged(edge, "hasty", address("hasty", label, path))
    assert (line["level"], line["host"]) == ("error", host.split("/")[2])
    assert line.get("status") == status


def test_an_upstream_of_a_split_is_logged_with_its_host(edge: EdgeRuntime) -> None:
    edge.answer("https://", fail=True)
    edge.kv_put("/de/physik", '{"currentPath":"/physik"}')
    line = logged(edge, "split-none", address("split-none", "de", "/physik"))
    assert line["host"] == "de.serlo-staging.dev"


def test_the_log_has_one_json_document_on_a_line(edge: EdgeRuntime) -> None:
    edge.answer("https://", fail=True)
    headers = {"x-request-id": "request-to-be-logged", "cookie": "session=topsecret"}
    edge.fetch("today", address("today", "de", "/physik?token=topsecret"), headers=headers)
    found = [line for line in edge.log().splitlines() if "request-to-be-logged" in line]
    assert found
    for line in found:
        entry = json.loads(line[line.index("{") :])
        assert entry["level"] in ("warning", "error")
        assert entry["requestId"] == "request-to-be-logged"
        assert entry["message"]
        assert entry["rule"]
    for secret in (API_SECRET, ORIGIN_SECRET, "topsecret"):
        assert secret not in edge.log()


def test_what_goes_well_is_not_logged(edge: EdgeRuntime) -> None:
    before = len(edge.log())
    edge.fetch("today", address("today", "kratos", "/x"))
    edge.fetch("today", address("today", "de", "/datenschutz"))
    assert len(edge.log()) == before
