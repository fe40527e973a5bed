"""What a rehearsal's project holds, and what of it survives the next rehearsal."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from operations.rehearsed.passphrase import Encrypter
from operations.rehearsed.project import DerivedProject, derive
from rehearsal.plugins.selection import OURS, Plugin, Plugins
from tests.stack_files import stack_file

PLUGINS = Plugins(*(Plugin(name, OURS, "ours") for name in ("kubernetes", "cloudflare", "python")))
CLUSTER = {"kubeconfig": "/k", "context": "c", "uid": "11111111-1111-1111-1111-111111111111"}


@pytest.fixture
def project(tmp_path: Path) -> DerivedProject:
    return DerivedProject(tmp_path / ".rehearsal", "staging")


def written(project: DerivedProject, *names: str) -> tuple[dict[str, Any], list[str]]:
    """Derive the project; answers its stack file and what was lost."""
    lost = derive(
        project,
        stack_file("staging"),
        PLUGINS,
        cluster=CLUSTER,
        cloudflare="http://127.0.0.1:1/client/v4",
        domain="serlo.test",
        secret_names=names,
        known_secrets={"cloudflare-api-token": "t"},
    )
    return yaml.safe_load(project.stack_file.read_text()), lost


def test_it_holds_what_a_rehearsal_replaces_and_where_the_rest_is(project: DerivedProject) -> None:
    document, lost = written(project, "mysql-uri")
    assert lost == []
    assert document.keys() == {"config", "encryptionsalt"}
    config = document["config"]
    assert config["serlo:rehearses"] == str(stack_file("staging"))
    assert config["serlo:cluster"] == CLUSTER
    assert config["serlo:cloudflare"] == {"base-url": "http://127.0.0.1:1/client/v4"}
    assert config["serlo:secrets"].keys() == {"cloudflare-api-token", "mysql-uri"}
    assert {key for key in config if key.startswith("pulumi:")} == set(config) - {
        *("serlo:rehearses", "serlo:cluster", "serlo:cloudflare", "serlo:secrets")
    }


def test_the_same_again_is_the_same_file(project: DerivedProject) -> None:
    written(project, "mysql-uri")
    before = project.stack_file.read_bytes()
    written(project, "mysql-uri")
    assert project.stack_file.read_bytes() == before


def test_a_secret_that_somebody_sets_there_stays(project: DerivedProject) -> None:
    document, _ = written(project, "mysql-uri")
    passphrase = (project.rehearsal / "passphrase").read_text()
    encrypter = Encrypter(passphrase, document["encryptionsalt"])
    own = {name: {"secure": encrypter.encrypt(name)} for name in ("mysql-uri", "origin-second")}
    document["config"]["serlo:secrets"] |= own
    project.stack_file.write_text(yaml.safe_dump(document))
    for names in (("mysql-uri",), ("mysql-uri", "one-more")):
        after, lost = written(project, *names)
        assert lost == []
        assert after["encryptionsalt"] == document["encryptionsalt"]
        assert after["config"]["serlo:secrets"].items() >= own.items()


def test_the_token_is_always_the_rehearsals(project: DerivedProject) -> None:
    document, _ = written(project)
    document["config"]["serlo:secrets"]["cloudflare-api-token"] = {"secure": "v1:of:others"}
    project.stack_file.write_text(yaml.safe_dump(document))
    after, _ = written(project)
    assert after["config"]["serlo:secrets"]["cloudflare-api-token"]["secure"] != "v1:of:others"


def test_what_else_somebody_sets_there_is_told_and_lost(project: DerivedProject) -> None:
    document, _ = written(project)
    document["config"]["serlo:versions"] = {"server": "0.53.0"}
    project.stack_file.write_text(yaml.safe_dump(document))
    after, (lost,) = written(project)
    assert "serlo:versions" not in after["config"]
    assert "serlo:versions.server" in lost
    assert written(project)[1] == []


def test_a_damaged_file_is_written_again(project: DerivedProject) -> None:
    written(project)
    project.stack_file.write_text("config: [")
    after, (lost,) = written(project)
    assert "no YAML" in lost
    assert after["config"]["serlo:cluster"] == CLUSTER
