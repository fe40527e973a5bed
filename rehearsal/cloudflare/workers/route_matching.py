"""Which worker route a URL belongs to, by Cloudflare's documented rules. Pure functions.

Rules: developers.cloudflare.com/workers/configuration/routing/routes and its "Known issues".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

_PATTERN = re.compile(r"(?:(?P<scheme>https?)://)?(?P<host>[^/]+)(?P<path>/.*)?", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9_.-]*")

Key = TypeVar("Key")


class PatternError(ValueError):
    """A pattern that no route may have; the message is the one that Cloudflare documents."""


@dataclass(frozen=True)
class Pattern:
    """A route pattern taken apart.

    Attributes:
        scheme: `http` or `https` if the pattern names one, else None.
        host: the host name, or its end if `any_host`; lower case.
        any_host: whether the pattern began with `*`.
        path: the path, or its beginning if `any_path`; begins with `/`, case kept.
        any_path: whether the pattern ended with `*`.
    """

    scheme: str | None
    host: str
    any_host: bool
    path: str
    any_path: bool

    def matches(self, scheme: str, host: str, target: str) -> bool:
        """Whether a request belongs to it; `target` is path and query string as sent."""
        host = host.lower()
        return (
            (self.scheme is None or self.scheme == scheme)
            and (host.endswith(self.host) if self.any_host else host == self.host)
            and (target.startswith(self.path) if self.any_path else target == self.path)
        )

    def specificity(self) -> tuple[int, ...]:
        """Of two patterns that match one URL, the one with the greater value wins."""
        # The host decides before the path does: a.example.com/* beats *.example.com/a.
        # A trailing slash before the last * does not count, and without it is stronger:
        # example.com/images* beats example.com/images/* even for /images/hello (a known issue).
        weight = len(self.path.rstrip("/")) if self.any_path else len(self.path)
        return (
            int(not self.any_host),
            len(self.host),
            weight,
            int(not self.any_path),
            -len(self.path),
            int(self.scheme is not None),
        )


def parse(text: str, zone: str) -> Pattern:
    """Take a route pattern of the zone named `zone` apart; raises PatternError."""
    if "?" in text:
        raise PatternError(f"Route pattern should not have query parameters {text}")
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise PatternError(
            f"Could not understand route pattern {text}, please try a different pattern"
        )
    scheme, host, path = match["scheme"], match["host"].lower(), match["path"] or "/"
    any_host, any_path = host.startswith("*"), path.endswith("*")
    host = host.removeprefix("*")
    if any_path:
        path = path[:-1]
    if "*" in host or "*" in path:
        raise PatternError(
            "Route pattern may only contain wildcards at the beginning of the hostname and the "
            f"end of the path: {text}"
        )
    if not _HOST.fullmatch(host):
        raise PatternError(
            f"Could not understand route pattern {text}, please try a different pattern"
        )
    if host != zone and not host.endswith(f".{zone}"):
        raise PatternError(f"Route pattern must include zone name: {text}")
    return Pattern(scheme.lower() if scheme else None, host, any_host, path, any_path)


def most_specific(
    routes: Iterable[tuple[Pattern, Key]], scheme: str, host: str, target: str
) -> Key | None:
    """The key of the route that a request belongs to; None if it belongs to none."""
    found = [route for route in routes if route[0].matches(scheme, host, target)]
    if not found:
        return None
    return max(found, key=lambda route: route[0].specificity())[1]
