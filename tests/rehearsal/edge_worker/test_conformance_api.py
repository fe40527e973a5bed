"""The API: who may call it from a browser, and how it knows that we let the request through."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest

from tests.rehearsal.edge_worker.runtime import EdgeRuntime
from tests.rehearsal.edge_worker.sites import (
    API_SECRET,
    ENVIRONMENTS,
    ORIGIN_SECRET,
    address,
    api,
    cases,
    domain,
)

HOURS = 2 * 60 * 60
NOT_PRODUCTION = ("local", "staging")
NEVER: tuple[str, ...] = ()

# Origin, and the environments in which it may read what the API answers. `{D}` is the domain.
ORIGINS = [
    # The zone itself.
    ("https://{D}", ENVIRONMENTS),
    ("https://de.{D}", ENVIRONMENTS),
    ("https://en.{D}", ENVIRONMENTS),
    ("https://frontend.{D}", ENVIRONMENTS),
    ("https://a.b.{D}", ENVIRONMENTS),
    ("http://de.{D}", ENVIRONMENTS),
    ("https://de.{D}:8443", ENVIRONMENTS),
    ("https://evil{D}", NEVER),
    ("https://{D}.evil.example", NEVER),
    ("https://de.{D}.evil.example", NEVER),
    ("https://evil.example/.{D}", NEVER),
    ("https://evil.example/{D}", NEVER),
    ("https://evil.example?.{D}", NEVER),
    ("https://evil.example#.{D}", NEVER),
    ("https://{D}@evil.example", NEVER),
    ("https://evil.example:443@{D}", NEVER),
    ("https://evilserlo.org", NEVER),
    ("https://serlo.org.evil.example", NEVER),
    ("https://serlo.com", NEVER),
    ("https://serloxorg", NEVER),
    ("https://de.serlo-stagingxdev", NEVER),
    ("javascript://{D}", NEVER),
    ("https://de.{D} https://evil.example", NEVER),
    ("https://evil.example, https://de.{D}", NEVER),
    # Developers' machines.
    ("http://localhost:3000", NOT_PRODUCTION),
    ("http://localhost:3001", NOT_PRODUCTION),
    ("http://localhost:8000", NOT_PRODUCTION),
    ("http://localhost:8080", NOT_PRODUCTION),
    ("https://localhost:3000", NOT_PRODUCTION),
    ("http://localhost", NEVER),
    ("http://localhost:80", NEVER),
    ("http://localhost:3002", NEVER),
    ("http://localhost:30000", NEVER),
    ("http://localhost:9000", NEVER),
    ("http://127.0.0.1:3000", NEVER),
    ("http://evil.localhost:3000", NEVER),
    ("http://localhost.evil.example:3000", NEVER),
    # Previews of the frontend.
    ("https://frontend-git-staging-serlo.vercel.app", NOT_PRODUCTION),
    ("https://x-serlo.vercel.app", NOT_PRODUCTION),
    ("https://serlo.vercel.app", NEVER),
    ("https://vercel.app", NEVER),
    ("https://x-serloxvercel.app", NEVER),
    ("https://other.vercel.app", NEVER),
    ("https://evil-serlo.vercel.app.evil.example", NEVER),
    ("https://evil.x-serlo.vercel.app", NEVER),
    ("https://evil.example/-serlo.vercel.app", NEVER),
    # A partner.
    ("https://x.adornis.de", ENVIRONMENTS),
    ("https://a.b.adornis.de", ENVIRONMENTS),
    ("https://xadornis.de", NEVER),
    ("https://x.adornis.de.evil.example", NEVER),
    ("https://x.adornis.dev", NEVER),
    ("https://x.adornisxde", NEVER),
    ("https://evil.example/.adornis.de", NEVER),
    # No origin at all.
    ("null", NEVER),
    ("", NEVER),
    ("https://", NEVER),
    ("de.{D}", NEVER),
    ("*", NEVER),
]


@pytest.mark.parametrize("site", ENVIRONMENTS)
@pytest.mark.parametrize(("origin", "where"), cases(ORIGINS, 0))
def test_who_may_read_what_the_api_answers(
    edge: EdgeRuntime, site: str, origin: str, where: tuple[str, ...]
) -> None:
    origin = origin.replace("{D}", domain(site))
    answer = edge.fetch(site, api(site), method="POST", body=b"{}", headers={"origin": origin})
    assert answer.status == 200
    allowed = answer.headers.get_list("access-control-allow-origin")
    assert allowed == [origin if site in where else f"https://{domain(site)}"]


@pytest.mark.parametrize("site", ENVIRONMENTS)
def test_without_an_origin_the_domain_may_read_it(edge: EdgeRuntime, site: str) -> None:
    answer = edge.fetch(site, api(site), method="POST", body=b"{}")
    assert answer.headers["access-control-allow-origin"] == f"https://{domain(site)}"


def test_the_worker_s_word_counts_and_not_the_api_s(edge: EdgeRuntime) -> None:
    said = {
        "access-control-allow-origin": "*",
        "access-control-allow-headers": "x-other",
        "access-control-allow-credentials": "true",
        "vary": "Accept-Encoding",
        "x-own": "1",
    }
    edge.answer(api("production"), headers=said, body="{}")
    origin = "https://de.serlo.org"
    answer = edge.fetch("production", api("production"), headers={"origin": origin})
    assert answer.headers.get_list("access-control-allow-origin") == [origin]
    assert answer.headers["access-control-allow-headers"] == "Content-Type, x-serlo-editor-testing"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["x-own"] == "1"
    varies = {name.strip().lower() for name in answer.headers["vary"].split(",")}
    assert varies == {"accept-encoding", "origin"}


@pytest.mark.parametrize("said", ["Origin", "origin, Accept", "Accept,ORIGIN", "*"])
def test_what_an_answer_varies_with_is_said_once(edge: EdgeRuntime, said: str) -> None:
    edge.answer(api("staging"), headers={"vary": said}, body="{}")
    assert edge.fetch("staging", api("staging")).headers["vary"] == said


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT", "DELETE", "HEAD"])
@pytest.mark.parametrize("site", ENVIRONMENTS)
def test_any_method_reaches_the_api_signed(edge: EdgeRuntime, site: str, method: str) -> None:
    body = b'{"query":"{ x }"}' if method in ("POST", "PUT") else b""
    headers = {"content-type": "application/json", "cookie": "a=b", "x-serlo-edge": "guessed"}
    answer = edge.fetch(site, f"{api(site)}?x=1", method=method, headers=headers, body=body)
    assert answer.status == 200
    assert answer.headers["access-control-allow-headers"] == "Content-Type, x-serlo-editor-testing"
    assert "origin" in answer.headers["vary"].lower()
    (call,) = edge.calls()
    assert (call.url, call.method, call.body) == (f"{api(site)}?x=1", method, body)
    assert (call.headers["cookie"], call.headers["x-serlo-edge"]) == ("a=b", ORIGIN_SECRET)
    verify(call.headers["authorization"])


def decoded(part: str) -> bytes:
    assert "=" not in part, "padding has no place in a JWT"
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verify(authorization: str) -> dict[str, Any]:
    """The claims of our valid tokens."""
    scheme, _, token = authorization.partition("=")
    assert scheme == "Serlo Service"
    header, claims, signature = token.split(".")
    expected = hmac.new(API_SECRET.encode(), f"{header}.{claims}".encode(), hashlib.sha256)
    assert decoded(signature) == expected.digest()
    assert json.loads(decoded(header)) == {"alg": "HS256"}
    found = json.loads(decoded(claims))
    assert found.keys() == {"aud", "iss", "exp"}
    assert (found["aud"], found["iss"]) == ("api.serlo.org", "serlo.org-cloudflare-worker")
    return found


@pytest.mark.parametrize("site", ENVIRONMENTS)
def test_a_token_is_good_for_two_hours(edge: EdgeRuntime, site: str) -> None:
    before = int(time.time())
    edge.fetch(site, api(site), method="POST", body=b"{}")
    (call,) = edge.calls()
    expires = verify(call.headers["authorization"])["exp"]
    assert isinstance(expires, int)
    # A token may be used for several requests, but for the better part of its life.
    assert before + HOURS / 2 <= expires <= int(time.time()) + HOURS


AUTHORIZATIONS = [
    ("Serlo Service=abc", True),
    ("Serlo Service=abc;User=def", True),
    ("Serlo", True),
    ("SerloX", True),
    ("Bearer abc", False),
    ("Basic abc", False),
    ("serlo service=abc", False),
    ("xSerlo Service=abc", False),
    ("Bearer Serlo", False),
    ("Secret abc", False),
]


@pytest.mark.parametrize(("authorization", "kept"), cases(AUTHORIZATIONS, 0))
def test_who_signs_himself_is_not_signed_again(
    edge: EdgeRuntime, authorization: str, kept: bool
) -> None:
    headers = {"authorization": authorization}
    edge.fetch("production", api("production"), method="POST", body=b"{}", headers=headers)
    (call,) = edge.calls()
    if kept:
        assert call.headers["authorization"] == authorization
    else:
        verify(call.headers["authorization"])


ANSWERS = [200, 204, 400, 401, 403, 429, 500]


@pytest.mark.parametrize("status", ANSWERS)
def test_what_the_api_answers_reaches_the_visitor(edge: EdgeRuntime, status: int) -> None:
    body = b"" if status == 204 else b'{"data":null}'
    edge.answer(api("staging"), status=status, body=body, headers={"set-cookie": "a=1"})
    answer = edge.fetch("staging", api("staging"), method="POST", body=b"{}")
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers["set-cookie"] == "a=1"


def test_redirects_of_the_api_are_the_visitor_s(edge: EdgeRuntime) -> None:
    edge.answer(api("staging"), status=302, headers={"location": "https://elsewhere.example/"})
    answer = edge.fetch("staging", api("staging"))
    assert (answer.status, answer.headers["location"]) == (302, "https://elsewhere.example/")
    assert len(edge.calls()) == 1


@pytest.mark.parametrize("path", ["/", "/graphql/", "/Graphql", "/graphql/x", "/graphiql"])
def test_other_paths_are_not_signed(edge: EdgeRuntime, path: str) -> None:
    url = address("staging", "api", path)
    answer = edge.fetch("staging", url, headers={"origin": "https://evil.example"})
    (call,) = edge.calls()
    assert call.url == url
    assert "authorization" not in call.headers
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("label", ["de", "www", "x", "api.de"])
def test_other_hosts_are_not_signed(edge: EdgeRuntime, label: str) -> None:
    answer = edge.fetch("today", address("today", label, "/graphql"), method="POST", body=b"{}")
    assert "access-control-allow-origin" not in answer.headers
    # That of an alias's look-up is the worker's own.
    (*lookups, call) = edge.calls() or [None]
    assert all(lookup is not None and lookup.url == api("today") for lookup in lookups)
    assert call is None or "authorization" not in call.headers
