"""Paths that have moved, as the API knows: look-ups, and where visitors are sent."""

import json
from typing import Any

import pytest

from tests.rehearsal.edge_worker.lookups import ARTICLE, COMMENT, PAGE, given, page, questions
from tests.rehearsal.edge_worker.runtime import EdgeRuntime
from tests.rehearsal.edge_worker.sites import LANGUAGES, address, cases, titled
from tests.rehearsal.edge_worker.test_conformance_api import verify

TAMIL = "/%E0%AE%87%E0%AE%B2%E0%AE%95%E0%AF%8D"

PAGES = [
    {"id": "0ab4c1de-1111-4111-8111-111111111111", "title": "Overview"},
    {"id": "5f3d2c1b-2222-4222-8222-222222222222", "title": "Negative Zahlen im Alltag"},
    {"id": "77aa88bb-3333-4333-8333-333333333333", "title": "Quiz"},
]


def course(pages: object, **said: object) -> dict[str, Any]:
    """A course as the API gives it: what the editor wrote is a JSON text."""
    content = json.dumps({"plugin": "course", "state": {"pages": pages}})
    known = {"__typename": "Course", "id": 61682, "alias": "/mathe/61682/negative-zahlen"}
    return {**known, "instance": "de", "currentRevision": {"content": content}, **said}


COURSE = course(PAGES)
COURSE_PAGE = "/mathe/61682/5f3d2c1b/negative-zahlen-im-alltag"
NEGATIVE = "https://de.{D}/mathe/61682/negative-zahlen"

# What happens, where, what the API says of it, and where the visitor is sent (nowhere: None).
ALIASES: list[tuple[str, str, str, dict[str, Any], str | None]] = [
    ("another alias", "en", "/sexed", PAGE, "https://en.{D}/78337/sex-education"),
    ("its number", "en", "/78337", PAGE, "https://en.{D}/78337/sex-education"),
    ("the query is kept", "en", "/sexed?a=1&b", PAGE, "https://en.{D}/78337/sex-education?a=1&b"),
    ("another language", "de", "/78337", PAGE, "https://en.{D}/78337/sex-education"),
    (
        "another language, the right path",
        "de",
        "/78337/sex-education?x",
        PAGE,
        "https://en.{D}/78337/sex-education?x",
    ),
    ("already there", "en", "/78337/sex-education", PAGE, None),
    ("already there, with a query", "en", "/78337/sex-education?x=1", PAGE, None),
    ("a slash too many", "en", "/78337/sex-education/", PAGE, "https://en.{D}/78337/sex-education"),
    ("no alias", "de", "/27778", {"__typename": "Comment"}, None),
    (
        "no alias but a language",
        "de",
        "/1",
        {"__typename": "X", "instance": "en"},
        "https://en.{D}/1",
    ),
    ("alias null", "de", "/1", {"__typename": "X", "alias": None, "instance": None}, None),
    (
        "unknown language",
        "de",
        "/1",
        {**ARTICLE, "instance": "xx"},
        "https://de.{D}/mathe/1/addition",
    ),
    (
        "letters beyond ASCII",
        "de",
        "/1385",
        {**ARTICLE, "alias": "/mathe/1385/zahlen-und-größen"},
        "https://de.{D}/mathe/1385/zahlen-und-gr%C3%B6%C3%9Fen",
    ),
    (
        "letters beyond ASCII, already there",
        "de",
        "/mathe/1385/zahlen-und-größen",
        {**ARTICLE, "alias": "/mathe/1385/zahlen-und-größen"},
        None,
    ),
    (
        "Tamil",
        "ta",
        "/4",
        {**ARTICLE, "alias": TAMIL, "instance": "ta"},
        f"https://ta.{{D}}{TAMIL}",
    ),
    # A comment is shown with what it is about.
    ("comment", "de", "/65395", COMMENT, "https://de.{D}/mathe/1573/vektor#comment-65395"),
    (
        "comment, with a query",
        "de",
        "/65395?x=1",
        COMMENT,
        "https://de.{D}/mathe/1573/vektor?x=1#comment-65395",
    ),
    (
        "comment by its alias",
        "de",
        "/mathe/65395/65395",
        COMMENT,
        "https://de.{D}/mathe/1573/vektor#comment-65395",
    ),
    (
        "comment that is gone",
        "de",
        "/65395",
        {**COMMENT, "trashed": True},
        "https://de.{D}/error/deleted/Comment",
    ),
    # A course is its first page.
    ("course", "de", "/61682", COURSE, "https://de.{D}/mathe/61682/negative-zahlen"),
    ("course, already there", "de", "/mathe/61682/negative-zahlen", COURSE, None),
    (
        "first page of a course",
        "de",
        "/mathe/61682/0ab4c1de/overview",
        COURSE,
        "https://de.{D}/mathe/61682/negative-zahlen",
    ),
    ("page of a course", "de", COURSE_PAGE, COURSE, None),
    ("last page of a course", "de", "/mathe/61682/77aa88bb/quiz", COURSE, None),
    (
        "page of a course by an old title",
        "de",
        "/mathe/61682/5f3d2c1b/old-title",
        COURSE,
        f"https://de.{{D}}{COURSE_PAGE}",
    ),
    (
        "page of a course without a subject",
        "de",
        "/61682/5f3d2c1b/old-title?x=1",
        COURSE,
        f"https://de.{{D}}{COURSE_PAGE}?x=1",
    ),
    (
        "page of a course with its language",
        "de",
        "/de/mathe/61682/5f3d2c1b/old-title",
        COURSE,
        f"https://de.{{D}}{COURSE_PAGE}",
    ),
    (
        "page that the course does not have",
        "de",
        "/mathe/61682/99999999/x",
        COURSE,
        "https://de.{D}/mathe/61682/negative-zahlen",
    ),
    (
        "page of a course by one digit",
        "de",
        "/mathe/61682/5/x",
        COURSE,
        f"https://de.{{D}}{COURSE_PAGE}",
    ),
    (
        "page of a course by its whole UUID",
        "de",
        "/mathe/61682/5f3d2c1b-2222-4222-8222-222222222222/x",
        COURSE,
        f"https://de.{{D}}{COURSE_PAGE}",
    ),
    (
        "page of a course by another UUID with the same start",
        "de",
        "/mathe/61682/5f3d2c1b-9999/x",
        COURSE,
        "https://de.{D}/mathe/61682/negative-zahlen",
    ),
    (
        "page of a course under another subject",
        "de",
        "/angewandte-mathe/61682/5f3d2c1b/negative-zahlen-im-alltag",
        COURSE,
        f"https://de.{{D}}{COURSE_PAGE}",
    ),
    (
        "page of a course in another language",
        "en",
        COURSE_PAGE,
        COURSE,
        f"https://de.{{D}}{COURSE_PAGE}",
    ),
    (
        "page without a title in its path",
        "de",
        "/mathe/61682/5f3d2c1b/",
        COURSE,
        f"https://de.{{D}}{COURSE_PAGE}",
    ),
    ("page without a slash after it", "de", "/mathe/61682/5f3d2c1b", COURSE, NEGATIVE),
    ("page in capital letters", "de", "/mathe/61682/5F3D2C1B/x", COURSE, NEGATIVE),
    (
        "page of a course whose alias has no subject",
        "de",
        "/61682/5f3d2c1b/x",
        course(PAGES, alias="/negative-zahlen"),
        "https://de.{D}/negative-zahlen/61682/5f3d2c1b/negative-zahlen-im-alltag",
    ),
    ("course without pages", "de", "/mathe/61682/5f3d2c1b/x", course([]), NEGATIVE),
    (
        "course without a reviewed revision",
        "de",
        "/61682",
        course([], currentRevision=None),
        NEGATIVE,
    ),
    (
        "course of old entities",
        "de",
        "/61682",
        {**COURSE, "currentRevision": {"content": "[]"}, "pages": [{"id": 1, "title": "x"}]},
        NEGATIVE,
    ),
    # What an alias says cannot lead away.
    ("alias //", "de", "/1", {**ARTICLE, "alias": "//evil.example/"}, None),
    ("alias /\\", "de", "/1", {**ARTICLE, "alias": "/\\evil.example/"}, None),
    ("alias without a slash", "de", "/1", {**ARTICLE, "alias": "evil.example"}, None),
    ("alias that is an address", "de", "/1", {**ARTICLE, "alias": "https://evil.example/"}, None),
]


@pytest.mark.parametrize(("label", "path", "uuid", "to"), titled(ALIASES))
def test_visitors_are_sent_to_the_current_address(
    edge: EdgeRuntime, label: str, path: str, uuid: dict[str, Any], to: str | None
) -> None:
    given(edge, uuid)
    for _ in range(2):  # The second time the store knows it.
        answer = edge.fetch("today", address("today", label, path))
        if to is None:
            assert answer.status == 200
        else:
            expected = to.replace("{D}", "serlo-staging.dev")
            assert (answer.status, answer.headers["location"]) == (301, expected)
    assert len(questions(edge)) == 1


# A page's title, and how its address says it.
SLUGS = [
    ("Quiz", "quiz"),
    ("Bar & Baz.qux", "bar-bazqux"),
    ("Größe und Maß", "groesse-und-mass"),
    ("ÄÖÜ", "aeoeue"),
    ("¿Qué es el álgebra, señor Íñigo?", "que-es-el-algebra-senor-inigo"),
    ("Útil y único", "util-y-unico"),
    ("Où est-ce ? À côté", "o-est-ce-cte"),
    ("a_b", "a_b"),
    ("a - b -- c", "a-b-c"),
    ("  1. Teil  ", "1-teil"),
    ("a\tb", "ab"),
    ("--x--", "x"),
    ("Satz/Beweis #1?", "satzbeweis-1"),
    ("../../x", "x"),
    ("இலக்கம் 7", "7"),
    ("İ", "i"),
    ("∑", ""),
    ("", ""),
]


@pytest.mark.parametrize(("title", "slug"), SLUGS)
def test_a_page_of_a_course_is_named_after_its_title(
    edge: EdgeRuntime, title: str, slug: str
) -> None:
    given(edge, course([PAGES[0], {**PAGES[1], "title": title}]))
    answer = edge.fetch("today", address("today", "de", "/mathe/61682/5f3d2c1b/-"))
    expected = address("today", "de", f"/mathe/61682/5f3d2c1b/{slug}")
    assert (answer.status, answer.headers["location"]) == (301, expected)


# What may stand where the content of a course should.
UNREADABLE: list[tuple[str, dict[str, Any]]] = [
    ("no revision", course([], currentRevision=None)),
    ("no content", course([], currentRevision={})),
    ("empty", course([], currentRevision={"content": ""})),
    ("malformed", course([], currentRevision={"content": "{"})),
    ("null", course([], currentRevision={"content": "null"})),
    ("a list", course([], currentRevision={"content": "[]"})),
    ("no state", course([], currentRevision={"content": "{}"})),
    ("state null", course([], currentRevision={"content": '{"state":null}'})),
    ("no JSON text", course([], currentRevision={"content": {"state": {"pages": PAGES}}})),
    ("no list of pages", course({"0": PAGES[1]})),
    ("a page that is none", course([*PAGES, None])),
    ("a page without an id", course([*PAGES, {"title": "x"}])),
    ("a page without a title", course([*PAGES, {"id": "x"}])),
    ("a page with a number", course([*PAGES, {"id": 1, "title": "x"}])),
    ("no number", course(PAGES, id=None)),
    ("no alias", course(PAGES, alias=None)),
    ("old entities", {**course([], currentRevision=None), "pages": PAGES}),
    ("no course", {**ARTICLE, "currentRevision": COURSE["currentRevision"]}),
]


@pytest.mark.parametrize("uuid", titled(UNREADABLE))
def test_a_course_that_cannot_be_read_redirects_nobody(
    edge: EdgeRuntime, uuid: dict[str, Any]
) -> None:
    given(edge, uuid)
    for asked in (1, 2):
        found = edge.fetch("today", address("today", "de", "/mathe/61682/5f3d2c1b/x"))
        assert found.json()["url"] == page("today", "de", "/mathe/61682/5f3d2c1b/x")
        assert len(questions(edge)) == asked
    assert not edge.kv_entries()


def test_the_api_is_asked_for_what_its_schema_has(edge: EdgeRuntime) -> None:
    edge.fetch("today", address("today", "de", COURSE_PAGE))
    (call,) = questions(edge)
    query = " ".join(json.loads(call.body)["query"].split())
    assert "... on Course { id currentRevision { content } }" in query
    assert "pages" not in query


@pytest.mark.parametrize("label", LANGUAGES)
def test_the_api_is_asked_by_a_signed_request(edge: EdgeRuntime, label: str) -> None:
    headers = {"authorization": "Serlo Service=guessed", "cookie": "a=b"}
    edge.fetch("today", address("today", label, "/a/gr%C3%B6%C3%9Fe/?x=1"), headers=headers)
    (call,) = questions(edge)
    question = json.loads(call.body)
    assert call.method == "POST"
    assert call.headers["content-type"].startswith("application/json")
    assert question["variables"] == {"alias": {"instance": label, "path": "/a/gr%C3%B6%C3%9Fe/"}}
    assert "__typename" in question["query"]
    # The visitor's own word does not count here.
    verify(call.headers["authorization"])
    assert "cookie" not in call.headers


UNASKED = [
    ("de", "/user/me"),
    ("ta", "/user/me"),
    ("", "/sexed"),
    ("www", "/sexed"),
    ("kratos", "/sexed"),
    ("api", "/sexed"),
    ("embed", "/sexed"),
    ("assets", "/sexed"),
    ("meet", "/sexed"),
    ("de", "/_next/x"),
    ("de", "/mathe"),
    ("de", "/consent"),
    ("de", "/page/view/1"),
    ("de", "/robots.txt"),
]


@pytest.mark.parametrize(("label", "path"), cases(UNASKED))
def test_the_api_is_not_asked_in_vain(edge: EdgeRuntime, label: str, path: str) -> None:
    edge.fetch("today", address("today", label, path))
    assert not questions(edge)
