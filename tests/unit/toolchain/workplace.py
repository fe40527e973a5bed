"""Small real tools for the tests: a Go program of ten lines, a gate for builds, a server."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from toolchain.catalogue import Entry, GoBuild
from toolchain.resolver import Toolchain, default

PROGRAM = """package main

import "os"

var version = "unknown"

func main() { os.Stdout.WriteString("tiny version " + version + "\\n") }
"""

TINY = Entry("tiny", "v1.2.3", GoBuild("tiny", ".", ("main.version=v1.2.3",), usual="2 s"))


@dataclass(frozen=True)
class Workplace:
    """A cache of its own, and a folder of tool descriptions of its own."""

    cache: Path
    folder: Path

    def toolchain(self, *entries: Entry) -> Toolchain:
        """A toolchain of these entries, with Go from PATH."""
        catalogue = {entry.name: entry for entry in (*entries, default().entry("go"))}
        return Toolchain(catalogue, root=self.cache, folder=self.folder)

    def go_module(self, name: str, program: str = PROGRAM) -> None:
        """Describe a Go program."""
        module = self.folder / "go" / name
        module.mkdir(parents=True)
        (module / "go.mod").write_text(f"module example.test/{name}\n\ngo 1.26.0\n")
        (module / "main.go").write_text(program)

    def left(self, name: str) -> set[str]:
        """The names of all that the cache has of a tool, without the lock."""
        paths = (self.cache / name).glob("*/*")
        return {path.name for path in paths} - {".lock"}


def executable(path: Path, text: str) -> Path:
    """A shell script as an executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Poll until `condition`; fails after a deadline, saying what did not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"in {seconds} s it did not happen that {what}")
        time.sleep(0.02)


@dataclass
class Gate:
    """A `go` whose builds say that they began and then wait to be let through."""

    folder: Path

    def began(self) -> list[int]:
        """The process ids of the builds that began."""
        return [int(path.name) for path in (self.folder / "began").iterdir()]

    def open(self) -> None:
        """Let all builds through."""
        (self.folder / "open").touch()


IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from toolchain.resolver import Toolchain, default
from toolchain.catalogue import Entry, GoBuild

cache, folder, *names = sys.argv[1:]
catalogue = {"go": default().entry("go")} | {
    name: Entry(name, "v1.2.3", GoBuild(name, ".", ("main.version=v1.2.3",))) for name in names
}
toolchain = Toolchain(catalogue, root=Path(cache), folder=Path(folder))
tools = toolchain.resolve_all(names) if len(names) > 1 else {"": toolchain.resolve(names[0])}
print(*(tool.path for tool in tools.values()))
"""


@dataclass
class Resolving:
    """Another process that resolves tools."""

    process: subprocess.Popen[str]
    stderr: Path

    def said(self) -> str:
        """What it wrote to its standard error so far."""
        return self.stderr.read_text()

    def finish(self) -> tuple[int, str]:
        """Wait for its end: exit code and standard output."""
        output, _ = self.process.communicate(timeout=60)
        return self.process.returncode, output.strip()


@dataclass
class Resolvers:
    """Starts such processes, and ends those that a failed test leaves."""

    workplace: Workplace
    started: list[Resolving] = field(default_factory=list[Resolving])

    def start(self, *names: str) -> Resolving:
        stderr = self.workplace.folder / f"stderr-{len(self.started)}"
        arguments = [str(self.workplace.cache), str(self.workplace.folder), *names]
        with stderr.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, "-c", IN_ANOTHER_PROCESS, *arguments],
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
            )
        self.started.append(Resolving(process, stderr))
        return self.started[-1]


@dataclass
class Server:
    """An HTTP server on the loopback address with a few files."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    requests: list[str] = field(default_factory=list[str])
