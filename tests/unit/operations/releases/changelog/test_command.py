"""`serlo changelog`, and where changelogs are read from."""

import json
import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.services import declared
from operations.commands.changelog import changelog
from operations.releases.changelog import ChangelogUnavailable, changelog_text, read_changelog
from operations.releases.changelog.sources import MIRROR
from tests.stack_files import stack_file

FILE = Path(__file__).parent / "api.md"
SERVER = next(s for s in declared() if s.name == "server")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A folder laid out as the repositories are."""
    target = tmp_path / "mirror" / "serlo" / "api.serlo.org" / "CHANGELOG.md"
    target.parent.mkdir(parents=True)
    target.write_text(FILE.read_text())
    return tmp_path / "mirror"


@pytest.fixture
def site(mirror: Path) -> Iterator[ThreadingHTTPServer]:
    """The same as a web site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(mirror)))
    serve = partial(server.serve_forever, poll_interval=0.01)
    threading.Thread(target=serve, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(MIRROR, raising=False)
    return tmp_path / "cache"


def address(site: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{site.server_address[1]}"


def test_forward(capsys: pytest.CaptureFixture[str]) -> None:
    changelog("server", "0.52.1", "0.54.0", file=FILE)
    out, err = capsys.readouterr()
    assert err == ""
    assert (
        out
        == """\
server 0.52.1 ➔ 0.54.0 (3 versions listed)
https://github.com/serlo/api.serlo.org/compare/v0.52.1...v0.54.0

Breaking Changes
  - **thread**. Remove `Thread.old`; clients ask for `Thread.new`. (0.54.0)

Changed
  - Needs the database migration `20230801-add-table` #902 (0.53.0)

Added
  - **uuid**. Add fields that several types share. More specifically:
      - `Article.first`
      - `Article.second` (0.53.0)
  - Add `user.something` #901 (0.53.0)

Fixed
  - Fix a thing (see [this bug](https://github.com/serlo/api.serlo.org/issues/1)
      which goes on here (0.52.2)

Internal
  - Upgrade to Node 20 (0.54.0)

Look twice:
  - breaking change: **thread**. Remove `Thread.old`; clients ask for `Thread.new`. (0.54.0)
  - migration: Needs the database migration `20230801-add-table` #902 (0.53.0)
"""
    )


def test_back(capsys: pytest.CaptureFixture[str]) -> None:
    changelog("server", "0.53.0", "0.52.2", file=FILE)
    out = capsys.readouterr().out
    assert "server 0.53.0 ➔ 0.52.2 (1 version listed)\n" in out
    assert "\nThis goes back. Taken back:\n" in out
    assert "Fix a thing" not in out


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    changelog("swr-queue-worker", "0.53.0", "0.54.0", file=FILE, json=True)
    report = json.loads(capsys.readouterr().out)
    assert report["service"] == "swr-queue-worker"
    assert (report["from"], report["to"], report["direction"]) == ("0.53.0", "0.54.0", "forward")
    (version,) = report["versions"]
    assert (version["version"], version["date"]) == ("v0.54.0", None)
    assert version["entries"][1] == {"group": "Internal", "text": "Upgrade to Node 20", "line": 13}
    assert [concern["kind"] for concern in report["concerns"]] == ["breaking change"]
    assert report["notes"] == []


def test_stacks_stand_for_their_versions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = tmp_path / "Pulumi.staging.yaml"
    text = stack_file("staging").read_text()
    assert "    server: 0.52.1\n" in text
    stack.write_text(text.replace("    server: 0.52.1\n", "    server: 0.53.0\n"))
    changelog("server", "production", str(stack), file=FILE)
    assert capsys.readouterr().out.startswith("server 0.52.1 ➔ 0.53.0 (2 versions listed)\n")


def test_by_default_from_production_to_staging(capsys: pytest.CaptureFixture[str]) -> None:
    changelog("editor-renderer")
    out, err = capsys.readouterr()
    assert out.startswith("editor-renderer 13.4.4 ➔ 13.5.0\nhttps://github.com/serlo/frontend")
    assert err.startswith("warning: editor-renderer has no changelog: ")


def test_published_continuously(capsys: pytest.CaptureFixture[str]) -> None:
    changelog("frontend", "1" * 40, "2" * 40)
    out, err = capsys.readouterr()
    assert f"https://github.com/serlo/frontend/compare/{'1' * 40}...{'2' * 40}\n" in out
    assert "merged pull requests are the record" in out
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("absent", "0.1.0", "0.2.0"), "'absent' is no service; there are database-layer, "),
        (("server", "latest", "0.2.0"), "'latest' is a tag that moves"),
        (("server", "0.1", "0.2.0"), "Write all three numbers"),
        (("frontend", "0.1.0", "1" * 40), "write the commit"),
        (("hydra", "production", "staging"), "hydra does not exist in staging"),
    ],
)
def test_mistakes(
    arguments: tuple[str, str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        changelog(*arguments, file=FILE)
    assert caught.value.code == 1
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""


@pytest.mark.parametrize(
    "where",
    [
        {"file": Path("nowhere.md")},
        {"url": "http://127.0.0.1:9/CHANGELOG.md"},
        {"url": "http://example.invalid/CHANGELOG.md"},
        {"url": "ftp://example.invalid/CHANGELOG.md"},
        {"url": "https://[::1"},
    ],
)
def test_without_a_changelog_it_is_a_warning(
    where: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    changelog("server", "0.52.1", "0.53.0", **where)
    out, err = capsys.readouterr()
    assert out == (
        "server 0.52.1 ➔ 0.53.0\nhttps://github.com/serlo/api.serlo.org/compare/v0.52.1...v0.53.0\n"
    )
    assert err.startswith("warning: ")
    assert err.count("\n") == 1


def test_from_a_folder(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MIRROR, str(mirror))
    assert changelog_text(SERVER) == FILE.read_text()
    with pytest.raises(ChangelogUnavailable, match=r"CHANGELOG\.md cannot be read"):
        changelog_text(next(s for s in declared() if s.name == "database-layer"))


def test_from_an_address(
    site: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(MIRROR, address(site))
    assert changelog_text(SERVER) == FILE.read_text()
    changelog("server", "0.52.1", "0.53.0", url=f"{address(site)}/serlo/api.serlo.org/CHANGELOG.md")
    assert "(2 versions listed)" in capsys.readouterr().out
    with pytest.raises(ChangelogUnavailable, match="status 404"):
        changelog_text(next(s for s in declared() if s.name == "database-layer"))


def test_an_earlier_copy_serves_while_offline(
    site: ThreadingHTTPServer,
    mirror: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(MIRROR, address(site))
    assert read_changelog(SERVER).note is None
    source = mirror / "serlo" / "api.serlo.org" / "CHANGELOG.md"
    source.write_text("## 0.1.0\n")
    assert changelog_text(SERVER) == FILE.read_text()  # not asked again so soon
    (copy,) = (cache / "serlo" / "changelogs").iterdir()
    os.utime(copy, (copy.stat().st_mtime - 7200, copy.stat().st_mtime - 7200))
    source.unlink()
    found = read_changelog(SERVER)
    assert found.text == FILE.read_text()
    assert found.note is not None
    assert found.note.endswith("shown is a copy of 2 h ago")
    source.write_text("## 0.1.0\n")
    assert changelog_text(SERVER) == "## 0.1.0\n"
