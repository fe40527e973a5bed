"""What `--commit` takes along, what it leaves alone, and what becomes of a refusal by git."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from operations.commands.bump import bump
from tests.stack_files import stack_file

from .refusal import refused
from .repository import Repository

SERLO = Path(sys.prefix) / "bin" / "serlo"


def bumped(repository: Repository, service: str = "server", version: str = "0.53.0") -> None:
    options: dict[str, Any] = {"commit": True, "offline": True}
    bump(service, version, stack=repository.name("staging"), **options)


def hook(repository: Repository, name: str, script: str) -> None:
    file = repository.folder / ".hooks" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_the_one_file_is_committed_and_nothing_else(repository: Repository) -> None:
    other = repository.folder / "other.txt"
    other.write_text("once\n")
    repository.git("add", "other.txt")
    repository.commit()
    other.write_text("twice\n")
    repository.set("production", "# Production", "# PRODUCTION")
    (repository.folder / "new.txt").write_text("new\n")

    bumped(repository)

    assert repository.git("show", "--format=", "--name-only") == "stacks/Pulumi.staging.yaml"
    assert repository.git("status", "--porcelain").split("\n") == [
        "M other.txt",
        " M stacks/Pulumi.production.yaml",
        "?? new.txt",
    ]


def test_staged_changes_are_in_the_way(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository.folder / "new.txt").write_text("new\n")
    repository.git("add", "new.txt")
    (reason,) = refused(repository, capsys, lambda: bumped(repository))
    assert "staged changes (new.txt)" in reason
    assert repository.git("status", "--porcelain") == "A  new.txt"


def test_changes_of_the_file_are_in_the_way(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.set("staging", "# Staging:", "# STAGING:")
    (reason,) = refused(repository, capsys, lambda: bumped(repository))
    assert "stacks/Pulumi.staging.yaml has changes that are not committed" in reason


def test_hooks_have_their_say(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    hook(repository, "commit-msg", 'grep -q 0.54 "$1" && exit 0; echo "No ticket" >&2; exit 1')
    (_reason,) = refused(repository, capsys, lambda: bumped(repository))
    assert repository.git("status", "--porcelain") == "?? .hooks/"
    bumped(repository, version="0.54.0")
    assert "0.54.0" in repository.subject()


def test_a_hook_may_ask_while_a_change_is_committed(repository: Repository) -> None:
    stacks = f"--from {repository.name('staging')} --to {repository.name('production')}"
    hook(repository, "pre-commit", f"{SERLO} promote --check --offline {stacks} >.git/told 2>&1")
    bumped(repository)
    assert "Would be done" in (repository.folder / ".git" / "told").read_text()


def test_what_a_hook_does_to_the_file_is_not_lost(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    hook(repository, "pre-commit", "echo '# Seen.' >> stacks/Pulumi.staging.yaml; exit 1")
    with pytest.raises(SystemExit) as caught:
        bumped(repository)
    assert caught.value.code == 1
    assert "was changed once more" in capsys.readouterr().err
    assert repository.file("staging").read_text().endswith("# Seen.\n")


def test_a_file_that_git_does_not_know_is_restored(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.git("rm", "--quiet", "--cached", "stacks/Pulumi.staging.yaml")
    repository.git("commit", "--quiet", "--message=Forget it")
    (reason,) = refused(repository, capsys, lambda: bumped(repository))
    assert "git does not commit it" in reason


def test_without_git_there_is_nothing_to_commit_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    file = tmp_path / "Pulumi.staging.yaml"
    file.write_bytes(stack_file("staging").read_bytes())
    before = file.read_bytes()
    with pytest.raises(SystemExit):
        bump("server", "0.53.0", stack=str(file), commit=True, offline=True)
    assert "not a git repository" in capsys.readouterr().err
    assert file.read_bytes() == before
    bump("server", "0.53.0", stack=str(file), offline=True)
    assert file.read_bytes() != before


def test_concurrent_changes_do_not_lose_each_other(repository: Repository) -> None:
    """Real processes at once, on the same file and on another, that all commit."""
    changes = {
        ("staging", "server", "0.53.0"),
        ("staging", "database-layer", "0.3.67"),
        ("staging", "redis", "6.2.0"),
        ("staging", "kratos", "v1.0.0"),
        ("production", "redis", "6.2.0"),
        ("production", "hydra", "v2.2.0"),
    }
    runs = [
        subprocess.Popen(
            [
                *(SERLO, "bump", service, version, "--commit", "--offline"),
                *("--stack", repository.name(stack)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for stack, service, version in sorted(changes)
    ]
    for run in runs:
        out, _ = run.communicate(timeout=120)
        assert run.returncode == 0, out
    for stack, service, version in changes:
        assert f"    {service}: {version}\n" in repository.file(stack).read_text()
    assert repository.git("status", "--porcelain") == ""
    assert repository.git("rev-list", "--count", "HEAD") == str(len(changes) + 1)
    for commit in repository.git("rev-list", "HEAD~5..HEAD").split():
        assert repository.git("show", "--format=", "--numstat", commit).startswith("1\t1\t")
