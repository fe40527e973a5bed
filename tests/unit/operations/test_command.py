"""The `serlo` command from outside: what it prints, how it ends, what it touches."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
SERLO = Path(sys.prefix) / "bin" / "serlo"


def serlo(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([SERLO, *arguments], capture_output=True, text=True, check=False)


def test_help_names_every_subcommand() -> None:
    done = serlo("--help")
    assert done.returncode == 0
    for name in ("rehearse", "down", "env", "tools", "render", "versions", "bump"):
        assert re.search(rf"\b{name}\b", done.stdout)


def test_a_bad_stack_file_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    text = (CHECKOUT / "stacks" / "Pulumi.local.yaml").read_text()
    bad = tmp_path / "stacks" / "Pulumi.local.yaml"
    bad.parent.mkdir()
    bad.write_text(
        text.replace("server: 0.52.1", "server: latest").replace(
            "database-layer: 0.3.66", "database-layer: 0.3"
        )
    )
    folder = tmp_path / ".rehearsal"

    done = serlo("rehearse", "--stack", str(bad), "--folder", str(folder))

    assert done.returncode == 1
    assert done.stdout == ""
    lines = {number + 1: line for number, line in enumerate(bad.read_text().splitlines())}
    for wrong in ("server: latest", "database-layer: 0.3"):
        number = next(number for number, line in lines.items() if line.strip() == wrong)
        assert f"Pulumi.local.yaml:{number}:" in done.stderr
    assert "Traceback" not in done.stderr
    assert not folder.exists()


@pytest.mark.parametrize("stack", ["prod", "nowhere/Pulumi.local.yaml"])
def test_an_unknown_stack_is_named(stack: str, tmp_path: Path) -> None:
    done = serlo("rehearse", "--stack", stack, "--folder", str(tmp_path / "r"))
    assert done.returncode == 1
    assert stack in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "r").exists()


def test_env_without_a_rehearsal_says_how_to_get_one(tmp_path: Path) -> None:
    done = serlo("env", "--folder", str(tmp_path))
    assert done.returncode == 1
    assert "serlo rehearse" in done.stderr
    assert done.stdout == ""


def test_down_without_a_rehearsal_is_no_mistake(tmp_path: Path) -> None:
    assert serlo("down", "--folder", str(tmp_path / "none")).returncode == 0


def test_versions_starts_without_pulumi() -> None:
    """It is asked many times a day, and importing Pulumi costs more than all else it does."""
    script = "import sys; from operations.versions import versions; versions(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "pulumi" not in done.stdout.splitlines()[-1].split()
