"""Requests and answers that try to lead the worker to somebody else's host."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.rehearsal.edge_load.wire import Message, Pair
from tests.rehearsal.edge_worker.runtime import SCHEME_HEADER

EVIL = "evil.example"
COOKIE = "session-of-the-visitor"
TOKEN = "token-of-the-visitor"

_VIDEO = "https://www.youtube-nocookie.com"
_PARTS = (
    *(
        "//evil.example",
        "//evil.example/x",
        "/\\evil.example",
        "\\\\evil.example\\x",
        "/@evil.example",
    ),
    *("/..//evil.example/", "/x/../..//evil.example", "/%2f%2fevil.example", "/%5cevil.example"),
    *(
        "/.evil.example",
        ".evil.example/x",
        ":80@evil.example",
        "@evil.example/x",
        "/https://evil.example",
    ),
    *("/%00", "/%0d%0aHost:%20evil.example", "/#@evil.example", "/;@evil.example", "/{DOMAIN}"),
    *("/{label}", "/$&", "/$1", "/%7Bpath%7D", "/\t/evil.example", "//evil.example%2f.."),
)
_TARGETS = (
    *("http://evil.example/", "https://evil.example/x", "//evil.example", "\\\\evil.example/"),
    *("http://de.serlo.org@evil.example/", "@evil.example/", ":80@evil.example/", "evil.example"),
    *("evil.example:443", "*", "?@evil.example", "#@evil.example", "/\\/evil.example"),
)
_URLS = (
    *("https://evil.example/embed/x", "//evil.example/x", "http://evil.example", "evil.example"),
    *(f"{_VIDEO}@evil.example/embed/x", f"{_VIDEO}.evil.example/embed/x", f"{_VIDEO}/embed/x"),
    *(
        f"{_VIDEO}/embed/../../evil.example",
        f"{_VIDEO}/embed/x@evil.example",
        f"{_VIDEO}/embed/x?@e",
    ),
    *(f"{_VIDEO}:8080/embed/x", f"{_VIDEO}/embed/%2e%2e%2fevil", "https://vimeo.com/15"),
    *("https://player.vimeo.com/video/15", "https://player.vimeo.com/video/15@evil.example"),
    *("https://www.geogebra.org/material/iframe/id/x", "https://geogebra.org/material/iframe/id/x"),
    "https://upload.wikimedia.org/wikipedia/commons/a/ab/x.png",
    "https://upload.wikimedia.org/wikipedia/commons/@evil.example/x/..%2f..%2fevil.example",
    "https://upload.wikimedia.org/wikipedia/commons/a/b/%5c%5cevil.example",
    "https://upload.wikimedia.org/wikipedia/commons/a/b/\\evil.example",
)
_ADDRESSES = (
    *("https://evil.example/", "http://evil.example/x", "//evil.example/x", "/\\evil.example"),
    *("https://serlo.org@evil.example/", "https://serlo.org.evil.example/", "\\\\evil.example"),
    *("https://i.vimeocdn.com@evil.example/x_1.jpg", "https://i.vimeocdn.com.evil.example/x"),
    *("https://evil.example\\@i.vimeocdn.com/x", "https://i.vimeocdn.com:81/x", "javascript:1"),
    *("https://i.vimeocdn.com/x_960.jpg", "https://cdn.geogebra.org/x.png", "data:text/plain,x"),
    *("https://evil.example:443", "https:evil.example", "https:///evil.example", "/stay", "?x", ""),
)
_ALIASES = (
    *(
        "//evil.example/x",
        "/\\evil.example",
        "https://evil.example/x",
        "@evil.example",
        "evil.example",
    ),
    *(".evil.example/x", "/..//evil.example", "/x", "", "/%2f/evil.example", "\t//evil.example"),
    *(":80@evil.example/", "/mathe/1/x#y?z", "/mathe/1/x?y#z"),
)
_INSTANCES = (
    "de",
    "en",
    "xx",
    "evil.example/",
    "evil.example#",
    "evil.example@",
    "",
    "de.evil",
    "@",
)


@dataclass(frozen=True)
class Attack:
    """A request; what the frontend, the API, the origin and third parties answer to it."""

    message: Message
    status: int
    location: str
    document: str
    stored: str


def attacks(
    domain: str, frontend: str, labels: Sequence[str], paths: Sequence[str]
) -> st.SearchStrategy[Attack]:
    """Attacks on a zone; `labels` and `paths` are what its table knows."""
    hosts, targets = _hosts(domain, labels), _targets(paths)
    statuses = st.sampled_from((200, 200, 301, 302, 303, 307, 308, 404))
    locations = _locations(domain, frontend)
    entries = st.builds(_entry, st.sampled_from(_ALIASES), st.sampled_from(_INSTANCES))
    stored = entries | st.just('{"missing":true}')
    anything = st.builds(
        Attack, _messages(domain, hosts, targets), statuses, locations, _documents(), stored
    )
    # Few random requests would get so far that an image is fetched from where a document says.
    thumbnails = st.builds(
        Attack,
        _messages(
            domain, st.just(f"embed.{domain}"), st.sampled_from(_URLS).map("/?url={}".format)
        ),
        st.just(200) | statuses,
        locations,
        st.sampled_from(_ADDRESSES).map(_pictured),
        stored,
    )
    # And few would pass the look-up of the path.
    language = st.sampled_from((f"de.{domain}", f"ta.{domain}"))
    own = st.sampled_from(("/_next/x", "/api/auth/x", "/___x", "/consent", "/mathe", "/user/me"))
    frontends = st.builds(
        Attack, _messages(domain, language, own), statuses, locations, _documents(), stored
    )
    return st.one_of(anything, anything, thumbnails, frontends)


def _entry(path: str, instance: str) -> str:
    return json.dumps({"currentPath": path, "instance": instance})


def _messages(
    domain: str, hosts: st.SearchStrategy[str], targets: st.SearchStrategy[str]
) -> st.SearchStrategy[Message]:
    return st.builds(
        Message,
        host=hosts.map(str.encode),
        target=targets.map(str.encode),
        method=st.sampled_from((b"GET", b"GET", b"GET", b"HEAD", b"POST", b"OPTIONS", b"PUT")),
        headers=st.builds(
            _with_secrets, st.lists(_headers(domain), max_size=4), st.lists(_cookies(), max_size=3)
        ),
        body=st.sampled_from((b"", b"", b'{"host":"evil.example"}')),
    )


def _with_secrets(headers: list[Pair], cookies: list[str]) -> list[Pair]:
    return [
        (SCHEME_HEADER.encode(), b"https"),
        (b"cookie", "; ".join([f"secret={COOKIE}", *cookies]).encode()),
        (b"authorization", f"Bearer {TOKEN}".encode()),
        *headers,
    ]


def _hosts(domain: str, labels: Sequence[str]) -> st.SearchStrategy[str]:
    ours = st.sampled_from([f"{label}.{domain}".removeprefix(".") for label in labels])
    odd = st.sampled_from(
        [
            *(EVIL, f"{domain}.{EVIL}", f"de.{domain}.{EVIL}", f"evil{domain}", f"de.evil{domain}"),
            *(f"{EVIL}.{domain}", f"{EVIL}:80.{domain}", f"de.{domain}@{EVIL}", f"{EVIL}@{domain}"),
            *(f"{EVIL}#.{domain}", f"{EVIL}?.{domain}", f"{EVIL}/.{domain}", f"{EVIL}\\.{domain}"),
            *(
                f"{EVIL}%2f.{domain}",
                f"{EVIL}%00.{domain}",
                f"de\u3002{domain}",
                "127.0.0.1",
                "[::1]",
            ),
            *(
                f"DE.{domain.upper()}",
                f"de.{domain}.",
                f"de.{domain}:8443",
                f"de.{domain}:80",
                "de",
            ),
            *(f"{EVIL}\t.{domain}", f".{domain}", f"..{domain}", f"-.{domain}", "localhost", "0"),
        ]
    )
    return st.one_of(ours, ours, ours, odd)


def _targets(paths: Sequence[str]) -> st.SearchStrategy[str]:
    known, parts = st.sampled_from(paths), st.sampled_from(_PARTS)
    path = st.one_of(
        known,
        st.tuples(known, parts).map("".join),
        st.tuples(parts, known).map("".join),
        st.tuples(st.just("/"), parts).map("".join),
        st.sampled_from(_TARGETS),
    )
    queries = [f"?url={url}" for url in _URLS]
    queries += [query.replace(":", "%3A").replace("/", "%2F") for query in queries]
    queries += [f"?url=x&url=https://{EVIL}/&contentOnly&frontendDomain={EVIL}&host={EVIL}"]
    return st.tuples(path, st.one_of(st.just(""), st.sampled_from(queries))).map("".join)


def _headers(domain: str) -> st.SearchStrategy[Pair]:
    names = st.sampled_from(
        [
            *("x-forwarded-host", "x-forwarded-proto", "forwarded", "x-original-url", "x-host"),
            *("x-rewrite-url", "origin", "referer", "x-serlo-edge", "x-serlo-rule", "x-request-id"),
            *(
                "x-from",
                "user-agent",
                "cf-worker",
                "location",
                "via",
                "access-control-request-headers",
            ),
        ]
    )
    values = st.sampled_from(
        [
            *(EVIL, f"https://{EVIL}", f"host={EVIL}", "legacy-serlo.org", "Mobile", "guessed"),
            *(f"https://{domain}", f"https://{EVIL}.{domain}", "https", "null", "a" * 12),
        ]
    )
    return st.tuples(names.map(str.encode), values.map(str.encode))


def _cookies() -> st.SearchStrategy[str]:
    names = ("frontendDomain", "useFrontend", "useLegacyFrontend", "authenticated", "host")
    values = (EVIL, f"https://{EVIL}", "0", "1", "1.1", "always", "true")
    return st.tuples(st.sampled_from(names), st.sampled_from(values)).map("=".join)


def _locations(domain: str, frontend: str) -> st.SearchStrategy[str]:
    near = st.sampled_from(
        [
            *(f"https://{frontend}/x", f"http://{frontend}/x", f"https://{frontend}@{EVIL}/"),
            *(f"https://{frontend}.{EVIL}/", f"https://{frontend}:81/", f"//{frontend}/x"),
            *(f"https://{frontend}\\@{EVIL}/", f"https://{EVIL}@{frontend}/", f"https://{domain}/"),
            *(f"https://api.{domain}/graphql", "http://assets.serlo.org/x", "http://vimeo.com/x"),
        ]
    )
    return st.one_of(near, near, st.sampled_from(_ADDRESSES))


def _documents() -> st.SearchStrategy[str]:
    """What the API might say about a path, if somebody had chosen it with care."""

    def document(name: str, alias: str, instance: str, other: str) -> str:
        found = {
            "__typename": name,
            "id": 7,
            "alias": alias,
            "instance": instance,
            "trashed": False,
            "legacyObject": {"alias": other},
            "pages": [{"id": "1234abcd", "title": alias}, {"id": "15//evil", "title": other}],
        }
        return json.dumps({"data": {"uuid": found}})

    names = st.sampled_from(
        ("Article", "Comment", "Course", "CoursePage", "User", "//evil.example")
    )
    aliases, instances = st.sampled_from(_ALIASES), st.sampled_from(_INSTANCES)
    return st.builds(document, names, aliases, instances, aliases) | st.just(
        '{"data":{"uuid":null}}'
    )


def _pictured(address: str) -> str:
    """What Vimeo and GeoGebra might say."""
    geogebra = {"response": {"item": {"previewUrl": address}}}
    return json.dumps({"thumbnail_url": address, "responses": geogebra})
