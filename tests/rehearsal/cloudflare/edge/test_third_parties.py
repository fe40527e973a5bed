"""Hosts outside the zones: recorded answers, those a test adds, and a stand-in for the rest."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.rehearsal.cloudflare.emulator import Emulator, Zone

# Fetches what the header says, so that the answer is that of the host.
FETCHER = """
export default {
  fetch(request) {
    return fetch(request.headers.get("x-url"), { method: request.method, redirect: "manual" });
  },
};
"""

Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(zone: Zone) -> Ask:
    """Let a worker fetch a URL."""
    zone.record("@")
    zone.route(f"{zone.name}/*", zone.script(FETCHER))

    def fetched(url: str, method: str = "GET") -> httpx.Response:
        headers = {"host": zone.name, "x-url": url}
        return zone.emulator.edge.request(method, "/", headers=headers)

    return fetched


@pytest.fixture
def add(emulator: Emulator) -> Iterator[Callable[[object], None]]:
    """Write answers.json; it is gone after the test."""
    file = emulator.state / "answers.json"

    def write(answers: object) -> None:
        file.write_text(answers if isinstance(answers, str) else json.dumps(answers))

    yield write
    file.unlink(missing_ok=True)


YTIMG = "https://i.ytimg.com/vi"
JPEG, PNG = ("image/jpeg", b"\xff\xd8"), ("image/png", b"\x89PNG")
JSON, TEXT = "application/json", "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://serlo.github.io/quickbar-updater/quickbar.json", (200, JSON, b"[{")),
        ("https://pdf.serlo.org/api/1855", (200, "application/pdf", b"%PDF-")),
        ("https://pdf.serlo.org/api/404", (404, TEXT, b"Not")),
        ("https://assets.serlo.org/5f/picture.png", (200, *PNG)),
        ("https://assets.serlo.org/legacy/5f.png", (200, *PNG)),
        (f"{YTIMG}/sddefault-1/sddefault.jpg", (200, *JPEG)),
        (f"{YTIMG}/hqdefault-1/sddefault.jpg", (404, *JPEG)),
        (f"{YTIMG}/hqdefault-1/hqdefault.jpg", (200, *JPEG)),
        (f"{YTIMG}/none0000000/hqdefault.jpg", (404, *JPEG)),
        (
            "https://vimeo.com/api/oembed.json?url=https%3A%2F%2Fvimeo.com%2F1",
            (404, JSON, b"{"),
        ),
        ("https://i.vimeocdn.com/video/505834070-0f0f-d", (200, *JPEG)),
        (
            "https://upload.wikimedia.org/wikipedia/commons/thumb/1/15/A.webm/800px--A.webm.jpg",
            (200, *JPEG),
        ),
    ],
)
def test_recorded_answers(ask: Ask, url: str, expected: tuple[int, str, bytes]) -> None:
    answer = ask(url)
    status, content_type, beginning = expected
    assert (answer.status_code, answer.headers["content-type"]) == (status, content_type)
    assert answer.content.startswith(beginning)
    assert url.startswith(answer.headers["x-rehearsal-recorded"])
    assert answer.headers["x-rehearsal-foreign"] == httpx.URL(url).host


def test_documents_lead_to_recorded_images(ask: Ask) -> None:
    video = ask("https://vimeo.com/api/oembed.json?url=https%3A%2F%2Fvimeo.com%2F117611037").json()
    assert video["type"] == "video"
    assert ask(video["thumbnail_url"]).headers["content-type"] == "image/jpeg"
    applet = ask("https://www.geogebra.org/api/json.php", "POST").json()
    preview = applet["responses"]["response"]["item"]["previewUrl"]
    assert ask(preview).headers["content-type"] == "image/png"


def test_other_hosts_and_methods_get_the_stand_in(ask: Ask) -> None:
    for url, method in (
        ("https://serlo.github.io.evil.example/quickbar-updater/quickbar.json", "GET"),
        ("https://serlo.github.io/", "GET"),
        ("http://serlo.github.io/quickbar-updater/quickbar.json", "GET"),
        ("https://www.geogebra.org/api/json.php", "GET"),
    ):
        answer = ask(url, method)
        assert answer.status_code == 200
        assert answer.json()["url"] == url
        assert "x-rehearsal-recorded" not in answer.headers


def test_records_that_lead_to_other_hosts(zone: Zone, add: Callable[[object], None]) -> None:
    zone.record("by-name", "elsewhere.invalid")
    zone.record("by-target", "store.invalid")
    add(
        [
            {"url": f"https://{zone.host('by-name')}/a", "body": "of the name"},
            {"url": "https://store.invalid/a", "body": "of the target"},
        ]
    )
    assert zone.get(zone.host("by-name"), "/a").text == "of the name"
    assert zone.get(zone.host("by-target"), "/a").text == "of the target"
    assert zone.get(zone.host("by-target"), "/b").json()["host"] == "store.invalid"


def test_everything_is_written_down(ask: Ask, zone: Zone) -> None:
    ask("https://pdf.serlo.org/api/404")
    ask("https://pdf.serlo.org/api/1", "POST")
    ask("https://anybody.example/x?y=z")
    written = [
        (entry["method"], entry["target"], entry["status"])
        for entry in zone.emulator.audit()
        if entry["kind"] == "foreign_fetch"
    ]
    assert written[-3:] == [
        ("GET", "https://pdf.serlo.org/api/404", 404),
        ("POST", "https://pdf.serlo.org/api/1", 200),
        ("GET", "https://anybody.example/x?y=z", 200),
    ]


def test_a_rehearsal_adds_answers(ask: Ask, add: Callable[[object], None]) -> None:
    url = "https://serlo.github.io/quickbar-updater/quickbar.json"
    added: list[dict[str, Any]] = [
        {"url": url, "status": 503, "headers": {"retry-after": "7"}},
        {"url": "https://new.example/", "json": {"a": 1}},
        {"url": "https://new.example/b", "base64": "AAE=", "type": "application/octet-stream"},
        {"url": "https://new.example/b", "method": "PUT", "status": 302, "body": "moved"},
    ]
    add(added)
    down = ask(url)
    assert (down.status_code, down.headers["retry-after"], down.content) == (503, "7", b"")
    assert ask("https://new.example/a").json() == {"a": 1}
    assert ask("https://new.example/b/c").content == b"\x00\x01"
    add(added[1:])
    assert ask(url).json()[0]["path"] == "/mathe"
    assert ask("https://new.example/a").json() == {"a": 1}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[", "Invalid JSON"),
        ('[{"url": "https://host-alone.example"}]', "url"),
        ('[{"url": "https://host.example/", "stauts": 404}]', "stauts"),
        ('[{"url": "https://host.example/", "body": "a", "json": 1}]', "only one of body"),
        ('[{"url": "https://host.example/", "base64": "A"}]', "base64"),
    ],
)
def test_a_wrong_file_says_so(
    ask: Ask, add: Callable[[object], None], content: str, complaint: str
) -> None:
    add(content)
    answer = ask("https://pdf.serlo.org/api/1")
    assert answer.status_code == 500
    assert "answers.json" in answer.text
    assert complaint in answer.text
