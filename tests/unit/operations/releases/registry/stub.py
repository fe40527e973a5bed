"""A server that answers as it is told, also as no registry should."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Call:
    """A request that arrived."""

    method: str
    path: str
    authorization: str | None


@dataclass
class Reply:
    """An answer. `hang`: wait for this before it; `trickle`: send the body byte by byte, waiting
    for this in between, and never end."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b"{}"
    hang: threading.Event | None = None
    trickle: threading.Event | None = None


class Stub:
    """Listens on a free port; `answer` decides, `calls` remembers."""

    def __init__(self, answer: Callable[[Call], Reply]) -> None:
        self.calls: list[Call] = []
        calls = self.calls

        class Handler(BaseHTTPRequestHandler):
            def reply(self) -> None:
                call = Call(self.command, self.path, self.headers.get("authorization"))
                calls.append(call)
                reply = answer(call)
                if reply.hang is not None:
                    reply.hang.wait(30)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.trickle is None:
                    self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                try:
                    while reply.trickle is not None and not reply.trickle.wait(0.02):
                        self.wfile.write(b" ")
                except OSError:
                    return
                if self.command != "HEAD":
                    self.wfile.write(reply.body)

            do_GET = do_HEAD = reply

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"
        serve = self._server.serve_forever
        threading.Thread(target=serve, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
