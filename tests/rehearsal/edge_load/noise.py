"""Requests with random bytes in every part: some near what the table knows, some far from it."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from tests.rehearsal.edge_load.wire import Message, Pair
from tests.rehearsal.edge_worker.runtime import CF_HEADER, SCHEME_HEADER

# Everything that the runtime lets through to a worker; TRACE and CONNECT never arrive at one.
_METHODS = (
    *(b"GET",) * 12,
    *(b"HEAD", b"POST", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"OPTIONS"),
    *(b"PURGE", b"SEARCH", b"PROPFIND", b"REPORT", b"LOCK", b"MKCOL", b"COPY", b"MSEARCH"),
)
_TOKEN = b"abcdefghijklmnopqrstuvwxyz0123456789-_.!#$%&'*+^`|~"
_KNOWN_HEADERS = (
    *(b"accept", b"accept-language", b"accept-encoding", b"authorization", b"cache-control"),
    *(b"cf-connecting-ip", b"content-type", b"cookie", b"cookie", b"if-modified-since"),
    *(b"if-none-match", b"origin", b"origin", b"range", b"referer", b"user-agent", b"x-from"),
    *(b"x-forwarded-host", b"x-forwarded-proto", b"x-request-id", b"x-serlo-edge"),
    *(b"x-serlo-rule", b"x-serlo-editor-testing", b"access-control-request-headers"),
)
_COOKIES = (b"useFrontend", b"authenticated", b"useLegacyFrontend", b"frontendDomain", b"x")
_VALUES = (b"0", b"1", b"0.5", b"1.1", b"always", b"true", b"1e-7", b"")
_ESCAPES = (b"%", b"%0", b"%00", b"%2F", b"%2e%2e", b"%C3%28", b"%FF", b"%u2028", b"..", b"/../")
_REGIONS = ("BY", "NI", "", "\ud83d\ude00", 5, None)


@dataclass(frozen=True)
class Vocabulary:
    """What is near the table: hosts, and paths with a slash at their start."""

    hosts: Sequence[bytes]
    paths: Sequence[bytes]


def requests(seed: int, vocabulary: Vocabulary) -> Iterator[Message]:
    """Requests without end; the same for the same seed."""
    random = Random(seed)
    while True:
        headers = [
            (SCHEME_HEADER.encode(), b"http" if random.random() < 0.03 else b"https"),
            *(_header(random) for _ in range(random.choice((0, 1, 2, 3, 6)))),
        ]
        if random.random() < 0.1:
            properties = {"regionCode": random.choice(_REGIONS), "country": "DE"}
            headers.append((CF_HEADER.encode(), json.dumps(properties).encode()))
        yield Message(
            host=_host(random, vocabulary.hosts),
            target=_target(random, vocabulary.paths),
            method=_method(random),
            headers=headers,
            body=random.randbytes(random.choice((1, 30, 3000))) if random.random() < 0.2 else b"",
        )


def _noise(random: Random, most: int) -> bytes:
    """Any bytes but those that end a line, of which a request cannot have more than it has."""
    return random.randbytes(random.randrange(most + 1)).translate(None, b"\r\n")


def _printable(random: Random, most: int) -> bytes:
    return bytes(random.randrange(0x21, 0x7F) for _ in range(random.randrange(most + 1)))


def _some(random: Random, most: int) -> bytes:
    kind: Callable[[Random, int], bytes] = random.choice((_noise, _printable))
    return kind(random, most)


def _host(random: Random, hosts: Sequence[bytes]) -> bytes:
    host = random.choice(hosts)
    match random.randrange(40):
        case 0:
            return _some(random, 12) + host
        case 1:
            return host + _some(random, 6)
        case 2:
            return host.swapcase() + random.choice((b":443", b":8443", b".", b":", b".:80"))
        case _:
            return host


def _target(random: Random, paths: Sequence[bytes]) -> bytes:
    match random.randrange(6):
        case 0:
            path = b"/" + _noise(random, 60)
        case 1:
            path = b"/" + _printable(random, 60)
        case 2:
            path = _mutated(random, random.choice(paths))
        case 3:
            path = random.choice(paths) + random.choice((b"", b"/", _some(random, 20)))
        case 4:
            path = b"/" + b"/".join(random.choice(_ESCAPES) for _ in range(random.randrange(6)))
        case _:
            path = random.choice(paths)
    match random.randrange(5):
        case 0:
            return path + b"?" + _noise(random, 80)
        case 1:
            return path + b"?" + _printable(random, 80)
        case 2:
            return path + b"?url=" + _some(random, 60) + b"&contentOnly"
        case _:
            return path.replace(b" ", b"") or b"/"


def _mutated(random: Random, path: bytes) -> bytes:
    content = bytearray(path)
    for _ in range(random.randrange(1, 4)):
        place = random.randrange(len(content) + 1)
        content[place : place + random.randrange(2)] = _noise(random, 3)
    return b"/" + bytes(content).lstrip(b"/")


def _header(random: Random) -> Pair:
    if random.random() < 0.15:
        name = bytes(random.choice(_TOKEN) for _ in range(random.randrange(1, 20)))
        return b"n" + name, _some(random, 100)
    name = random.choice(_KNOWN_HEADERS)
    if name == b"cookie":
        count = random.randrange(5)
        return name, b"; ".join(
            random.choice(_COOKIES) + b"=" + random.choice((*_VALUES, _some(random, 30)))
            for _ in range(count)
        )
    return name, random.choice((*_VALUES, b"https://de.serlo.org", _some(random, 60)))


def _method(random: Random) -> bytes:
    if random.random() < 0.02:
        return _printable(random, 8) or b"X"
    return random.choice(_METHODS)
