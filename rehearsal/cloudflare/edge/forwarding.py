"""Passing a request on and its answer back, byte for byte."""

import logging
from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass

import httpx
from starlette.requests import Request
from starlette.types import Send

Headers = list[tuple[str, str]]

_LOG = logging.getLogger(__name__)

_HOP_BY_HOP = frozenset(
    (
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    )
)
_RAW_HOP_BY_HOP = frozenset(name.encode() for name in _HOP_BY_HOP)


@dataclass(frozen=True)
class Onward:
    """A request as it goes on; `target` is path and query as sent, `base` scheme and authority."""

    method: str
    target: str
    headers: Headers
    body: AsyncIterable[bytes] | None

    @property
    def host(self) -> str:
        """The host of the request, without a port."""
        said = next((value for name, value in self.headers if name == "host"), "")
        return said.partition(":")[0].lower()


def onward(request: Request, target: str, without: Iterable[str]) -> Onward:
    """A request without the headers named (lower case) and those for one hop only."""
    dropped = _HOP_BY_HOP | set(without)
    headers = [(name, value) for name, value in request.headers.items() if name not in dropped]
    has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
    return Onward(request.method, target, headers, request.stream() if has_body else None)


def raw_target(request: Request) -> str:
    """Path and query string as sent."""
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return (path + (b"?" + query if query else b"")).decode("latin-1")


async def send_on(client: httpx.AsyncClient, base: str, going: Onward) -> httpx.Response:
    """Send a request; the answer's body is not read yet and must be relayed or closed.

    Raises httpx.TransportError when no server answers.
    """
    # A request built by hand: the client's own would add headers of its own.
    request = httpx.Request(
        going.method,
        base,
        headers=going.headers,
        content=going.body,
        extensions={
            "target": going.target.encode("latin-1"),
            "timeout": httpx.Timeout(100, connect=5).as_dict(),
        },
    )
    return await client.send(request, stream=True)


async def relay(answer: httpx.Response, send: Send, added: Headers) -> None:
    """Pass an answer on, with more headers; closes it."""
    headers = [
        (name, value) for name, value in answer.headers.raw if name.lower() not in _RAW_HOP_BY_HOP
    ]
    headers += [(name.encode(), value.encode()) for name, value in added]
    try:
        start = {"type": "http.response.start", "status": answer.status_code, "headers": headers}
        await send(start)
        async for chunk in answer.aiter_raw():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    except httpx.TransportError:
        # Too late for an error page: the connection is closed without the rest.
        _LOG.warning("the answer of %s broke off", answer.request.url)
    finally:
        await answer.aclose()
