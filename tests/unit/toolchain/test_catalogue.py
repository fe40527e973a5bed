"""The catalogue agrees with the files that pin the same things for Go, pip and npm."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import toolchain
from toolchain.catalogue import (
    CATALOGUE,
    EVERYWHERE,
    Entry,
    GoBuild,
    GoFolder,
    Npm,
    Wheel,
)

FOLDER = Path(toolchain.__file__).parent
ENTRIES = list(CATALOGUE.values())


def _named(entry: Entry) -> str:
    return entry.name


@pytest.mark.parametrize("entry", ENTRIES, ids=_named)
def test_the_pinned_version_is_the_one_in_the_package_managers_own_file(entry: Entry) -> None:
    match entry.source:
        case GoBuild(module=module, package=package) | GoFolder(module=module, package=package):
            if isinstance(entry.source, GoBuild) and entry.source.embeds:
                package = entry.source.embeds[1]
            text = (FOLDER / "go" / module / "go.mod").read_text()
            required = re.findall(r"^(?:require)?\s+(\S+) (v\S+)", text, re.MULTILINE)
            versions = [
                version for path, version in required if f"{package}/".startswith(f"{path}/")
            ]
            assert versions == [entry.older.module_version if entry.older else entry.version]
        case Wheel(requirements=requirements):
            text = (FOLDER / "requirements" / requirements).read_text()
            assert re.findall(r"^\S+==(\S+)", text, re.MULTILINE) == [entry.version]
            assert "--hash=sha256:" in text
        case None:
            assert entry.download
        case Npm(folder=folder):
            package = json.loads((FOLDER / folder / "package.json").read_text())
            assert package["dependencies"][entry.name] == entry.version


@pytest.mark.parametrize("entry", [item for item in ENTRIES if item.download], ids=_named)
def test_downloads_come_from_the_pinned_release_over_https(entry: Entry) -> None:
    download = entry.download
    assert download is not None
    assert set(download.platforms) <= set(EVERYWHERE)
    number = entry.version.removeprefix("v")
    for text in (download.url, download.checksums):
        filled = text.format(os="linux", arch="amd64")
        assert urlsplit(filled).scheme == "https"
        assert number in filled


@pytest.mark.parametrize("folder", ["node", "browser", "renovate"])
def test_the_npm_lock_pins_by_hash_and_names_no_registry(folder: str) -> None:
    lock = json.loads((FOLDER / folder / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert all("integrity" in package for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
    if folder != "node":
        return  # Of their packages none is needed for one system alone.
    systems = {system for package in packages.values() for system in package.get("os", ())}
    assert {"linux", "darwin"} <= systems


def test_what_is_built_instead_of_a_release_is_stamped_with_its_own_version() -> None:
    older = [(entry, entry.older) for entry in ENTRIES if entry.older]
    assert [entry.name for entry, _ in older] == ["pulumi-resource-kubernetes"]
    for entry, release in older:
        assert isinstance(entry.source, GoBuild)
        assert all(stamp.endswith(f"={release.version[1:]}") for stamp in entry.source.stamps)


@pytest.mark.parametrize("package", ["pulumi", "pulumi-kubernetes", "pulumi-cloudflare"])
def test_the_pulumi_command_and_its_plugins_are_of_their_python_packages_version(
    package: str,
) -> None:
    project = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text())
    entry = CATALOGUE[package.replace("pulumi-", "pulumi-resource-")]
    assert f"{package}=={entry.version.removeprefix('v')}" in project["project"]["dependencies"]
