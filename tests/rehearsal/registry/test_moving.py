"""Bumps and promotions, told by a real registry and a real changelog whether they are sound."""

from pathlib import Path

import pytest

from operations.bump import bump
from operations.changelog.sources import MIRROR
from operations.promote import promote
from tests.rehearsal.registry.server import RegistryServer
from tests.releases.repository import Repository

pytestmark = [pytest.mark.xdist_group("registry"), pytest.mark.timeout(900)]

SERVER = "serlo/api.serlo.org/server"
WORKER = "serlo/api.serlo.org/swr-queue-worker"
DATABASE_LAYER = "serlo-shared/serlo-org-database-layer"
CHANGELOG = """\
# Changelog

## [v0.98.0](https://github.com/serlo/api.serlo.org/compare/v0.52.1..v0.98.0) - August 2, 2023

### Changed

- Needs a migration of the database

## [v0.52.1](https://github.com/serlo/api.serlo.org/compare/v0.52.0..v0.52.1) - July 2, 2023
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.create(tmp_path / "repository")


@pytest.fixture(autouse=True)
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mirror" / "serlo" / "api.serlo.org" / "CHANGELOG.md"
    file.parent.mkdir(parents=True)
    file.write_text(CHANGELOG)
    monkeypatch.setenv(MIRROR, str(tmp_path / "mirror"))


def test_what_the_registry_has_can_run(
    elsewhere: RegistryServer, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere.push(SERVER, "0.98.0")
    elsewhere.push(WORKER, "0.98.0", content="another image")
    bump("server", "0.98.0", stack=repository.name("staging"), commit=True)
    out, err = capsys.readouterr()
    assert "server: 0.98.0" in repository.file("staging").read_text()
    assert "Needs a migration of the database" in out + err
    assert "nobody knows" not in out + err
    promote("server", from_=repository.name("staging"), to=repository.name("production"))
    assert "server: 0.98.0" in repository.file("production").read_text()


def test_what_it_lacks_is_refused(
    elsewhere: RegistryServer, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere.push(SERVER, "0.97.0")
    before = repository.bytes()
    with pytest.raises(SystemExit) as caught:
        bump("server", "0.97.0", stack=repository.name("staging"), commit=True)
    assert caught.value.code == 1
    out, err = capsys.readouterr()
    assert f"{WORKER} has no 0.97.0 in its registry" in out + err
    assert repository.bytes() == before


def test_a_digest_is_pinned(
    elsewhere: RegistryServer, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = elsewhere.push(DATABASE_LAYER, "0.3.98", content="database layer")
    bump("database-layer", "0.3.98", stack=repository.name("staging"), pin_digest=True, commit=True)
    assert f"database-layer: 0.3.98@{digest}\n" in repository.file("staging").read_text()
    elsewhere.push(DATABASE_LAYER, "0.3.98", content="moved")
    capsys.readouterr()
    with pytest.raises(SystemExit):
        promote(
            "database-layer",
            from_=repository.name("staging"),
            to=repository.name("production"),
        )
    out, err = capsys.readouterr()
    assert f"not {digest}" in out + err


def test_a_registry_that_is_away_stops_nobody(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SERLO_REGISTRY", "http://127.0.0.1:9")
    bump("server", "0.98.0", stack=repository.name("staging"))
    out, err = capsys.readouterr()
    assert "127.0.0.1:9 cannot be reached" in out + err
    assert "server: 0.98.0" in repository.file("staging").read_text()
