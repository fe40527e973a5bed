"""Official downloads, from a loopback server that plays the official one."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import socket
import tarfile
from pathlib import Path

import pytest

from tests.unit.toolchain.workplace import TINY, Server, Workplace
from toolchain.catalogue import EVERYWHERE, Download, Entry
from toolchain.download import find_sum, this_platform
from toolchain.errors import ToolError

PROGRAM = b"#!/bin/sh\necho tiny version v1.2.3\n"
SYSTEM, MACHINE = this_platform()


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _offered(base: str, **changes: object) -> Entry:
    plain = Download(f"{base}/tiny", checksums=f"{base}/tiny.sha256", platforms=EVERYWHERE)
    return dataclasses.replace(TINY, download=dataclasses.replace(plain, **changes))


def _checksums(workplace: Workplace) -> Path:
    """The file of pinned sums."""
    workplace.folder.mkdir(exist_ok=True)
    return workplace.folder / "checksums.txt"


def _archive(*members: str | bytes) -> bytes:
    """An archive of names and contents, in turn."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in zip(members[::2], members[1::2], strict=True):
            assert isinstance(name, str)
            assert isinstance(content, bytes)
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def test_a_download_with_the_right_sum_is_taken_and_remembered(
    workplace: Workplace, server: Server
) -> None:
    server.files = {"/tiny": PROGRAM, "/tiny.sha256": _sum(PROGRAM).encode()}

    tool = workplace.toolchain(_offered(server.url)).resolve("tiny")

    assert tool.origin == "download"
    assert tool.path.read_bytes() == PROGRAM
    assert workplace.left("tiny") == {"tiny", "origin.json"}
    assert workplace.toolchain(_offered(server.url)).resolve("tiny") == tool


def test_an_executable_is_taken_out_of_an_archive(workplace: Workplace, server: Server) -> None:
    name = f"tiny-{SYSTEM}-a_{MACHINE}.tar.gz"
    archive = _archive(f"tiny-{SYSTEM}/bin/tiny", PROGRAM)
    sums = f"{'0' * 64}  other.tar.gz\n{_sum(archive)}  {name}\n"
    server.files = {f"/{name}": archive, "/sums": sums.encode()}
    entry = _offered(
        server.url,
        url=f"{server.url}/tiny-{{os}}-{{arch}}.tar.gz",
        checksums=f"{server.url}/sums",
        member="tiny-{os}/bin/tiny",
        arch={MACHINE: f"a_{MACHINE}"},
    )

    tool = workplace.toolchain(entry).resolve("tiny")

    assert (tool.origin, tool.path.read_bytes()) == ("download", PROGRAM)


def test_what_belongs_beside_an_executable_comes_with_it(
    workplace: Workplace, server: Server
) -> None:
    archive = _archive("tiny/tiny", PROGRAM, "tiny/tiny-helper", b"#!/bin/sh\n", "tiny/more", b"")
    server.files = {"/tiny.tar.gz": archive, "/sums": f"{_sum(archive)}  tiny.tar.gz\n".encode()}
    entry = _offered(
        server.url,
        url=f"{server.url}/tiny.tar.gz",
        checksums=f"{server.url}/sums",
        member="tiny/tiny",
        beside=("tiny/tiny-helper",),
    )

    tool = workplace.toolchain(entry).resolve("tiny")

    assert tool.path.read_bytes() == PROGRAM
    assert {path.name for path in tool.path.parent.iterdir()} == {"tiny", "tiny-helper"}
    assert os.access(tool.path.parent / "tiny-helper", os.X_OK)
    assert workplace.toolchain(entry).resolve("tiny") == tool


def test_what_is_in_no_registry_can_only_be_downloaded(
    workplace: Workplace, server: Server
) -> None:
    entry = dataclasses.replace(_offered(server.url), source=None, version_arguments=())
    with pytest.raises(ToolError, match=r"tiny v1\.2\.3 cannot be downloaded here"):
        workplace.toolchain(entry).resolve("tiny")

    server.files = {"/tiny": PROGRAM, "/tiny.sha256": _sum(PROGRAM).encode()}

    assert workplace.toolchain(entry).resolve("tiny").origin == "download"


def test_a_wrong_sum_is_an_error_and_nothing_is_kept(workplace: Workplace, server: Server) -> None:
    server.files = {"/tiny": PROGRAM + b"# more\n", "/tiny.sha256": _sum(PROGRAM).encode()}

    with pytest.raises(ToolError) as raised:
        workplace.toolchain(_offered(server.url)).resolve("tiny")

    for part in (f"{server.url}/tiny", _sum(PROGRAM), _sum(server.files["/tiny"]), "=never"):
        assert part in str(raised.value)
    assert workplace.left("tiny") == set()


def test_a_pinned_sum_wins_over_the_published_one(workplace: Workplace, server: Server) -> None:
    server.files = {"/tiny": PROGRAM, "/tiny.sha256": _sum(PROGRAM).encode()}
    _checksums(workplace).write_text(f"# Pinned.\n{'0' * 64}  {server.url}/tiny\n")

    with pytest.raises(ToolError, match=r"checksums\.txt says 0000"):
        workplace.toolchain(_offered(server.url)).resolve("tiny")


def test_pinning_records_the_sum_for_every_platform(workplace: Workplace, server: Server) -> None:
    files = {f"/tiny-{platform.replace('/', '-')}": platform.encode() for platform in EVERYWHERE}
    listed = "".join(f"{_sum(content)}  {name[1:]}\n" for name, content in files.items())
    server.files = {**files, "/sums": listed.encode()}
    entry = _offered(
        server.url, url=f"{server.url}/tiny-{{os}}-{{arch}}", checksums=f"{server.url}/sums"
    )
    _checksums(workplace).write_text(f"{'0' * 64}  {server.url}/tiny-v1.2.2\n")

    assert workplace.toolchain(entry).pin() == []

    recorded = _checksums(workplace).read_text().splitlines()
    assert recorded[0].startswith("#")
    assert recorded[1:] == sorted(
        (f"{_sum(content)}  {server.url}{name}" for name, content in files.items()),
        key=lambda line: line.split()[1],
    )


def test_a_release_that_was_replaced_is_not_pinned(workplace: Workplace, server: Server) -> None:
    server.files = {"/tiny.sha256": _sum(PROGRAM).encode()}
    recorded = f"{'0' * 64}  {server.url}/tiny\n"
    _checksums(workplace).write_text(recorded)

    with pytest.raises(ToolError, match=rf"/tiny: recorded 0000.*published {_sum(PROGRAM)}"):
        workplace.toolchain(_offered(server.url)).pin()

    assert _checksums(workplace).read_text() == recorded


def test_a_release_that_cannot_be_asked_keeps_its_sum(workplace: Workplace, server: Server) -> None:
    recorded = f"{'0' * 64}  {server.url}/tiny\n"
    _checksums(workplace).write_text(recorded)

    missing = workplace.toolchain(_offered(server.url)).pin()

    assert missing
    assert all(f"{server.url}/tiny: " in line for line in missing)
    assert recorded in _checksums(workplace).read_text()


def test_a_line_that_is_no_sum_is_an_error(workplace: Workplace, server: Server) -> None:
    server.files = {"/tiny": PROGRAM, "/tiny.sha256": _sum(PROGRAM).encode()}
    _checksums(workplace).write_text(f"# Pinned.\nabc {server.url}/tiny\n")

    with pytest.raises(ToolError, match=r"checksums\.txt:2: found 'abc "):
        workplace.toolchain(_offered(server.url)).resolve("tiny")


def test_where_only_pinned_downloads_are_allowed_others_are_built(
    workplace: Workplace, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files = {"/tiny": PROGRAM, "/tiny.sha256": _sum(PROGRAM).encode()}
    monkeypatch.setenv("SERLO_TOOLS_DOWNLOAD", "pinned")

    assert workplace.toolchain(_offered(server.url)).resolve("tiny").origin == "build"


def test_where_only_pinned_downloads_are_allowed_pinned_ones_are_taken(
    workplace: Workplace, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files = {"/tiny": PROGRAM}
    _checksums(workplace).write_text(f"{_sum(PROGRAM)}  {server.url}/tiny\n")
    monkeypatch.setenv("SERLO_TOOLS_DOWNLOAD", "pinned")

    assert workplace.toolchain(_offered(server.url)).resolve("tiny").origin == "download"


def test_a_download_of_another_version_is_an_error(workplace: Workplace, server: Server) -> None:
    other = b"#!/bin/sh\necho tiny version v1.2.2\n"
    server.files = {"/tiny": other, "/tiny.sha256": _sum(other).encode()}

    with pytest.raises(ToolError, match=r"not v1\.2\.3: .* says: tiny version v1\.2\.2"):
        workplace.toolchain(_offered(server.url)).resolve("tiny")


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"/tiny": PROGRAM},
        {"/tiny": PROGRAM, "/tiny.sha256": b"<html>Sign in to this network</html>"},
        {"/tiny.sha256": _sum(PROGRAM).encode()},
    ],
    ids=["nothing there", "no sum", "a sign-in page for a sum", "no file"],
)
def test_what_cannot_be_downloaded_and_checked_is_built(
    workplace: Workplace, server: Server, files: dict[str, bytes]
) -> None:
    server.files = files

    assert workplace.toolchain(_offered(server.url)).resolve("tiny").origin == "build"


def test_an_unreachable_host_is_passed_over_without_a_word(
    workplace: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as bound:  # bound, not listening: every caller is refused
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        assert workplace.toolchain(_offered(url)).resolve("tiny").origin == "build"

    assert "download" not in capsys.readouterr().err


def test_a_host_is_asked_once_for_all_tools(workplace: Workplace, server: Server) -> None:
    entries = [
        dataclasses.replace(_offered(server.url), name=name) for name in ("tiny", "small", "little")
    ]

    workplace.toolchain(*entries).resolve_all(["tiny", "small", "little"])

    assert server.requests.count("HEAD /") == 1
    assert server.requests.count("GET /tiny.sha256") == 3


def test_official_downloads_can_be_switched_off(
    workplace: Workplace, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERLO_TOOLS_DOWNLOAD", "never")
    server.files = {"/tiny": PROGRAM, "/tiny.sha256": _sum(PROGRAM).encode()}

    assert workplace.toolchain(_offered(server.url)).resolve("tiny").origin == "build"
    assert server.requests == []


def test_a_platform_without_an_official_file_is_built(workplace: Workplace, server: Server) -> None:
    entry = _offered(server.url, platforms=("plan9/386",))

    assert workplace.toolchain(entry).resolve("tiny").origin == "build"
    assert all(request.startswith("HEAD") for request in server.requests)


def test_an_address_without_tls_is_refused(workplace: Workplace) -> None:
    with pytest.raises(ToolError, match=r"must use https, not http://downloads\.example/tiny"):
        workplace.toolchain(_offered("http://downloads.example"))


def test_sums_are_read_from_all_that_publishers_write() -> None:
    one, other = "a" * 64, "b" * 64
    listed = f"{other}  tiny.tar.gz\n{one}  tiny\n{other} *tiny.zip\n"
    release = {
        "assets": [
            {"name": "tiny.zip", "digest": f"sha256:{other}"},
            {"name": "tiny", "digest": f"sha256:{one}"},
            {"name": "old", "digest": None},
        ]
    }

    assert find_sum(f"{one}\n", "tiny") == one
    assert find_sum(listed, "tiny") == one
    assert find_sum(listed, "tiny.zip") == other
    assert find_sum(json.dumps(release), "tiny") == one
    assert find_sum(json.dumps(release), "old") is None
    assert find_sum(json.dumps({"message": "rate limit exceeded"}), "tiny") is None
    assert find_sum("a" * 63, "tiny") is None
