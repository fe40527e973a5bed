"""A request as the routing table sees it, and which rules it fits: pure, by compiled rules.

The worker (`infra/edge/worker/`) does the same. `tests/rehearsal/trace` holds the two against each
other.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Literal, TypeAlias, cast

from ada_url import URL

CompiledRule: TypeAlias = Mapping[str, Any]
"""A rule of the compiled table, see `infra/edge/compiler.py`."""

# What JavaScript's `trim` takes away, as far as headers can have it.
_SPACE = " \t\n\v\f\r\u00a0"
Stage: TypeAlias = Literal["environment", "host", "path", "condition", "fits"]
"""Where it is seen that a request does not fit a rule, in the order in which it is looked at."""

_GROUP = re.compile(r"\(\?<(?=[A-Za-z_])")


class EdgeRequestError(ValueError):
    """Not a request that could reach the edge; the message says why."""


@dataclass(frozen=True)
class EdgeRequest:
    """A request. Header names are in lower case; `path` and `query` are percent-encoded.

    `query` has its question mark, or is empty. `written` is the whole URL if it was read from one:
    ports and lone question marks decide nothing, but are passed on. `region` is what Cloudflare
    says of the visitor (ISO 3166-2 without the country).
    """

    scheme: str
    host: str
    path: str
    query: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    region: str | None = None
    written: str = ""

    @classmethod
    def of(
        cls,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        region: str | None = None,
    ) -> "EdgeRequest":
        """Read a URL as browsers and workerd do; raises VisitError."""
        try:
            parsed = URL(url)
        except ValueError:
            raise EdgeRequestError(
                f'"{url}" is not a URL such as https://de.serlo.org/mathe'
            ) from None
        scheme = parsed.protocol.removesuffix(":")
        if scheme not in {"http", "https"} or not parsed.hostname:
            raise EdgeRequestError(f'"{url}" is not a URL that starts with https:// or http://')
        return cls(
            scheme=scheme,
            host=parsed.hostname.removesuffix("."),
            path=parsed.pathname,
            query=parsed.search,
            method=method,
            headers={name.lower(): value for name, value in (headers or {}).items()},
            region=region,
            written=_without_fragment(parsed),
        )

    @property
    def url(self) -> str:
        """The whole URL, as the worker gets it."""
        return self.written or f"{self.scheme}://{self.host}{self.path}{self.query}"

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The names in the query, undecoded."""
        pairs = self.query[1:].split("&")
        return frozenset(pair.partition("=")[0] for pair in pairs if pair)

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """The cookies; of several with one name, the first."""
        found: dict[str, str] = {}
        for pair in self.headers.get("cookie", "").split(";"):
            name, equals, value = pair.strip(_SPACE).partition("=")
            if equals:
                found.setdefault(name, value)
        return found

    def label(self, domain: str) -> str | None:
        """The host without the domain: empty for the domain itself, None outside of it."""
        if self.host == domain:
            return ""
        return self.host.removesuffix(f".{domain}") if self.host.endswith(f".{domain}") else None


def match(
    rule: CompiledRule, label: str, visit: EdgeRequest, variables: Mapping[str, str]
) -> Mapping[str, str] | None:
    """What a rule's path captures of a request that fits the rule, None if it does not."""
    hosts = rule["hosts"]
    if (label in hosts["but"]) if isinstance(hosts, Mapping) else (label not in hosts):
        return None
    captured = _captured(rule.get("path"), visit.path)
    if captured is None or not _holds_in(rule, variables):
        return None
    for condition in rule.get("when", ()):
        if not _holds(condition, visit, variables):
            return None
    return captured


def why_not(
    rule: CompiledRule, label: str, visit: EdgeRequest, variables: Mapping[str, str]
) -> tuple[Stage, str]:
    """How far a request fits a rule, and the first reason why it fits no further."""
    hosts = rule["hosts"]
    if not _holds_in(rule, variables):
        return "environment", f"holds in {_any(rule['environments'])} only"
    if isinstance(hosts, Mapping):
        if label in hosts["but"]:
            but = cast(Mapping[str, Any], hosts)["but"]
            return "host", f"holds for any host but {_any_host(but)}"
    elif label not in hosts:
        return "host", f"its host is {_any_host(hosts)}"
    if _captured(rule.get("path"), visit.path) is None:
        return "path", f"its path is {path_text(rule.get('path'))}"
    for condition in rule.get("when", ()):
        if not _holds(condition, visit, variables):
            return "condition", f"asks for {condition_text(condition)}"
    return "fits", ""


def host_text(label: str) -> str:
    """A label for people."""
    return label or "the domain itself"


def path_text(path: Mapping[str, Any] | None) -> str:
    """A compiled path for people."""
    if path is None:
        return "any"
    if "exact" in path:
        return f"{path['exact']}{'[/]' if path.get('slash') else ''}"
    if "prefix" in path:
        return f"{path['prefix']}…"
    return str(path["pattern"])


def condition_text(condition: Mapping[str, Any]) -> str:
    """A compiled condition for people."""
    ((kind, asked),) = ((key, value) for key, value in condition.items() if key != "value")
    wanted = condition.get("value")
    is_value = "" if wanted is None else f" = {wanted}"
    match kind:
        case "scheme":
            return f"{asked}:"
        case "methods":
            return f"the method {_any(asked)}"
        case "query":
            return f"the parameter {_any(asked)}"
        case "region":
            return f"the region {_any(asked)}"
        case _:
            return f"the {kind} {asked}{is_value}"


@cache
def expression(pattern: str) -> re.Pattern[str]:
    """A regular expression of the compiled table, which is in JavaScript's words, in Python's."""
    text = _GROUP.sub("(?P<", pattern)
    if text.endswith("$") and not text.endswith(r"\$"):
        # Python's own `$` also fits before a line break at the end.
        text = rf"{text[:-1]}\Z"
    return re.compile(text, re.ASCII)


def _without_fragment(url: URL) -> str:
    url.hash = ""
    url.username = ""
    url.password = ""
    return url.href


def _holds_in(rule: CompiledRule, variables: Mapping[str, str]) -> bool:
    environments = rule.get("environments")
    return environments is None or variables.get("ENVIRONMENT") in environments


def _captured(path: Mapping[str, Any] | None, found: str) -> Mapping[str, str] | None:
    if path is None:
        return {}
    if "exact" in path:
        exact = path["exact"]
        fits = found == exact or (path.get("slash", False) and found == f"{exact}/")
        return {} if fits else None
    if "prefix" in path:
        return {} if found.startswith(path["prefix"]) else None
    fitting = expression(path["pattern"]).search(found)
    if fitting is None:
        return None
    return {name: text or "" for name, text in fitting.groupdict().items()}


def _holds(condition: Mapping[str, Any], visit: EdgeRequest, variables: Mapping[str, str]) -> bool:
    match condition:
        case {"scheme": scheme}:
            return visit.scheme == scheme
        case {"methods": methods}:
            return visit.method in methods
        case {"query": names}:
            return not visit.parameters.isdisjoint(names)
        case {"region": codes}:
            return visit.region in codes
        case {"cookie": name}:
            found = visit.cookies.get(name)
        case {"header": name}:
            # Several headers of one name come as one text; the first is meant.
            found = visit.headers.get(name.lower())
            value = condition.get("value")
            if found is not None and value is not None and found.startswith(f"{value}, "):
                found = value
        case {"variable": name}:
            found = variables.get(name)
        case _:
            raise AssertionError(f"no condition that is known: {condition}")
    return found is not None and condition.get("value", found) == found


def _any(texts: Sequence[str]) -> str:
    return " or ".join(texts)


def _any_host(labels: Sequence[str]) -> str:
    return _any([host_text(label) for label in labels])
