"""Commands that move versions ask the registry first."""

from pathlib import Path

import pytest

from operations.commands.bump import bump
from operations.releases.registry.names import ELSEWHERE
from tests.rehearsal.registry.server import RegistryServer
from tests.stack_files import stack_file

pytestmark = [pytest.mark.xdist_group("registry"), pytest.mark.timeout(900)]

WORKER, SERVER = "serlo/api.serlo.org/swr-queue-worker", "serlo/api.serlo.org/server"


@pytest.fixture(autouse=True)
def no_changelogs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERLO_CHANGELOGS", str(tmp_path))


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    file = tmp_path / "Pulumi.staging.yaml"
    file.write_bytes(stack_file("staging").read_bytes())
    return file


def test_a_version_has_to_be_there_for_every_image(
    elsewhere: RegistryServer, staging: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere.push(SERVER, "0.53.0")
    before = staging.read_bytes()
    with pytest.raises(SystemExit):
        bump("server", "0.53.0", stack=str(staging))
    assert f"{WORKER} has no 0.53.0 in its registry" in capsys.readouterr().err
    assert staging.read_bytes() == before
    elsewhere.push(WORKER, "0.53.0")
    bump("server", "0.53.0", stack=str(staging))
    assert staging.read_bytes() != before


def test_a_digest_is_looked_up_and_compared(
    elsewhere: RegistryServer, staging: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = elsewhere.push("library/redis", "7.0.0")
    bump("redis", "7.0.0", stack=str(staging), pin_digest=True)
    assert f"    redis: 7.0.0@{digest}\n" in staging.read_text()
    other = elsewhere.push("library/redis", "7.0.1", content="another")
    with pytest.raises(SystemExit):
        bump("redis", f"7.0.1@{digest}", stack=str(staging))
    assert f"is {other}, not {digest}" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        bump("redis", "7.0.2", stack=str(staging), pin_digest=True)
    assert "has no 7.0.2 in its registry" in capsys.readouterr().err


def test_a_registry_that_cannot_be_asked_is_a_warning(
    staging: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ELSEWHERE, "http://127.0.0.1:1")
    bump("redis", "7.0.0", stack=str(staging))
    assert "not known whether there is docker.io/library/redis:7.0.0" in capsys.readouterr().err
    assert "redis: 7.0.0" in staging.read_text()
    with pytest.raises(SystemExit):
        bump("redis", "7.0.1", stack=str(staging), pin_digest=True)
    assert "cannot be asked for the digest" in capsys.readouterr().err


def test_what_is_no_release_is_not_even_asked_for(
    elsewhere: RegistryServer, staging: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere.push("library/redis", "latest")
    for pin in (False, True):
        with pytest.raises(SystemExit):
            bump("redis", "latest", stack=str(staging), pin_digest=pin)
        assert "tag that moves" in capsys.readouterr().err


def test_a_migration_in_the_changelog_is_told(
    elsewhere: RegistryServer, staging: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "serlo" / "serlo.org-database-layer" / "CHANGELOG.md"
    file.parent.mkdir(parents=True)
    file.write_text("## 0.3.67\n\n### Changed\n\n- Needs the migration of the table `uuid`.\n")
    elsewhere.push("serlo-shared/serlo-org-database-layer", "0.3.67")
    bump("database-layer", "0.3.67", stack=str(staging))
    assert (
        "a migration lies in between, with 0.3.67: Needs the migration" in capsys.readouterr().err
    )
