"""The edge's worker in a real workerd, with a world around it that tests steer.

One process holds the worker once per site, each with a socket of its own, and `world.mjs`: whatever
the workers fetch, and their KV store. No Python is on a request's way, so many requests are quick.
"""

import base64
import http.client
import json
import os
import string
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, cast
from urllib.parse import quote, urlsplit

import httpx

from infra.edge.cloudflare.worker_script import COMPATIBILITY_DATE, MAIN_MODULE, worker_code
from rehearsal.cloudflare.runtime import parent_guard
from rehearsal.cloudflare.runtime.workerd import WorkerdError, workerd_path
from toolchain.resolver import resolve

_WORLD = Path(__file__).with_name("world.mjs")
SCHEME_HEADER = "x-test-scheme"
CF_HEADER = "x-test-cf"
_SOCKET_SECONDS = 30

Pairs = Mapping[str, str] | Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Site:
    """A worker with its bindings.

    `table` is the compiled routing table of our worker; without one, `code` is another worker.
    `store` says whether PATH_INFO_KV is bound.
    """

    bindings: Mapping[str, str]
    table: Mapping[str, object] | None = None
    code: str = ""
    store: bool = True


@dataclass(frozen=True)
class Answer:
    """What a visitor got. Redirects are not followed."""

    status: int
    headers: httpx.Headers
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode()


@dataclass(frozen=True)
class Call:
    """What the worker asked the world. `cf` is what it told Cloudflare with the request."""

    url: str
    method: str
    headers: httpx.Headers
    body: bytes
    cf: Mapping[str, object]


@dataclass(frozen=True)
class Entry:
    """An entry of the KV store and its time to live in seconds, if it was written with one."""

    value: str
    ttl: int | None


class EdgeRuntime:
    """A context manager; inside, workerd runs. `fetch` may be called by several threads at once."""

    def __init__(
        self, folder: Path, sites: Mapping[str, Site], *, v8_flags: Sequence[str] = ()
    ) -> None:
        """Prepare.

        Args:
            folder: for the configuration and workerd's log.
            sites: by name.
            v8_flags: of the JavaScript engine, e.g. how much memory an isolate may take.
        """
        self._v8_flags = v8_flags
        self._folder = folder
        self._sites = sites
        self._process: subprocess.Popen[bytes] | None = None
        self._ports: dict[str, int] = {}
        self._local = threading.local()

    def __enter__(self) -> "EdgeRuntime":
        """Start. Raises WorkerdError with what workerd says if it does not."""
        self._folder.mkdir(parents=True, exist_ok=True)
        config = self._folder / "config.capnp"
        config.write_text(_config(self._sites, self._folder, self._v8_flags))
        ours, theirs = os.pipe()
        with (self._folder / "workerd.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", parent_guard.__file__, str(os.getpid())),
                    *(str(workerd_path(resolve("miniflare").path)), "serve", str(config)),
                    f"--control-fd={theirs}",
                ],
                pass_fds=(theirs,),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        os.close(theirs)
        expected = {*self._sites, "world"}
        with os.fdopen(ours) as events:
            # The pipe ends when workerd does.
            while self._ports.keys() != expected and (line := events.readline()):
                event = json.loads(line)
                if event.get("event") == "listen":
                    self._ports[event["socket"]] = event["port"]
        if self._ports.keys() != expected:
            self.__exit__(None, None, None)
            raise WorkerdError(self.log())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End workerd."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        """The process of workerd."""
        assert self._process is not None
        return self._process.pid

    def port(self, site: str) -> int:
        """Where a site listens at 127.0.0.1."""
        return self._ports[site]

    def fetch(
        self,
        site: str,
        url: str,
        *,
        method: str = "GET",
        headers: Pairs = (),
        body: bytes = b"",
        cf: Mapping[str, object] | None = None,
    ) -> Answer:
        """Ask a site for a URL. Path and query are sent as written, but non-ASCII is encoded.

        Args:
            site: its name.
            url: absolute; scheme and host are what the worker believes.
            method: as it is sent.
            headers: also several of one name.
            body: sent if it is not empty.
            cf: the request's `cf` properties.
        """
        parts = urlsplit(url)
        target = url[len(parts.scheme) + 3 + len(parts.netloc) :].partition("#")[0]
        target = quote(target, safe=string.printable)
        target = target if target.startswith("/") else f"/{target}"
        sent = [("host", parts.netloc), (SCHEME_HEADER, parts.scheme), *_pairs(headers)]
        if cf is not None:
            sent.append((CF_HEADER, json.dumps(cf)))
        if body or method in ("POST", "PUT", "PATCH"):
            sent.append(("content-length", str(len(body))))
        return self._exchange(site, method, target, sent, body)

    def calls(self) -> list[Call]:
        """What the world was asked since the last reset, in order."""
        return [
            Call(
                one["url"],
                one["method"],
                httpx.Headers([(name, value) for name, value in one["headers"]]),
                base64.b64decode(one["body"]),
                one["cf"],
            )
            for one in cast("list[dict[str, Any]]", self._command("calls"))
        ]

    def hosts(self) -> set[str]:
        """Origins (`https://host`) that were asked since the last reset, recorded or not."""
        return set(cast("list[str]", self._command("hosts")))

    def record(self, on: bool) -> None:
        """Whether calls are kept, until the next reset. Off for very many requests."""
        self._command("record", on=on)

    def reset(self) -> None:
        """Forget calls, answers and the content of the store."""
        self._command("reset")

    def answer(
        self,
        url_prefix: str,
        *,
        status: int = 200,
        headers: Pairs = (),
        body: str | bytes = "",
        hang: bool = False,
        fail: bool = False,
        times: int | None = None,
        containing: str = "",
    ) -> None:
        """Say how the world answers requests for URLs that start so; the last one said wins.

        Args:
            url_prefix: with the scheme.
            status: of the answer.
            headers: of the answer.
            body: of the answer.
            hang: no answer for ten minutes.
            fail: the connection is refused.
            times: how often this holds (None: always).
            containing: only for requests with this text in their body.
        """
        self._command(
            "answer",
            prefix=url_prefix,
            status=status,
            headers=_pairs(headers),
            body=base64.b64encode(body.encode() if isinstance(body, str) else body).decode(),
            hang=hang,
            fail=fail,
            times=times,
            containing=containing,
        )

    def kv_entries(self) -> dict[str, Entry]:
        """The content of the KV store, which all sites share."""
        found = cast("dict[str, dict[str, Any]]", self._command("entries"))
        return {key: Entry(one["value"], one["ttl"]) for key, one in found.items()}

    def kv_put(self, key: str, value: str) -> None:
        """Write an entry."""
        self._command("put", key=key, value=value)

    def kv_fail(self, on: bool = True) -> None:
        """Whether the store answers every request with an error, until the next reset."""
        self._command("store-fails", on=on)

    def log(self) -> str:
        """What the workers and workerd have printed."""
        return (self._folder / "workerd.log").read_text(errors="replace").strip()

    def _command(self, command: str, **given: object) -> object:
        body = json.dumps({"command": command, **given}).encode()
        headers = [("host", "world"), ("content-length", str(len(body)))]
        answer = self._exchange("world", "POST", "/", headers, body)
        assert answer.status == 200, answer.text
        return answer.json()

    def _exchange(
        self, socket: str, method: str, target: str, headers: list[tuple[str, str]], body: bytes
    ) -> Answer:
        connections: dict[str, http.client.HTTPConnection]
        connections = self._local.__dict__.setdefault("connections", {})
        while True:
            known = connections.pop(socket, None)
            connection = known or http.client.HTTPConnection(
                "127.0.0.1", self._ports[socket], timeout=_SOCKET_SECONDS
            )
            try:
                connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
                for name, value in headers:
                    connection.putheader(name, value)
                connection.endheaders(body or None)
                response = connection.getresponse()
                content = response.read()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                connection.close()
                # A connection that was kept may have been closed in between.
                if known is None:
                    raise
                continue
            except BaseException:
                connection.close()
                raise
            if not response.will_close:
                connections[socket] = connection
            return Answer(response.status, httpx.Headers(response.getheaders()), content)


def _pairs(headers: Pairs) -> list[tuple[str, str]]:
    if isinstance(headers, Mapping):
        return list(cast("Mapping[str, str]", headers).items())
    return list(headers)


def _config(sites: Mapping[str, Site], folder: Path, v8_flags: Sequence[str]) -> str:
    world = _worker(_WORLD.name, _WORLD, folder)
    services = [f'(name = "world", worker = ({world}))']
    sockets = [_socket("world", "control", "")]
    options = f"forwardedProtoHeader = {_text(SCHEME_HEADER)}, cfBlobHeader = {_text(CF_HEADER)}"
    for name, site in sites.items():
        module = folder / f"{name}.js"
        module.write_text(site.code if site.table is None else worker_code(dict(site.table)))
        bindings = [
            f"(name = {_text(key)}, text = {_text(value)})" for key, value in site.bindings.items()
        ]
        if site.store:
            bindings.append(
                '(name = "PATH_INFO_KV", kvNamespace = (name = "world", entrypoint = "store"))'
            )
        services.append(
            f"(name = {_text(f'site:{name}')}, worker = ({_worker(MAIN_MODULE, module, folder)}, "
            f'bindings = [{", ".join(bindings)}], globalOutbound = "world", '
            'cacheApiOutbound = (name = "world", entrypoint = "cache")))'
        )
        sockets.append(_socket(name, "", options))
    return (
        'using Workerd = import "/workerd/workerd.capnp";\n'
        "const config :Workerd.Config = (\n"
        f"  v8Flags = [{', '.join(_text(flag) for flag in v8_flags)}],\n"
        f"  services = [\n    {(',' + chr(10) + '    ').join(services)}],\n"
        f"  sockets = [\n    {(',' + chr(10) + '    ').join(sockets)}]);\n"
    )


def _socket(name: str, entrypoint: str, http_options: str) -> str:
    service = "world" if entrypoint else f"site:{name}"
    target = f"(name = {_text(service)}, entrypoint = {_text(entrypoint)})"
    return (
        f'(name = {_text(name)}, address = "127.0.0.1:0", http = ({http_options}), '
        f"service = {target if entrypoint else _text(service)})"
    )


def _worker(name: str, path: Path, folder: Path) -> str:
    # Files are embedded by a path relative to the configuration's.
    embedded = _text(os.path.relpath(path, folder))
    return (
        f"modules = [(name = {_text(name)}, esModule = embed {embedded})], "
        f"compatibilityDate = {_text(COMPATIBILITY_DATE)}"
    )


def _text(value: str) -> str:
    """A Cap'n Proto text literal; its escapes are those of JSON but `\\u`."""
    literal = json.dumps(value, ensure_ascii=False)
    assert value.isprintable() or "\\u" not in literal, value
    return literal
