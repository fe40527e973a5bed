"""A rehearsal's stack file replaces a few values of the real one, and can say nothing else."""

from pathlib import Path

import pytest
import yaml

from infra.stack.environment import Environment, StackFileError
from tests.unit.infra.catalogue import SERVICES

from .test_environment import GOOD

OVERLAY = """\
config:
  serlo:rehearses: {real}
  serlo:cluster:
    kubeconfig: /somewhere/kubeconfig
    context: deployer
    uid: 11111111-1111-1111-1111-111111111111
  serlo:cloudflare:
    base-url: http://127.0.0.1:4711/client/v4
  serlo:secrets:
    mysql-uri: {{secure: v1:abc}}
  pulumi:disable-default-providers: ["*"]
encryptionsalt: v1:xyz
"""


@pytest.fixture
def real(tmp_path: Path) -> Path:
    file = tmp_path / "stacks" / "Pulumi.staging.yaml"
    file.parent.mkdir()
    file.write_text(GOOD)
    return file


@pytest.fixture
def derived(tmp_path: Path, real: Path) -> Path:
    file = tmp_path / ".rehearsal" / "project" / "stacks" / "Pulumi.staging.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(OVERLAY.format(real=real))
    return file


def mistakes(file: Path) -> list[str]:
    with pytest.raises(StackFileError) as refused:
        Environment.load(file, SERVICES)
    return [str(problem) for problem in refused.value.problems]


def insert(file: Path, text: str) -> None:
    """Add lines below `config:`."""
    file.write_text(file.read_text().replace("config:\n", f"config:\n{text}", 1))


def test_only_cluster_and_address_differ_from_the_real_file(real: Path, derived: Path) -> None:
    environment = Environment.load(real, SERVICES)
    rehearsed = Environment.load(derived, SERVICES)
    assert rehearsed.is_rehearsal
    assert rehearsed.cluster.context == "deployer"
    assert rehearsed.cloudflare.zone_id == environment.cloudflare.zone_id
    assert rehearsed.versions == environment.versions
    assert rehearsed.edge == environment.edge


def test_an_edit_of_the_real_file_is_seen_at_once(real: Path, derived: Path) -> None:
    real.write_text(real.read_text().replace("server: 0.52.1", "server: 0.53.0"))
    assert str(Environment.load(derived, SERVICES).versions["server"]) == "0.53.0"


def test_a_mistake_in_the_real_file_is_shown_where_it_stands(real: Path, derived: Path) -> None:
    real.write_text(real.read_text().replace("server: 0.52.1", "server: latest"))
    said = mistakes(derived)
    assert said == mistakes(real)
    line = next(i for i, text in enumerate(real.read_text().splitlines(), 1) if "latest" in text)
    assert said[0].startswith(f"stacks/Pulumi.staging.yaml:{line}:")


@pytest.mark.parametrize(
    ("added", "said"),
    [
        (
            "  serlo:edge:\n    splits:\n      content:\n        mobile: 50\n",
            ":5:17: serlo:edge.splits.content.mobile: found the number 50; expected what a "
            "rehearsal replaces: the cluster, Cloudflare's address and the secrets' values. "
            "Everything else is read from the real stack file. "
            "`serlo set edge.splits.content.mobile 50 --stack staging`",
        ),
        (
            "  serlo:versions:\n    server: 0.53.0\n",
            ':3:13: serlo:versions.server: found "0.53.0"; expected',
        ),
        ("  serlo:domain: serlo.example\n", "`serlo set domain serlo.example --stack staging`"),
        ("  serlo:edge: {switches: [a, b]}\n", 'serlo set edge.switches \'["a", "b"]\' --stack'),
        ("  pulumi:autonaming: {mode: verbatim}\n", "If you need it, write it into /"),
        ("  kubernetes:context: production\n", "If you need it, write it into /"),
    ],
)
def test_a_key_of_the_real_file_is_refused_with_the_command_that_sets_it_there(
    derived: Path, added: str, said: str
) -> None:
    insert(derived, added)
    (message,) = mistakes(derived)
    assert message.startswith(".rehearsal/project/stacks/Pulumi.staging.yaml:")
    assert said in message
    assert message.endswith("`serlo rehearse` writes this file again.")


def test_versions_are_bumped(derived: Path) -> None:
    insert(derived, "  serlo:versions: {server: 0.53.0, frontend: abc}\n")
    said = mistakes(derived)
    assert "`serlo bump server 0.53.0 --stack staging`" in said[0]
    assert "`serlo bump frontend abc --stack staging`" in said[1]


def test_another_member_of_what_is_replaced_in_part_is_refused(derived: Path) -> None:
    file = yaml.safe_load(derived.read_text())
    file["config"]["serlo:cloudflare"]["plan"] = "pro"
    derived.write_text(yaml.safe_dump(file, sort_keys=False))
    (message,) = mistakes(derived)
    assert "`serlo set cloudflare.plan pro --stack staging`" in message


def test_the_engines_keys_are_those_of_the_real_file(derived: Path) -> None:
    derived.write_text(derived.read_text().replace('["*"]', "[kubernetes]"))
    (message,) = mistakes(derived)
    assert "pulumi:disable-default-providers: found a list; expected what a rehearsal" in message


def test_what_is_replaced_is_checked_too(derived: Path) -> None:
    derived.write_text(derived.read_text().replace("11111111-", "1-"))
    (message,) = mistakes(derived)
    assert message.startswith(".rehearsal/project/stacks/Pulumi.staging.yaml:6:10: ")
    assert "serlo:cluster.uid: found" in message


def test_a_rehearsal_stands_on_the_real_file_of_its_own_stack(real: Path, derived: Path) -> None:
    other = real.rename(real.with_name("Pulumi.production.yaml"))
    derived.write_text(OVERLAY.format(real=other))
    (message,) = mistakes(derived)
    assert "serlo:rehearses: found" in message
    assert "expected the path of the real Pulumi.staging.yaml" in message


def test_a_rehearsal_cannot_stand_on_itself(derived: Path) -> None:
    derived.write_text(OVERLAY.format(real=derived))
    assert any('the unknown key "serlo:rehearses"' in message for message in mistakes(derived))


def test_a_real_file_that_is_gone_is_named(real: Path, derived: Path) -> None:
    real.unlink()
    (message,) = mistakes(derived)
    assert message.startswith("stacks/Pulumi.staging.yaml: found no such file")
