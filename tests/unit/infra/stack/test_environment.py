"""Stack files: the good ones load, and every mistake in a bad one is named."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.declaration.release import Commit, Version
from infra.stack.environment import Environment, StackFileError
from infra.stack.rules import ENVIRONMENTS
from tests.stack_files import real_stack_file
from tests.unit.infra.catalogue import SERVICES

HERE = Path(__file__).parent
GOOD = (HERE / "good_stack.yaml").read_text()
CASES: list[dict[str, Any]] = yaml.safe_load((HERE / "bad_stacks.yaml").read_text())


def _write(folder: Path, text: str, stack: str = "staging") -> Path:
    file = folder / "stacks" / f"Pulumi.{stack}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def _mistakes(file: Path) -> list[str]:
    with pytest.raises(StackFileError) as refused:
        Environment.load(file, SERVICES)
    return [str(problem) for problem in refused.value.problems]


def text_of(case: dict[str, Any]) -> str:
    """The bad stack file of a case in bad_stacks.yaml."""
    text = case.get("text", GOOD)
    for edit in case.get("edits", ()):
        assert text.count(edit["from"]) == 1, f"{edit['from']!r} must stand once in the good file"
        text = text.replace(edit["from"], edit["to"])
    return text


def test_the_good_file_is_good(tmp_path: Path) -> None:
    environment = Environment.load(_write(tmp_path, GOOD), SERVICES)
    assert environment.name == "staging"
    assert environment.versions["server"] == Version(0, 52, 1)
    assert environment.versions["frontend"] == Commit("89abcdef0123456789abcdef0123456789abcdef")
    assert environment.host("api") == "api.serlo-staging.dev"
    assert environment.placeholders() == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_bad_file_is_refused_with_every_mistake(case: dict[str, Any], tmp_path: Path) -> None:
    file = _write(tmp_path, text_of(case), case.get("stack", "staging"))
    assert _mistakes(file) == case["says"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_message_says_where_what_and_what_to_do(case: dict[str, Any]) -> None:
    for message in case["says"]:
        assert re.fullmatch(
            r"stacks/Pulumi\.[a-z]+\.yaml:\d+(:\d+)?: .*found .+; expected .+\. \S.+[.?]$",
            message,
        )


def test_there_are_enough_bad_files() -> None:
    assert len(CASES) >= 30


def test_a_plain_secret_is_not_repeated() -> None:
    assert "hunter2" not in "".join(message for case in CASES for message in case["says"])


def test_a_file_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    _write(tmp_path, GOOD, "local")
    (message,) = _mistakes(tmp_path / "stacks" / "Pulumi.staging.yaml")
    assert "no such file" in message
    assert "stacks/Pulumi.local.yaml" in message


def test_a_file_with_another_name_is_no_environment(tmp_path: Path) -> None:
    (message,) = _mistakes(_write(tmp_path, GOOD, "development"))
    assert "Pulumi.local.yaml, Pulumi.staging.yaml, Pulumi.production.yaml" in message


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    file = _write(tmp_path, GOOD)
    file.write_bytes(GOOD.encode().replace(b"serlo-staging.dev", b"serl\xf6.dev"))
    (message,) = _mistakes(file)
    assert message.startswith("stacks/Pulumi.staging.yaml:18: found bytes that are not UTF-8")


def test_a_folder_is_no_stack_file(tmp_path: Path) -> None:
    file = tmp_path / "stacks" / "Pulumi.staging.yaml"
    file.mkdir(parents=True)
    (message,) = _mistakes(file)
    assert "cannot be read" in message


def test_a_pre_release_in_production_with_a_reason_is_allowed(tmp_path: Path) -> None:
    text = (
        GOOD.replace(
            "server: 0.52.1\n", "server: 0.53.0-rc.1\n  serlo:prereleases: {server: why}\n"
        )
        .replace("serlo-staging.dev", "serlo.org")
        .replace("0067b08b108fbcf88ddaeaae4ac3d6ac", "1a4afa776acb2e40c3c8a135248328ae")
        .replace("mysql-uri", "sentry-dsn")
    )
    environment = Environment.load(_write(tmp_path, text, "production"), SERVICES)
    assert environment.versions["server"].is_prerelease


@settings(max_examples=200)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@`? \n\t0é\x00", max_size=60))
def test_no_text_at_all_brings_the_reader_down(tmp_path_factory: Any, text: str) -> None:
    file = _write(tmp_path_factory.getbasetemp(), text)
    assert _mistakes(file)


@settings(max_examples=300)
@given(st.data())
def test_no_damage_to_a_good_file_brings_the_reader_down(
    tmp_path_factory: Any, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 40)))
    put = data.draw(st.text(alphabet="ab:-[]{}&*!\"' \n\t0.", max_size=5))
    file = _write(tmp_path_factory.getbasetemp(), GOOD[:start] + put + GOOD[end:])
    try:
        Environment.load(file, SERVICES)
    except StackFileError as error:
        assert error.problems


@pytest.mark.real_stacks
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_real_stacks_load(name: str) -> None:
    assert Environment.load(real_stack_file(name)).name == name


@pytest.mark.real_stacks
def test_no_two_real_stacks_share_zone_domain_or_address() -> None:
    loaded = [Environment.load(real_stack_file(name)) for name in ENVIRONMENTS]
    for fact in (
        [environment.domain for environment in loaded],
        [environment.cloudflare.zone_id for environment in loaded],
        [environment.gateway.address for environment in loaded],
        [environment.cluster.context for environment in loaded],
    ):
        assert len(set(fact)) == len(ENVIRONMENTS)


@pytest.mark.real_stacks
def test_placeholders_of_the_real_stacks_are_marked_where_they_stand() -> None:
    for name in ("staging", "production"):
        environment = Environment.load(real_stack_file(name))
        lines = environment.file.path.read_text().splitlines()
        for placeholder in environment.placeholders():
            assert placeholder.line is not None
            around = lines[placeholder.line - 2] + lines[placeholder.line - 1]
            assert "Placeholder" in around, f"{placeholder} is not marked as a placeholder"
