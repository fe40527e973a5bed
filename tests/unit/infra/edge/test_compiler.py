"""The compiled routing table: what the worker reads says what the rules say."""

import re
from collections.abc import Mapping
from typing import Any, cast

import pytest
from ada_url import URL
from hypothesis import assume, example, given
from hypothesis import strategies as st

from infra.edge.compiler import (
    KINDS,
    TableError,
    captured,
    compile_rules,
    path_pattern,
    percent_encoded,
    url_pattern,
)
from infra.routing.model import (
    AnyHost,
    AnyPath,
    Cookie,
    Exact,
    Legacy,
    PassThrough,
    Prefix,
    Redirect,
    Rule,
    Split,
    Template,
)
from infra.stack.schema import SplitKeys

# Characters that can be in a path of the table; others are refused.
PATHS = st.text(
    st.characters(min_codepoint=33, exclude_characters="?#\\^\x7f", exclude_categories=("Cs",)),
    max_size=30,
).map(lambda text: f"/{text}")
VALUES = {
    "digits": st.from_regex(r"[0-9]{1,8}", fullmatch=True),
    "word": st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True),
    "name": st.from_regex(r"[A-Za-z0-9_+-]{1,12}", fullmatch=True),
    "segment": st.from_regex(r"[A-Za-z0-9%:@.~!$&'()*+,;=-]{1,12}", fullmatch=True),
}
ODD = st.text("/.%2eE", max_size=8).map(lambda text: f"/{text}")
NOTHING: Mapping[str, SplitKeys] = {}


def parsed(path: str) -> str:
    """A path as a URL parser of today has it in a request."""
    return URL(f"https://de.serlo.org{path}").pathname


def matches(pattern: str, path: str) -> re.Match[str] | None:
    """What the worker's regular expression says, in Python's spelling."""
    return re.search(pattern.replace("(?<", "(?P<"), path)


@given(PATHS | ODD)
@example("/83249/mathematik-prüfungen")
@example('/a"b<c>d`e{f}g|h')
@example("/a/../b")
@example("/a/%2E/b")
def test_a_path_is_written_as_in_a_request_or_refused(path: str) -> None:
    try:
        written = percent_encoded(path)
    except ValueError:
        assert parsed(path) != path, "nothing but what a parser changes is refused"
        return
    assert written == parsed(path)


@pytest.mark.parametrize("path", ["", "mathe", "/a?b", "/a#b", "/a b", "/a\\b", "/./a", "/a/.."])
def test_what_no_request_has_is_no_path(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        percent_encoded(path)


@given(st.data())
def test_a_template_fits_what_it_describes_and_tells_its_parts(data: st.DataObject) -> None:
    literals = st.from_regex(r"/[a-zü.+*()\[\]|$-]{1,6}/", fullmatch=True)
    template, path, expected = "", "", dict[str, str]()
    for number in range(data.draw(st.integers(0, 4))):
        literal, kind = data.draw(literals), data.draw(st.sampled_from(sorted(VALUES)))
        value = data.draw(VALUES[kind])
        template += f"{literal}{{part{number}:{kind}}}"
        path += f"{literal}{value}"
        expected[f"part{number}"] = value
    template, path = template + "/end", path + "/end"
    assume(parsed(path).count("/") == path.count("/"))  # No dot segments.
    found = matches(path_pattern(template), parsed(path))
    assert found is not None
    assert found.groupdict() == expected
    assert matches(path_pattern(template), parsed(path) + "x") is None
    assert captured(template) == tuple(expected)


@given(PATHS)
@example("/.")
def test_a_template_without_parts_fits_one_path(path: str) -> None:
    assume("{" not in path)
    assume("}" not in path)
    # No dot segments, not even at the end.
    assume(parsed(f"{path}/").count("/") == path.count("/") + 1)
    pattern = path_pattern(path)
    assert matches(pattern, parsed(path))
    assert matches(pattern, parsed(path + "x")) is None


def test_a_rest_may_be_empty() -> None:
    pattern = path_pattern("/api/pdf/{id:digits}{more:rest}")
    for path, number in (("/api/pdf/12", "12"), ("/api/pdf/12.pdf", "12"), ("/api/pdf/1/2", "1")):
        found = matches(pattern, path)
        assert found is not None
        assert found["id"] == number
    assert matches(pattern, "/api/pdf/x") is None


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("/{a:digit}", "no kind"),
        ("/{a:digits}/{a:word}", "taken"),
        ("/{path:word}", "taken"),
        ("/{a:rest}/b", "takes all"),
        ("/{a:rest}{b:word}", "takes all"),
        ("/{a}", "brace"),
        ("/{a:word}}", "brace"),
        ("a/{b:word}", "slash"),
        ("/a/../{b:word}", "cannot be"),
    ],
)
def test_a_bad_template_is_refused(template: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        path_pattern(template)


def test_an_address_is_fixed_but_for_its_parts() -> None:
    pattern = url_pattern("https://player.vimeo.com/video/{id:digits}")
    assert matches(pattern, "https://player.vimeo.com/video/12")
    for other in (
        "https://playerxvimeo.com/video/12",
        "https://player.vimeo.com/video/12/",
        "https://player.vimeo.com.evil.example/video/12",
        "http://player.vimeo.com/video/12",
    ):
        assert matches(pattern, other) is None
    with pytest.raises(ValueError, match="https://"):
        url_pattern("http://vimeo.com/{id:digits}")


def one(rule: Rule, *, legacy: bool = True, switches: tuple[str, ...] = ()) -> list[Any]:
    """The compiled form of a rule, if there is one."""
    splits = {"content": SplitKeys(mobile=12.5, authenticated=0, desktop=100, types=["Article"])}
    table = compile_rules([rule], legacy=legacy, splits=splits, switches=switches)
    return cast(list[Any], table["rules"])


def test_the_form_of_a_rule() -> None:
    rule = Rule(
        "example",
        ("", "de"),
        Template("/seite/{id:digits}"),
        Redirect("https://{label}.{DOMAIN}/{id}{query}"),
        when=(Cookie("a"), Cookie("b", "1")),
        environments=frozenset({"staging", "local"}),
    )
    assert one(rule) == [
        {
            "name": "example",
            "hosts": ["", "de"],
            "path": {"pattern": "^/seite/(?<id>[0-9]+)$", "segment": "seite"},
            "when": [{"cookie": "a"}, {"cookie": "b", "value": "1"}],
            "environments": ["local", "staging"],
            "then": {
                "do": "redirect",
                "to": "https://{label}.{DOMAIN}/{id}{query}",
                "status": 301,
            },
        }
    ]


@pytest.mark.parametrize(
    ("path", "compiled"),
    [
        (Exact("/ä"), {"exact": "/%C3%A4"}),
        (Exact("/a", slash=True), {"exact": "/a", "slash": True}),
        (Prefix("/a b".replace(" ", "%20")), {"prefix": "/a%20b"}),
        (Template("/{a:word}/b"), {"pattern": "^/(?<a>[A-Za-z0-9_-]+)/b$"}),
        (Template("/a{b:word}"), {"pattern": "^/a(?<b>[A-Za-z0-9_-]+)$"}),
        (Template("/a.b"), {"pattern": r"^/a\.b$", "segment": "a.b"}),
        (AnyPath(), None),
    ],
)
def test_the_form_of_a_path(path: Any, compiled: object) -> None:
    (rule,) = one(Rule("a", AnyHost(), path, PassThrough()))
    assert rule.get("path") == compiled


def test_a_split_is_probabilities_with_legacy_and_the_frontend_without() -> None:
    rule = Rule("a", ("de",), AnyPath(), Split("content", by_type=True))
    (with_legacy,) = one(rule)
    assert with_legacy["then"] == {
        "do": "split",
        "name": "content",
        "mobile": 0.125,
        "authenticated": 0,
        "desktop": 1,
        "byType": True,
        "types": ["Article"],
    }
    (without,) = one(rule, legacy=False)
    assert without["then"] == {"do": "frontend", "prefix": True, "redirect": "follow"}


def test_rules_of_legacy_and_of_switches_are_there_where_they_are_on() -> None:
    rule = Rule("a", ("de",), AnyPath(), Legacy(), switch="on")
    assert one(rule) == one(rule, legacy=False, switches=("on",)) == []
    assert [r["then"] for r in one(rule, switches=("on",))] == [{"do": "legacy"}]


def test_a_mistake_has_the_rules_place() -> None:
    rule = Rule("odd", ("de",), Exact("a"), PassThrough())
    with pytest.raises(TableError, match=rf"test_compiler\.py:{rule.place.line}: odd: the path"):
        one(rule)
    with pytest.raises(TableError, match='no percentages for the split "x"'):
        compile_rules(
            [Rule("x", ("de",), AnyPath(), Split("x"))], legacy=True, splits=NOTHING, switches=()
        )


def test_every_kind_of_part_is_tried() -> None:
    assert KINDS.keys() == VALUES.keys() | {"rest"}
