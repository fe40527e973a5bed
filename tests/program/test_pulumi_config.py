"""What Pulumi's own command line does to our stack files."""

import difflib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from infra.stack.environment import Environment
from operations.errors import CommandError
from operations.platform.access import ClusterAccess
from operations.platform.drift import refresh
from tests.stack_files import ROOT, STACKS, changed_stack_file
from toolchain.resolver import resolve

pytestmark = pytest.mark.tools


def _pulumi(project: Path, *arguments: str, given: str = "") -> None:
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PULUMI")},
        "PULUMI_BACKEND_URL": f"file://{project / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "only for a test",
        "PULUMI_HOME": str(project / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    command = [str(resolve("pulumi").path), *arguments, "--non-interactive", "--cwd", str(project)]
    subprocess.run(command, env=env, input=given, text=True, check=True, capture_output=True)


def _changed_lines(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


@pytest.mark.parametrize("stack", STACKS)
def test_a_bump_by_pulumi_is_one_line_and_keeps_comments(stack: str, tmp_path: Path) -> None:
    file = changed_stack_file(tmp_path, stack)
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    (tmp_path / "state").mkdir()
    original = file.read_text()

    _pulumi(tmp_path, "stack", "init", stack)
    begun = file.read_text()
    (salt,) = _changed_lines(original, begun)
    assert salt.startswith("+ encryptionsalt: ")

    bump = ("config", "set", "--path", "serlo:versions.database-layer", "0.3.67")
    _pulumi(tmp_path, *bump, "--stack", stack)
    bumped = file.read_text()
    assert _changed_lines(begun, bumped) == [
        "-     database-layer: 0.3.66",
        "+     database-layer: 0.3.67",
    ]

    secret = ("config", "set", "--secret", "--path", "serlo:secrets.mysql-uri")
    _pulumi(tmp_path, *secret, "--stack", stack, given="mysql://user:hunter2@db")
    added = _changed_lines(bumped, file.read_text())
    assert [line.split(":")[0] for line in added] == [
        *("+   serlo", "+     mysql-uri", "+       secure")
    ]
    assert "hunter2" not in file.read_text()
    assert str(Environment.load(file).versions["database-layer"]) == "0.3.67"


def test_a_state_that_needs_a_login_says_how_to_log_in(tmp_path: Path) -> None:
    file = changed_stack_file(tmp_path, "local")
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    pulumi = str(resolve("pulumi").path)
    access = ClusterAccess(Environment.load(file), file, pulumi, tmp_path, env, None)
    with pytest.raises(CommandError, match="pulumi login gs://"):
        access.state()
    with pytest.raises(CommandError, match="pulumi login gs://"):
        refresh([pulumi, "--stack", "local"], tmp_path, env | {"PULUMI_HOME": str(tmp_path)})
