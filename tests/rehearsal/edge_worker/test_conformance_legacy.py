"""What is legacy's or the frontend's for everybody, and the requests that legacy gets."""

import pytest

from tests.rehearsal.edge_worker.runtime import EdgeRuntime
from tests.rehearsal.edge_worker.sites import ORIGIN_SECRET, address, titled
from tests.rehearsal.edge_worker.test_conformance_splits import (
    FRONTEND,
    LEGACY,
    MOBILE,
    PATH,
    Side,
    asked,
    number,
    side,
)

ALWAYS_FRONTEND = ["/_next/x.js", "/_assets/x.png", "/api/frontend/privacy", "/api/auth/login"]


@pytest.mark.parametrize("path", ALWAYS_FRONTEND)
@pytest.mark.parametrize("site", ["split", "split-none", "split-switches"])
def test_parts_of_the_frontend_are_always_its_own(edge: EdgeRuntime, site: str, path: str) -> None:
    cookies = {"cookie": "useFrontend=1.1; authenticated=1; useLegacyFrontend=true"}
    for headers in (cookies, {}):
        answer = edge.fetch(site, address(site, "de", path), headers=headers)
        assert side(edge, site, "de", path) == FRONTEND
        assert number(answer) is None


AUTH = [
    "/auth/login",
    "/auth/logout",
    "/auth/activate/12345678",
    "/auth/password/change",
    "/auth/password/restore/token",
    "/auth/hydra/login",
    "/auth/hydra/consent",
    "/user/register",
]


@pytest.mark.parametrize("path", AUTH)
def test_legacy_knows_who_is_logged_in(edge: EdgeRuntime, path: str) -> None:
    for headers in ({"cookie": "useFrontend=0"}, {"cookie": "useFrontend=always"}, {}):
        url = address("split-switches", "en", path)
        answer = edge.fetch("split-switches", url, headers=headers)
        assert side(edge, "split-switches", "en", path) == LEGACY
        assert number(answer) is None


# Requests that are legacy's where the environment says so, and the frontend's elsewhere.
EXCEPTIONS: list[tuple[str, str, dict[str, str]]] = [
    ("header", PATH, {"x-from": "legacy-serlo.org"}),
    ("header, front page", "/", {"x-from": "legacy-serlo.org"}),
    ("content API", f"{PATH}?contentOnly", {}),
    ("content API, another one", f"{PATH}?a=b&fullWidth=1", {}),
    ("logged in", PATH, {"cookie": "authenticated=1"}),
    ("logged in, front page", "/", {"cookie": "x=y; authenticated=1; useFrontend=0.1"}),
    ("logged in, mobile", PATH, {"cookie": "authenticated=1", **MOBILE}),
]


@pytest.mark.parametrize(("path", "headers"), titled(EXCEPTIONS))
def test_exceptions_are_legacy_s_where_switched_on(
    edge: EdgeRuntime, path: str, headers: dict[str, str]
) -> None:
    answer = edge.fetch("split-switches", address("split-switches", "en", path), headers=headers)
    assert side(edge, "split-switches", "en", path) == LEGACY
    assert number(answer) is None
    edge.fetch("split-all", address("split-all", "en", path), headers=headers)
    assert side(edge, "split-all", "en", path) == FRONTEND


ALMOST: list[tuple[str, str, dict[str, str]]] = [
    ("no header", PATH, {}),
    ("another header", PATH, {"x-from": "elsewhere"}),
    ("another parameter", f"{PATH}?x=contentOnly", {}),
    ("not logged in", PATH, {"cookie": "authenticated=0"}),
    ("another path", "/auth/other", {}),
    ("a longer path", "/auth/login/x", {}),
]


@pytest.mark.parametrize(("path", "headers"), titled(ALMOST))
def test_others_are_no_exceptions(edge: EdgeRuntime, path: str, headers: dict[str, str]) -> None:
    edge.fetch("split-switches", address("split-switches", "en", path), headers=headers)
    assert side(edge, "split-switches", "en", path) == FRONTEND


# Legacy's last paths: method, path, cookie, who answers where the frontend is for all.
LAST: list[tuple[str, str, str, str, Side]] = [
    ("organize", "GET", "/taxonomy/term/organize/1", "", LEGACY),
    ("organize, saved", "POST", "/taxonomy/term/organize/1", "", LEGACY),
    ("old editor", "GET", "/entity/repository/add-revision-old/1", "", LEGACY),
    ("saved", "POST", "/entity/repository/add-revision/1", "", LEGACY),
    ("editor", "GET", "/entity/repository/add-revision/1", "", FRONTEND),
    ("editor, by choice", "GET", "/entity/repository/add-revision/1", "useLegacyEditor=1", LEGACY),
    (
        "editor, no choice",
        "GET",
        "/entity/repository/add-revision/1",
        "useLegacyEditor=0",
        FRONTEND,
    ),
    ("notification", "GET", "/notification/subscriptions", "", LEGACY),
    ("opted out", "GET", PATH, "useLegacyFrontend=true", LEGACY),
    ("opted out, front page", "GET", "/", "useLegacyFrontend=true", LEGACY),
    ("not opted out", "GET", PATH, "useLegacyFrontend=false", FRONTEND),
]


@pytest.mark.parametrize(("method", "path", "cookie", "expected"), titled(LAST))
def test_the_last_paths_of_legacy(
    edge: EdgeRuntime, method: str, path: str, cookie: str, expected: Side
) -> None:
    headers = {"cookie": f"useFrontend=0.5; {cookie}"}
    body = b"x" if method == "POST" else b""
    url = address("split-all", "de", path)
    answer = edge.fetch("split-all", url, method=method, headers=headers, body=body)
    assert (side(edge, "split-all", "de", path), number(answer)) == (expected, None)
    # Without legacy they are the frontend's.
    edge.fetch("today", address("today", "de", path), method=method, headers=headers, body=body)
    assert side(edge, "today", "de", path) == FRONTEND


def test_legacy_is_asked_by_the_unchanged_request(edge: EdgeRuntime) -> None:
    headers = {"cookie": "useFrontend=1.1; session=x", "x-own": "1", "x-serlo-edge": "guessed"}
    path = f"{PATH}/?a=%20b&c"
    url = address("split", "de", path)
    edge.fetch("split", url, method="POST", headers=headers, body=b"\x00\xff")
    call = asked(edge, "split")
    assert (call.url, call.method, call.body) == (url, "POST", b"\x00\xff")
    assert (call.headers["cookie"], call.headers["x-own"]) == (headers["cookie"], "1")
    assert call.headers["x-serlo-edge"] == ORIGIN_SECRET


def test_redirects_of_legacy_are_the_visitor_s(edge: EdgeRuntime) -> None:
    location = address("split", "de", "/auth/hydra/login?login_challenge=foo")
    edge.answer(address("split", "de", PATH), status=302, headers={"location": location})
    headers = {"cookie": "useFrontend=1.1"}
    answer = edge.fetch("split", address("split", "de", PATH), headers=headers)
    assert (answer.status, answer.headers["location"]) == (302, location)
