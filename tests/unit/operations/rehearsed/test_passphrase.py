"""Values encrypted by us are read by the real Pulumi CLI."""

import subprocess
from pathlib import Path

import pytest
import yaml

from operations.rehearsed.passphrase import Encrypter
from toolchain.resolver import resolve

VALUE = "a value with ünïcode, 'quotes' and\nlines"


@pytest.mark.tools
def test_the_cli_decrypts_what_was_encrypted_here(tmp_path: Path) -> None:
    encrypter = Encrypter("correct horse")
    stack = {
        "encryptionsalt": encrypter.salt,
        "config": {"demo:nested": {"password": {"secure": encrypter.encrypt(VALUE)}}},
    }
    (tmp_path / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (tmp_path / "Pulumi.test.yaml").write_text(yaml.safe_dump(stack))
    (tmp_path / "state").mkdir()
    environment = {
        "HOME": str(tmp_path),
        "PATH": "/usr/bin:/bin",
        "PULUMI_BACKEND_URL": f"file://{tmp_path}/state",
        "PULUMI_CONFIG_PASSPHRASE": "correct horse",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }

    def pulumi(*arguments: str) -> str:
        command = [resolve("pulumi").path, *arguments, "--stack", "test"]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    pulumi("stack", "init")
    assert pulumi("config", "get", "--path", "demo:nested.password").rstrip("\n") == VALUE


def test_a_kept_salt_gives_the_same_key() -> None:
    first = Encrypter("correct horse")
    assert Encrypter("correct horse", first.salt).salt == first.salt


def test_an_unknown_salt_is_refused() -> None:
    with pytest.raises(ValueError, match="version 'v2'"):
        Encrypter("correct horse", "v2:AAAA:BBBB")
