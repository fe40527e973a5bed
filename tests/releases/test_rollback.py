"""`serlo rollback`: where it leads."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from operations.commands.bump import bump
from operations.commands.rollback import rollback

from .refusal import refused
from .repository import Repository

OFFLINE: dict[str, Any] = {"offline": True}


def ran(repository: Repository, *versions: str, service: str = "server") -> dict[str, Any]:
    """Let staging run these versions, one after the other."""
    stack: dict[str, Any] = {"stack": repository.name("staging"), **OFFLINE}
    for version in versions:
        bump(service, version, commit=True, **stack)
    return stack


def version(repository: Repository, key: str = "server") -> str:
    text = repository.file("staging").read_text()
    line = next(line for line in text.splitlines() if line.startswith(f"    {key}:"))
    return line.split()[1].strip('"')


def test_a_second_one_goes_further_back(repository: Repository) -> None:
    stack = ran(repository, "0.53.0", "0.54.0")
    rollback("server", commit=True, **stack)
    assert version(repository) == "0.53.0"
    assert repository.subject() == "Roll back server 0.54.0 ➔ 0.53.0 (staging)"
    rollback("server", commit=True, **stack)
    assert version(repository) == "0.52.1"


def test_a_new_version_after_one_leads_back_to_where_it_led(repository: Repository) -> None:
    stack = ran(repository, "0.53.0", "0.54.0")
    rollback("server", commit=True, **stack)
    ran(repository, "0.54.1")
    rollback("server", commit=True, **stack)
    assert version(repository) == "0.53.0"


def test_to_a_version_that_never_ran_here(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = ran(repository, "0.53.0", "0.54.0")
    rollback("server", to="0.53.1", commit=True, **stack)
    assert "0.53.1 never ran in staging" in capsys.readouterr().err
    rollback("server", commit=True, **stack)
    assert version(repository) == "0.53.0"


def test_what_is_not_committed_counts_as_running_now(repository: Repository) -> None:
    stack = ran(repository, "0.53.0")
    repository.set("staging", "server: 0.53.0", "server: 0.54.0")
    rollback("server", **stack)
    assert version(repository) == "0.53.0"


def test_only_older_ones_are_rollbacks(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = ran(repository, "0.53.0")
    (reason,) = refused(repository, capsys, lambda: rollback("server", to="0.54.0", **stack))
    assert "serlo bump server 0.54.0" in reason
    commits = [digit * 40 for digit in "ab"]
    ran(repository, *commits, service="frontend")
    (reason,) = refused(repository, capsys, lambda: rollback("frontend", to="c" * 40, **stack))
    assert "serlo bump frontend" in reason
    rollback("frontend", to=commits[0], **stack)
    assert version(repository, "frontend") == commits[0]


def test_without_history_one_has_to_say_where_to(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = ran(repository)
    (reason,) = refused(repository, capsys, lambda: rollback("server", **stack))
    assert "name one with --to" in reason
    assert "shallow" not in reason


def test_a_shallow_clone_is_told_how_to_get_a_history(
    repository: Repository, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ran(repository, "0.53.0")
    clone = tmp_path / "clone"
    url = repository.folder.as_uri()
    subprocess.run(["git", "clone", "--quiet", "--depth=1", url, clone], check=True)
    stack = str(clone / "stacks" / "Pulumi.staging.yaml")
    (reason,) = refused(
        repository, capsys, lambda: rollback("server", stack=stack, commit=True, offline=True)
    )
    assert "git fetch --unshallow" in reason


def test_what_could_not_run_is_passed_over(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it was in 2023, when versions turned into tags that move."""
    repository.set("staging", "server: 0.52.1", "server: staging")
    repository.commit()
    repository.set("staging", "server: staging", "server: 0.53.0")
    repository.commit()
    rollback("server", **ran(repository))
    assert version(repository) == "0.52.1"
    assert "passed over staging" in capsys.readouterr().err


def test_the_placeholder_is_no_version_to_go_back_to(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = ran(repository, "a" * 40, service="frontend")
    reasons = refused(repository, capsys, lambda: rollback("frontend", **stack))
    assert "never runs" in reasons[1]


def test_a_pinned_version_is_the_same_version(repository: Repository) -> None:
    stack = ran(repository, f"6.2.0@sha256:{'a' * 64}", "6.2.0", service="redis")
    rollback("redis", **stack)
    assert version(repository, "redis") == "6.0.10"


def test_a_migration_is_not_taken_back(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = ran(repository, "0.2.0", service="db-migration")
    capsys.readouterr()
    rollback("db-migration", **stack)
    assert "Going back does not undo it" in capsys.readouterr().err
