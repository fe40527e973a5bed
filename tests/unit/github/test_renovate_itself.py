"""Renovate itself reads our configuration and files: valid, and no version is overlooked.

It runs in a copy: its platform `local` takes the folder that it runs in for a clone of its own.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations.declared.stack_files import every_stack
from tests.unit.github.workflows import ROOT
from toolchain.catalogue import CATALOGUE, GoBuild, GoFolder, Npm, Wheel
from toolchain.resolver import resolve

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("renovate"),
    pytest.mark.tools,
    pytest.mark.real_stacks,
]

NOWHERE = "http://127.0.0.1:9"
"""The discard port, on which nothing listens: every request to the network is refused."""
CATALOGUE_FILE = "toolchain/catalogue.py"


@dataclass(frozen=True)
class Dependency:
    """What Renovate found in a file."""

    manager: str
    file: str
    name: str
    datasource: str
    version: str
    enabled: bool


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    for name in (".github", "stacks", "toolchain"):
        ignored = shutil.ignore_patterns("__pycache__", "node_modules")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, folder)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
    return folder


def _run(checkout: Path, script: str, *arguments: str, **settings: str) -> str:
    packages = resolve("renovate").path
    own = checkout.parent / f"{checkout.name}-renovate"
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [resolve("node").path, packages / "renovate" / "dist" / script, *arguments],
        cwd=checkout,
        env={
            **kept,
            "RENOVATE_BASE_DIR": str(own),
            "LOG_LEVEL": "warn",
            "HTTP_PROXY": NOWHERE,
            "HTTPS_PROXY": NOWHERE,
            "NO_PROXY": "127.0.0.1",
            **settings,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def _report(checkout: Path, mode: str, **settings: str) -> dict[str, Any]:
    report = checkout.parent / f"{checkout.name}-{mode}.json"
    _run(
        checkout,
        "renovate.js",
        *("--platform=local", f"--dry-run={mode}"),
        *("--report-type=file", f"--report-path={report}"),
        **settings,
    )
    return json.loads(report.read_text())["repositories"]["local"]


@pytest.fixture(scope="module")
def found(checkout: Path) -> list[Dependency]:
    """Everything that is extracted, with no network at all."""
    report = _report(checkout, "extract")
    return [
        Dependency(
            manager,
            file["packageFile"],
            item["depName"],
            item.get("datasource", ""),
            str(item.get("currentValue") or item.get("currentDigest")),
            item.get("enabled", True),
        )
        for manager, files in report["packageFiles"].items()
        for file in files
        for item in file["deps"]
        if "depName" in item
    ]


def test_the_configuration_is_valid(checkout: Path) -> None:
    _run(checkout, "config-validator.js", "--strict", "--no-global", ".github/renovate.json")


def test_a_mistake_in_the_configuration_is_noticed(checkout: Path, tmp_path: Path) -> None:
    text = (checkout / ".github" / "renovate.json").read_text()
    wrong = tmp_path / "renovate.json"
    wrong.write_text(text.replace('"postUpdateOptions": ["gomodTidy"]', '"postUpdate": true'))
    with pytest.raises(AssertionError, match="postUpdate"):
        _run(checkout, "config-validator.js", "--strict", "--no-global", str(wrong))


@pytest.mark.parametrize("stack", every_stack())
def test_all_versions_of_a_stack_are_found(stack: str, found: list[Dependency]) -> None:
    file = f"stacks/Pulumi.{stack}.yaml"
    versions = yaml.safe_load((ROOT / file).read_text())["config"]["serlo:versions"]
    mine = [one for one in found if one.file == file]
    names = {one.name.removeprefix("https://github.com/serlo/"): one for one in mine}
    assert {name: one.version for name, one in names.items()} == {
        key: version.partition("@")[0] for key, version in versions.items()
    }
    for name, one in names.items():
        assert one.manager == "regex"
        assert one.datasource == ("git-refs" if name == "frontend" else "docker")


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_tool_is_found_wherever_it_is_pinned(name: str, found: list[Dependency]) -> None:
    entry = CATALOGUE[name]
    version = entry.version
    match entry.source:
        case GoBuild(older=None, module=module, package=package):
            lock, datasource = f"toolchain/go/{module}/go.mod", "go"
        case GoFolder(module=module, package=package):
            lock, datasource = f"toolchain/go/{module}/go.mod", "go"
        case Npm(folder=folder):
            lock, datasource, package = f"toolchain/{folder}/package.json", "npm", entry.name
        case Wheel(requirements=requirements):
            lock, datasource, package = f"toolchain/requirements/{requirements}", "pypi", ""
        case _:  # A plugin of Pulumi: its release has the version of the Python package.
            lock, datasource, package = "pyproject.toml", "pypi", name.replace("-resource", "")
            version = version.removeprefix("v")
    listed = [
        one
        for one in found
        if one.file == CATALOGUE_FILE
        and one.version == version
        and one.datasource == datasource
        and (not package or f"{package}/".startswith(f"{one.name}/"))
    ]
    assert len(listed) == 1, f"the comment above the version in {CATALOGUE_FILE} names another"
    locked = [one for one in found if one.file == lock and one.name == listed[0].name]
    assert [(one.version.removeprefix("=="), one.enabled) for one in locked] == [(version, True)]


def test_the_catalogue_holds_no_other_version(found: list[Dependency]) -> None:
    listed = {one.version.removeprefix("v") for one in found if one.file == CATALOGUE_FILE}
    assert listed == {entry.version.removeprefix("v") for entry in CATALOGUE.values()}
