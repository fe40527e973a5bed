"""Addresses with a meaning of their own, and hosts that are somebody else's."""

import pytest

from tests.rehearsal.edge_worker.runtime import EdgeRuntime
from tests.rehearsal.edge_worker.sites import (
    ENVIRONMENTS,
    LANGUAGES,
    ORIGIN_SECRET,
    address,
    api,
    cases,
    domain,
    frontend,
)

QUICKBAR = "https://serlo.github.io/quickbar-updater/quickbar.json"
CALLBACKS = "/auth/frontend-redirect-uris.json"
DAY = 86400


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("site", "localhost"), [("local", True), ("staging", True), ("production", False)]
)
def test_where_a_login_may_lead_back_to(
    edge: EdgeRuntime, site: str, localhost: bool, scheme: str
) -> None:
    answer = edge.fetch(site, address(site, "", CALLBACKS, scheme))
    hosts = [f"https://{language}.{domain(site)}" for language in LANGUAGES]
    expected = [f"{host}/api/auth/callback" for host in hosts]
    expected += [f"{host}/api/auth/callback/hydra" for host in hosts]
    if localhost:
        expected += ["http://localhost:3000/api/auth/callback"]
        expected += ["http://localhost:3000/api/auth/callback/hydra"]
    assert answer.status == 200
    assert answer.json() == expected
    assert answer.headers["content-type"].startswith("application/json")


def test_only_the_domain_itself_says_where_a_login_may_lead_back_to(edge: EdgeRuntime) -> None:
    answer = edge.fetch("staging", address("staging", "www", CALLBACKS))
    assert (answer.status, answer.headers["location"]) == (301, address("staging", "de", CALLBACKS))


PRIVATE = [
    "/page/revision/revisions/",
    "/page/revision/revision/",
    "/page/revision/",
    "/entity/repository/history/",
    "/entity/repository/compare/",
    "/backend",
    "/users",
    "/horizon",
    "/flag",
    "/license",
    "/uuid/recycle-bin",
    "/navigation/",
    "/authorization/",
    "/pages",
    "/uuid/recycle-bin",
    "/*/entity/trash-bin",
]


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


ROBOTS_HOSTS = ["", "www", *LANGUAGES, "api", "assets", "embed", "meet", "start", "kratos", "x"]


@pytest.mark.parametrize("label", ROBOTS_HOSTS)
def test_robots_see_the_public_part_of_production(edge: EdgeRuntime, label: str) -> None:
    answer = edge.fetch("production", address("production", label, "/robots.txt"))
    expected = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE)]
    if label == "de":
        expected.append("Sitemap: https://de.serlo.org/sitemap.xml")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert lines(answer.text) == expected


@pytest.mark.parametrize("site", ["local", "staging"])
@pytest.mark.parametrize("label", ["", "de", "en", "api", "assets", "meet"])
def test_robots_see_nothing_elsewhere(edge: EdgeRuntime, site: str, label: str) -> None:
    answer = edge.fetch(site, address(site, label, "/robots.txt"))
    assert (answer.status, lines(answer.text)) == (200, ["User-agent: *", "Disallow: /"])


PREVIEW = "/___cloudflare_worker_dev"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("label", ["", "de", "en", "api", "start", "meet", "pacts"])
@pytest.mark.parametrize("path", [PREVIEW, f"{PREVIEW}/maintenance-de", f"{PREVIEW}/"])
def test_every_host_shows_the_maintenance_page(
    edge: EdgeRuntime, label: str, path: str, scheme: str
) -> None:
    answer = edge.fetch("staging", address("staging", label, path, scheme))
    assert answer.headers["content-type"].startswith("text/html")
    assert "<html" in answer.text
    assert not edge.calls()


def test_the_log_can_be_tried_out(edge: EdgeRuntime) -> None:
    answer = edge.fetch("production", address("production", "", "/sentry-report-hello-world"))
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert '"hello-world"' in edge.log()


def test_the_log_is_tried_out_at_the_domain_itself(edge: EdgeRuntime) -> None:
    answer = edge.fetch("today", address("today", "en", "/sentry-report-hello-world"))
    assert answer.json()["url"] == f"https://{frontend('today')}/en/sentry-report-hello-world"


# Path on a language host; the frontend gets it without a language and a slash at its end.
UNPREFIXED = [
    ("de", "/_next/static/chunks/main-0a1b.js"),
    ("en", "/_next/data/x.json?a=b&contentOnly"),
    ("ta", "/_assets/favicon.ico"),
    ("de", "/_assets/img/a%20b.png"),
    ("en", "/api/frontend/privacy"),
    ("fr", "/api/frontend/"),
    ("en", "/___funfunfun"),
    ("de", "/___"),
    ("hi", "/___graphiql/x/?y"),
    ("en", "/user/notifications"),
    ("de", "/user/notifications?x=1"),
    ("es", "/consent"),
    ("de", "/consent"),
    ("de", "/biologie"),
    ("de", "/biologie/"),
    ("de", "/chemie"),
    ("de", "/chemie/"),
    ("de", "/lerntipps"),
    ("de", "/lerntipps/"),
    ("de", "/mathe"),
    ("de", "/mathe/"),
    ("de", "/nachhaltigkeit"),
    ("de", "/nachhaltigkeit/"),
    ("de", "/informatik"),
    ("de", "/informatik/"),
    ("de", "/mathe/?x=/"),
    ("de", "/_next/?x"),
    ("de", "/_assets/?x"),
    ("de", "/___x/"),
    ("de", "/api/auth/x/"),
    ("de", "/api/.ory/x/?y=/"),
    ("en", "/api/auth/login"),
    ("de", "/api/auth/callback?code=1"),
    ("ta", "/api/oauth/accept-consent"),
    ("fr", "/api/.ory/self-service/login/browser?x=%2F"),
]


@pytest.mark.parametrize("site", ENVIRONMENTS)
@pytest.mark.parametrize(("label", "path"), cases(UNPREFIXED))
def test_the_frontend_has_addresses_without_a_language(
    edge: EdgeRuntime, site: str, label: str, path: str
) -> None:
    answer = edge.fetch(site, address(site, label, path))
    assert answer.status == 200
    # There is no other request, least of all to the API whether this is content.
    page, question, query = path.partition("?")
    upstream = f"{page.removesuffix('/')}{question}{query}"
    assert [call.url for call in edge.calls()] == [f"https://{frontend(site)}{upstream}"]


# Pages without a language that others can embed, and what is none.
PAGES = [
    *(f"/{name}" for name in ("biologie", "chemie", "informatik", "lerntipps", "mathe")),
    "/nachhaltigkeit",
    "/consent",
    "/user/notifications",
    "/___page",
]
NO_PAGES = [
    "/_next/data/x.json",
    "/_assets/x.png",
    "/api/frontend/x",
    "/api/auth/x",
    "/api/oauth/x",
    "/api/.ory/x",
]
EMBEDDED = [
    ("?contentOnly", "/content-only"),
    ("?contentOnly=false&x=1", "/content-only"),
    ("?x=1&hideTopbar", "/content-only"),
    ("?hideDiscussions=1&fullWidth=1", "/content-only"),
    ("?x=contentOnly", ""),
    ("?contentonly", ""),
]


@pytest.mark.parametrize(("query", "before"), cases(EMBEDDED, 0))
@pytest.mark.parametrize("path", PAGES)
def test_pages_without_a_language_can_be_embedded(
    edge: EdgeRuntime, path: str, query: str, before: str
) -> None:
    edge.fetch("today", address("today", "de", f"{path}{query}"))
    (call,) = edge.calls()
    assert call.url == f"https://{frontend('today')}{before}{path}{query}"


def test_a_slash_at_the_end_of_an_embedded_page_is_dropped(edge: EdgeRuntime) -> None:
    answer = edge.fetch("today", address("today", "de", "/mathe/?contentOnly"))
    assert answer.json()["url"] == f"https://{frontend('today')}/content-only/mathe?contentOnly"


@pytest.mark.parametrize("path", NO_PAGES)
def test_what_is_no_page_cannot_be_embedded(edge: EdgeRuntime, path: str) -> None:
    edge.fetch("today", address("today", "de", f"{path}?contentOnly"))
    (call,) = edge.calls()
    assert call.url == f"https://{frontend('today')}{path}?contentOnly"


PREFIXED = [
    ("en", "/mathe", "/en/mathe"),
    ("fr", "/chemie/", "/fr/chemie"),
    ("de", "/mathe/1", "/de/mathe/1"),
    ("de", "/Mathe", "/de/Mathe"),
    ("de", "/physik", "/de/physik"),
    ("de", "/_next", "/de/_next"),
    ("de", "/_assets", "/de/_assets"),
    ("de", "/x/_next/y", "/de/x/_next/y"),
    ("de", "/__x", "/de/__x"),
    ("de", "/api/frontend", "/de/api/frontend"),
    ("de", "/api/auth", "/de/api/auth"),
    ("de", "/api/ory/x", "/de/api/ory/x"),
    ("de", "/consent/", "/de/consent"),
    ("de", "/consent/x", "/de/consent/x"),
    ("de", "/user/notifications/", "/de/user/notifications"),
    ("de", "/user/notifications/x", "/de/user/notifications/x"),
    ("de", "/auth/frontend-redirect-uris.json", "/de/auth/frontend-redirect-uris.json"),
    ("de", "/api/pdf/abc", "/de/api/pdf/abc"),
    ("de", "/api/pdf/", "/de/api/pdf"),
    ("de", "/api/stats/quickbar.json/", "/de/api/stats/quickbar.json"),
    ("de", "/graphql", "/de/graphql"),
    ("de", "/robots.txt/", "/de/robots.txt"),
]


@pytest.mark.parametrize(("label", "path", "upstream"), cases(PREFIXED))
def test_what_only_looks_so_has_a_language(
    edge: EdgeRuntime, label: str, path: str, upstream: str
) -> None:
    answer = edge.fetch("today", address("today", label, path))
    assert answer.json()["url"] == f"https://{frontend('today')}{upstream}"


@pytest.mark.parametrize("label", LANGUAGES)
def test_the_quickbar_is_another_server_s(edge: EdgeRuntime, label: str) -> None:
    edge.answer(QUICKBAR, body="[]", headers={"content-type": "application/json"})
    url = address("staging", label, "/api/stats/quickbar.json")
    answer = edge.fetch("staging", url, headers={"cookie": "a=b", "authorization": "secret"})
    assert (answer.status, answer.body) == (200, b"[]")
    (call,) = edge.calls()
    assert call.url == QUICKBAR
    assert call.cf["cacheTtl"] == DAY
    assert not {"cookie", "authorization", "x-serlo-edge"} & set(call.headers)


PDF = [
    ("de", "/api/pdf/123", "123"),
    ("en", "/api/pdf/123/", "123"),
    ("ta", "/api/pdf/42/title.pdf", "42"),
    ("de", "/api/pdf/7.pdf", "7"),
    ("de", "/api/pdf/1?x=1", "1?x=1"),
    # Without solutions it is another document.
    ("de", "/api/pdf/123?noSolutions", "123?noSolutions"),
    ("en", "/api/pdf/123/?noSolutions=1&a=%20", "123?noSolutions=1&a=%20"),
    ("de", "/api/pdf/7.pdf?noSolutions", "7?noSolutions"),
    ("de", "/api/pdf/7?", "7"),
]


@pytest.mark.parametrize(("label", "path", "document"), cases(PDF))
def test_a_pdf_is_another_server_s(edge: EdgeRuntime, label: str, path: str, document: str) -> None:
    edge.answer("https://pdf.serlo.org/", body="%PDF", headers={"content-type": "application/pdf"})
    url = address("production", label, path)
    answer = edge.fetch("production", url, headers={"cookie": "a=b"})
    assert (answer.status, answer.body) == (200, b"%PDF")
    (call,) = edge.calls()
    assert call.url == f"https://pdf.serlo.org/api/{document}"
    # The edge keeps it by this address.
    assert (call.cf["cacheTtl"], "cacheKey" in call.cf) == (DAY, False)
    assert not {"cookie", "authorization"} & set(call.headers)


DECLINED = [
    ("/api/stats/quickbar.json", QUICKBAR, 500),
    ("/api/stats/quickbar.json", QUICKBAR, 404),
    ("/api/stats/quickbar.json", QUICKBAR, 0),
    ("/api/pdf/123", "https://pdf.serlo.org/", 500),
    ("/api/pdf/123", "https://pdf.serlo.org/", 404),
    ("/api/pdf/123", "https://pdf.serlo.org/", 0),
]


@pytest.mark.parametrize(("path", "server", "status"), cases(DECLINED, 0, 2))
def test_the_frontend_answers_if_another_server_does_not(
    edge: EdgeRuntime, path: str, server: str, status: int
) -> None:
    edge.answer(server, status=status or 200, fail=not status)
    answer = edge.fetch("today", address("today", "de", path))
    assert (answer.status, answer.json()["url"]) == (200, f"https://{frontend('today')}/de{path}")


PASSED = [
    ("hydra", "/oauth2/auth?x=1"),
    ("kratos", "/self-service/login/flows"),
    ("kratos", "/"),
    ("community", "/channel/x"),
    ("enmeshed", "/"),
    ("api", "/"),
    ("api", "/graphql/"),
    ("api", "/graphql/x"),
    ("api", "/___graphiql"),
    ("api", "/enmeshed/init?x=%20"),
    ("unknown", "/a/b/?c=d"),
    ("de.kratos", "/mathe"),
    ("pacts", "/"),
    ("frontend", "/de/mathe"),
]


@pytest.mark.parametrize(("label", "path"), cases(PASSED))
def test_other_hosts_are_somebody_else_s(edge: EdgeRuntime, label: str, path: str) -> None:
    url = address("staging", label, path)
    headers = {"cookie": "a=b; c=d", "x-own": "1", "accept": "text/plain"}
    answer = edge.fetch("staging", url, method="PUT", headers=headers, body=b"\x00\xff")
    assert answer.status == 200
    (call,) = edge.calls()
    assert (call.url, call.method, call.body) == (url, "PUT", b"\x00\xff")
    assert headers.items() <= dict(call.headers).items()
    assert call.headers["x-serlo-edge"] == ORIGIN_SECRET


def test_redirects_of_other_hosts_are_the_visitor_s(edge: EdgeRuntime) -> None:
    url = address("staging", "kratos", "/x")
    edge.answer(
        url, status=303, headers=[("location", "https://a.example/"), ("set-cookie", "a=1")]
    )
    answer = edge.fetch("staging", url)
    assert (answer.status, answer.headers["location"]) == (303, "https://a.example/")
    assert answer.headers["set-cookie"] == "a=1"


FOREIGN = [
    "https://example.org/",
    "https://serlo.org.evil.example/",
    "https://evilserlo-staging.dev/",
    "https://serlo.org/",
    "https://127.0.0.1/",
    "https://localhost:8080/",
    "https://[::1]/",
    "http://example.org/",
]


@pytest.mark.parametrize("url", FOREIGN)
def test_hosts_of_no_zone_of_ours_are_refused(edge: EdgeRuntime, url: str) -> None:
    answer = edge.fetch("staging", url)
    assert answer.status == 421
    assert not edge.calls()


@pytest.mark.parametrize("host", ["DE.{D}", "de.{D}:443", "de.{D}.", "De.{D}:8443"])
def test_a_host_may_be_written_in_several_ways(edge: EdgeRuntime, host: str) -> None:
    url = f"https://{host.replace('{D}', domain('today'))}/mathe/1"
    edge.answer(api("today"), status=500)
    answer = edge.fetch("today", url)
    assert answer.json()["url"] == f"https://{frontend('today')}/de/mathe/1"
