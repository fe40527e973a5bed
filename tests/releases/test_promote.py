"""`serlo promote`: what goes to production, what stays, and why."""

from typing import Any

import pytest

from operations.commands.bump import bump
from operations.commands.promote import promote
from operations.commands.rollback import rollback

from .refusal import refused
from .repository import Repository

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OFFLINE: dict[str, Any] = {"offline": True}


def stacks(repository: Repository) -> dict[str, Any]:
    names = {"from_": repository.name("staging"), "to": repository.name("production")}
    return {**names, **OFFLINE}


def staging(repository: Repository, service: str, version: str) -> None:
    bump(service, version, stack=repository.name("staging"), commit=True, **OFFLINE)


def test_one_service(repository: Repository) -> None:
    staging(repository, "server", "0.53.0")
    promote("server", commit=True, **stacks(repository))
    assert repository.subject() == "server 0.52.1 ➔ 0.53.0 (production)"
    production = repository.file("production").read_text()
    assert "    server: 0.53.0\n" in production
    assert "editor-renderer: 13.4.4" in production


def test_all_that_may_go(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    staging(repository, "server", "0.53.0")
    staging(repository, "frontend", COMMIT)
    staging(repository, "kratos", "v1.0.0-rc.1")
    promote(commit=True, **stacks(repository))
    assert repository.git("log", "-1", "--format=%B").splitlines() == [
        "Promote 4 versions (staging ➔ production)",
        "",
        "editor-renderer 13.4.4 ➔ 13.5.0",
        f"frontend {'0' * 12} ➔ {COMMIT[:12]}",
        "legacy-editor-renderer 3.0.4 ➔ 3.1.0",
        "server 0.52.1 ➔ 0.53.0 (server and swr-queue-worker)",
    ]
    err = capsys.readouterr().err
    assert "left out: production has no dbsetup" in err
    assert 'found "v1.0.0-rc.1"; expected a release, not a pre-release, in production' in err
    assert "kratos: v0.13.0" in repository.file("production").read_text()
    head = repository.head()
    promote(commit=True, **stacks(repository))
    assert repository.head() == head
    assert "Nothing to do" in capsys.readouterr().out


def test_few_services_are_named_in_the_subject(repository: Repository) -> None:
    staging(repository, "server", "0.53.0")
    staging(repository, "redis", "6.2.0")
    promote("redis", "server", commit=True, **stacks(repository))
    assert repository.subject() == "Promote redis, server (staging ➔ production)"


def test_named_services_go_together_or_not_at_all(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    staging(repository, "server", "0.53.0")
    staging(repository, "kratos", "v1.0.0-rc.1")
    reasons = refused(
        repository,
        capsys,
        lambda: promote(
            "server", "kratos", "dbsetup", "hydra", "servre", commit=True, **stacks(repository)
        ),
    )
    for part in ("v1.0.0-rc.1", "production has no dbsetup", "staging has no hydra", "servre"):
        assert any(part in reason for reason in reasons), part
    assert len(reasons) == 4


def test_an_allowed_prerelease_goes(repository: Repository) -> None:
    staging(repository, "kratos", "v1.0.0-rc.1")
    allowance = "  serlo:prereleases: {kratos: Fixes the login}\n  serlo:features:"
    repository.set("production", "  serlo:features:", allowance)
    promote("kratos", **stacks(repository))
    assert "kratos: v1.0.0-rc.1" in repository.file("production").read_text()


def test_what_staging_never_ran_stays(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.set("staging", "server: 0.52.1", "server: 0.53.0")
    (reason,) = refused(repository, capsys, lambda: promote("server", **stacks(repository)))
    assert "staging never ran 0.53.0" in reason
    repository.commit()
    promote("server", **stacks(repository))


def test_placeholders_stay(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    bump("frontend", COMMIT, stack=repository.name("production"), commit=True, **OFFLINE)
    promote(check=True, **stacks(repository))
    assert "frontend: 0000000000" in capsys.readouterr().err


def test_downgrades_take_a_word(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    for version in ("0.53.0", "0.54.0"):
        staging(repository, "server", version)
    promote("server", commit=True, **stacks(repository))
    rollback("server", stack=repository.name("staging"), commit=True, **OFFLINE)
    (reason,) = refused(repository, capsys, lambda: promote("server", **stacks(repository)))
    assert "serlo rollback server --to 0.53.0" in reason
    promote("server", allow_downgrade=True, commit=True, **stacks(repository))
    assert "server: 0.53.0" in repository.file("production").read_text()


def test_commits_that_staging_went_back_from_are_downgrades_too(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    for commit in (COMMIT, COMMIT[::-1]):
        staging(repository, "frontend", commit)
    promote("frontend", commit=True, **stacks(repository))
    rollback("frontend", stack=repository.name("staging"), commit=True, **OFFLINE)
    (reason,) = refused(repository, capsys, lambda: promote("frontend", **stacks(repository)))
    assert "older than" in reason


def test_what_production_went_back_from_has_to_be_named(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    staging(repository, "server", "0.53.0")
    promote("server", commit=True, **stacks(repository))
    rollback("server", stack=repository.name("production"), commit=True, **OFFLINE)
    promote(commit=True, **stacks(repository))
    assert "production went back from 0.53.0" in capsys.readouterr().err
    assert "    server: 0.52.1" in repository.file("production").read_text()
    promote("server", commit=True, **stacks(repository))
    assert "production went back from 0.53.0" in capsys.readouterr().err
    assert "    server: 0.53.0" in repository.file("production").read_text()


def test_a_migration_that_stays_behind_is_told(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    staging(repository, "db-migration", "0.2.0")
    staging(repository, "database-layer", "0.3.67")
    capsys.readouterr()
    promote("database-layer", check=True, **stacks(repository))
    assert "database-layer needs db-migration, which stays at 0.1.0" in capsys.readouterr().err
    promote("database-layer", "db-migration", check=True, **stacks(repository))
    err = capsys.readouterr().err
    assert "which stays" not in err
    assert "a migration lies in between" in err


def test_a_stack_is_not_promoted_to_itself(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    name = repository.name("staging")
    (reason,) = refused(repository, capsys, lambda: promote(from_=name, to=name, **OFFLINE))
    assert "itself" in reason
