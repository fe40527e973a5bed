"""Which requests the worker answers: routes, the most specific first.

Cloudflare takes the most specific pattern that fits, wherever it stands in the list. The list has
to be in that order too, so that it can be read from top to bottom.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from infra.edge.cloudflare.dns_records import externals
from infra.stack.environment import Environment

_PATTERN = re.compile(r"(?:(?P<scheme>https?)://)?(?P<host>\*?[a-z0-9.-]+)(?P<path>/[^*?]*\*?)")


@dataclass(frozen=True)
class Route:
    """A route: `label` names it within the program. No script means: past the worker."""

    label: str
    pattern: str
    script: str | None


@dataclass(frozen=True)
class Bypass:
    """Paths of a third-party host that bypass the worker.

    They are for HTTPS alone: the worker still gets requests by HTTP, and redirects them.
    """

    label: str
    host: str
    path: str


BYPASSES = (
    # Hours-long connections of the chat: the worker would only hold them.
    Bypass("chat-websocket", "community", "/websocket*"),
    Bypass("chat-sockjs", "community", "/sockjs/*"),
)


class RouteError(ValueError):
    """Routes that do not fit together; the message names all mistakes."""


def routes(environment: Environment, script: str) -> tuple[Route, ...]:
    """Every route of the environment's zone; raises RouteError."""
    known = {target.host for target in externals(environment)}
    found = (
        *(
            Route(bypass.label, f"https://{environment.host(bypass.host)}{bypass.path}", None)
            for bypass in BYPASSES
            if bypass.host in known
        ),
        Route("all-hosts", f"*{environment.domain}/*", script),
    )
    check_routes(found, environment.domain, {environment.host(host) for host in known})
    return found


def check_routes(found: Sequence[Route], domain: str, others: set[str]) -> None:
    """Raise RouteError for routes that Cloudflare refuses, or that do not do what they say.

    `others` are the hosts that lead to third-party targets: only these may bypass the worker, since
    our own services answer the worker alone.
    """
    wrong: list[str] = []
    parsed: list[tuple[Route, _Pattern]] = []
    for route in found:
        pattern = _parse(route.pattern)
        if pattern is None:
            wrong.append(
                f"{route.pattern}: a pattern is a host and a path, with * only as the first "
                "character of the host or the last one of the path"
            )
        elif pattern.host != domain and not pattern.host.endswith(f".{domain}"):
            wrong.append(f"{route.pattern}: its host is not in the zone {domain}")
        else:
            parsed.append((route, pattern))
    for position, (route, pattern) in enumerate(parsed):
        before, after = parsed[:position], parsed[position + 1 :]
        for earlier, other in before:
            if other == pattern:
                wrong.append(f"{route.pattern}: stands there twice ({earlier.label})")
            elif other.specificity() < pattern.specificity():
                wrong.append(
                    f"{route.pattern}: stands after the less specific {earlier.pattern}; "
                    "put it before that one"
                )
        if route.script is None and (pattern.any_host or pattern.host not in others):
            wrong.append(
                f"{route.pattern}: bypasses the worker, but the gateway answers only what came "
                "through it; leave such hosts to the worker"
            )
        if route.script is None and not any(o.script and w.covers(pattern) for o, w in after):
            wrong.append(f"{route.pattern}: there is no worker to bypass")
    if wrong:
        raise RouteError("\n".join(dict.fromkeys(wrong)))


@dataclass(frozen=True)
class _Pattern:
    scheme: str | None
    any_host: bool
    host: str
    path: str
    any_path: bool

    def specificity(self) -> tuple[int, ...]:
        """Of two patterns, Cloudflare takes the one with the greater value."""
        return (
            int(not self.any_host),
            len(self.host),
            len(self.path.rstrip("/")),
            int(not self.any_path),
            int(self.scheme is not None),
        )

    def covers(self, other: "_Pattern") -> bool:
        """Whether every request that fits the other fits this one too."""
        host = other.host.endswith(self.host) if self.any_host else other.host == self.host
        path = other.path.startswith(self.path) if self.any_path else other.path == self.path
        narrower = (self.any_host or not other.any_host) and (self.any_path or not other.any_path)
        return host and path and narrower and self.scheme in (None, other.scheme)


def _parse(text: str) -> _Pattern | None:
    match = _PATTERN.fullmatch(text)
    if match is None:
        return None
    host, path = match["host"], match["path"]
    return _Pattern(
        match["scheme"],
        host.startswith("*"),
        host.removeprefix("*"),
        path.removesuffix("*"),
        path.endswith("*"),
    )
