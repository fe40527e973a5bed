"""Every kind of mistake in a routing table, and that the repository's own table has none."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest

from infra.edge.checks.table import RoutingError, check_table
from infra.routing.model import (
    Action,
    Alias,
    AllowedOrigin,
    AnyHost,
    AnyPath,
    Api,
    Condition,
    Cookie,
    Exact,
    Frontend,
    Header,
    Hosts,
    Legacy,
    Method,
    PassThrough,
    PathMatch,
    Place,
    Prefix,
    Proxy,
    Query,
    Redirect,
    Region,
    Respond,
    Rule,
    Scheme,
    Source,
    Split,
    Template,
    Thumbnail,
    Variable,
)
from infra.routing.table import RULES
from infra.stack.environment import Environment
from infra.stack.schema import SplitKeys
from tests.stack_files import stack_file

HELLO = Respond("hello")
LATIN = ("de", "en")


@cache
def environment(name: str = "staging") -> Environment:
    return Environment.load(stack_file(name))


def rule(
    name: str,
    action: Action = HELLO,
    path: PathMatch | None = None,
    *when: Condition,
    hosts: Hosts = LATIN,
    environments: frozenset[str] | None = None,
) -> Rule:
    place = Place("infra/routing/table.py", 7)
    path = path or Exact(f"/{name}")
    return Rule(name, hosts, path, action, when=when, environments=environments, place=place)


def mistakes(rules: Sequence[Rule], name: str = "staging") -> list[str]:
    try:
        check_table(rules, environment(name))
    except RoutingError as error:
        return [str(mistake) for mistake in error.mistakes]
    return []


@pytest.mark.parametrize("name", ["local", "staging", "production"])
def test_the_repositorys_own_table_has_no_mistake(name: str) -> None:
    assert mistakes(RULES, name) == []


def test_all_mistakes_are_named_at_once_each_with_its_place() -> None:
    rules = [
        rule("A", HELLO, Exact("/a")),
        rule("twice"),
        rule("twice"),
        rule("to", Redirect("http://x/")),
    ]
    with pytest.raises(RoutingError, match=r"^3 mistakes in the routing table:\n") as caught:
        check_table(rules, environment())
    for mistake in caught.value.mistakes:
        assert re.match(r"infra/routing/table\.py:7: (A|twice|to): .+", str(mistake))


def _redirect(to: str, path: PathMatch | None = None, **more: Hosts) -> Rule:
    return rule("wrong", Redirect(to), path, **more)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (rule("wrong", hosts=()), "has no host"),
        (rule("wrong", hosts=("de.serlo.org/",)), "is no host below the domain"),
        (rule("wrong", hosts=("de", "de")), "twice"),
        (rule("wrong", environments=frozenset({"dev"})), '"dev" is no environment'),
        (rule("wrong", environments=frozenset[str]()), "holds in no environment"),
        (rule("wrong", HELLO, Exact("a")), "does not start with a slash"),
        (rule("wrong", HELLO, Exact("/a?b")), 'because of "?"'),
        (rule("wrong", HELLO, Exact("/a/", slash=True)), "ends with a slash already"),
        (rule("wrong", HELLO, Template("/{id}")), "has a brace"),
        (rule("wrong", HELLO, Template("/{id:number}")), '"number" is no kind'),
        (rule("wrong", HELLO, Template("/{id:digits}/{id:word}")), 'the name "id"'),
        (rule("wrong", HELLO, Template("/{a:rest}/b")), "takes all there is"),
        (rule("wrong", HELLO, None, Method(("post",))), '"post" is no method'),
        (rule("wrong", HELLO, None, Query(())), "names of a parameter|name of a parameter"),
        (rule("wrong", HELLO, None, Region(("Bayern",))), '"Bayern" is no region'),
        (rule("wrong", HELLO, None, Cookie("a b")), "no name of a cookie"),
        (rule("wrong", HELLO, None, Header("a:")), "no name of a header"),
        (rule("wrong", HELLO, None, Variable("LANGUAGE", "x")), "no variable of the worker"),
        (rule("wrong", HELLO, None, Variable("ENVIRONMENT", "staging")), "name the environments"),
        (_redirect("/relative"), "does not start with https://"),
        (_redirect("http://example.org/"), "does not start with https://"),
        (_redirect("https://example.org/{id}"), "stands for nothing"),
        (_redirect("https://example.org/{id"), "has a brace"),
        (_redirect("https://{host}/", Template("/{host:word}")), "would come from the request"),
        (_redirect("https://x{path}", hosts=AnyHost()), ""),
        (_redirect("https://{path}"), "no host|would come from the request"),
        (_redirect("https://user@example.org/"), "is no host"),
        (_redirect("https://example.org:8443/"), "is no host"),
        (_redirect("https://{label}/"), "would come from the request"),
        (_redirect("https://{label}.example.org/"), "would come from the request"),
        (
            rule("wrong", Proxy("https://{label}.{DOMAIN}/")),
            "would come from the request",
        ),
        (_redirect("https://{label}.{DOMAIN}/x", hosts=("de",)), ""),
        (_redirect("https://www.{label}.{DOMAIN}/x"), "would come from the request"),
        (_redirect("https://de-{label}.{DOMAIN}/x"), "would come from the request"),
        (rule("wrong", Proxy("https://example.org/{a}")), "stands for nothing"),
        (rule("wrong", Proxy("https://example.org/", -1)), "write 0"),
        (rule("wrong", Respond("", status=99)), "a status from 200 to 599"),
        (rule("wrong", Alias(), AnyPath(), hosts=AnyHost()), "needs the language"),
        (rule("wrong", Frontend(), hosts=("www",)), '"www" is none'),
        (rule("wrong", Split("content"), hosts=("api",)), '"api" is none'),
        (rule("wrong", Split("pages")), "has no serlo:edge.splits.pages"),
        (rule("wrong", Legacy(), hosts=("api",)), "legacy does not answer api"),
        (rule("wrong", Api((AllowedOrigin("https://x.y"),))), "is no host"),
        (rule("wrong", Api((AllowedOrigin("x.y", ports=(0,)),))), "0 is no port"),
        (
            rule("wrong", Thumbnail((Source("https://a.b/{id:word}", ("https://c.d/{x}",)),))),
            "stands for nothing",
        ),
        (rule("wrong", Thumbnail((Source("https://a.b/", ask="https://c.d/"),))), "say at and"),
    ],
)
def test_words_that_make_no_sense(wrong: Rule, said: str) -> None:
    found = mistakes([wrong])
    if not said:
        assert found == []
        return
    assert len(found) == 1
    assert re.search(said, found[0])
    assert found[0].startswith("infra/routing/table.py:7: wrong: ")


CATCH_ALL = rule("all", PassThrough(), AnyPath(), hosts=AnyHost())


@pytest.mark.parametrize(
    ("rules", "by"),
    [
        ([CATCH_ALL, rule("b")], "all"),
        ([rule("a", HELLO, Prefix("/x")), rule("b", HELLO, Exact("/x/y"))], "a"),
        ([rule("a", HELLO, Prefix("/x")), rule("b", HELLO, Template("/x/{id:digits}"))], "a"),
        ([rule("a", HELLO, Template("/{a:word}")), rule("b", HELLO, Exact("/x"))], "a"),
        (
            [rule("a", HELLO, Template("/{a:word}")), rule("b", HELLO, Template("/{b:word}"))],
            "a",
        ),
        # Two rules together leave nothing over.
        (
            [
                rule("a", HELLO, AnyPath(), hosts=("de",)),
                rule("a-2", HELLO, AnyPath(), hosts=AnyHost(but=("de",))),
                rule("b"),
            ],
            "a .* and a-2",
        ),
        (
            [
                rule("a", HELLO, AnyPath(), environments=frozenset({"production"})),
                rule("a-2", HELLO, AnyPath(), environments=frozenset({"staging", "local"})),
                rule("b"),
            ],
            "a .* and a-2",
        ),
        # What the later one asks for is what the earlier one asks for, and more.
        (
            [
                rule("a", HELLO, AnyPath(), Method(("GET", "POST"))),
                rule("b", HELLO, None, Method(("GET",)), Cookie("x", "1")),
            ],
            "a",
        ),
        (
            [rule("a", HELLO, AnyPath(), Cookie("x")), rule("b", HELLO, None, Cookie("x", "1"))],
            "a",
        ),
    ],
)
def test_rules_that_never_answer(rules: list[Rule], by: str) -> None:
    (found,) = mistakes(rules)
    assert re.search(f": b: never answers, since {by} ", found)


@pytest.mark.parametrize(
    "rules",
    [
        [rule("a", Alias(), AnyPath()), rule("b")],
        [rule("a", Proxy("https://example.org/", declines=True), AnyPath()), rule("b")],
        [rule("a", HELLO, AnyPath(), Cookie("x")), rule("b")],
        [rule("a", HELLO, AnyPath(), Cookie("x", "1")), rule("b", HELLO, None, Cookie("x"))],
        [rule("a", HELLO, AnyPath(), hosts=("de",)), rule("b")],
        [rule("a", HELLO, AnyPath(), environments=frozenset({"production"})), rule("b")],
        [rule("a", HELLO, Exact("/b")), rule("b", HELLO, Exact("/b", slash=True))],
        [rule("a", HELLO, Exact("/b"), hosts=("de",)), rule("b", HELLO, Exact("/b"))],
    ],
)
def test_rules_that_answer_what_is_left(rules: list[Rule]) -> None:
    assert [found for found in mistakes(rules) if "never answers" in found] == []


def test_exact_rules_that_overlap() -> None:
    rules = [
        rule("a", HELLO, Exact("/x"), hosts=("de", "en")),
        rule("b", HELLO, Exact("/x", slash=True), hosts=("en", "fr")),
    ]
    (found,) = mistakes(rules)
    assert re.search(r": b: /x on en is also that of a \(infra/routing/table\.py:7\)", found)
    assert mistakes([rules[0], rule("b", HELLO, Exact("/x"), Cookie("c"), hosts=("fr",))]) == []


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (
            [
                rule("there", Redirect("https://de.{DOMAIN}/back")),
                rule("back", Redirect("https://en.{DOMAIN}/there")),
            ],
            "in a circle: https://de.serlo-staging.dev/there.* → "
            "https://de.serlo-staging.dev/back → https://en.serlo-staging.dev/there",
        ),
        (
            [
                rule("a", Redirect("https://{label}.{DOMAIN}/{id}/"), Template("/{id:digits}")),
                rule("b", Redirect("https://{label}.{DOMAIN}/{id}"), Template("/{id:digits}/")),
            ],
            "in a circle",
        ),
        (
            [
                rule(
                    "deeper", Redirect("https://{label}.{DOMAIN}/x{path}"), Prefix("/"), hosts=LATIN
                )
            ],
            "has no end after 10 redirects",
        ),
        (
            [
                rule(
                    "insecure",
                    Redirect("https://{label}.{DOMAIN}{path}"),
                    AnyPath(),
                    Cookie("a", "1"),
                    hosts=AnyHost(),
                )
            ],
            "in a circle",
        ),
    ],
)
def test_redirects_without_an_end(rules: list[Rule], said: str) -> None:
    found = mistakes(rules)
    assert found
    assert all(re.search(said, text) or "in a circle" in text for text in found)
    assert re.search(said, found[0])


def test_a_redirect_that_arrives_is_none() -> None:
    https = Redirect("https://{label}.{DOMAIN}{path}{query}")
    rules = [
        rule("https", https, AnyPath(), Scheme("http"), hosts=AnyHost()),
        rule("german", Redirect("https://de.{DOMAIN}{path}"), AnyPath(), hosts=("", "www")),
    ]
    assert mistakes(rules) == []


def test_hosts_without_a_record() -> None:
    rules = [rule("wrong", hosts=("nowhere",)), rule("also", hosts=("nowhere", "de"))]
    (found,) = mistakes(rules)
    assert re.search(r": wrong: nowhere has no DNS record .*\(nor to also\)", found)
    (found,) = mistakes([rule("wrong", Redirect("https://nowhere.{DOMAIN}/"))])
    assert "leads to nowhere.serlo-staging.dev, which has no DNS record" in found
    elsewhere = rule("elsewhere", hosts=("nowhere",), environments=frozenset({"production"}))
    assert mistakes([elsewhere]) == []
    assert "nowhere" in mistakes([elsewhere], "production")[0]


def test_percentages_out_of_range() -> None:
    # A stack file with such a percentage is refused before.
    shares = SplitKeys.model_construct(mobile=150, authenticated=-1, desktop=100, types=None)
    edge = environment().edge.model_copy(update={"splits": {"content": shares}})
    with pytest.raises(RoutingError) as caught:
        check_table([rule("half", Split("content"))], replace(environment(), edge=edge))
    assert [mistake.text.partition(";")[0] for mistake in caught.value.mistakes] == [
        "mobile is 150 %",
        "authenticated is -1 %",
    ]
