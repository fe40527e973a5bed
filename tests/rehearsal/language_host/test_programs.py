import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"waited too long: {what}"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_program_previews_and_comes_up(project: Any) -> None:
    project.program(
        """
        import os
        import sys

        import pulumi

        import neighbour

        print("a line on standard output")
        print("a line on standard error", file=sys.stderr)
        config = pulumi.Config()
        secret = config.require_secret("password")
        pulumi.export("root", pulumi.get_root_directory())
        pulumi.export("directory", os.getcwd())
        pulumi.export("neighbour", neighbour.NAME)
        pulumi.export("argv", sys.argv)
        pulumi.export("stdin", sys.stdin.read())
        pulumi.export("python", sys.executable)
        pulumi.export("names", [pulumi.get_project(), pulumi.get_stack()])
        pulumi.export("plain", config.require("plain"))
        pulumi.export("password", secret)
        pulumi.export("compiles", os.environ.get("PYTHONDONTWRITEBYTECODE", "yes"))
        pulumi.export("preview", pulumi.runtime.is_dry_run())
        """
    )
    project.write("program/neighbour.py", "NAME = 'beside the program'\n")
    project.run("config", "set", "plain", "visible")
    project.run("config", "set", "--secret", "password", "not to be seen")

    status, output = project.run("preview")
    assert status == 0, output
    assert "a line on standard output" in output
    assert "a line on standard error" in output
    assert "+ 1 to create" in output

    status, output = project.run("up", "--yes", "--skip-preview")
    assert status == 0, output
    assert "not to be seen" not in output
    status, output = project.run("stack", "output", "--json", "--show-secrets")
    program = str(project.folder / "program")
    assert json.loads(output) == {
        "root": str(project.folder),
        "directory": program,
        "neighbour": "beside the program",
        "argv": [program],
        "stdin": "",
        "python": sys.executable,
        "names": ["probe", "dev"],
        "plain": "visible",
        "password": "not to be seen",
        "compiles": "yes",
        "preview": False,
    }


def test_an_exception_shows_the_users_own_traceback(project: Any) -> None:
    project.program(
        """
        import pulumi

        def declare():
            raise ValueError("broken on purpose")

        declare()
        """
    )
    status, output = project.run("preview")
    assert status != 0
    assert "Program failed with an unhandled exception" in output
    assert "line 7, in <module>" in output
    assert "line 5, in declare" in output
    assert "ValueError: broken on purpose" in output
    assert "child.py" not in output
    assert "exit code" not in output
    assert output.count("ValueError: broken on purpose") <= 2, "live display and diagnostics"


def test_an_exception_in_an_apply_fails_the_run(project: Any) -> None:
    project.program(
        """
        import pulumi

        pulumi.export("never", pulumi.Output.from_input(1).apply(lambda one: one / 0))
        """
    )
    status, output = project.run("preview")
    assert status != 0
    assert "ZeroDivisionError: division by zero" in output


def test_a_run_error_shows_its_message_only(project: Any) -> None:
    project.program("import pulumi\nraise pulumi.RunError('seven mistakes in the stack file')\n")
    status, output = project.run("preview")
    assert status != 0
    assert "error: seven mistakes in the stack file" in output
    assert "Traceback" not in output
    assert "exit code" not in output


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("import pulumi\nx = = 1\n", "SyntaxError: invalid syntax"),
        ("import sys\nsys.exit(3)\n", "program exited with non-zero exit code: 3"),
        ("import os\nos.kill(os.getpid(), 9)\n", "program was ended by signal SIGKILL"),
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_other_ways_to_fail(project: Any, program: str, expected: str) -> None:
    project.program(program)
    status, output = project.run("preview")
    assert status != 0
    assert expected in output


def test_a_missing_main_file_is_named(project: Any) -> None:
    (project.folder / "program" / "__main__.py").unlink()
    status, output = project.run("preview")
    assert status != 0
    assert f"there is no __main__.py in {project.folder / 'program'}" in output


def test_a_missing_virtual_environment_is_named(bare_project: Any) -> None:
    project = bare_project("{name: python, options: {virtualenv: not/there}}")
    project.program("import pulumi\n")
    status, output = project.run("preview")
    assert status != 0
    assert f"the virtual environment {project.folder / 'not/there'} has no bin/python" in output


def test_a_virtual_environment_relative_to_the_project_is_used(bare_project: Any) -> None:
    project = bare_project("{name: python, options: {virtualenv: environment}}")
    # Another environment with the same packages, told apart by its path.
    (project.folder / "environment").symlink_to(Path(sys.executable).parent.parent)
    project.program("import sys, pulumi\npulumi.export('python', sys.prefix)\n")
    status, output = project.run("up", "--yes", "--skip-preview")
    assert status == 0, output
    assert project.run("stack", "output", "python")[1].strip() == str(
        project.folder / "environment"
    )


def test_without_options_the_language_hosts_own_interpreter_is_used(bare_project: Any) -> None:
    project = bare_project("python")
    project.program("import sys, pulumi\npulumi.export('python', sys.executable)\n")
    status, output = project.run("up", "--yes", "--skip-preview")
    assert status == 0, output
    assert project.run("stack", "output", "python")[1].strip() == sys.executable


def test_a_project_can_name_the_language_host_instead_of_path(project: Any) -> None:
    plugins = next(
        folder
        for folder in project.environment["PATH"].split(os.pathsep)
        if (Path(folder) / "pulumi-language-python").exists()
    )
    text = (project.folder / "Pulumi.yaml").read_text()
    text += f"plugins: {{languages: [{{name: python, path: {plugins}}}]}}\n"
    project.write("Pulumi.yaml", text)
    project.environment["PATH"] = "/usr/bin:/bin"
    status, output = project.run("preview")
    assert status == 0, output
    assert "warning" not in output


def test_about_names_the_interpreter(project: Any) -> None:
    status, output = project.run("about")
    assert status == 0, output
    version = ".".join(str(part) for part in sys.version_info[:3])
    assert f"executable='{sys.executable}' version='{version}'" in output


def test_generating_code_is_refused_with_a_reason(project: Any) -> None:
    project.write("schema.json", '{"name": "thing", "version": "1.0.0"}')
    status, output = project.run("package", "gen-sdk", "schema.json", "--language", "python")
    assert status != 0
    assert "the rehearsal's language host generates no packages" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_leaves_no_process_and_no_noise(
    project: Any, number: signal.Signals
) -> None:
    project.program(
        """
        import os
        import subprocess
        import threading
        from pathlib import Path

        Path("pids.part").write_text(f"{os.getpid()} {os.getppid()}")
        Path("pids.part").rename("pids")
        threading.Event().wait()
        """
    )
    process = project.start("preview")
    note = project.folder / "program" / "pids"
    wait_until(note.exists, "the program runs")
    pids = [int(pid) for pid in note.read_text().split()]
    assert all(is_running(pid) for pid in pids)

    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    wait_until(lambda: not any(is_running(pid) for pid in pids), "program and language host end")
    assert "Traceback" not in output
    assert "KeyboardInterrupt" not in output
