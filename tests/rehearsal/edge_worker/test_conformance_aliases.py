"""Paths that have moved, as the API knows: look-ups, what is kept, where visitors are sent."""

import hashlib
import json
from typing import Any

import pytest

from tests.rehearsal.edge_worker.runtime import Call, EdgeRuntime
from tests.rehearsal.edge_worker.sites import LANGUAGES, address, api, cases, frontend, titled
from tests.rehearsal.edge_worker.test_conformance_api import verify

HOUR = 3600
MINUTE = 60
TAMIL = "/%E0%AE%87%E0%AE%B2%E0%AE%95%E0%AF%8D"

PAGE = {"__typename": "Page", "alias": "/78337/sex-education", "instance": "en"}
ARTICLE = {"__typename": "Article", "alias": "/mathe/1/addition", "instance": "de"}
COMMENT = {
    "__typename": "Comment",
    "id": 65395,
    "alias": "/mathe/65395/65395",
    "trashed": False,
    "legacyObject": {"alias": "/mathe/1573/vektor"},
}
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


def given(edge: EdgeRuntime, uuid: object, *, containing: str = "") -> None:
    """What the API knows."""
    body = json.dumps({"data": {"uuid": uuid}})
    headers = {"content-type": "application/json"}
    edge.answer(api("today"), body=body, headers=headers, containing=containing)


def questions(edge: EdgeRuntime) -> list[Call]:
    """What the API was asked."""
    return [call for call in edge.calls() if call.url == api("today")]


def page(site: str, label: str, path: str) -> str:
    return f"https://{frontend(site)}/{label}{path}"


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


def test_what_the_api_says_is_kept_for_an_hour(edge: EdgeRuntime) -> None:
    given(edge, PAGE)
    edge.fetch("today", address("today", "en", "/sexed?x=1"))
    (entry,) = (entries := edge.kv_entries()).values()
    assert entries.keys() == {"/en/sexed"}
    assert entry.ttl == HOUR
    kept = json.loads(entry.value)
    assert kept.items() >= {"currentPath": "/78337/sex-education", "instance": "en"}.items()
    assert kept.keys() <= {"currentPath", "instance", "hash", "typename"}


def test_where_a_comment_is_on_its_page_is_kept(edge: EdgeRuntime) -> None:
    given(edge, COMMENT)
    edge.fetch("today", address("today", "de", "/65395"))
    kept = json.loads(edge.kv_entries()["/de/65395"].value)
    assert (kept["currentPath"], kept["hash"]) == ("/mathe/1573/vektor", "#comment-65395")


KEPT = [
    ("path", '{"currentPath":"/a/b"}', "https://en.{D}/a/b"),
    ("language", '{"currentPath":"/a/b","instance":"de"}', "https://de.{D}/a/b"),
    ("hash", '{"currentPath":"/a/b","hash":"#comment-1"}', "https://en.{D}/a/b#comment-1"),
    ("type", '{"currentPath":"/a/b","typename":"Article"}', "https://en.{D}/a/b"),
    ("its own path", '{"currentPath":"/sexed"}', None),
    ("own language", '{"currentPath":"/sexed","instance":"en"}', None),
]


@pytest.mark.parametrize(("entry", "to"), titled(KEPT))
def test_what_is_kept_is_not_asked_for(edge: EdgeRuntime, entry: str, to: str | None) -> None:
    edge.kv_put("/en/sexed", entry)
    answer = edge.fetch("today", address("today", "en", "/sexed"))
    expected = to.replace("{D}", "serlo-staging.dev") if to is not None else None
    assert answer.headers.get("location") == expected
    assert not questions(edge)


MALFORMED = [
    "",
    "malformed",
    "{",
    "null",
    "42",
    "[]",
    "{}",
    '"/a/b"',
    '{"currentPath":42}',
    '{"currentPath":null}',
    '{"currentPath":"/a/b","instance":42}',
    '{"currentPath":"/a/b","hash":{}}',
]


@pytest.mark.parametrize("entry", MALFORMED)
def test_malformed_entries_are_ignored(edge: EdgeRuntime, entry: str) -> None:
    edge.kv_put("/en/sexed", entry)
    given(edge, PAGE)
    answer = edge.fetch("today", address("today", "en", "/sexed"))
    assert answer.headers["location"] == address("today", "en", "/78337/sex-education")
    assert edge.kv_entries()["/en/sexed"].ttl == HOUR


LONG = [
    ("just short enough", "/" + "a" * 508, False),
    ("one too long", "/" + "a" * 509, True),
    ("much too long", "/" + "%E0%AE%87" * 300, True),
]


@pytest.mark.parametrize(("path", "hashed"), titled(LONG))
def test_a_long_path_is_kept_under_its_hash(edge: EdgeRuntime, path: str, hashed: bool) -> None:
    given(edge, {**ARTICLE, "alias": "/4"})
    answer = edge.fetch("today", address("today", "de", path))
    assert answer.headers["location"] == address("today", "de", "/4")
    key = f"/de{path}"
    expected = hashlib.sha1(key.encode()).hexdigest() if hashed else key
    assert edge.kv_entries().keys() == {expected}


# How the API fails to say what a path is.
FAILURES: list[tuple[str, dict[str, Any]]] = [
    ("unknown path", {"body": '{"data":{"uuid":null}}'}),
    ("GraphQL error", {"body": '{"data":null,"errors":[{"message":"x"}]}'}),
    ("no type", {"body": '{"data":{"uuid":{}}}'}),
    ("type of a wrong type", {"body": '{"data":{"uuid":{"__typename":42,"alias":"/x"}}}'}),
    ("no data", {"body": "{}"}),
    ("null", {"body": "null"}),
    ("a list", {"body": "[]"}),
    ("malformed", {"body": "malformed json"}),
    ("empty", {"body": ""}),
    (
        "internal error",
        {"status": 500, "body": '{"data":{"uuid":{"__typename":"X","alias":"/x"}}}'},
    ),
    ("unauthorized", {"status": 401, "body": "Invalid service token"}),
    ("unavailable", {"status": 503, "body": "<html>"}),
    ("redirect", {"status": 302, "headers": {"location": "https://evil.example/"}}),
    ("refused", {"fail": True}),
]


@pytest.mark.parametrize("answer", titled(FAILURES))
def test_a_failure_is_kept_for_a_minute(edge: EdgeRuntime, answer: dict[str, Any]) -> None:
    edge.answer(api("today"), **answer)
    for _ in range(3):
        found = edge.fetch("today", address("today", "en", "/path"))
        assert (found.status, found.json()["url"]) == (200, page("today", "en", "/path"))
    assert len(questions(edge)) == 1
    (entry,) = edge.kv_entries().values()
    assert entry.ttl == MINUTE
    assert json.loads(entry.value) == {"missing": True}


def test_a_kept_failure_is_not_asked_for(edge: EdgeRuntime) -> None:
    edge.kv_put("/en/path", '{"missing":true}')
    given(edge, PAGE)
    found = edge.fetch("today", address("today", "en", "/path"))
    assert (found.status, found.json()["url"]) == (200, page("today", "en", "/path"))
    assert not questions(edge)


def test_a_slow_api_keeps_nobody_waiting(edge: EdgeRuntime) -> None:
    edge.answer(api("today"), hang=True)
    found = edge.fetch("hasty", address("hasty", "en", "/path"))
    assert (found.status, found.json()["url"]) == (200, page("hasty", "en", "/path"))


def test_without_its_store_the_api_is_asked_each_time(edge: EdgeRuntime) -> None:
    given(edge, PAGE)
    edge.kv_fail()
    for _ in range(2):
        answer = edge.fetch("today", address("today", "en", "/sexed"))
        assert answer.headers["location"] == address("today", "en", "/78337/sex-education")
    assert len(questions(edge)) == 2


def test_a_worker_without_a_store_works(edge: EdgeRuntime) -> None:
    given(edge, PAGE)
    answer = edge.fetch("bare", address("bare", "en", "/sexed"))
    assert answer.headers["location"] == address("bare", "en", "/78337/sex-education")


def test_each_language_has_aliases_of_its_own(edge: EdgeRuntime) -> None:
    given(edge, PAGE, containing='"en"')
    given(edge, ARTICLE, containing='"de"')
    found = [
        edge.fetch("today", address("today", label, "/same")).headers["location"]
        for label in ("en", "de")
    ]
    assert found == [
        address("today", "en", "/78337/sex-education"),
        address("today", "de", "/mathe/1/addition"),
    ]
    assert edge.kv_entries().keys() == {"/en/same", "/de/same"}
