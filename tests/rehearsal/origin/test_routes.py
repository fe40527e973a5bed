"""Which rule a request falls to: the Gateway API's own order of precedence."""

from typing import Any

import pytest

from k8s import JsonObject
from rehearsal.origin.cache import Key
from rehearsal.origin.routes import Request, find, hostname_fits, table


def gateway(*listeners: JsonObject, namespace: str = "edge") -> dict[Key, JsonObject]:
    defaults: JsonObject = {"name": "https", "port": 443, "protocol": "HTTPS"}
    everybody: JsonObject = {"namespaces": {"from": "All"}}
    return {
        (namespace, "public"): {
            "metadata": {"name": "public", "namespace": namespace},
            "spec": {
                "listeners": [
                    {**defaults, "allowedRoutes": everybody, **listener}
                    for listener in listeners or ({},)
                ]
            },
        }
    }


def route(
    name: str,
    *hostnames: str,
    matches: list[JsonObject] | None = None,
    created: str = "2026-01-01T00:00:00Z",
    **parent: Any,
) -> JsonObject:
    return {
        "metadata": {"name": name, "namespace": "api", "creationTimestamp": created},
        "spec": {
            "parentRefs": [{"name": "public", "namespace": "edge", **parent}],
            "hostnames": list(hostnames),
            "rules": [{"matches": matches} if matches else {}],
        },
    }


def chosen(
    request: Request,
    *routes: JsonObject,
    gateways: dict[Key, JsonObject] | None = None,
    labels: dict[str, str] | None = None,
) -> str | None:
    namespaces: dict[Key, JsonObject] = {("", "api"): {"metadata": {"labels": labels or {}}}}
    known = {("api", one["metadata"]["name"]): one for one in routes}
    found = find(table(known, gateways or gateway(), namespaces), request)
    return found.route if found else None


def path(kind: str, value: str) -> JsonObject:
    return {"path": {"type": kind, "value": value}}


@pytest.mark.parametrize(
    ("pattern", "host", "fits"),
    [
        ("api.serlo.org", "api.serlo.org", True),
        ("api.serlo.org", "api.serlo.org.evil.org", False),
        ("*.serlo.org", "api.serlo.org", True),
        ("*.serlo.org", "a.b.serlo.org", True),
        ("*.serlo.org", "serlo.org", False),
        ("*.serlo.org", "notserlo.org", False),
        ("", "anything", True),
    ],
)
def test_hostnames(pattern: str, host: str, fits: bool) -> None:
    assert hostname_fits(pattern, host) is fits


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("api.serlo.org", "exact"),
        ("x.api.serlo.org", "longer-wildcard"),
        ("de.serlo.org", "wildcard"),
        ("serlo.org", None),
    ],
)
def test_the_most_specific_hostname_wins(host: str, expected: str | None) -> None:
    routes = (
        route("wildcard", "*.serlo.org"),
        route("longer-wildcard", "*.api.serlo.org"),
        route("exact", "api.serlo.org"),
    )
    assert chosen(Request(host, "/"), *routes) == expected


def test_the_hostname_counts_before_the_path() -> None:
    general = route("general", "*.serlo.org", matches=[path("Exact", "/graphql")])
    special = route("special", "api.serlo.org")
    assert chosen(Request("api.serlo.org", "/graphql"), general, special) == "special"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/graphql", "exact"),
        ("/graphql/", "prefix"),
        ("/graphql/x", "prefix"),
        ("/graphqlx", "root"),
        ("/", "root"),
    ],
)
def test_exact_paths_come_before_longer_prefixes_before_shorter(asked: str, expected: str) -> None:
    routes = (
        route("root", "a.org", matches=[path("PathPrefix", "/")]),
        route("prefix", "a.org", matches=[path("PathPrefix", "/graphql/")]),
        route("exact", "a.org", matches=[path("Exact", "/graphql")]),
    )
    assert chosen(Request("a.org", asked), *routes) == expected


def test_method_headers_and_query_decide_between_equal_paths() -> None:
    routes = (
        route("plain", "a.org"),
        route("header", "a.org", matches=[{"headers": [{"name": "X-A", "value": "1"}]}]),
        route("query", "a.org", matches=[{"queryParams": [{"name": "q", "value": "1"}]}]),
        route("method", "a.org", matches=[{"method": "POST"}]),
    )
    assert chosen(Request("a.org", "/"), *routes) == "plain"
    assert chosen(Request("a.org", "/", query={"q": "1"}), *routes) == "query"
    both = Request("a.org", "/", headers={"x-a": "1"}, query={"q": "1"})
    assert chosen(both, *routes) == "header"
    post = Request("a.org", "/", method="POST", headers={"x-a": "1"})
    assert chosen(post, *routes) == "method"


def test_the_older_route_wins_a_tie_then_the_name() -> None:
    younger = route("a", "a.org", created="2026-02-01T00:00:00Z")
    older = route("b", "a.org", created="2026-01-01T00:00:00Z")
    twin = route("c", "a.org", created="2026-01-01T00:00:00Z")
    assert chosen(Request("a.org", "/"), younger, twin, older) == "b"


def test_a_route_without_its_gateway_answers_nothing() -> None:
    assert (
        chosen(Request("a.org", "/"), route("r", "a.org"), gateways=gateway(namespace="x")) is None
    )


def test_a_listener_admits_its_own_namespace_by_default() -> None:
    request, one = Request("a.org", "/"), route("r", "a.org")
    same = gateway({"allowedRoutes": {}})
    assert chosen(request, one, gateways=same) is None
    here = gateway({"allowedRoutes": {}}, namespace="api")
    assert chosen(request, route("r", "a.org", namespace="api"), gateways=here) == "r"


def test_a_listener_admits_by_label() -> None:
    selector = {"matchLabels": {"public": "yes"}}
    gateways = gateway(
        {"allowedRoutes": {"namespaces": {"from": "Selector", "selector": selector}}}
    )
    request, one = Request("a.org", "/"), route("r", "a.org")
    assert chosen(request, one, gateways=gateways, labels={"public": "yes"}) == "r"
    assert chosen(request, one, gateways=gateways, labels={"public": "no"}) is None


def test_a_listener_narrows_the_hostnames() -> None:
    gateways = gateway(
        {"name": "org", "hostname": "*.serlo.org"}, {"name": "dev", "hostname": "serlo-staging.dev"}
    )
    anywhere = route("r")
    assert chosen(Request("api.serlo.org", "/"), anywhere, gateways=gateways) == "r"
    assert chosen(Request("serlo-staging.dev", "/"), anywhere, gateways=gateways) == "r"
    assert chosen(Request("elsewhere.org", "/"), anywhere, gateways=gateways) is None
    section = route("r", sectionName="dev")
    assert chosen(Request("api.serlo.org", "/"), section, gateways=gateways) is None
