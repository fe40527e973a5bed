"""`serlo outdated` against a real registry: what is newer, what is missing, what is unknown."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.services import declared
from operations.commands.outdated import outdated
from operations.releases.registry.names import ELSEWHERE, repository_of
from tests.rehearsal.registry.server import RegistryServer, registry_server
from tests.stack_files import stack_file

pytestmark = [pytest.mark.xdist_group("registry"), pytest.mark.timeout(900)]

COMMIT, OTHER = "1" * 40, "2" * 40
WORKER = "serlo/api.serlo.org/swr-queue-worker"
SERVER = "serlo/api.serlo.org/server"
DATABASE_LAYER = "serlo-shared/serlo-org-database-layer"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A registry of one test's own, asked for all images."""
    with registry_server(tmp_path / "registry") as server:
        monkeypatch.setenv(ELSEWHERE, server.url)
        yield server


def stack(folder: Path, **versions: str) -> str:
    """A copy of the staging stack with other versions; returns its path."""
    text = stack_file("staging").read_text()
    for name, version in versions.items():
        key = name.replace("_", "-")
        lines = text.splitlines(keepends=True)
        at = next(i for i, line in enumerate(lines) if line.startswith(f"    {key}: "))
        lines[at] = f'    {key}: "{version}"\n'
        text = "".join(lines)
    file = folder / "Pulumi.staging.yaml"
    file.write_text(text)
    return str(file)


def report(capsys: pytest.CaptureFixture[str], *stacks: str) -> dict[str, dict[str, Any]]:
    capsys.readouterr()
    outdated(*stacks, json=True)
    read = json.loads(capsys.readouterr().out)
    assert read["warnings"] == []
    return {row["service"]: row for row in read["services"]}


def test_newer_versions(
    own: RegistryServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tags = ["0.52.1", "0.52.2", "0.53.0", "1.0.0-staging.0", "production", "latest", "0.53"]
    own.push(SERVER, *tags)
    own.push(WORKER, *tags)
    own.push("library/redis", "6.0.10", "6.0.16", "7.2.4", "7.2.4-alpine", "8.0.0-rc1", "6")
    own.push("oryd/kratos", "v0.13.0", "v0.13.0-distroless", "v1.0.0", "1.5.0")
    own.push(DATABASE_LAYER, "0.3.66", "0.3.65", "latest")
    rows = report(capsys, stack(tmp_path, redis="6.0.10", server="0.52.1"))
    server = rows["server"]
    assert (server["newest"], server["same_major"], server["prerelease"], server["outdated"]) == (
        "0.53.0",
        "0.53.0",
        "1.0.0-staging.0",
        True,
    )
    assert server["link"].endswith("serlo/api.serlo.org/compare/v0.52.1...v0.53.0")
    assert (server["missing"], server["note"]) == ([], "")
    redis = rows["redis"]
    assert (redis["newest"], redis["same_major"], redis["prerelease"]) == (
        "7.2.4",
        "6.0.16",
        "8.0.0-rc1",
    )
    assert (rows["kratos"]["newest"], rows["kratos"]["prerelease"]) == ("v1.0.0", None)
    database_layer = rows["database-layer"]
    assert (database_layer["outdated"], database_layer["newest"]) == (False, None)
    assert rows["varnish"]["outdated"] is False
    assert rows["varnish"]["note"] == "the registry has no 6.0.2 of varnish"


def test_a_version_counts_when_every_image_has_it(
    own: RegistryServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own.push(SERVER, "0.52.1", "0.53.0", "0.54.0")
    own.push(WORKER, "0.53.0")
    row = report(capsys, stack(tmp_path, server="0.52.1"))["server"]
    assert row["newest"] == "0.53.0"
    assert row["missing"] == [f"ghcr.io/{WORKER}"]
    assert row["note"] == (
        "the registry has no 0.52.1 of swr-queue-worker; "
        "0.54.0 is not there yet for swr-queue-worker"
    )


def test_published_continuously(
    own: RegistryServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = stack(tmp_path, frontend=COMMIT)
    frontend = "serlo/frontend"
    own.push(frontend, COMMIT, content="first")
    row = report(capsys, file)["frontend"]
    assert (row["outdated"], row["note"]) == (None, "no tag says which commit is the newest")
    assert row["link"] == f"https://github.com/serlo/frontend/compare/{COMMIT}...HEAD"


@pytest.mark.parametrize(("newest", "image"), [("first", "this"), ("second", "another")])
def test_a_moving_tag_tells_whether_a_commit_is_the_newest(
    own: RegistryServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    newest: str,
    image: str,
) -> None:
    own.push("serlo/frontend", COMMIT, content="first")
    own.push("serlo/frontend", OTHER, content="second")
    own.push("serlo/frontend", "latest", content=newest)
    row = report(capsys, stack(tmp_path, frontend=COMMIT))["frontend"]
    assert row["note"] == f"latest is {image} image"
    assert (row["outdated"], row["newest"]) == (newest != "first", None)


def test_a_pinned_tag_that_was_moved(
    own: RegistryServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = own.push(DATABASE_LAYER, "0.3.66", content="first")
    file = stack(tmp_path, database_layer=f"0.3.66@{digest}")
    assert report(capsys, file)["database-layer"]["note"] == ""
    own.push(DATABASE_LAYER, "0.3.66", content="second")
    row = report(capsys, file)["database-layer"]
    assert row["note"] == "the tag now has another digest than the one pinned"
    assert row["current"] == f"0.3.66@{digest}"


def test_check(own: RegistryServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = stack(tmp_path)
    outdated(file, check=True)
    own.push("library/redis", "99.0.0", "6.0.10")
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        outdated(file, check=True)
    assert caught.value.code == 2
    out = capsys.readouterr().out
    assert "redis" in out
    assert "https://github.com/redis/redis/compare/6.0.10...99.0.0\n" in out


def test_a_registry_that_is_away_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with registry_server(tmp_path / "registry") as server:
        monkeypatch.setenv(ELSEWHERE, server.url)
    outdated("staging", "production", check=True)
    out, err = capsys.readouterr()
    assert err.startswith(f"warning: {server.host} cannot be asked")
    assert err.count("\n") == 1
    assert "the registry does not say" in out
    outdated("production", json=True, check=True)
    read = json.loads(capsys.readouterr().out)
    assert len(read["warnings"]) == 1
    assert {row["outdated"] for row in read["services"]} == {None}


def test_mistakes_are_shown_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = stack(tmp_path, server="latest", redis="6")
    with pytest.raises(SystemExit) as caught:
        outdated(file, "production")
    assert caught.value.code == 1
    err = capsys.readouterr().err
    assert "serlo:versions.server" in err
    assert "serlo:versions.redis" in err


def test_every_declared_image_can_be_asked_for() -> None:
    for service in declared():
        for image in (
            service.image,
            *(c.image for c in (*service.init_containers, *service.sidecars)),
        ):
            assert repository_of(image).registry in {"docker.io", "eu.gcr.io", "ghcr.io"}
