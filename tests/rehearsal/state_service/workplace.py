"""The state service in a process of its own, and a project that the real CLI runs against it."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rehearsal.plugins
from toolchain import resolve

HERE = Path(__file__).parent
PLUGINS = Path(rehearsal.plugins.__file__).parent / "bin"
STACK = "organization/probe/dev"
DEADLINE = 60.0

PROGRAM = """
import json, os, pulumi

class Entry(pulumi.CustomResource):
    def __init__(self, name, value, kind="plain", opts=None):
        properties = {"value": value, "kind": kind, "password": pulumi.Output.secret("hunter2")}
        super().__init__("ledger:index:Entry", name, properties, opts)

made = {}
for name, settings in json.loads(os.environ["ENTRIES"]).items():
    after = [made[other] for other in settings.pop("after", []) if other in made]
    made[name] = Entry(name, **settings, opts=pulumi.ResourceOptions(depends_on=after))
pulumi.export("count", len(made))
"""


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition; fail after a minute."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.005)


class Service:
    """A state service that can be killed and started again on the same port and folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.start()

    def start(self) -> None:
        """Start it and wait until it is ready."""
        port = self.url.rpartition(":")[2] or "0"
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "rehearsal.state_service"),
                *("--state", str(self.folder), "--port", port),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = json.loads(self.process.stdout.readline())["state"]

    @property
    def token(self) -> str:
        """The token that clients need."""
        return (self.folder / "token").read_text()

    def kill(self) -> None:
        """Kill it without warning."""
        self.process.kill()
        self.process.wait()


class Project:
    """A project whose program declares what `entries` says, and the world it acts upon."""

    def __init__(self, folder: Path, backend: dict[str, str]) -> None:
        self.folder = folder
        self.ledger = folder / "ledger"
        self.entries: dict[str, dict[str, Any]] = {}
        self.delay = 0.0
        (folder / "program").mkdir(parents=True)
        (folder / "bin").mkdir()
        (folder / "program" / "__main__.py").write_text(PROGRAM)
        runtime = f"{{name: python, options: {{virtualenv: {Path(sys.executable).parent.parent}}}}}"
        (folder / "Pulumi.yaml").write_text(f"name: probe\nruntime: {runtime}\nmain: program/\n")
        plugin = folder / "bin" / "pulumi-resource-ledger"
        plugin.write_text(f'#!/bin/sh\nexec {sys.executable} {HERE / "ledger_plugin.py"} "$@"\n')
        plugin.chmod(0o755)
        path = [resolve("pulumi").path.parent, PLUGINS, folder / "bin", "/usr/bin", "/bin"]
        self.environment = {
            "HOME": os.environ.get("HOME", str(folder)),
            "PATH": os.pathsep.join(map(str, path)),
            "SERLO_PYTHON": sys.executable,
            "LEDGER": str(self.ledger),
            "PULUMI_CONFIG_PASSPHRASE": "for a test",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_JOURNALING_BATCH_PERIOD": "2",
            **backend,
        }
        self.run("stack", "init", STACK, "--secrets-provider", "passphrase")

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the CLI; both of its outputs come out of `stdout`."""
        return subprocess.Popen(
            ["pulumi", "--non-interactive", "--color=never", *arguments],
            cwd=self.folder,
            env={
                **self.environment,
                "ENTRIES": json.dumps(self.entries),
                "LEDGER_DELAY": str(self.delay),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            executable=resolve("pulumi").path,
        )

    def run(self, *arguments: str, fails: bool = False) -> str:
        """Run the CLI to its end and return what it wrote."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=120)
        assert (process.returncode != 0) == fails, output
        return output

    def up(self, *arguments: str) -> str:
        """`pulumi up` without questions."""
        return self.run("up", "--yes", "--skip-preview", *arguments)

    def export(self) -> dict[str, Any]:
        """The state, as `pulumi stack export` has it."""
        path = self.folder / "export.json"
        self.run("stack", "export", "--file", str(path))
        state: dict[str, Any] = json.loads(path.read_text())
        return state

    def names(self) -> list[str]:
        """The entries in the state, in order."""
        return [
            resource["urn"].rpartition("::")[2]
            for resource in self.export()["deployment"]["resources"]
            if resource["type"] == "ledger:index:Entry"
        ]

    def acts(self) -> Counter[str]:
        """What happened in the world, and how often."""
        return Counter(self.ledger.read_text().splitlines() if self.ledger.exists() else [])


def on_service(service: Service) -> dict[str, str]:
    """The environment that makes the CLI use a service."""
    return {"PULUMI_BACKEND_URL": service.url, "PULUMI_ACCESS_TOKEN": service.token}
