"""What is there already: on PATH, or in the cache."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.toolchain.workplace import TINY, Workplace, executable
from toolchain.catalogue import Entry, Wheel
from toolchain.found import VersionAnswer, names_exact_version


def _first_on_path(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_an_executable_of_the_exact_version_on_path_is_taken(
    workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = executable(tmp_path / "bin" / "tiny", "echo tiny version v1.2.3")
    _first_on_path(monkeypatch, tmp_path / "bin")

    tool = workplace.toolchain(TINY).resolve("tiny")

    assert (tool.path, tool.origin, tool.version) == (path, "path", "v1.2.3")
    assert workplace.left("tiny") == set()


@pytest.mark.parametrize(
    "script",
    [
        "echo tiny version v1.2.4",
        "echo tiny version v1.2.3-rc.1",
        "echo tiny version v11.2.3",
        "echo tiny version v1.2.30",
        "echo v1.2.3; exit 1",
        "kill -SEGV $$",
    ],
)
def test_any_other_executable_on_path_is_passed_over(
    workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    executable(tmp_path / "bin" / "tiny", script)
    _first_on_path(monkeypatch, tmp_path / "bin")

    assert workplace.toolchain(TINY).find("tiny") is None


def test_a_later_folder_of_path_may_have_the_right_one(
    workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = executable(tmp_path / "b" / "tiny", "echo v1.2.3")
    executable(tmp_path / "a" / "tiny", "echo v0.9.0")
    _first_on_path(monkeypatch, tmp_path / "b")
    _first_on_path(monkeypatch, tmp_path / "a")

    tool = workplace.toolchain(TINY).find("tiny")

    assert tool is not None
    assert tool.path == right


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ("v24.19.0", "24.19.0"),
        ("v22.0.0", "22.0.0"),
        ("v26.1.3", "26.1.3"),
        ("v20.20.2", None),
        ("v26.0.0-nightly", None),
    ],
)
def test_where_newer_will_do_it_is_taken_and_older_is_not(
    workplace: Workplace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    printed: str,
    version: str | None,
) -> None:
    entry = Entry("noode", "24.19.0", Wheel("node.txt", "bin/noode"), at_least=(22,))
    executable(tmp_path / "bin" / "noode", f"echo {printed}")
    _first_on_path(monkeypatch, tmp_path / "bin")

    tool = workplace.toolchain(entry).find("noode")

    assert (tool.version if tool else None) == version


@pytest.mark.parametrize(
    ("printed", "exact"),
    [
        ("Client Version: v1.2.3\nKustomize Version: v5.8.1", True),
        ("etcd Version: 1.2.3\nGo Version: go1.26.8", True),
        ("v1.2.3+g1a2b3c4", True),
        ("v1.2.3+k3s1", False),
        ("v1.2.3.4", False),
        ("no such flag: /cache/tiny/v1.2.3/tiny", False),
        ("", False),
    ],
)
def test_the_exact_version_is_read_from_what_tools_print(printed: str, exact: bool) -> None:
    assert names_exact_version(TINY, VersionAnswer(printed, good=True)) is exact


def test_an_executable_put_into_the_cache_by_hand_must_prove_its_version(
    workplace: Workplace,
) -> None:
    place = workplace.cache / "tiny" / "v1.2.3" / "tiny"
    executable(place, "echo tiny version v1.2.3")
    tool = workplace.toolchain(TINY).resolve("tiny")
    assert (tool.path, tool.origin) == (place, "cache")


def test_a_wrong_executable_in_the_cache_is_replaced(workplace: Workplace) -> None:
    executable(workplace.cache / "tiny" / "v1.2.3" / "tiny", "echo tiny version v0.0.1")
    assert workplace.toolchain(TINY).find("tiny") is None
    assert workplace.toolchain(TINY).resolve("tiny").origin == "build"


def test_a_damaged_executable_in_the_cache_is_replaced(workplace: Workplace) -> None:
    tool = workplace.toolchain(TINY).resolve("tiny")
    with tool.path.open("r+b") as file:
        file.truncate(100)

    assert workplace.toolchain(TINY).find("tiny") is None
    assert workplace.toolchain(TINY).resolve("tiny").origin == "build"
    assert workplace.toolchain(TINY).find("tiny") == tool
