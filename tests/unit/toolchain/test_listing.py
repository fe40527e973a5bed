"""`serlo tools`: the list, without making anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from operations.commands.tools import tools
from toolchain.catalogue import CATALOGUE


def test_the_list_names_every_tool_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))

    tools(json=True)
    listed = json.loads(capsys.readouterr().out)
    tools()
    table = capsys.readouterr().out

    assert [(row["name"], row["version"], row["origin"], row["path"]) for row in listed] == [
        (name, entry.version, "missing", None) for name, entry in CATALOGUE.items()
    ]
    assert all(name in table for name in CATALOGUE)
    assert "to get them now: serlo tools --install" in table
    assert not (tmp_path / "cache").exists()


def test_the_list_says_where_each_tool_is_and_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    entry = CATALOGUE["gateway-api"]
    folder = tmp_path / "serlo" / "tools" / entry.name / entry.version
    (folder / entry.name).mkdir(parents=True)
    (folder / "origin.json").write_text('{"origin": "module", "size": null}')

    tools(json=True)
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    tools()
    table = capsys.readouterr().out

    assert listed[entry.name]["origin"] == "module"
    assert listed[entry.name]["path"] == str(folder / entry.name)
    (line,) = [line.split() for line in table.splitlines() if line.startswith(entry.name)]
    assert line == [entry.name, entry.version, "module", str(folder / entry.name)]
