"""Renovate finds every version in the stack files, knows where newer ones are, and no more."""

import re
from pathlib import Path

import pytest
import yaml

from infra.declaration.release import Channel
from infra.services import declared
from tests.stack_files import STACKS, stack_file
from tests.unit.github.renovate import CONFIGURATION, Dependency, dependencies, replaced
from tests.unit.github.workflows import ROOT
from toolchain import catalogue

OWNERS = {service.version_key: service for service in declared() if not service.version_of}
DIGEST = "@sha256:" + "5e" * 32


def _path(stack: str) -> str:
    return f"stacks/Pulumi.{stack}.yaml"


def _versions(text: str) -> dict[str, str]:
    return yaml.safe_load(text)["config"]["serlo:versions"]


def _found(stack: str, text: str | None = None) -> dict[str, Dependency]:
    found = dependencies(_path(stack), text or stack_file(stack).read_text())
    named = {dependency.name: dependency for dependency in found}
    assert len(named) == len(found)
    return named


@pytest.mark.parametrize("stack", STACKS)
def test_every_version_is_found_and_nothing_else(stack: str) -> None:
    found = _found(stack)
    versions = _versions(stack_file(stack).read_text())
    assert {name: one.value or one.digest for name, one in found.items()} == versions


@pytest.mark.parametrize("stack", STACKS)
def test_each_is_looked_for_where_its_service_comes_from(stack: str) -> None:
    for name, found in _found(stack).items():
        service = OWNERS[name]
        where = (found.datasource, found.package, found.versioning)
        if service.channel is Channel.CONTINUOUS:
            assert where == ("git-refs", f"https://github.com/{service.source}", "git")
            assert found.value is None
        else:
            assert where == ("docker", service.image, "semver"), "add it to .github/renovate.json"
            assert found.settings["pinDigests"] is False


def test_every_declared_service_has_its_image_there() -> None:
    known = {
        name
        for rule in CONFIGURATION["packageRules"]
        if rule.get("matchFileNames") == ["stacks/*.yaml"] and "overridePackageName" in rule
        for name in rule["matchDepNames"]
    }
    semantic = {name for name, one in OWNERS.items() if one.channel is Channel.SEMANTIC}
    assert known == semantic, "add or remove it in .github/renovate.json"


@pytest.mark.parametrize("stack", STACKS)
def test_only_releases_of_the_same_form_are_proposed(stack: str) -> None:
    for name, found in _found(stack).items():
        if found.datasource != "docker":
            continue
        allowed = re.compile(found.settings["allowedVersions"].strip("/"))
        assert found.value is not None
        if "-" not in found.value:
            assert allowed.search(found.value), f"{name} would never be bumped"
        numbers = "1.2.3" if not found.value.startswith("v") else "v1.2.3"
        assert allowed.search(numbers)
        for other in (f"{numbers}-rc.1", f"{numbers}-alpine", "1.2", "latest", f"x{numbers}"):
            assert not allowed.search(other)


def test_staging_comes_first() -> None:
    assert all(one.settings.get("enabled", True) for one in _found("staging").values())
    production = _found("production")
    proposed = {name for name, one in production.items() if one.settings["enabled"]}
    alone = production.keys() - _found("staging").keys()
    assert proposed == alone, "what runs nowhere else has to be proposed for production itself"


@pytest.mark.parametrize("stack", STACKS)
def test_a_bump_changes_one_version_and_nothing_else(stack: str) -> None:
    text = stack_file(stack).read_text()
    before = yaml.safe_load(text)
    for name, found in _found(stack).items():
        new = "f" * 40 if found.value is None else "98.76.54"
        after = yaml.safe_load(replaced(text, found, new))
        assert after["config"]["serlo:versions"].pop(name) == new
        expected = yaml.safe_load(text)
        del expected["config"]["serlo:versions"][name]
        assert after == expected
    assert yaml.safe_load(text) == before


@pytest.mark.parametrize(
    "line", ["server: {}", 'server: "{}"', "server: '{}'", "server: {} # why", "server: {}   "]
)
@pytest.mark.parametrize("digest", ["", DIGEST])
@pytest.mark.parametrize("version", ["0.53.0", "0.53.0-staging.1", "12.345.6789"])
def test_every_way_to_write_a_version_is_understood(line: str, digest: str, version: str) -> None:
    text = stack_file("staging").read_text()
    changed = re.sub(r"(?m)^    server: .*$", "    " + line.format(version + digest), text)
    found = _found("staging", changed)["server"]
    assert (found.value, found.digest) == (version, digest.removeprefix("@") or None)
    assert len(_found("staging", changed)) == len(_versions(changed))


def test_a_commit_with_an_images_digest_is_left_alone() -> None:
    text = stack_file("staging").read_text()
    commit = _versions(text)["frontend"]
    assert "frontend" not in _found("staging", text.replace(commit, commit + DIGEST))


def test_what_looks_like_a_version_elsewhere_is_none() -> None:
    text = stack_file("staging").read_text()
    other = text.replace("  serlo:features:\n", "  serlo:features:\n    redis: 1.2.3\n", 1)
    commented = other.replace("    redis: 6", "    #    kratos: v9.9.9\n    redis: 6", 1)
    assert _found("staging", commented) == _found("staging", text)


def test_the_cli_that_deploys_moves_with_the_engine_of_rehearsals() -> None:
    path = ".github/actions/stack/action.yml"
    (found,) = dependencies(path, (ROOT / path).read_text())
    assert (found.name, found.datasource) == ("pulumi", "pypi")
    assert f"v{found.value}" == catalogue.PULUMI
    assert found.settings["groupName"] == "pulumi"


def test_no_file_pattern_is_without_a_file() -> None:
    files = [
        str(file.relative_to(ROOT))
        for folder in ("stacks", "toolchain", ".github")
        for file in (ROOT / folder).rglob("*")
    ]
    for manager in CONFIGURATION["customManagers"]:
        for pattern in manager["managerFilePatterns"]:
            assert any(re.search(pattern.strip("/"), file) for file in files)
    for rule in CONFIGURATION["packageRules"]:
        for name in rule.get("matchFileNames", ()):
            assert any(True for _ in Path(ROOT).glob(name)), name
