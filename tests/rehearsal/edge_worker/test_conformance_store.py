"""What the worker keeps of the API's answers, for how long, and what it makes of it."""

import hashlib
import json
from typing import Any

import pytest

from tests.rehearsal.edge_worker.lookups import ARTICLE, COMMENT, PAGE, given, page, questions
from tests.rehearsal.edge_worker.runtime import EdgeRuntime
from tests.rehearsal.edge_worker.sites import address, api, titled

HOUR = 3600
MINUTE = 60


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
