"""The `serlo` command from outside: what it prints, how it ends, what it touches."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack_files import changed_stack_file

CHECKOUT = Path(__file__).resolve().parents[3]
SERLO = Path(sys.prefix) / "bin" / "serlo"


def serlo(*arguments: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([SERLO, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_help_names_every_subcommand() -> None:
    done = serlo("--help")
    assert done.returncode == 0
    for name in ("rehearse", "down", "env", "tools", "render", "versions", "bump"):
        assert re.search(rf"\b{name}\b", done.stdout)


def test_it_does_not_touch_its_own_files_for_somebody_in_another_checkout(tmp_path: Path) -> None:
    for name in ("infra", "stacks"):
        (tmp_path / name).mkdir()
    (tmp_path / "infra" / "__main__.py").touch()

    done = serlo("bump", "server", "99.0.0", "--offline", "--check", cwd=tmp_path / "stacks")

    assert done.returncode == 1
    assert str(CHECKOUT) in done.stderr
    assert str(tmp_path) in done.stderr
    assert done.stdout == ""


@pytest.mark.real_stacks
def test_a_reader_who_has_seen_enough_is_no_reason_to_complain() -> None:
    with subprocess.Popen(
        [SERLO, "versions", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as asked:
        assert asked.stdout is not None and asked.stderr is not None
        asked.stdout.close()
        assert asked.stderr.read() == b""
    assert asked.returncode == 141


def test_a_bad_stack_file_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    bad = changed_stack_file(
        tmp_path,
        "local",
        ("server: 0.52.1", "server: latest"),
        ("database-layer: 0.3.66", "database-layer: 0.3"),
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


@pytest.mark.real_stacks
def test_versions_starts_without_pulumi_and_http() -> None:
    """People run it many times a day, and importing these costs more than all else it does."""
    script = (
        "import sys; from operations.commands.versions import versions; versions(); "
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert not {"pulumi", "httpx"} & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("command", ["versions", "trace", "routes"])
def test_commands_start_without_the_sdk(command: str) -> None:
    """Its import takes seconds; only what runs the program has to wait for it."""
    script = f"import sys, operations.command, operations.commands.{command}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert not [name for name in loaded if name.startswith(("pulumi_cloudflare.", "pulumi_kub"))]
