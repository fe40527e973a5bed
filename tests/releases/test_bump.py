"""`serlo bump`: what it changes, what it says, what it refuses."""

from typing import Any

import pytest

from operations.commands.bump import bump

from .refusal import refused
from .repository import Repository

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = f"sha256:{'ab' * 32}"
OFFLINE: dict[str, Any] = {"offline": True}


def changed_lines(before: bytes, after: bytes) -> list[tuple[str, str]]:
    old, new = before.decode().splitlines(), after.decode().splitlines()
    assert len(old) == len(new)
    return [(a, b) for a, b in zip(old, new, strict=True) if a != b]


def test_one_line_changes_and_the_message_is_shown(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    file = repository.file("staging")
    before = file.read_bytes()
    bump("server", "0.53.0", stack=repository.name("staging"), **OFFLINE)
    assert changed_lines(before, file.read_bytes()) == [
        ("    server: 0.52.1", "    server: 0.53.0")
    ]
    told = capsys.readouterr()
    assert "-    server: 0.52.1\n+    server: 0.53.0\n" in told.out
    assert "    server 0.52.1 ➔ 0.53.0 (staging)\n" in told.out
    assert "server and swr-queue-worker share one version" in told.err
    assert repository.git("log", "--format=%s") == "Start"


def test_a_service_without_a_version_of_its_own_moves_with_the_other(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    bump("swr-queue-worker", "0.53.0", stack=repository.name("production"), commit=True, **OFFLINE)
    assert "server: 0.53.0" in repository.file("production").read_text()
    assert repository.git("log", "-1", "--format=%B") == (
        "server 0.52.1 ➔ 0.53.0 (production)\n\nMoves server and swr-queue-worker."
    )
    assert "share one version" in capsys.readouterr().err


def test_a_commit_is_quoted_only_where_it_was_or_has_to_be(repository: Repository) -> None:
    zeros = f'"{"0" * 40}"'
    repository.set("staging", zeros, COMMIT)
    bump("frontend", COMMIT[::-1], stack=repository.name("staging"), **OFFLINE)
    assert f"    frontend: {COMMIT[::-1]}\n" in repository.file("staging").read_text()
    number = f"{'1' * 20}e{'2' * 19}"
    bump("frontend", number, stack=repository.name("staging"), **OFFLINE)
    assert f'    frontend: "{number}"\n' in repository.file("staging").read_text()
    bump("frontend", COMMIT, stack=repository.name("production"), **OFFLINE)
    assert f'    frontend: "{COMMIT}"\n' in repository.file("production").read_text()


def test_check_touches_nothing(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    before, head = repository.bytes(), repository.head()
    bump("server", "0.53.0", stack=repository.name("staging"), check=True, commit=True, **OFFLINE)
    assert (repository.bytes(), repository.head()) == (before, head)
    assert "+    server: 0.53.0" in capsys.readouterr().out


def test_the_version_that_is_there_is_no_mistake(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    before = repository.bytes()
    bump("server", "0.52.1", stack=repository.name("staging"), commit=True, **OFFLINE)
    assert repository.bytes() == before
    assert "server is 0.52.1 in staging" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (("server", "latest", "staging"), "tag that moves"),
        (("server", "production", "production"), "tag that moves"),
        (("server", "0.53", "staging"), "all three numbers"),
        (("server", "^0.53.0", "staging"), "range"),
        (("server", "v0.53.0", "staging"), "Leave out the v"),
        (("server", "0.53.0+build.1", "staging"), "plus sign"),
        (("server", COMMIT, "staging"), "semantic versions, not by commits"),
        (("server", "", "staging"), "found ''"),
        (("server", "0.53.0\n    evil: 1.0.0", "staging"), "expected a full version"),
        (("frontend", "1.2.3", "staging"), "published continuously"),
        (("frontend", COMMIT[:12], "staging"), "commit in full"),
        (("frontend", COMMIT.upper(), "staging"), "lower case"),
        (("redis", f"6.2.0@sha256:{'ab' * 3}", "staging"), "digest in full"),
        (("server", f"0.53.0@{DIGEST}", "staging"), "a digest names one image"),
        (("server", "0.53.0-staging.1", "production"), "serlo:prereleases: {server: <reason>}"),
        (("server", "0.52.0", "staging"), "serlo rollback server --to 0.52.0"),
        (("server", "0.52.1-staging.4", "staging"), "older than 0.52.1"),
        (("sever", "0.53.0", "staging"), "did you mean server?"),
        (("dbdump", "4.0.0", "staging"), "exists in production alone"),
    ],
)
def test_what_is_refused(
    asked: tuple[str, str, str],
    reason: str,
    repository: Repository,
    capsys: pytest.CaptureFixture[str],
) -> None:
    service, version, stack = asked
    reasons = refused(
        repository,
        capsys,
        lambda: bump(service, version, stack=repository.name(stack), commit=True, **OFFLINE),
    )
    assert len(reasons) == 1
    assert reason in reasons[0]


def test_an_unknown_stack_is_named(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    (reason,) = refused(repository, capsys, lambda: bump("server", "0.53.0", stack="stagging"))
    assert "did you mean staging?" in reason


def test_everything_that_is_wrong_is_told_at_once(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.set("staging", "database-layer: 0.3.66", "database-layer: next")
    repository.set("staging", "serlo:domain: serlo-staging.dev", "serlo:domain: serlo.org")
    reasons = refused(
        repository,
        capsys,
        lambda: bump("server", "latest", stack=repository.name("staging"), commit=True, **OFFLINE),
    )
    for part in ("server: found 'latest'", 'database-layer: found "next"', "production's domain"):
        assert any(part in reason for reason in reasons), part
    assert any("not committed" in reason for reason in reasons)


def test_a_broken_version_can_be_mended(repository: Repository) -> None:
    repository.set("staging", "server: 0.52.1", "server: 0.52 # oh")
    bump("server", "0.53.0", stack=repository.name("staging"), **OFFLINE)
    assert "    server: 0.53.0 # oh\n" in repository.file("staging").read_text()


def test_an_allowance_lets_a_prerelease_into_production(repository: Repository) -> None:
    allowance = "  serlo:prereleases: {server: Fixes the login}\n  serlo:features:"
    repository.set("production", "  serlo:features:", allowance)
    bump("server", "0.53.0-stable.1", stack=repository.name("production"), **OFFLINE)
    assert "server: 0.53.0-stable.1" in repository.file("production").read_text()


def test_a_version_may_be_pinned_and_set_free_again(repository: Repository) -> None:
    stack = repository.name("staging")
    bump("redis", f"6.0.10@{DIGEST}", stack=stack, commit=True, **OFFLINE)
    assert repository.subject() == f"redis 6.0.10 ➔ 6.0.10@{DIGEST[:19]} (staging)"
    bump("redis", "6.0.10", stack=stack, commit=True, **OFFLINE)
    assert "    redis: 6.0.10\n" in repository.file("staging").read_text()


def test_a_commit_that_ran_earlier_is_a_step_back(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = repository.name("staging")
    first, second = COMMIT, COMMIT[::-1]
    bump("frontend", first, stack=stack, commit=True, **OFFLINE)
    bump("frontend", second, stack=stack, commit=True, **OFFLINE)
    (reason,) = refused(repository, capsys, lambda: bump("frontend", first, stack=stack, **OFFLINE))
    assert "serlo rollback frontend" in reason


def test_a_migration_is_told(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    bump("db-migration", "0.2.0", stack=repository.name("staging"), **OFFLINE)
    assert "a migration lies in between" in capsys.readouterr().err
