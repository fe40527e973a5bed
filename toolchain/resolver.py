"""Find a pinned tool, or build it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from toolchain.catalogue import CATALOGUE, Entry, GoBuild, GoFolder


class ToolError(Exception):
    """A tool could not be had; the message says why and what to do."""


@dataclass(frozen=True)
class Tool:
    """A tool that is there: where it is, which version, where it came from."""

    name: str
    version: str
    path: Path
    origin: str


def cache_root() -> Path:
    """The per-user folder of the finished tools."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "serlo" / "tools"


def resolve(name: str) -> Tool:
    """The tool `name` of the catalogue, found in the cache or built.

    Raises ToolError when the name is unknown or the tool cannot be had.
    """
    entry = CATALOGUE.get(name)
    if entry is None:
        known = ", ".join(sorted(CATALOGUE))
        raise ToolError(f"unknown tool {name!r}; the catalogue has: {known}")
    folder = cache_root() / name / entry.version
    path = folder / name
    if path.exists():
        return Tool(name, entry.version, path, "cache")
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / ".lock"):
        if not path.exists():
            _make(entry, path)
    return Tool(name, entry.version, path, "build")


@contextmanager
def _locked(path: Path) -> Generator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _make(entry: Entry, path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".partial-") as temporary:
        partial = Path(temporary) / path.name
        source = entry.source
        if isinstance(source, GoBuild):
            _go_build(source, partial)
        else:
            _go_folder(source, entry.version, partial)
        partial.rename(path)


def _go_environment() -> dict[str, str]:
    return os.environ | {
        "CGO_ENABLED": "0",
        "GOFLAGS": "-buildvcs=false -mod=readonly",
        "GOTOOLCHAIN": "local",
    }


def _module(name: str) -> Path:
    return Path(__file__).parent / "go" / name


def _go_build(source: GoBuild, output: Path) -> None:
    flags = " ".join(["-s", "-w", *(f"-X {stamp}" for stamp in source.stamps)])
    command = ["go", "build", "-trimpath", "-ldflags", flags, "-o", str(output), source.package]
    _run(command, _module(source.module))


def _go_folder(source: GoFolder, version: str, output: Path) -> None:
    command = ["go", "mod", "download", "-json", f"{source.package}@{version}"]
    downloaded = json.loads(_run(command, _module(source.module)))
    shutil.copytree(Path(downloaded["Dir"]) / source.folder, output)
    for item in (output, *output.rglob("*")):  # the module cache is read-only
        item.chmod(item.stat().st_mode | 0o200)


def _run(command: list[str], folder: Path) -> str:
    result = subprocess.run(
        command, cwd=folder, env=_go_environment(), capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise ToolError(f"{' '.join(command)} failed in {folder}:\n{result.stderr}")
    return result.stdout
