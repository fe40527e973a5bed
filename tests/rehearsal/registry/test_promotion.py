"""What ran in staging may be another image by the time it is promoted."""

from pathlib import Path

import pytest

from operations.commands.bump import bump
from operations.commands.promote import promote
from tests.rehearsal.registry.server import RegistryServer
from tests.releases.repository import Repository

pytestmark = [pytest.mark.xdist_group("registry"), pytest.mark.timeout(900)]

DATABASE_LAYER = "serlo-shared/serlo-org-database-layer"


def test_a_tag_that_was_moved_is_not_promoted(
    elsewhere: RegistryServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SERLO_CHANGELOGS", str(tmp_path))
    repository = Repository.create(tmp_path / "repository")
    staging, production = repository.name("staging"), repository.name("production")
    digest = elsewhere.push(DATABASE_LAYER, "0.3.98", content="database layer")
    bump("database-layer", "0.3.98", stack=staging, pin_digest=True, commit=True)
    before = repository.bytes()
    elsewhere.push(DATABASE_LAYER, "0.3.98", content="moved")
    with pytest.raises(SystemExit) as caught:
        promote("database-layer", from_=staging, to=production)
    assert caught.value.code == 1
    assert f"not {digest}" in capsys.readouterr().err
    assert repository.bytes() == before
    elsewhere.push(DATABASE_LAYER, "0.3.98", content="database layer")
    promote("database-layer", from_=staging, to=production)
    assert f"database-layer: 0.3.98@{digest}\n" in repository.file("production").read_text()
