"""The answer to one request at the edge: relayed, an error page, a redirect, or a body."""

import json
from email.utils import formatdate
from typing import cast

import httpx
from starlette.requests import Request
from starlette.types import Send

from rehearsal.cloudflare.edge.error_pages import EdgeError, page
from rehearsal.cloudflare.edge.forwarding import Headers, relay
from rehearsal.cloudflare.shapes import Json


class Answer:
    """Where the answer to one request goes, and the headers that it gets."""

    def __init__(self, request: Request, send: Send, headers: Headers) -> None:
        self._request = request
        self._send = send
        self.headers = headers

    def cf(self) -> Json:
        """What the request wants in `request.cf`; nothing if it is no JSON object."""
        try:
            wanted = json.loads(self._request.headers.get("x-rehearsal-cf", "{}"))
        except ValueError:
            return {}
        return cast(Json, wanted) if isinstance(wanted, dict) else {}

    async def relay(self, response: httpx.Response) -> None:
        """Answer with another server's answer."""
        kept = {name for name, _ in self.headers}
        for name in kept & {name.lower() for name in response.headers}:
            del response.headers[name]
        if "date" not in response.headers:
            self.headers.append(("date", formatdate(usegmt=True)))
        await relay(response, self._send, self.headers)

    async def error(self, error: EdgeError, detail: str) -> None:
        """Answer with an error page."""
        accept = self._request.headers.get("accept", "")
        status, content_type, body = page(error, detail, accept)
        await self.body(status, content_type, body)

    async def redirect(self, location: str) -> None:
        """Answer with a 301."""
        self.headers.append(("location", location))
        await self.body(301, "text/html", b"")

    async def body(self, status: int, content_type: str, body: bytes) -> None:
        """Answer with a body."""
        self.headers += [
            ("date", formatdate(usegmt=True)),
            ("content-type", content_type),
            ("content-length", str(len(body))),
        ]
        raw = [(name.encode(), value.encode()) for name, value in self.headers]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})
        if self._request.method == "HEAD":
            body = b""
        await self._send({"type": "http.response.body", "body": body})
