"""Single cases: the habits of our repositories, and what a changelog leaves unsaid."""

from datetime import date
from pathlib import Path

import pytest

from infra.declaration.release import ReleaseError
from infra.declaration.service import Service
from infra.services import declared
from operations.releases.changelog import (
    Direction,
    between,
    migration_between,
    newer_link,
    parse,
    span,
    span_link,
)
from operations.releases.changelog.warnings import WarningKind

API = (Path(__file__).parent / "api.md").read_text()
COMMITS = ("1" * 40, "2" * 40)


def service(name: str) -> Service:
    return next(s for s in declared() if s.name == name)


def test_the_format_of_the_api() -> None:
    sections = parse(API)
    assert [s.title for s in sections] == ["v0.54.0", "v0.53.0", "0.52.2", "0.52.1"]
    assert [s.released for s in sections] == [
        None,
        date(2023, 8, 2),
        date(2023, 7, 20),
        date(2022, 7, 10),
    ]
    assert [(e.group, e.text.splitlines()[0], e.line) for e in sections[1].entries] == [
        ("Added", "**uuid**. Add fields that several types share. More specifically:", 19),
        ("Added", "Add `user.something` #901", 24),
        ("Changed", "Needs the database migration `20230801-add-table` #902", 28),
    ]
    assert sections[1].entries[0].text.splitlines()[1:] == [
        "  - `Article.first`",
        "  - `Article.second`",
    ]
    assert sections[2].entries[0].text.endswith("issues/1)\n  which goes on here")
    assert [(e.group, e.text) for e in sections[3].entries] == [
        ("", "Initial release of what is deployed")
    ]


def test_prefix_and_digest_have_no_say() -> None:
    plain = between(API, "0.52.1", "0.53.0")
    assert len(plain) == 4
    assert between(API, "v0.52.1", f"0.53.0@sha256:{'0' * 64}") == plain


@pytest.mark.parametrize("version", ["latest", "0.52", "", "a" * 40])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(ReleaseError):
        between(API, version, "0.53.0")


@pytest.mark.parametrize(
    ("text", "a", "b", "titles", "notes"),
    [
        (API, "0.54.0", "0.55.0", [], ["does not list 0.55.0; the newest it lists is 0.54.0."]),
        (API, "0.53.0", "0.53.1", [], ["does not list 0.53.1."]),
        (API, "0.52.0", "0.52.1", ["0.52.1"], ["does not list 0.52.0."]),
        ("", "0.1.0", "0.2.0", [], ["lists no versions"]),
        ("# Notes\n\n- 0.2.0 is good\n", "0.1.0", "0.2.0", [], ["lists no versions"]),
        (
            API,
            "0.52.1",
            "0.53.0-staging.1",
            ["v0.53.0", "0.52.2"],
            ["does not list 0.53.0-staging.1; it has at most what 0.53.0 has, which is shown."],
        ),
        (
            "## [Unreleased]\n- soon\n## 1.0.0\n- first\n",
            "1.0.0",
            "1.1.0",
            ["Unreleased"],
            ["does not list 1.1.0; shown is also what it calls unreleased."],
        ),
        (
            "## 1.2.0\n- a\n## 1.1\n- b\n## Old times\n- c\n## 1.0.0\n- d\n## 0.9\n- e\n",
            "1.0.0",
            "1.2.0",
            ["1.2.0", "1.1", "Old times"],
            ["Line 3: '1.1' is no full version", "Line 5: 'Old times' is no full version"],
        ),
        (
            "## Unreleased\n## Soon\n- z\n## 1.2.0\n- a\n",
            "1.2.0",
            "1.3.0",
            ["Soon"],
            ["does not list 1.3.0; the newest", "Line 2: 'Soon' is no full version"],
        ),
    ],
)
def test_what_can_still_be_said(
    text: str, a: str, b: str, titles: list[str], notes: list[str]
) -> None:
    found = span(text, a, b)
    assert [section.title for section in found.sections] == titles
    assert len(found.notes) == len(notes)
    for said, expected in zip(found.notes, notes, strict=True):
        assert expected in said


def test_code_comments_and_links_are_no_entries() -> None:
    text = """\
## 1.1.0

<!-- - not this
## 9.9.9
-->
- before

  ```yaml
  ## 8.8.8
  - key: value
  ```
- after

[1.1.0]: https://example.org

Setext
======
## 1.0.0
"""
    assert [section.title for section in parse(text)] == ["1.1.0", "Setext", "1.0.0"]
    assert [e.text.splitlines()[0] for e in parse(text)[0].entries] == ["before", "after"]


def test_what_was_withdrawn_is_known() -> None:
    (section,) = parse("## [1.0.0] - 2024-01-02 [YANKED]\n")
    assert section.yanked
    assert section.released == date(2024, 1, 2)


@pytest.mark.parametrize(
    "text",
    [
        "Needs the database migration 3",
        "Migrate the table `user` to utf8mb4",
        "Run the migrations first",
        "ALTER TABLE uuid ADD COLUMN x",
        "columns of the event log are migrated",
        "New MySQL schema for threads",
    ],
)
def test_entries_that_speak_of_migrations(text: str) -> None:
    (concern,) = migration_between(
        service("server"), "1.0.0", "1.1.0", f"## 1.1.0\n### Changed\n- {text}\n## 1.0.0\n"
    )
    assert (concern.kind, concern.text, concern.version) == (WarningKind.MIGRATION, text, "1.1.0")


@pytest.mark.parametrize(
    "text",
    [
        "Migrate to yarn 3",
        "Add `migrationist` as a word",
        "Improve the GraphQL schema",
        "Fix build",
    ],
)
def test_entries_that_do_not(text: str) -> None:
    changes = f"## 1.1.0\n### Changed\n- {text}\n## 1.0.0\n"
    assert migration_between(service("server"), "1.0.0", "1.1.0", changes) == []


def test_concerns_are_the_same_on_the_way_back() -> None:
    forward = migration_between(service("server"), "0.52.1", "0.54.0", API)
    assert [concern.kind for concern in forward] == [WarningKind.BREAKING, WarningKind.MIGRATION]
    assert migration_between(service("server"), "0.54.0", "0.52.1", API) == forward
    assert migration_between(service("server"), "0.52.1", "0.52.2", API) == []


def test_another_migration_is_one_without_a_changelog() -> None:
    migrations = service("db-migration")
    (concern,) = migration_between(migrations, "0.1.0", "0.2.0", None)
    assert concern.kind is WarningKind.MIGRATION
    assert migration_between(migrations, "0.1.0", f"0.1.0@sha256:{'0' * 64}", None) == []
    assert migration_between(service("frontend"), *COMMITS, API) == []
    assert migration_between(service("server"), "latest", "0.53.0", API) == []


@pytest.mark.parametrize(
    ("name", "a", "b", "path"),
    [
        ("server", "0.52.1", "0.53.0", "serlo/api.serlo.org/compare/v0.52.1...v0.53.0"),
        ("server", "0.53.0", "0.52.1", "serlo/api.serlo.org/compare/v0.52.1...v0.53.0"),
        ("swr-queue-worker", "0.52.1", "0.53.0", "serlo/api.serlo.org/compare/v0.52.1...v0.53.0"),
        (
            "database-layer",
            "0.3.66",
            f"0.3.67@sha256:{'0' * 64}",
            "serlo/serlo.org-database-layer/compare/v0.3.66...v0.3.67",
        ),
        ("kratos", "v0.13.0", "v1.0.0", "ory/kratos/compare/v0.13.0...v1.0.0"),
        ("redis", "6.0.10", "7.2.4", "redis/redis/compare/6.0.10...7.2.4"),
        ("frontend", *COMMITS, f"serlo/frontend/compare/{COMMITS[0]}...{COMMITS[1]}"),
        ("frontend", "0" * 40, COMMITS[1], "serlo/frontend/pulls?q=is%3Apr+is%3Amerged"),
        ("db-migration", "0.1.0", "0.2.0", "serlo/api.serlo.org/commits"),
        ("server", "latest", "0.53.0", "serlo/api.serlo.org"),
    ],
)
def test_links(name: str, a: str, b: str, path: str) -> None:
    assert span_link(service(name), a, b) == f"https://github.com/{path}"


def test_links_to_what_came_since() -> None:
    frontend = "https://github.com/serlo/frontend"
    assert newer_link(service("frontend"), COMMITS[0]) == f"{frontend}/compare/{COMMITS[0]}...HEAD"
    assert newer_link(service("frontend"), "main") == frontend
    assert newer_link(service("varnish"), "6.0.2").endswith("/commits")


def test_nowhere() -> None:
    assert span(API, "0.53.0", "v0.53.0").direction is Direction.NOWHERE
