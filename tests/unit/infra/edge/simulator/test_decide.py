"""What the worker does with a request, by small tables of compiled rules."""

import pytest

from infra.edge.compiler import compile_rules
from infra.edge.simulator.decide import (
    Asked,
    Decision,
    Fetched,
    PathInfo,
    Redirected,
    Refused,
    Responded,
    Sorted,
    decide,
    explain,
)
from infra.edge.simulator.request import EdgeRequest, EdgeRequestError
from infra.routing.model import (
    Action,
    Alias,
    AllowedOrigin,
    AnyHost,
    AnyPath,
    Api,
    Choose,
    Condition,
    Cookie,
    Exact,
    Frontend,
    Header,
    Hosts,
    PassThrough,
    PathMatch,
    Prefix,
    Proxy,
    Query,
    Redirect,
    Region,
    Respond,
    Rule,
    Split,
    Template,
)
from infra.stack.schema import SplitKeys

VARIABLES = {
    "DOMAIN": "serlo.test",
    "ENVIRONMENT": "staging",
    "FRONTEND_DOMAIN": "frontend.serlo.test",
    "API_ENDPOINT": "https://api.serlo.test/graphql",
    "ORIGIN_SECRET": "secret",
}
SHARES = {"content": SplitKeys.model_validate({"mobile": 50, "authenticated": 0, "desktop": 100})}


def rule(
    action: Action,
    path: PathMatch | None = None,
    *when: Condition,
    hosts: Hosts = ("de",),
    name: str = "rule",
) -> Rule:
    return Rule(name, hosts, path or AnyPath(), action, when=when)


def decided(
    rules: list[Rule], url: str, *, known: PathInfo | None = None, **visit: object
) -> Decision:
    table = compile_rules(rules, legacy=True, splits=SHARES, switches=())
    asked = EdgeRequest.of(url, **visit)  # pyright: ignore[reportArgumentType]
    if known is None:
        return decide(table, VARIABLES, asked)

    def lookup(_instance: str, _path: str) -> PathInfo | None:
        return known

    return decide(table, VARIABLES, asked, lookup=lookup)


def fetched(decision: Decision) -> Fetched:
    assert isinstance(decision.outcome, Fetched)
    return decision.outcome


@pytest.mark.parametrize(
    ("path", "fitting", "other"),
    [
        (Exact("/a"), "/a", "/a/"),
        (Exact("/a", slash=True), "/a/", "/a//"),
        (Exact("/prüfungen"), "/pr%C3%BCfungen", "/prufungen"),
        (Prefix("/a/"), "/a/b", "/a"),
        (Template("/a/{id:digits}"), "/a/12", "/a/12/"),
        (Template("/a/{id:digits}{more:rest}"), "/a/12b/c", "/a/b"),
        (Template("/{hash:word}/{name:name}.{kind:word}"), "/a-b/c+d.png", "/a/b/c.png"),
        (Template("/a/{part:segment}"), "/a/%2F.", "/a/b/c"),
    ],
)
def test_paths(path: PathMatch, fitting: str, other: str) -> None:
    rules = [rule(Respond("hello"), path)]
    assert decided(rules, f"https://de.serlo.test{fitting}").rule == "rule"
    assert decided(rules, f"https://de.serlo.test{other}").rule is None


@pytest.mark.parametrize(
    ("condition", "headers", "fits"),
    [
        (Cookie("a", "1"), {"Cookie": "b=2; a=1; a=2"}, True),
        (Cookie("a", "2"), {"Cookie": "b=2; a=1; a=2"}, False),
        (Cookie("a"), {"Cookie": "aa=1"}, False),
        (Header("X-From", "legacy"), {"x-from": "legacy"}, True),
        (Header("X-From", "legacy"), {"x-from": "legacy2"}, False),
        (Header("X-From"), {"x-from": ""}, True),
    ],
)
def test_conditions_on_headers(condition: Condition, headers: dict[str, str], fits: bool) -> None:
    rules = [rule(Respond("hello"), None, condition)]
    found = decided(rules, "https://de.serlo.test/", headers=headers).rule
    assert (found == "rule") == fits


@pytest.mark.parametrize(
    ("query", "fits"),
    [("?a", True), ("?b&a=1", True), ("?%61", False), ("?aa=1", False), ("?b=a", False)],
)
def test_parameters_are_compared_undecoded(query: str, fits: bool) -> None:
    rules = [rule(Respond("hello"), None, Query(("a",)))]
    assert (decided(rules, f"https://de.serlo.test/{query}").rule == "rule") == fits


def test_the_visitors_region() -> None:
    rules = [rule(Respond("hello"), None, Region(("BY", "BE")))]
    assert decided(rules, "https://de.serlo.test/", region="BE").rule == "rule"
    assert decided(rules, "https://de.serlo.test/").rule is None


@pytest.mark.parametrize(
    ("to", "location"),
    [
        ("https://{label}.{DOMAIN}{path}{query}", "https://a.b.serlo.test/x/35?q"),
        ("https://de.{DOMAIN}/{id}", "https://de.serlo.test/35"),
        ("https://example.org/ü?{id}", "https://example.org/%C3%BC?35"),
        ("https://example.org:444/{id}#f", "https://example.org/35#f"),
    ],
)
def test_targets_of_redirects(to: str, location: str) -> None:
    rules = [rule(Redirect(to), Template("/x/{id:digits}"), hosts=AnyHost())]
    found = decided(rules, "http://A.b.serlo.test.:80/y/../x/35?q#gone")
    assert found.outcome == Redirected(301, location)


def test_the_label_of_the_domain_itself_leaves_no_dot_behind() -> None:
    rules = [rule(Redirect("https://{label}.{DOMAIN}{path}"), hosts=AnyHost())]
    found = decided(rules, "http://serlo.test/x")
    assert found.outcome == Redirected(301, "https://serlo.test/x")


@pytest.mark.parametrize(
    ("action", "path", "url"),
    [
        (Frontend(), "/", "https://frontend.serlo.test/de"),
        (Frontend(), "/a//?x", "https://frontend.serlo.test/de/a/?x"),
        (Frontend(), "/a?hideTopbar", "https://frontend.serlo.test/de/content-only/a?hideTopbar"),
        (Frontend(prefix=False), "/a/", "https://frontend.serlo.test/a"),
        (
            Frontend(prefix=False),
            "/a/?hideTopbar",
            "https://frontend.serlo.test/content-only/a?hideTopbar",
        ),
        (
            Frontend(prefix=False, page=False),
            "/a/?hideFooter",
            "https://frontend.serlo.test/a?hideFooter",
        ),
    ],
)
def test_urls_of_the_frontend(action: Frontend, path: str, url: str) -> None:
    assert fetched(decided([rule(action)], f"https://de.serlo.test{path}")).urls == (url,)


def test_our_hosts_get_the_origins_secret_and_a_request_id() -> None:
    headers = {"x-serlo-edge": "forged", "x-serlo-rule": "forged", "x-request-id": "no id"}
    found = fetched(decided([rule(PassThrough())], "https://de.serlo.test/", headers=headers))
    assert {header.name: header.value for header in found.headers} == {
        "x-serlo-edge": "[ORIGIN_SECRET]",
        "x-serlo-rule": None,
        "x-request-id": "[a new UUID]",
    }


def test_others_get_nothing_of_the_visitors() -> None:
    headers = {"cookie": "a=b", "authorization": "x", "user-agent": "me", "range": "bytes=0-1"}
    rules = [rule(Proxy("https://example.org/{id}"), Template("/{id:digits}"))]
    found = fetched(decided(rules, "https://de.serlo.test/3", headers=headers, method="POST"))
    assert found.method == "GET"
    assert {header.name: header.value for header in found.headers} == {
        "cookie": None,
        "authorization": None,
        "user-agent": "serlo.org",
    }


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://de.serlo.test", True),
        ("http://serlo.test:8080", True),
        ("https://notserlo.test", False),
        ("https://serlo.test.evil.example", False),
        ("http://localhost:3000", True),
        ("http://localhost", False),
        ("https://a-serlo.vercel.app", True),
        ("https://a.b-serlo.vercel.app", False),
        ("https://only.elsewhere", False),
        ("null", False),
    ],
)
def test_pages_that_may_call_the_api(origin: str, allowed: bool) -> None:
    origins = (
        AllowedOrigin("{DOMAIN}", subdomains=True),
        AllowedOrigin("localhost", ports=(3000,)),
        AllowedOrigin("*-serlo.vercel.app"),
        AllowedOrigin("only.elsewhere", not_in=frozenset({"staging"})),
    )
    rules = [rule(Api(origins), hosts=("api",))]
    found = fetched(decided(rules, "https://api.serlo.test/graphql", headers={"origin": origin}))
    assert found.allowed_origin == (origin if allowed else "https://serlo.test")
    assert "authorization" in {header.name for header in found.headers}


def split(url: str = "https://de.serlo.test/", *, by_type: bool = False, **visit: object) -> Sorted:
    found = decided([rule(Split("content", by_type=by_type))], url, **visit)  # pyright: ignore[reportArgumentType]
    assert isinstance(found.outcome, Sorted)
    return found.outcome


@pytest.mark.parametrize(
    ("cookie", "agent", "side", "drawn"),
    [
        ("useFrontend=0.5", "Mobi", "frontend", False),
        ("useFrontend=0.51", "Mobi", "legacy", False),
        ("useFrontend=always", "Mobi", "frontend", False),
        ("useFrontend=5e-1", "Mobi", "frontend", False),
        ("useFrontend=.5", "Mobi", None, True),
        ("", "Mobi", None, True),
        ("", "", "frontend", True),
        ("authenticated=1; useFrontend=0.1", "", "legacy", False),
        ("authenticated=1; useFrontend=0", "", "frontend", False),
        ("useFrontend=1.1", "", "legacy", False),
    ],
)
def test_who_is_sorted_where(cookie: str, agent: str, side: str | None, drawn: bool) -> None:
    found = split(headers={"cookie": cookie, "user-agent": agent})
    assert (found.side, found.sets_cookie) == (side, drawn)


def test_choosing_sets_the_cookie() -> None:
    found = decided([rule(Choose("1.1", "no"))], "https://de.serlo.test/disable-frontend").outcome
    assert found == Responded(200, "text/plain;charset=UTF-8", "no", use_frontend="1.1")


ALIAS = [rule(Alias(), name="alias"), rule(Frontend(), name="page")]


def test_without_a_look_up_it_stays_open_what_the_alias_does() -> None:
    found = decided(ALIAS, "https://de.serlo.test/1")
    assert found.outcome == Asked("de", "/1")
    assert found.otherwise is not None
    assert found.otherwise.rule == "page"


@pytest.mark.parametrize(
    ("known", "location"),
    [
        (PathInfo("/mathe/1/a"), "https://de.serlo.test/mathe/1/a?q"),
        (PathInfo("/1", instance="en"), "https://en.serlo.test/1?q"),
        (PathInfo("/1", hash="#comment-2"), "https://de.serlo.test/1?q#comment-2"),
        (PathInfo("/a?b#c"), "https://de.serlo.test/a%3Fb%23c?q"),
    ],
)
def test_an_alias_redirects_to_the_current_path(known: PathInfo, location: str) -> None:
    found = decided(ALIAS, "https://de.serlo.test/1?q", known=known)
    assert (found.rule, found.outcome) == ("alias", Redirected(301, location))


def test_an_alias_declines_where_there_is_nothing_to_redirect() -> None:
    assert decided(ALIAS, "https://de.serlo.test/1", known=PathInfo("/1")).rule == "page"
    assert decided(ALIAS, "https://de.serlo.test/user/me").rule == "page"


def test_hosts_outside_of_the_zone_are_refused() -> None:
    found = decided(ALIAS, "https://de.serlo.test.evil.example/")
    assert found.rule is None
    assert isinstance(found.outcome, Refused)
    assert found.outcome.status == 421


def test_the_steps_say_why_not() -> None:
    rules = [
        rule(Respond("a"), hosts=("en",), name="a"),
        rule(Respond("b"), Exact("/b"), name="b"),
        rule(Respond("c"), None, Cookie("x", "1"), name="c"),
        rule(Respond("d"), name="d"),
        rule(Respond("e"), name="e"),
    ]
    table = compile_rules(rules, legacy=False, splits={}, switches=())
    found = explain(table, VARIABLES, EdgeRequest.of("https://de.serlo.test/"))
    assert [(step.rule, step.stage, step.why) for step in found.steps] == [
        ("a", "host", "its host is en"),
        ("b", "path", "its path is /b"),
        ("c", "condition", "asks for the cookie x = 1"),
        ("d", "fits", "answers"),
    ]


@pytest.mark.parametrize(
    "text", ["de.serlo.org", "", "ftp://de.serlo.org/", "https://", "mailto:x"]
)
def test_what_is_no_url_is_said_so(text: str) -> None:
    with pytest.raises(EdgeRequestError, match="is not a URL"):
        EdgeRequest.of(text)
