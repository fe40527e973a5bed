"""Which plugins Pulumi's engine uses in a rehearsal.

Kubernetes is always the official provider, downloaded or built. The Cloudflare provider and the
Python language host are official where they can be downloaded, else ours, and it says so.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from toolchain.errors import ToolError
from toolchain.resolver import Toolchain, default

Choice = Literal["official", "offline"]

OURS = Path(__file__).parent / "bin"
CHOICE = "SERLO_PLUGINS"
"""The environment variable that chooses where no argument does."""

_LANGUAGE_HOST = ("pulumi-language-python", "pulumi-language-python-exec")


@dataclass(frozen=True)
class Plugin:
    """A plugin of the engine: where its executable is, and which it is."""

    name: str
    folder: Path
    origin: str
    """For people: "official v4.34.2 (download)", or "ours" with the way to the official one."""


@dataclass(frozen=True)
class Plugins:
    """The three plugins of a rehearsal."""

    kubernetes: Plugin
    cloudflare: Plugin
    python: Plugin

    def project_settings(self) -> Mapping[str, list[dict[str, str]]]:
        """The section `plugins` of a Pulumi.yaml."""
        return {
            "languages": [{"name": "python", "path": str(self.python.folder)}],
            "providers": [
                {"name": plugin.name, "path": str(plugin.folder)}
                for plugin in (self.kubernetes, self.cloudflare)
            ],
        }

    def to_json(self) -> dict[str, Any]:
        """Name to origin."""
        return {
            plugin.name: plugin.origin for plugin in (self.kubernetes, self.cloudflare, self.python)
        }

    def __str__(self) -> str:
        """Say in lines which plugins these are."""
        return (
            f"Kubernetes provider: {self.kubernetes.origin}\n"
            f"Cloudflare provider: {self.cloudflare.origin}\n"
            f"Python language host: {self.python.origin}"
        )


def obtain_tools() -> None:
    """Have every tool of a rehearsal; with the first of them also the official plugins.

    Raises ToolError.
    """
    toolchain = default()
    needed = toolchain.names("rehearsal")
    complete = all(toolchain.find(name) for name in needed)
    toolchain.resolve_all(needed)
    if complete:  # every run would wait seconds for hosts that did not answer the first time
        return
    for name in toolchain.names("official"):
        with suppress(ToolError):
            toolchain.resolve(name)


def select(choice: Choice | None = None) -> Plugins:
    """Choose the plugins: all official, ours where there are any, or (None) what is there.

    Raises ToolError when an official plugin is wanted and cannot be had, and ValueError
    for another value of the environment variable.
    """
    wanted = choice or os.environ.get(CHOICE) or None
    if wanted not in (None, "official", "offline"):
        raise ValueError(f"{CHOICE} is {wanted!r}; it can be official or offline")
    toolchain = default()
    kubernetes = toolchain.resolve("pulumi-resource-kubernetes")
    how = ", ".join(filter(None, (kubernetes.origin, kubernetes.note)))
    return Plugins(
        Plugin("kubernetes", kubernetes.path.parent, f"official {kubernetes.version} ({how})"),
        _cloudflare(toolchain, wanted),
        _python(toolchain, wanted),
    )


def _cloudflare(toolchain: Toolchain, wanted: str | None) -> Plugin:
    name = "pulumi-resource-cloudflare"
    tool = toolchain.resolve(name) if wanted == "official" else toolchain.find(name)
    if tool is None or wanted == "offline":
        version = toolchain.entry(name).version
        return Plugin("cloudflare", OURS, _ours(wanted, f"{version} is not downloaded"))
    return Plugin("cloudflare", tool.path.parent, f"official {tool.version} ({tool.origin})")


def _python(toolchain: Toolchain, wanted: str | None) -> Plugin:
    engine = toolchain.resolve("pulumi")
    folder = engine.path.resolve().parent
    there = all((folder / name).is_file() for name in _LANGUAGE_HOST)
    if there and wanted != "offline":
        return Plugin("python", folder, f"official {engine.version} ({engine.origin})")
    reason = f"the release {engine.version} of Pulumi, which has it, is not downloaded"
    if wanted == "official":
        raise ToolError(f"there is no official Python language host: {reason}")
    return Plugin("python", OURS, _ours(wanted, reason))


def _ours(wanted: str | None, reason: str) -> str:
    """Why ours is used, and how the official one is had."""
    if wanted == "offline":
        return "ours, as asked for"
    return f"ours ({reason}: serlo tools --install)"
