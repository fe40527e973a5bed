"""What git says about versions: merges, gaps, shallow clones, unreadable files."""

import subprocess
from pathlib import Path

import pytest

from operations.releases.history import History, versions_at
from operations.support.git import GitError

from .repository import Repository

NAME = "Pulumi.staging.yaml"


def bumped(repository: Repository, old: str, new: str) -> str:
    repository.set("staging", f"server: {old}", f"server: {new}")
    return repository.commit(f"To {new}")


def tags(repository: Repository, now: str | None = None) -> list[str]:
    return [step.text for step in History.read(repository.stacks).steps(NAME, "server", now)]


def test_changes_one_by_one(repository: Repository) -> None:
    first = bumped(repository, "0.52.1", "0.53.0")
    repository.set("staging", "# Staging", "# STAGING")
    repository.commit("A comment is no change of a version")
    second = bumped(repository, "0.53.0", "0.54.0")
    changes = [c for c in History.read(repository.stacks).changes(NAME) if c.before is not None]
    assert [(c.revision.sha, c.key, c.before, c.after) for c in changes] == [
        (first, "server", "0.52.1", "0.53.0"),
        (second, "server", "0.53.0", "0.54.0"),
    ]
    assert (changes[0].revision.author, changes[0].revision.subject) == ("Tester", "To 0.53.0")


def test_a_merge_is_one_step_on_the_main_line(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "branch")
    bumped(repository, "0.52.1", "0.53.0")
    bumped(repository, "0.53.0", "0.54.0")
    repository.git("checkout", "--quiet", "main")
    repository.set("production", "# Production", "# PRODUCTION")
    repository.commit()
    repository.git("merge", "--quiet", "--no-ff", "--message=Merge it", "branch")
    history = History.read(repository.stacks)
    assert [step.text for step in history.steps(NAME, "server")] == ["0.52.1", "0.54.0"]
    revision = history.steps(NAME, "server")[-1].revision
    assert revision is not None
    assert revision.subject == "Merge it"
    assert versions_at(repository.stacks, "branch~1")["staging"]["server"] == "0.53.0"


def test_files_that_nobody_can_read_are_passed_over(repository: Repository) -> None:
    file = repository.file("staging")
    good = file.read_bytes()
    for broken in (b"config: [", b"\xff\xfe", b"", b"just text"):
        file.write_bytes(broken)
        repository.commit()
        assert "staging" not in versions_at(repository.stacks)
    file.write_bytes(good.replace(b"server: 0.52.1", b"server: 0.53.0"))
    repository.commit()
    assert tags(repository) == ["0.52.1", "0.53.0"]


def test_what_was_away_came_anew(repository: Repository) -> None:
    text = repository.file("staging").read_text()
    repository.file("staging").unlink()
    repository.commit("Away")
    assert list(versions_at(repository.stacks)) == ["production"]
    repository.file("staging").write_text(text)
    repository.git("add", "stacks")
    back = repository.commit("Back")
    last = History.read(repository.stacks).steps(NAME, "server")[-1].revision
    assert last is not None
    assert last.sha == back


def test_the_working_tree_is_the_last_step(repository: Repository) -> None:
    assert tags(repository, "0.52.1") == ["0.52.1"]
    assert tags(repository, "0.53.0") == ["0.52.1", "0.53.0"]


def test_names_that_are_no_commit(repository: Repository) -> None:
    for name in ("nowhere", "--all", "main..main", "", "HEAD:stacks"):
        with pytest.raises(GitError, match="commit"):
            History.read(repository.stacks, name)
    repository.git("tag", "--annotate", "--message=x", "v1")
    assert versions_at(repository.stacks, "v1")["staging"]["server"] == "0.52.1"


def test_folders_without_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(GitError, match="not a git repository"):
        History.read(tmp_path, "HEAD")
    with pytest.raises(GitError, match="not a git repository"):
        History.read(tmp_path)
    with pytest.raises(GitError, match="cannot be run"):
        History.read(tmp_path / "nowhere")


def test_a_shallow_clone_knows_that_it_does(repository: Repository, tmp_path: Path) -> None:
    bumped(repository, "0.52.1", "0.53.0")
    clone = tmp_path / "clone"
    url = repository.folder.as_uri()
    subprocess.run(["git", "clone", "--quiet", "--depth=1", url, clone], check=True)
    (step,) = History.read(clone / "stacks").steps(NAME, "server")
    assert step.revision is not None
    assert (step.text, step.revision.cut) == ("0.53.0", True)
