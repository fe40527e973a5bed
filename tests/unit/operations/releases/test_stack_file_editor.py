"""Changing versions in a stack file: which characters change, and who may change them when."""

import multiprocessing
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.stack.file import StackFileError
from operations.releases.stack_file_editor import EditError, Overtaken, StackText, locked, replace
from operations.releases.stack_versions import peek

KEYS = ("server", "frontend", "kratos", "a-b-c")
OLD, NEW = "1.22.333", "v4.0.0-pre.1"

lines = st.sampled_from(["", "    # server: 9.9.9", "# ünïcödé ➔ 🦉", "    "])
ends = st.sampled_from(["", " ", "   # why: 'so' \"it\" is", " #1.22.333"])
quotes = st.sampled_from(["", '"', "'"])
gaps = st.sampled_from([" ", "   "])
newlines = st.sampled_from(["\n", "\r\n"])


@st.composite
def files(draw: st.DrawFn) -> tuple[str, str]:
    """A stack file, and how it is to look with another version of `server`."""
    newline = draw(newlines)
    rows: list[tuple[str, str]] = []
    for key in draw(st.permutations(KEYS)):
        rows += [(line, line) for line in draw(st.lists(lines, max_size=2))]
        quote, end = draw(quotes), draw(ends)
        before = f"    {key}:{draw(gaps)}{quote}"
        new = NEW if key == "server" else OLD
        rows.append((f"{before}{OLD}{quote}{end}", f"{before}{new}{quote}{end}"))
    head = ["# Ünten ist nichts", "config:", "  serlo:versions: # here"]
    tail = [
        "  serlo:services: {server: {replicas: {min: 1, max: 2}}}",
        "  serlo:features:",
        "    legacy: true",
    ]
    return (
        newline.join([*head, *(old for old, _ in rows), *tail, ""]),
        newline.join([*head, *(new for _, new in rows), *tail, ""]),
    )


def stack(folder: Path, text: str) -> StackText:
    file = folder / "Pulumi.staging.yaml"
    file.write_bytes(text.encode())
    return StackText.read(file)


@given(files())
def test_only_the_characters_of_the_version_change(
    tmp_path_factory: pytest.TempPathFactory, file: tuple[str, str]
) -> None:
    before, after = file
    read = stack(tmp_path_factory.getbasetemp(), before)
    assert read.versions == dict.fromkeys(KEYS, OLD)
    assert read.with_versions({"server": NEW}).data == after.encode()


def test_a_file_in_flow_style_too(tmp_path: Path) -> None:
    text = 'config: {"serlo:versions": {server: 1.0.0, kratos: "v1.0.0"}}\n'
    read = stack(tmp_path, text)
    changed = read.with_versions({"server": "1.10.0", "kratos": "v2.0.0"})
    assert changed.text == text.replace("1.0.0,", "1.10.0,").replace("v1.0.0", "v2.0.0")


@pytest.mark.parametrize("version", ["1" * 40, f"{'1' * 38}e1", f"0x{'1' * 38}", "1.2"])
def test_what_yaml_takes_for_a_number_gets_quotes(tmp_path: Path, version: str) -> None:
    read = stack(tmp_path, f"config:\n  serlo:versions:\n    frontend: {'a' * 40} # x\n")
    changed = read.with_versions({"frontend": version})
    assert changed.text.endswith(f'    frontend: "{version}" # x\n')


@pytest.mark.parametrize(
    "written", ["|\n      1.2.3", ">-\n      1.2.3", "[1.2.3]", "", "!!str 1.2.3"]
)
def test_what_cannot_be_kept_is_left_alone(tmp_path: Path, written: str) -> None:
    read = stack(tmp_path, f"config:\n  serlo:versions:\n    server: {written}\n    redis: 1.0.0\n")
    with pytest.raises(EditError, match=r"serlo:versions\.server"):
        read.with_versions({"server": "2.0.0"})
    assert read.with_versions({"redis": "2.0.0"}).text.endswith("redis: 2.0.0\n")


def test_a_version_cannot_smuggle_anything_in(tmp_path: Path) -> None:
    read = stack(tmp_path, "config:\n  serlo:versions:\n    server: 1.0.0\n")
    for text in ("1.0.0\n  serlo:domain: x", '1.0.0" # ', "1.0.0: {a: b}"):
        try:
            changed = read.with_versions({"server": text})
        except (EditError, StackFileError):
            continue
        versions = peek(changed.text)
        assert versions is not None
        assert versions.versions == {"server": text}


def test_a_key_that_is_not_there_is_no_place_to_write_to(tmp_path: Path) -> None:
    read = stack(tmp_path, "config:\n  serlo:versions:\n    server: 1.0.0\n")
    with pytest.raises(EditError, match="no version to change"):
        read.with_versions({"redis": "1.0.0"})


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.staging.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(StackFileError, match="not UTF-8"):
        StackText.read(tmp_path / "Pulumi.staging.yaml")


def test_replacing_keeps_the_mode_and_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    file.chmod(0o664)
    replace(file, b"old", b"new")
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o664
    with pytest.raises(Overtaken):
        replace(file, b"old", b"newer")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert file.read_bytes() == b"new"


def _append(folder: Path, line: str) -> None:
    file = folder / "file"
    for _ in range(50):
        with locked(folder):
            before = file.read_bytes()
            replace(file, before, before + line.encode())


def test_a_lock_holds_between_processes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_append, args=(tmp_path, line)) for line in ("a\n", "b\n")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    written = (tmp_path / "file").read_text().splitlines()
    assert sorted(written) == ["a"] * 50 + ["b"] * 50
