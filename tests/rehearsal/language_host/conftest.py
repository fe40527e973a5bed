"""A throw-away Pulumi project run by the real CLI with our language host on PATH."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

import rehearsal.plugins
from tests.rehearsal.pulumi_project import PulumiProject
from toolchain.resolver import resolve

PLUGINS = Path(rehearsal.plugins.__file__).parent / "bin"
ENVIRONMENT = Path(sys.executable).parent.parent
RUNTIME = f"{{name: python, options: {{virtualenv: {ENVIRONMENT}}}}}"


class Project(PulumiProject):
    """A project in a folder of its own, with a stack `dev` in a `file://` backend."""

    SECONDS = 120

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "program").mkdir(parents=True)
        (folder / "state").mkdir()
        self.write("Pulumi.yaml", f"name: probe\nruntime: {RUNTIME}\nmain: program/\n")
        self.environment = {
            "HOME": os.environ.get("HOME", str(folder)),
            "PATH": os.pathsep.join(
                [str(resolve("pulumi").path.parent), str(PLUGINS), "/usr/bin", "/bin"]
            ),
            "SERLO_PYTHON": sys.executable,
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "for a test",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))

    def program(self, text: str) -> None:
        """Set the program's `__main__.py`."""
        self.write("program/__main__.py", text)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with an initialised stack and an empty program."""
    made = Project(tmp_path / "project")
    made.program("import pulumi\n")
    status, output = made.run("stack", "init", "dev")
    assert status == 0, output
    return made


@pytest.fixture
def bare_project(tmp_path: Path) -> Callable[[str], Project]:
    """A function that makes a project with this `runtime:` and an initialised stack."""

    def make(runtime: str) -> Project:
        made = Project(tmp_path / "project")
        made.write("Pulumi.yaml", f"name: probe\nruntime: {runtime}\nmain: program/\n")
        status, output = made.run("stack", "init", "dev")
        assert status == 0, output
        return made

    return make
