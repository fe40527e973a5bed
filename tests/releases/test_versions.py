"""`serlo versions`: what it shows of the working tree and of the past."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from operations.commands.bump import bump
from operations.commands.promote import promote
from operations.commands.versions import versions
from tests.stack_files import stack_file

from .repository import Repository

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OFFLINE: dict[str, Any] = {"commit": True, "offline": True}


def shown(
    repository: Repository, capsys: pytest.CaptureFixture[str], **options: Any
) -> Mapping[str, Any]:
    capsys.readouterr()
    versions(*map(repository.name, ("staging", "production")), json=True, **options)
    return {row["service"]: row for row in json.loads(capsys.readouterr().out)}


def test_since_when_and_how_far(
    repository: Repository,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for day, version in ((1, "0.53.0"), (3, "0.54.0"), (8, "0.55.0")):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2023-07-{day:02}T12:00:00+00:00")
        bump("server", version, stack=repository.name("staging"), **OFFLINE)
    row = shown(repository, capsys, at="HEAD")["swr-queue-worker"]
    assert row["versions"] == {"staging": "0.55.0", "production": "0.52.1"}
    assert row["since"]["staging"]["commit"] == repository.head()
    assert row["since"]["staging"]["author"] == "Tester"
    assert row["since"]["production"]["subject"] == "Start"
    assert row["distance"] == {"side": "behind", "versions": 3, "days": 7}
    assert row["span"] == ["0.52.1", "0.55.0"]
    assert "0.52.1" in row["changes"]
    assert "0.55.0" in row["changes"]
    promote("server", from_=repository.name("staging"), to=repository.name("production"), **OFFLINE)
    assert shown(repository, capsys)["server"]["distance"]["side"] == "level"
    assert shown(repository, capsys, at="HEAD~2")["server"]["distance"]["versions"] == 2


def test_merged_pull_requests_of_exactly_the_span(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    for stack, commit in (("staging", COMMIT), ("production", COMMIT), ("staging", COMMIT[::-1])):
        bump("frontend", commit, stack=repository.name(stack), **OFFLINE)
    row = shown(repository, capsys)["frontend"]
    span = f"{COMMIT}...{COMMIT[::-1]}"
    assert row["changes"] == f"https://github.com/serlo/frontend/compare/{span}"


def test_the_working_tree_counts_unless_a_commit_is_asked_for(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.set("staging", "server: 0.52.1", "server: 0.53.0")
    row = shown(repository, capsys)["server"]
    assert (row["versions"]["staging"], row["since"]["staging"]) == ("0.53.0", None)
    assert row["distance"] == {"side": "behind", "versions": 1, "days": 0}
    assert shown(repository, capsys, at="HEAD")["server"]["versions"]["staging"] == "0.52.1"


def test_the_table(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    bump("server", "0.53.0", stack=repository.name("staging"), **OFFLINE)
    capsys.readouterr()
    versions(repository.name("production"))
    lines = capsys.readouterr().out.splitlines()
    (server,) = (line for line in lines if line.startswith("server "))
    assert "0.52.1  " in server
    assert server.rstrip().endswith("1 version, 0 days behind")
    assert any(re.match(r"  server 0\.52\.1 ➔ 0\.53\.0 +https://", line) for line in lines)
    assert not any("dbsetup" in line for line in lines)


def test_parts_that_are_switched_off_are_not_there(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.set("staging", "legacy: true", "legacy: false")
    rows = shown(repository, capsys)
    assert rows["serlo-org"]["versions"].keys() == {"production"}
    assert rows["serlo-org"]["distance"] is None


def test_services_of_the_past_are_still_shown(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.set("staging", "    varnish:", "    athene2-content: 5.1.0\n    varnish:")
    repository.commit()
    repository.set("staging", "    athene2-content: 5.1.0\n", "")
    repository.commit()
    row = shown(repository, capsys, at="HEAD~1")["athene2-content"]
    assert (row["channel"], row["versions"]) == ("unknown", {"staging": "5.1.0"})
    assert "athene2-content" not in shown(repository, capsys)


@pytest.mark.parametrize("wrong", ["nowhere", "--help", "HEAD..HEAD"])
def test_no_such_commit(
    repository: Repository, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        versions(repository.name("staging"), at=wrong)
    assert caught.value.code == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "--at" in told.err
    assert "commit" in told.err


def test_a_stack_that_was_not_there_or_not_readable(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.file("staging").write_text("config: [")
    repository.commit()
    versions(*map(repository.name, ("staging", "production")), at="HEAD")
    told = capsys.readouterr()
    assert "Pulumi.staging.yaml cannot be read at HEAD" in told.err
    assert "server" in told.out
    with pytest.raises(SystemExit):
        versions(repository.name("staging"), at="HEAD")


def test_mistakes_in_a_file_are_told_in_full(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.set("staging", "server: 0.52.1", "server: latest")
    repository.set("production", "redis: 6.0.10", "redis: 6.0")
    with pytest.raises(SystemExit) as caught:
        versions(*map(repository.name, ("staging", "production")))
    assert caught.value.code == 1
    err = capsys.readouterr().err
    assert 'found "latest"' in err
    assert "the number 6.0" in err


def test_without_git_only_the_past_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    file = tmp_path / "Pulumi.staging.yaml"
    file.write_text(stack_file("staging").read_text())
    versions(str(file))
    told = capsys.readouterr()
    assert "since when is not known: fatal: not a git repository" in told.err
    assert "0.52.1" in told.out


def test_unknown_stacks_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        versions("productoin")
    assert "did you mean production?" in capsys.readouterr().err
