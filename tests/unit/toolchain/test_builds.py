"""Tools built from Go modules: with the real Go, from a program of ten lines."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import signal
from pathlib import Path

import pytest

from tests.unit.toolchain.workplace import TINY, Gate, Resolvers, Server, Workplace, wait_until
from toolchain import cache, sources
from toolchain.catalogue import EVERYWHERE, Download, Entry, GoBuild, OlderRelease
from toolchain.errors import ToolError
from toolchain.found import ask


def test_a_tool_is_built_once_and_then_found_without_go(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built = workplace.toolchain(TINY).resolve("tiny")

    assert (built.version, built.origin) == ("v1.2.3", "build")
    assert ask(TINY, built.path).text == "tiny version v1.2.3"
    assert workplace.left("tiny") == {"tiny", "origin.json"}
    told = capsys.readouterr().err
    assert "building tiny v1.2.3 from Go modules … (usually about 2 s)" in told
    assert "tiny v1.2.3 is ready (build" in told

    monkeypatch.setenv("PATH", "/nonexistent")
    assert workplace.toolchain(TINY).resolve("tiny") == built
    assert capsys.readouterr().err == ""


def test_the_build_does_not_depend_on_the_users_settings_for_go(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "GOFLAGS": "-mod=vendor -tags=broken",
        "GOOS": "plan9",
        "GOARCH": "386",
        "CGO_ENABLED": "1",
        "GOTOOLCHAIN": "go9.99.9",
        "GOWORK": "/nonexistent/go.work",
    }.items():
        monkeypatch.setenv(name, value)

    assert workplace.toolchain(TINY).resolve("tiny").origin == "build"


def test_a_failing_build_shows_the_compilers_words_and_the_log(workplace: Workplace) -> None:
    workplace.go_module("broken", "package main\n\nfunc main() { undefinedThing() }\n")
    entry = Entry("broken", "v1.0.0", GoBuild("broken", "."))

    with pytest.raises(ToolError) as raised:
        workplace.toolchain(entry).resolve("broken")

    message = str(raised.value)
    assert "broken v1.0.0 failed" in message
    assert "main.go:3:15: undefined: undefinedThing" in message
    log = Path(message.rsplit("The whole log: ", 1)[1])
    assert "undefined: undefinedThing" in log.read_text()
    assert workplace.left("broken") == set()


def test_a_build_of_another_version_is_not_accepted(workplace: Workplace) -> None:
    entry = Entry("tiny", "v1.2.4", GoBuild("tiny", ".", ("main.version=v1.2.4-rc.1",)))

    with pytest.raises(ToolError, match=r"not v1\.2\.4: .* says: tiny version v1\.2\.4-rc\.1"):
        workplace.toolchain(entry).resolve("tiny")

    assert workplace.left("tiny") == set()


def test_several_tools_are_had_together_and_all_failures_are_told(workplace: Workplace) -> None:
    workplace.go_module("one", "package main\n\nfunc main() { one }\n")
    workplace.go_module("two", "package main\n\nfunc main() { two }\n")
    entries = [Entry(name, "v1.0.0", GoBuild(name, ".")) for name in ("one", "two")]

    with pytest.raises(ToolError) as raised:
        workplace.toolchain(TINY, *entries).resolve_all(["one", "tiny", "two"])

    assert "undefined: one" in str(raised.value)
    assert "undefined: two" in str(raised.value)
    tools = workplace.toolchain(TINY).resolve_all(["tiny", "go"])
    assert {name: tool.origin for name, tool in tools.items()} == {"tiny": "build", "go": "path"}


def test_an_unknown_tool_is_refused_with_the_known_names(workplace: Workplace) -> None:
    with pytest.raises(ToolError, match="no tool 'tinny' in the catalogue; it has: go, tiny"):
        workplace.toolchain(TINY).resolve("tinny")


def test_a_cache_that_cannot_be_written_is_told_with_a_remedy(workplace: Workplace) -> None:
    workplace.cache.write_text("a file where the folder should be")

    with pytest.raises(ToolError, match=r"cannot write to .*XDG_CACHE_HOME"):
        workplace.toolchain(TINY).resolve("tiny")


def test_where_the_release_cannot_be_had_an_older_one_is_built_and_says_so(
    workplace: Workplace,
) -> None:
    source = GoBuild(
        "tiny", ".", ("main.version=v1.1.0",), older=OlderRelease("v1.1.0", "v0.0.0", "May 2025")
    )
    entry = dataclasses.replace(TINY, source=source, version_arguments=())

    tool = workplace.toolchain(entry).resolve("tiny")

    assert (tool.version, tool.origin) == ("v1.1.0", "build")
    assert tool.note == "of May 2025; v1.2.3 cannot be downloaded here"
    assert ask(TINY, tool.path).text == "tiny version v1.1.0"
    assert workplace.toolchain(entry).find("tiny") == tool
    workplace.toolchain(entry).clean()
    assert workplace.toolchain(entry).find("tiny") == tool


def test_an_older_one_gives_way_when_the_release_can_be_downloaded(
    workplace: Workplace, server: Server
) -> None:
    older = OlderRelease("v1.1.0", "v0.0.0", "May 2025")
    source = GoBuild("tiny", ".", ("main.version=v1.1.0",), older=older)
    built = dataclasses.replace(TINY, source=source, version_arguments=())
    workplace.toolchain(built).resolve("tiny")
    release = Download(f"{server.url}/tiny", f"{server.url}/tiny.sha256", platforms=EVERYWHERE)
    offered = dataclasses.replace(built, download=release)

    workplace.toolchain(offered).renew("tiny")
    tool = workplace.toolchain(offered).find("tiny")
    assert tool is not None
    assert tool.version == "v1.1.0"

    server.files = {"/tiny": b"new", "/tiny.sha256": hashlib.sha256(b"new").hexdigest().encode()}
    workplace.toolchain(offered).renew("tiny")
    tool = workplace.toolchain(offered).find("tiny")
    assert tool is not None
    assert (tool.version, tool.origin, tool.note) == ("v1.2.3", "download", "")


def test_a_file_of_another_module_is_embedded(workplace: Workplace) -> None:
    workplace.go_module("text", "package text\n")
    workplace.go_module(
        "carrier",
        """package main

import (
	_ "embed"
	"os"

	_ "example.test/text"
)

//go:embed carried.txt
var carried string

func main() { os.Stdout.WriteString("carrier version v1.0.0\\n" + carried) }
""",
    )
    folder = workplace.folder / "go" / "carrier"
    with (folder / "go.mod").open("a") as file:
        file.write("require example.test/text v0.0.0\nreplace example.test/text => ../text\n")
    source = GoBuild("carrier", ".", embeds=("carried.txt", "example.test/text", "go.mod"))

    tool = workplace.toolchain(Entry("carrier", "v1.0.0", source)).resolve("carrier")

    assert "module example.test/text" in ask(TINY, tool.path).text
    assert not (folder / "carried.txt").exists()


def test_what_go_compiled_is_removed_by_the_last_who_builds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOCACHE")
    monkeypatch.delenv("GOMODCACHE", raising=False)
    with cache.go_caches(tmp_path) as caches:
        environment = sources.go_environment(caches)
        assert Path(environment["GOCACHE"]).is_relative_to(caches)
        assert environment["GOPATH"] == str(caches)
        module = caches / "pkg" / "mod" / "example.test"
        module.mkdir(parents=True)
        module.chmod(0o555)  # as Go leaves it
        with cache.go_caches(tmp_path):
            pass
        assert module.exists()
        assert cache.remove_go_caches(tmp_path) is False

    assert not caches.exists()


def test_cleaning_removes_what_no_pinned_version_needs(workplace: Workplace) -> None:
    tool = workplace.toolchain(TINY).resolve("tiny")
    newer = dataclasses.replace(
        TINY, version="v1.2.4", source=GoBuild("tiny", ".", ("main.version=v1.2.4",))
    )
    with_newer = workplace.toolchain(newer)
    current = with_newer.resolve("tiny")

    assert with_newer.clean() == [tool.path.parent]
    assert with_newer.find("tiny") == current
    assert not tool.path.exists()
    assert [path.name for path in (workplace.cache / "logs").iterdir()] == ["tiny-v1.2.4.log"]


def test_two_processes_build_once_and_the_second_says_for_whom_it_waits(
    workplace: Workplace, gate: Gate, resolvers: Resolvers
) -> None:
    first = resolvers.start("tiny")
    wait_until(lambda: len(gate.began()) == 1, "the first process began to build")
    second = resolvers.start("tiny")
    waiting = f"waiting for process {first.process.pid}, which is at work on tiny v1.2.3"
    wait_until(lambda: waiting in second.said(), "the second process said that it waits")
    gate.open()

    expected = (0, str(workplace.cache / "tiny" / "v1.2.3" / "tiny"))
    assert first.finish() == expected
    assert second.finish() == expected
    assert len(gate.began()) == 1


def test_after_kill_9_in_the_middle_the_next_run_builds_afresh(
    workplace: Workplace, gate: Gate, resolvers: Resolvers
) -> None:
    killed = resolvers.start("tiny")
    wait_until(lambda: len(gate.began()) == 1, "the build began")
    (build,) = gate.began()
    killed.process.kill()
    killed.process.wait()
    assert any(name.startswith(".partial-") for name in workplace.left("tiny"))
    if os.uname().sysname == "Linux":
        wait_until(lambda: _gone(build), "the build ended with the process that started it")
    gate.open()

    assert workplace.toolchain(TINY).resolve("tiny").origin == "build"
    assert workplace.left("tiny") == {"tiny", "origin.json"}


@pytest.mark.parametrize("names", [("tiny",), ("tiny", "small", "little")])
def test_ctrl_c_leaves_no_process_and_no_half_file(
    workplace: Workplace, gate: Gate, resolvers: Resolvers, names: tuple[str, ...]
) -> None:
    for name in names[1:]:
        workplace.go_module(name)
    at_once = min(len(names), 2, os.cpu_count() or 1)
    interrupted = resolvers.start(*names)
    wait_until(lambda: len(gate.began()) == at_once, "the builds began")
    interrupted.process.send_signal(signal.SIGINT)

    code, _ = interrupted.finish()
    assert code != 0
    assert interrupted.said().rstrip().endswith("KeyboardInterrupt")
    assert all(_gone(build) for build in gate.began())
    assert len(gate.began()) == at_once, "nothing more was started"
    assert all(workplace.left(name) == set() for name in names)


def _gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    # Who reaps an orphan may be slow: a zombie runs no more.
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"
