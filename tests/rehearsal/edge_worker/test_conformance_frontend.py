"""The requests that the frontend gets, and what becomes of its answers."""

import pytest

from tests.rehearsal.edge_worker.runtime import Call, EdgeRuntime
from tests.rehearsal.edge_worker.sites import (
    LANGUAGES,
    ORIGIN_SECRET,
    address,
    api,
    cases,
    frontend,
    titled,
)

CONTENT_API = [
    "contentOnly",
    "hideTopbar",
    "hideLeftSidebar",
    "hideRightSidebar",
    "hideBreadcrumbs",
    "hideDiscussions",
    "hideBanner",
    "hideHorizon",
    "hideFooter",
    "fullWidth",
]

PAGES = [
    *((language, "/", f"/{language}") for language in LANGUAGES),
    *((language, "/physik/1", f"/{language}/physik/1") for language in LANGUAGES),
    ("de", "/?x=1", "/de?x=1"),
    ("de", "/physik/", "/de/physik"),
    ("de", "/physik/?x=/", "/de/physik?x=/"),
    ("de", "/physik//", "/de/physik/"),
    ("de", "/a//b", "/de/a//b"),
    ("de", "/1?a=1&a=2&b=%20+&c", "/de/1?a=1&a=2&b=%20+&c"),
    ("de", "/physik?", "/de/physik"),
    ("ta", "/%E0%AE%87/%E0%AE%B2", "/ta/%E0%AE%87/%E0%AE%B2"),
    ("de", "/größen", "/de/gr%C3%B6%C3%9Fen"),
    ("de", "/a%2Fb", "/de/a%2Fb"),
    ("de", "/a/../b", "/de/b"),
    ("de", "/de", "/de/de"),
    ("en", "/de/1", "/en/de/1"),
    ("de", "/user/me", "/de/user/me"),
    ("de", "/search?q=Pythagoras", "/de/search?q=Pythagoras"),
    ("de", "/spenden", "/de/spenden"),
    ("de", "/license/detail/1", "/de/license/detail/1"),
    # Without legacy nothing of it is left.
    ("de", "/enable-frontend", "/de/enable-frontend"),
    ("de", "/disable-frontend", "/de/disable-frontend"),
    ("de", "/auth/login", "/de/auth/login"),
    ("de", "/user/register", "/de/user/register"),
    ("de", "/taxonomy/term/organize/1", "/de/taxonomy/term/organize/1"),
    ("de", "/notification/x", "/de/notification/x"),
    # Parameters of the content API.
    *(("de", f"/1?{name}", f"/de/content-only/1?{name}") for name in CONTENT_API),
    *(("en", f"/1?{name}=false", f"/en/content-only/1?{name}=false") for name in CONTENT_API),
    ("de", "/?contentOnly", "/de/content-only?contentOnly"),
    ("de", "/1/?x=1&hideFooter=&y", "/de/content-only/1?x=1&hideFooter=&y"),
    ("de", "/1?x=contentOnly", "/de/1?x=contentOnly"),
    ("de", "/1?xcontentOnly", "/de/1?xcontentOnly"),
    ("de", "/1?contentonly", "/de/1?contentonly"),
    ("de", "/1?contentOnly2", "/de/1?contentOnly2"),
    ("de", "/contentOnly", "/de/contentOnly"),
]


def asked(edge: EdgeRuntime, site: str) -> list[Call]:
    """What the frontend was asked."""
    return [call for call in edge.calls() if call.url.startswith(f"https://{frontend(site)}/")]


@pytest.mark.parametrize(("label", "path", "upstream"), cases(PAGES))
@pytest.mark.parametrize("site", ["local", "today", "preview"])
def test_pages_have_their_language_in_front(
    edge: EdgeRuntime, site: str, label: str, path: str, upstream: str
) -> None:
    answer = edge.fetch(site, address(site, label, path))
    assert (answer.status, answer.json()["url"]) == (200, f"https://{frontend(site)}{upstream}")


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/physik", "/_next/x", "/api/auth/x", "/api/frontend/x"])
def test_a_request_reaches_the_frontend_as_it_is(edge: EdgeRuntime, method: str, path: str) -> None:
    body = b"" if method in ("GET", "HEAD", "OPTIONS") else b"\x00\xff body"
    headers = {
        "cookie": "session=1; useFrontend=0.5",
        "accept-language": "de",
        "authorization": "Bearer x",
        "content-type": "application/x-own",
        "x-own": "1",
    }
    answer = edge.fetch(
        "today", address("today", "de", path), method=method, headers=headers, body=body
    )
    assert answer.status == 200
    (call,) = asked(edge, "today")
    assert (call.method, call.body) == (method, body)
    assert headers.items() <= dict(call.headers).items()


def test_the_frontend_s_answer_reaches_the_visitor_as_it_is(edge: EdgeRuntime) -> None:
    headers = [("set-cookie", "a=1"), ("set-cookie", "b=2; path=/"), ("x-own", "1"), ("vary", "x")]
    edge.answer(f"https://{frontend('today')}/", status=404, headers=headers, body=b"\x00\xff")
    answer = edge.fetch("today", address("today", "de", "/physik"))
    assert (answer.status, answer.body) == (404, b"\x00\xff")
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2; path=/"]
    assert (answer.headers["x-own"], answer.headers["vary"]) == ("1", "x")


def test_large_bodies_pass_both_ways(edge: EdgeRuntime) -> None:
    sent, received = bytes(range(256)) * 4096, bytes(range(255, -1, -1)) * 8192
    edge.answer(f"https://{frontend('today')}/", body=received)
    answer = edge.fetch("today", address("today", "de", "/x"), method="POST", body=sent)
    assert (answer.status, answer.body == received) == (200, True)
    (call,) = asked(edge, "today")
    assert call.body == sent


STATUSES = [200, 201, 204, 304, 400, 401, 403, 404, 405, 410, 429, 500]


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_of_the_frontend_is_passed_on(edge: EdgeRuntime, status: int) -> None:
    edge.answer(f"https://{frontend('today')}/", status=status, body="" if status < 400 else "why")
    assert edge.fetch("today", address("today", "de", "/physik")).status == status


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", ["/physik", "/_next/x", "/consent", "/mathe"])
def test_redirects_of_the_frontend_to_itself_are_followed(
    edge: EdgeRuntime, status: int, path: str
) -> None:
    host = f"https://{frontend('today')}"
    edge.answer(f"{host}/", status=status, headers={"location": f"{host}/goal?x=1"}, times=1)
    answer = edge.fetch("today", address("today", "de", path))
    assert (answer.status, answer.json()["url"]) == (200, f"{host}/goal?x=1")


def test_relative_redirects_of_the_frontend_are_followed(edge: EdgeRuntime) -> None:
    host = f"https://{frontend('today')}"
    edge.answer(f"{host}/", status=302, headers={"location": "/goal"}, times=1)
    answer = edge.fetch("today", address("today", "de", "/physik"))
    assert (answer.status, answer.json()["url"]) == (200, f"{host}/goal")


ELSEWHERE = [
    ("a third party", "https://elsewhere.example/x?y"),
    ("our own zone", "https://de.serlo-staging.dev/x"),
    ("almost the frontend", "https://{F}.evil.example/"),
    ("plain http", "http://elsewhere.example/"),
]


@pytest.mark.parametrize("status", [301, 302, 307])
@pytest.mark.parametrize("location", titled(ELSEWHERE))
def test_redirects_of_the_frontend_to_others_are_the_visitor_s(
    edge: EdgeRuntime, status: int, location: str
) -> None:
    location = location.replace("{F}", frontend("today"))
    edge.answer(f"https://{frontend('today')}/", status=status, headers={"location": location})
    answer = edge.fetch("today", address("today", "de", "/physik"))
    assert (answer.status, answer.headers["location"]) == (status, location)
    assert edge.hosts() <= {f"https://{frontend('today')}", api("today").removesuffix("/graphql")}


def test_redirects_without_end_are_not_followed_for_ever(edge: EdgeRuntime) -> None:
    host = f"https://{frontend('today')}"
    edge.answer(f"{host}/", status=302, headers={"location": f"{host}/again"})
    answer = edge.fetch("today", address("today", "de", "/physik"))
    assert (answer.status, answer.headers["location"]) == (302, address("today", "de", "/again"))
    assert len(asked(edge, "today")) == 6


def test_a_form_is_not_sent_twice(edge: EdgeRuntime) -> None:
    host = f"https://{frontend('today')}"
    edge.answer(f"{host}/", status=302, headers={"location": f"{host}/goal"})
    url = address("today", "de", "/physik")
    answer = edge.fetch("today", url, method="POST", body=b"x")
    goal = address("today", "de", "/goal")
    assert (answer.status, answer.headers["location"]) == (302, goal)
    assert len(asked(edge, "today")) == 1


# What a redirect of the frontend says to a visitor of the German host, and what the visitor gets.
GOALS = [
    ("/de/goal?x=1#y", "https://de.{D}/goal?x=1#y"),
    ("{F}/de/goal?x=1#y", "https://de.{D}/goal?x=1#y"),
    ("http://{H}/de/goal", "https://de.{D}/goal"),
    ("/de", "https://de.{D}/"),
    ("/de/", "https://de.{D}/"),
    ("/en/goal", "https://en.{D}/goal"),
    ("/de/de/goal", "https://de.{D}/de/goal"),
    ("/goal", "https://de.{D}/goal"),
    ("/design", "https://de.{D}/design"),
    ("/", "https://de.{D}/"),
    ("goal", "https://de.{D}/physik/goal"),
    ("?x=1", "https://de.{D}/physik/form?x=1"),
    ("/de/content-only/1?contentOnly", "https://de.{D}/1?contentOnly"),
    ("/content-only/mathe?hideFooter=1", "https://de.{D}/mathe?hideFooter=1"),
    ("/de/content-only/1", "https://de.{D}/content-only/1"),
    ("/de//evil.example/", "https://de.{D}//evil.example/"),
    ("//evil.example/de/x", "//evil.example/de/x"),
    ("https://elsewhere.example/de/x", "https://elsewhere.example/de/x"),
    ("https://{H}.evil.example/de/x", "https://{H}.evil.example/de/x"),
    ("https://{H}:8443/de/x", "https://{H}:8443/de/x"),
    ("https://[", "https://["),
]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(("said", "expected"), cases(GOALS, 0))
def test_a_redirect_after_a_form_stays_in_the_visitor_s_addresses(
    edge: EdgeRuntime, said: str, expected: str, status: int
) -> None:
    host = frontend("today")
    location = said.replace("{F}", f"https://{host}").replace("{H}", host)
    edge.answer(f"https://{host}/", status=status, headers={"location": location})
    url = address("today", "de", "/physik/form")
    answer = edge.fetch("today", url, method="POST", body=b"x")
    goal = expected.replace("{D}", "serlo-staging.dev").replace("{H}", host)
    assert (answer.status, answer.headers["location"]) == (status, goal)


def test_only_redirects_are_changed(edge: EdgeRuntime) -> None:
    location = f"https://{frontend('today')}/de/goal"
    edge.answer(f"https://{frontend('today')}/", status=201, headers={"location": location})
    answer = edge.fetch("today", address("today", "de", "/x"), method="POST", body=b"x")
    assert answer.headers["location"] == location


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/oauth/x", "/api/.ory/x"])
@pytest.mark.parametrize("inside", [True, False])
def test_redirects_of_a_login_are_the_visitor_s(edge: EdgeRuntime, path: str, inside: bool) -> None:
    host = f"https://{frontend('today')}"
    location = f"{host}/goal" if inside else "https://hydra.serlo-staging.dev/oauth2/auth?x=1"
    headers = [("location", location), ("set-cookie", "state=1"), ("set-cookie", "csrf=2")]
    edge.answer(f"{host}/", status=302, headers=headers)
    answer = edge.fetch("today", address("today", "en", path))
    goal = address("today", "en", "/goal") if inside else location
    assert (answer.status, answer.headers["location"]) == (302, goal)
    assert answer.headers.get_list("set-cookie") == ["state=1", "csrf=2"]
    assert len(edge.calls()) == 1


@pytest.mark.parametrize(("site", "inside"), [("today", True), ("preview", False)])
def test_only_our_own_zone_learns_the_secret(edge: EdgeRuntime, site: str, inside: bool) -> None:
    headers = {"x-serlo-edge": "guessed"}
    edge.fetch(site, address(site, "de", "/physik"), headers=headers)
    (call,) = asked(edge, site)
    assert call.headers.get("x-serlo-edge") == (ORIGIN_SECRET if inside else None)
