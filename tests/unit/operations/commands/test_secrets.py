"""`serlo secrets`: what is needed, what is set, what to do; never a value."""

import json
from pathlib import Path

import pytest

from infra.stack.environment import Environment
from infra.stack.rules import OPTIONAL_SECRETS
from operations.commands.secrets import secrets
from tests.stack_files import stack_file

VALUE = "v1:c2VjcmV0:bm9ib2R5IHNlZXMgdGhpcw=="


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """A staging stack in which one secret is set, and one second value."""
    text = stack_file("staging").read_text()
    text += f"""  serlo:secrets:
    origin-secret: {{secure: {VALUE}}}
    origin-secret-second: {{secure: {VALUE}}}
encryptionsalt: v1:abc
"""
    file = tmp_path / "Pulumi.staging.yaml"
    file.write_text(text)
    return file


def test_every_secret_is_listed_with_its_users(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets(stack=str(stack), json=True)
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    needed = Environment.load(stack).secrets
    assert rows.keys() == needed.keys() | OPTIONAL_SECRETS.keys()
    assert {name: tuple(rows[name]["used_by"]) for name in needed} == dict(needed)
    assert rows["cloudflare-worker-secret"]["used_by"] == ["edge worker", "server"]
    assert {name for name, row in rows.items() if row["set"]} == {
        "origin-secret",
        "origin-secret-second",
    }
    assert not rows["origin-secret"]["missing"]
    assert rows["mysql-uri"]["missing"]
    assert not rows["cloudflare-worker-secret-second"]["missing"]


def test_missing_ones_come_with_the_command_that_sets_them(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets(stack=str(stack))
    out = capsys.readouterr().out
    needed = Environment.load(stack).secrets
    assert f"{len(needed) - 1} of {len(needed)} secrets of staging are not set" in out
    for name in needed.keys() - {"origin-secret"}:
        command = f"pulumi config set --secret --path 'serlo:secrets.{name}' --stack staging"
        assert out.count(f"{command}\n") == 1
    assert "'serlo:secrets.origin-secret'" not in out


def test_in_the_shell_of_a_rehearsal_it_is_said_whose_secrets_are_set(
    stack: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets(stack=str(stack))
    assert "rehearsal" not in capsys.readouterr().out
    monkeypatch.setenv("PULUMI_OPTION_CWD", "/somewhere")
    secrets(stack=str(stack))
    assert "This shell is a rehearsal's" in capsys.readouterr().out


def test_no_value_is_shown(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secrets(stack=str(stack))
    secrets(stack=str(stack), json=True)
    assert VALUE not in capsys.readouterr().out


def test_check_fails_only_when_something_is_missing(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        secrets(stack=str(stack), check=True)
    assert caught.value.code == 2
    given = "".join(
        f"    {name}: {{secure: {VALUE}}}\n"
        for name in Environment.load(stack).secrets
        if name != "origin-secret"
    )
    key = "  serlo:secrets:\n"
    stack.write_text(stack.read_text().replace(key, key + given))
    capsys.readouterr()
    secrets(stack=str(stack), check=True)
    assert "All secrets of staging are set." in capsys.readouterr().out


def test_a_wrong_stack_file_is_refused_in_its_own_words(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.write_text(stack.read_text().replace(f"{{secure: {VALUE}}}", "in-the-open", 1))
    with pytest.raises(SystemExit):
        secrets(stack=str(stack))
    err = capsys.readouterr().err
    assert "a value in plain text" in err
    assert "in-the-open" not in err
