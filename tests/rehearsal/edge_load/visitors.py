"""Visitors who keep cookies as browsers do and say who answered them."""

import json
from dataclasses import dataclass, field

from tests.rehearsal.edge_load.wire import Connection, Message, Pair, Reply
from tests.rehearsal.edge_worker.runtime import SCHEME_HEADER

HTTPS: Pair = (SCHEME_HEADER.encode(), b"https")

AGENTS = {
    "mobile": b"Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0",
    "authenticated": b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "desktop": b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
}
"""What a visitor of each audience calls his browser."""


@dataclass
class Visitor:
    """Somebody of an audience, with a browser's cookies for the zone."""

    audience: str
    cookies: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        if self.audience == "authenticated":
            self.cookies["authenticated"] = "1"

    def message(self, host: str, target: str) -> Message:
        """The request that his browser sends."""
        headers = [HTTPS, (b"user-agent", AGENTS[self.audience])]
        if self.cookies:
            line = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers.append((b"cookie", line.encode()))
        return Message(host.encode(), target.encode(), headers=headers)

    def keep(self, reply: Reply) -> list[str]:
        """Take in the answer's cookies; their names."""
        names: list[str] = []
        for line in reply.every(b"set-cookie"):
            name, _, value = line.decode().partition(";")[0].partition("=")
            self.cookies[name.strip()] = value.strip()
            names.append(name.strip())
        return names

    def visit(self, connection: Connection, host: str, target: str) -> Reply:
        """Ask, and keep the cookies."""
        reply = connection.ask(self.message(host, target))
        self.keep(reply)
        return reply


def url_asked(reply: Reply) -> str:
    """What the worker asked for, as the world's echo tells."""
    assert reply.status == 200, (reply.status, reply.body)
    return json.loads(reply.body)["url"]
