"""Lists of routes that are refused, each with what is wrong with it."""

import pytest

from infra.edge.cloudflare.worker_routes import Route, RouteError, check_routes
from rehearsal.cloudflare.workers import route_matching

DOMAIN = "serlo.org"
OTHERS = {"community.serlo.org"}
ALL = Route("all", "*serlo.org/*", "worker")
CHAT = Route("chat", "https://community.serlo.org/websocket*", None)


def test_a_good_list_passes() -> None:
    special = Route("special", "api.serlo.org/graphql", "other")
    check_routes([CHAT, special, ALL], DOMAIN, OTHERS)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([ALL, CHAT], r"stands after the less specific \*serlo.org/\*"),
        ([ALL, Route("again", "*serlo.org/*", "other")], r"twice \(all\)"),
        ([Route("a", "de.serlo.org/x", "w"), Route("b", "DE.serlo.org/x", "w")], "a pattern is"),
        ([Route("foreign", "*serlo.net/*", "worker"), ALL], "not in the zone serlo.org"),
        ([Route("alike", "*notserlo.org/*", "worker"), ALL], "not in the zone serlo.org"),
        ([Route("middle", "de.*.org/*", "worker"), ALL], "only as the first character"),
        ([Route("path", "de.serlo.org/*/x", "worker"), ALL], "only as the first character"),
        ([Route("query", "de.serlo.org/?a=b", "worker"), ALL], "only as the first character"),
        ([CHAT], "there is no worker to bypass"),
        ([Route("api", "https://api.serlo.org/*", None), ALL], "leave such hosts to the worker"),
        ([Route("any", "*serlo.org/x*", None), ALL], "leave such hosts to the worker"),
    ],
)
def test_a_bad_list_is_refused(found: list[Route], said: str) -> None:
    with pytest.raises(RouteError, match=said):
        check_routes(found, DOMAIN, OTHERS)


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(RouteError) as caught:
        check_routes([ALL, CHAT, Route("x", "example.org/*", "w")], DOMAIN, OTHERS)
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ("community.serlo.org/*", "*serlo.org/x/y/z*"),
        ("*de.serlo.org/*", "*serlo.org/*"),
        ("de.serlo.org/abc*", "de.serlo.org/a*"),
        ("https://de.serlo.org/a*", "de.serlo.org/a*"),
        ("de.serlo.org/a", "de.serlo.org/a*"),
    ],
)
def test_the_order_is_cloudflares(more: str, less: str) -> None:
    first, second = (route_matching.parse(text, DOMAIN).specificity() for text in (more, less))
    assert first > second
    check_routes([Route("a", more, "w"), Route("b", less, "w")], DOMAIN, OTHERS)
    with pytest.raises(RouteError, match="less specific"):
        check_routes([Route("b", less, "w"), Route("a", more, "w")], DOMAIN, OTHERS)
