"""Images of embedded players, and files of the asset store."""

import json
import struct
import uuid
from typing import Any
from urllib.parse import quote

import pytest

from tests.rehearsal.edge_worker.runtime import Answer, EdgeRuntime
from tests.rehearsal.edge_worker.sites import ENVIRONMENTS, address, cases, titled

PLACEHOLDER_BYTES = 135
PNG = b"\x89PNG\r\n\x1a\n"
JPEG = {"content-type": "image/jpeg"}

YOUTUBE = "https://www.youtube-nocookie.com/embed/Wtvyw4NjJWc?autoplay=1&html5=1"
YOUTUBE_IMAGE = "https://i.ytimg.com/vi/Wtvyw4NjJWc"
VIMEO = "https://player.vimeo.com/video/117611037?autoplay=1"
VIMEO_API = "https://vimeo.com/api/oembed.json?url=https%3A%2F%2Fvimeo.com%2F117611037"
VIMEO_IMAGE = "https://i.vimeocdn.com/video/505834070"
GEOGEBRA = "https://www.geogebra.org/material/iframe/id/100"
GEOGEBRA_API = "https://www.geogebra.org/api/json.php"
GEOGEBRA_IMAGE = "https://cdn.geogebra.org/resource/q9gNCVsS/lIoGcSJdoALG1cTd/material-q9gNCVsS.png"
WIKIMEDIA = "https://upload.wikimedia.org/wikipedia/commons/1/15/Inerter.webm"
WIKIMEDIA_IMAGE = (
    "https://upload.wikimedia.org/wikipedia/commons/thumb/1/15/Inerter.webm/800px--Inerter.webm.jpg"
)


def thumbnail(edge: EdgeRuntime, url: str, path: str = "/thumbnail") -> Answer:
    url = address("staging", "embed", f"{path}?url={quote(url, safe='')}")
    headers = {"cookie": "a=b", "authorization": "secret", "x-serlo-edge": "x"}
    answer = edge.fetch("staging", url, headers=headers)
    for call in edge.calls():
        assert not {"cookie", "authorization", "x-serlo-edge"} & set(call.headers)
    return answer


def is_placeholder(answer: Answer) -> None:
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    assert len(answer.body) == PLACEHOLDER_BYTES
    assert answer.body.startswith(PNG)
    width, height = struct.unpack(">II", answer.body[16:24])
    assert width > 0
    assert height > 0


def preview(url: object) -> str:
    """What GeoGebra says of an applet."""
    return json.dumps({"responses": {"response": {"item": {"previewUrl": url}}}})


def nothing_but(edge: EdgeRuntime, *known: tuple[str, str]) -> None:
    """There is nothing in the world but these bodies under these addresses."""
    edge.answer("https://", status=404)
    for url, body in known:
        edge.answer(url, body=body, headers=JPEG)


def test_a_video_of_youtube_has_a_large_image(edge: EdgeRuntime) -> None:
    nothing_but(
        edge,
        (f"{YOUTUBE_IMAGE}/sddefault.jpg", "large"),
        (f"{YOUTUBE_IMAGE}/hqdefault.jpg", "small"),
    )
    answer = thumbnail(edge, YOUTUBE)
    assert (answer.status, answer.body) == (200, b"large")
    assert answer.headers["content-type"] == "image/jpeg"
    assert [call.url for call in edge.calls()] == [f"{YOUTUBE_IMAGE}/sddefault.jpg"]


def test_a_video_of_youtube_has_a_small_image_else(edge: EdgeRuntime) -> None:
    nothing_but(edge, (f"{YOUTUBE_IMAGE}/hqdefault.jpg", "small"))
    answer = thumbnail(edge, YOUTUBE)
    assert (answer.status, answer.body) == (200, b"small")
    assert [call.url.rpartition("/")[2] for call in edge.calls()] == [
        "sddefault.jpg",
        "hqdefault.jpg",
    ]


def test_a_video_of_vimeo_has_its_image_in_full_size(edge: EdgeRuntime) -> None:
    said = json.dumps({"type": "video", "thumbnail_url": f"{VIMEO_IMAGE}_295x166.jpg"})
    nothing_but(edge, (VIMEO_API, said), (f"{VIMEO_IMAGE}.jpg", "image"))
    answer = thumbnail(edge, VIMEO)
    assert (answer.status, answer.body) == (200, b"image")
    assert [call.url for call in edge.calls()] == [VIMEO_API, f"{VIMEO_IMAGE}.jpg"]


def test_an_applet_of_geogebra_has_a_preview(edge: EdgeRuntime) -> None:
    nothing_but(edge, (GEOGEBRA_API, preview(GEOGEBRA_IMAGE)), (GEOGEBRA_IMAGE, "image"))
    answer = thumbnail(edge, GEOGEBRA)
    assert (answer.status, answer.body) == (200, b"image")
    asked, image = edge.calls()
    assert (asked.url, asked.method, image.url) == (GEOGEBRA_API, "POST", GEOGEBRA_IMAGE)
    task = json.loads(asked.body)["request"]["task"]
    assert task["filters"] == {"field": [{"-name": "id", "#text": "100"}]}


def test_a_film_of_wikimedia_has_an_image(edge: EdgeRuntime) -> None:
    nothing_but(edge, (WIKIMEDIA_IMAGE, "image"))
    answer = thumbnail(edge, WIKIMEDIA)
    assert (answer.status, answer.body) == (200, b"image")


# Addresses that cause no request.
UNKNOWN = [
    "",
    "42",
    "https://www.twitch.tv/videos/824398155",
    "https://malware.example/x.jpg",
    "https://www.youtube.com/watch?v=Wtvyw4NjJWc",
    "https://youtube-nocookie.com.evil.example/embed/Wtvyw4NjJWc",
    "https://evil.example/www.youtube-nocookie.com/embed/Wtvyw4NjJWc",
    "https://www.youtube-nocookie.com@evil.example/embed/Wtvyw4NjJWc",
    "https://www.youtube-nocookie.com/embed/foo:pass@malware.example",
    "https://www.youtube-nocookie.com/embed/../../x",
    "https://www.youtube-nocookie.com/embed/a%2F..%2Fb",
    "https://www.youtube-nocookie.com/embed/",
    "http://169.254.169.254/latest/meta-data",
    "https://player.vimeo.com/video/foo:password@malware.example",
    "https://player.vimeo.com/video/1/../../x",
    "https://player.vimeo.com/video/",
    "https://www.geogebra.org/material/iframe/id/abc%@",
    "https://www.geogebra.org/material/iframe/id/",
    "https://upload.wikimedia.org/",
    "https://upload.wikimedia.org/wikipedia/commons/1/15/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//i.ytimg.com/vi/x/sddefault.jpg",
    "https://i.ytimg.com/vi/x/sddefault.jpg",
    "https://de.serlo-staging.dev/x",
    "https://[::1",
]


@pytest.mark.parametrize("url", UNKNOWN)
def test_nobody_is_asked_for_addresses_of_others(edge: EdgeRuntime, url: str) -> None:
    is_placeholder(thumbnail(edge, url))
    assert not edge.calls()


@pytest.mark.parametrize("query", ["", "?", "?url", "?url=", "?other=x", "?URL=x", "?url=%"])
def test_without_an_address_there_is_a_placeholder(edge: EdgeRuntime, query: str) -> None:
    is_placeholder(edge.fetch("staging", address("staging", "embed", f"/thumbnail{query}")))


VIMEO_SAYS = [
    "malformed",
    "42",
    "null",
    "{}",
    '{"type":"video"}',
    '{"type":"video","thumbnail_url":42}',
    '{"type":"video","thumbnail_url":"42"}',
    '{"type":"video","thumbnail_url":"https://evil.example/x.jpg"}',
    '{"type":"video","thumbnail_url":"https://i.vimeocdn.com.evil.example/x.jpg"}',
    '{"type":"video","thumbnail_url":"https://i.vimeocdn.com@evil.example/x.jpg"}',
    '{"type":"video","thumbnail_url":"https://x:y@i.vimeocdn.com/x.jpg"}',
    '{"type":"video","thumbnail_url":"http://i.vimeocdn.com/x.jpg"}',
    '{"type":"video","thumbnail_url":"http://169.254.169.254/"}',
]


@pytest.mark.parametrize("said", VIMEO_SAYS)
def test_what_vimeo_says_is_not_believed_blindly(edge: EdgeRuntime, said: str) -> None:
    edge.answer(VIMEO_API, body=said)
    is_placeholder(thumbnail(edge, VIMEO))
    assert edge.hosts() == {"https://vimeo.com"}


GEOGEBRA_SAYS = [
    "malformed",
    "null",
    '{"type":"video"}',
    '{"responses":null}',
    '{"responses":{"response":{"item":null}}}',
    preview(None),
    preview(42),
    preview("bad"),
    preview("https://evil.example/x.png"),
    preview("https://cdn.geogebra.org.evil.example/x.png"),
    preview("https://cdn.geogebra.org@evil.example/x.png"),
]


@pytest.mark.parametrize("said", GEOGEBRA_SAYS)
def test_what_geogebra_says_is_not_believed_blindly(edge: EdgeRuntime, said: str) -> None:
    edge.answer(GEOGEBRA_API, body=said)
    is_placeholder(thumbnail(edge, GEOGEBRA))
    assert edge.hosts() == {"https://www.geogebra.org"}


PLAYERS = [
    ("youtube", YOUTUBE, "https://i.ytimg.com/"),
    ("vimeo", VIMEO, VIMEO_API),
    ("vimeo image", VIMEO, "https://i.vimeocdn.com/"),
    ("geogebra", GEOGEBRA, GEOGEBRA_API),
    ("geogebra image", GEOGEBRA, "https://cdn.geogebra.org/"),
    ("wikimedia", WIKIMEDIA, "https://upload.wikimedia.org/"),
]


@pytest.mark.parametrize("status", [0, 302, 403, 404, 429, 500, 503])
@pytest.mark.parametrize(("url", "server"), titled(PLAYERS))
def test_without_an_image_there_is_a_placeholder(
    edge: EdgeRuntime, url: str, server: str, status: int
) -> None:
    said = json.dumps({"type": "video", "thumbnail_url": f"{VIMEO_IMAGE}_295x166.jpg"})
    edge.answer(VIMEO_API, body=said)
    edge.answer(GEOGEBRA_API, body=preview(GEOGEBRA_IMAGE))
    location = {"location": "https://evil.example/x.jpg"} if status == 302 else {}
    edge.answer(server, status=status or 200, fail=not status, headers=location)
    is_placeholder(thumbnail(edge, url))
    assert "https://evil.example" not in edge.hosts()


WEEK = 7 * 86400
KEPT = [
    ("youtube", YOUTUBE, [None, None]),
    ("vimeo", VIMEO, [None, None]),
    ("geogebra", GEOGEBRA, [WEEK, None]),
    ("wikimedia", WIKIMEDIA, [WEEK]),
]


@pytest.mark.parametrize(("url", "seconds"), titled(KEPT))
def test_what_says_nothing_of_its_age_is_kept_for_a_week(
    edge: EdgeRuntime, url: str, seconds: list[int | None]
) -> None:
    edge.answer("https://", status=404)
    edge.answer(VIMEO_API, body=json.dumps({"thumbnail_url": f"{VIMEO_IMAGE}.jpg"}))
    edge.answer(GEOGEBRA_API, body=preview(GEOGEBRA_IMAGE))
    thumbnail(edge, url)
    calls = edge.calls()
    assert [call.cf.get("cacheTtl") for call in calls] == seconds
    assert [call.cf.get("cacheEverything") for call in calls] == [one and True for one in seconds]


# What a provider does: address, whom, what it answers; and whom the log names, with which status.
FILMS = "upload.wikimedia.org"
Named = tuple[str, int | None]
REPORTED: list[tuple[str, str, str, dict[str, Any], Named]] = [
    ("vimeo fails", VIMEO, VIMEO_API, {"status": 500}, ("vimeo.com", 500)),
    ("vimeo refuses", VIMEO, VIMEO_API, {"status": 403}, ("vimeo.com", 403)),
    ("vimeo is down", VIMEO, VIMEO_API, {"fail": True}, ("vimeo.com", None)),
    ("vimeo: malformed", VIMEO, VIMEO_API, {"body": "{"}, ("vimeo.com", 200)),
    ("vimeo: unknown", VIMEO, VIMEO_API, {"body": "{}"}, ("vimeo.com", 200)),
    ("vimeo: null", VIMEO, VIMEO_API, {"body": "null"}, ("vimeo.com", 200)),
    ("vimeo: bad address", VIMEO, VIMEO_API, {"body": '{"thumbnail_url":"x"}'}, ("vimeo.com", 200)),
    ("vimeo: no image", VIMEO, VIMEO_IMAGE, {"body": "x"}, ("i.vimeocdn.com", 200)),
    ("vimeo: image is missing", VIMEO, VIMEO_IMAGE, {"status": 404}, ("i.vimeocdn.com", 404)),
    ("geogebra fails", GEOGEBRA, GEOGEBRA_API, {"status": 502}, ("www.geogebra.org", 502)),
    ("geogebra: malformed", GEOGEBRA, GEOGEBRA_API, {"body": "<"}, ("www.geogebra.org", 200)),
    ("geogebra: unknown", GEOGEBRA, GEOGEBRA_API, {"body": "[]"}, ("www.geogebra.org", 200)),
    (
        "geogebra: bad address",
        GEOGEBRA,
        GEOGEBRA_API,
        {"body": preview("https://evil.example/x.png")},
        ("www.geogebra.org", 200),
    ),
    ("geogebra: no image", GEOGEBRA, GEOGEBRA_IMAGE, {"body": "x"}, ("cdn.geogebra.org", 200)),
    ("geogebra: no server", GEOGEBRA, GEOGEBRA_IMAGE, {"fail": True}, ("cdn.geogebra.org", None)),
    ("youtube fails", YOUTUBE, YOUTUBE_IMAGE, {"status": 404}, ("i.ytimg.com", 404)),
    ("youtube is down", YOUTUBE, YOUTUBE_IMAGE, {"fail": True}, ("i.ytimg.com", None)),
    ("wikimedia fails", WIKIMEDIA, WIKIMEDIA_IMAGE, {"status": 429}, (FILMS, 429)),
    (
        "wikimedia: no image",
        WIKIMEDIA,
        WIKIMEDIA_IMAGE,
        {"body": "x"},
        ("upload.wikimedia.org", 200),
    ),
]


@pytest.mark.parametrize(("url", "server", "said", "named"), titled(REPORTED))
def test_a_provider_that_fails_is_reported(
    edge: EdgeRuntime,
    url: str,
    server: str,
    said: dict[str, Any],
    named: Named,
) -> None:
    provider, status = named
    edge.answer(VIMEO_API, body=json.dumps({"thumbnail_url": f"{VIMEO_IMAGE}.jpg"}))
    edge.answer(GEOGEBRA_API, body=preview(GEOGEBRA_IMAGE))
    edge.answer(server, **said)
    mine = str(uuid.uuid4())
    asked = address("staging", "embed", f"/thumbnail?url={quote(url, safe='')}")
    is_placeholder(edge.fetch("staging", asked, headers={"x-request-id": mine}))
    (line,) = [line for line in edge.log().splitlines() if mine in line]
    entry = json.loads(line[line.index("{") :])
    assert (entry["level"], entry["provider"]) == ("warning", provider)
    assert (entry.get("status"), entry["address"]) == (status, url.partition("?")[0])
    assert entry["problem"]


def test_a_small_image_is_no_failure(edge: EdgeRuntime) -> None:
    nothing_but(edge, (f"{YOUTUBE_IMAGE}/hqdefault.jpg", "small"))
    before = edge.log()
    thumbnail(edge, YOUTUBE)
    assert edge.log() == before


@pytest.mark.parametrize("url", [YOUTUBE, VIMEO, GEOGEBRA, WIKIMEDIA])
def test_a_slow_server_of_images_keeps_nobody_waiting(edge: EdgeRuntime, url: str) -> None:
    edge.answer("https://", hang=True)
    is_placeholder(
        edge.fetch("hasty", address("hasty", "embed", f"/thumbnail?url={quote(url, safe='')}"))
    )


STORE = "https://assets.serlo.org"
HASH = "5c766c2380ea6_13576fb9538fbbab5bbe8fad96bd16d80f7f5119"
OLD = "58f090745b909_16a4cba82bd1cb09434b7f582e555b9ac7531922"
UUID = "1658759018166-f30bdef5-b33f-480c-95b9-41b20a7926af"

ASSETS = [
    (f"/{HASH}/ashoka.png", f"/{HASH}.png"),
    (f"/{UUID}/black.png", f"/{UUID}.png"),
    (f"/{HASH}/a-b_c+d.jpeg", f"/{HASH}.jpeg"),
    (f"/{HASH}/ashoka.png?x=1", f"/{HASH}.png?x=1"),
    (f"/legacy/{OLD}/garden.png", f"/legacy/{OLD}.png"),
    (f"/{HASH}.png", f"/{HASH}.png"),
    (f"/legacy/{OLD}.png", f"/legacy/{OLD}.png"),
    ("/meta/serlo.jpg", "/meta/serlo.jpg"),
    ("/meta/x/y.jpg?x", "/meta/x/y.jpg?x"),
    ("/legacy/garden.png", "/legacy/garden.png"),
    ("/a/b/c.png", "/a/b/c.png"),
    ("/a/b.c.png", "/a/b.c.png"),
    ("/", "/"),
]


@pytest.mark.parametrize("site", ENVIRONMENTS)
@pytest.mark.parametrize(("path", "stored"), cases(ASSETS, 0))
def test_assets_are_production_s_everywhere(
    edge: EdgeRuntime, site: str, path: str, stored: str
) -> None:
    edge.answer(STORE, body=PNG, headers={"content-type": "image/png", "etag": '"x"'})
    headers = {"cookie": "a=b", "authorization": "secret", "x-serlo-edge": "x"}
    answer = edge.fetch(site, address(site, "assets", path), headers=headers)
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, PNG, '"x"')
    (call,) = edge.calls()
    assert call.url == f"{STORE}{stored}"
    assert not {"cookie", "authorization"} & set(call.headers)


@pytest.mark.parametrize("status", [304, 403, 404])
def test_what_the_asset_store_says_reaches_the_visitor(edge: EdgeRuntime, status: int) -> None:
    edge.answer(STORE, status=status)
    assert edge.fetch("staging", address("staging", "assets", "/x.png")).status == status


CONDITIONS = {
    "if-none-match": '"x"',
    "if-modified-since": "Wed, 21 Oct 2026 07:28:00 GMT",
    "range": "bytes=0-99",
}


def test_who_has_an_asset_or_wants_a_part_of_it_may_say_so(edge: EdgeRuntime) -> None:
    edge.answer(STORE, status=206, body="x", headers={"content-range": "bytes 0-0/100"})
    answer = edge.fetch("production", address("production", "assets", "/x.mp4"), headers=CONDITIONS)
    assert (answer.status, answer.headers["content-range"]) == (206, "bytes 0-0/100")
    (call,) = edge.calls()
    assert CONDITIONS.items() <= dict(call.headers).items()
