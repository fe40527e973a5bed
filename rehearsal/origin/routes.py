"""Which rule of which HTTPRoute a request falls to, as the Gateway API prescribes.

Pure: objects and a request in, a rule or a reason out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from k8s import JsonObject, items, section
from k8s.selectors import selects
from rehearsal.origin.cache import Key

_ANYTHING: JsonObject = {}


@dataclass(frozen=True)
class Request:
    """What the matching of a request depends on. Header names are in lower case."""

    host: str
    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Rule:
    """One match of one rule of a route, under one of the route's hostnames."""

    namespace: str
    route: str
    hostname: str
    match: JsonObject
    rule: JsonObject
    order: tuple[Any, ...]
    """Sorts the rules by the precedence of the Gateway API: what comes first wins."""

    def fits(self, request: Request) -> bool:
        """Whether the request falls to this rule, if no other comes before it."""
        match = self.match
        method = match.get("method")
        return (
            hostname_fits(self.hostname, request.host)
            and _path_fits(section(match, "path"), request.path)
            and (not method or method == request.method)
            and _pairs_fit(items(match, "headers"), request.headers, fold_names=True)
            and _pairs_fit(items(match, "queryParams"), request.query, fold_names=False)
        )


def table(
    routes: Mapping[Key, JsonObject],
    gateways: Mapping[Key, JsonObject],
    namespaces: Mapping[Key, JsonObject],
) -> list[Rule]:
    """All rules of the routes that a Gateway admits, in the order in which they are tried."""
    found: list[Rule] = []
    for (namespace, name), route in routes.items():
        for hostname in _hostnames(namespace, route, gateways, namespaces):
            for index, rule in enumerate(items(route, "spec", "rules")):
                for match in items(rule, "matches") or [_ANYTHING]:
                    age = str(route["metadata"].get("creationTimestamp") or "")
                    order = (*_precedence(hostname, match), age, namespace, name, index)
                    found.append(Rule(namespace, name, hostname, match, rule, order))
    return sorted(found, key=lambda rule: rule.order)


def find(rules: Iterable[Rule], request: Request) -> Rule | None:
    """The rule that a request falls to, or None."""
    return next((rule for rule in rules if rule.fits(request)), None)


def why_none(rules: Iterable[Rule], routes: Mapping[Key, JsonObject], request: Request) -> str:
    """Why no rule is there for a request, for the person who asked."""
    if any(hostname_fits(rule.hostname, request.host) for rule in rules):
        return f"no rule of an HTTPRoute for the host {request.host} fits {request.path}"
    for (namespace, name), route in sorted(routes.items()):
        hostnames: list[str] = section(route, "spec").get("hostnames") or []
        if any(hostname_fits(hostname, request.host) for hostname in hostnames):
            return (
                f"HTTPRoute {namespace}/{name} has the host {request.host}, but no listener of the"
                " Gateways in its parentRefs admits it: see the listeners' hostname and"
                " allowedRoutes (without it, only routes of the Gateway's own namespace)"
            )
    return f"no HTTPRoute has the host {request.host}"


def hostname_fits(pattern: str, host: str) -> bool:
    """Whether a hostname falls under `pattern`: equal, `*.rest`, or empty for any."""
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) > len(pattern[1:])
    return pattern in ("", host)


def _hostnames(
    namespace: str,
    route: JsonObject,
    gateways: Mapping[Key, JsonObject],
    namespaces: Mapping[Key, JsonObject],
) -> list[str]:
    """Under which hostnames a route answers: its own, as far as a listener has them too."""
    own: list[str] = route["spec"].get("hostnames") or [""]
    found: set[str] = set()
    for parent in items(route, "spec", "parentRefs"):
        gateway = gateways.get((parent.get("namespace", namespace), parent["name"]))
        if parent.get("kind", "Gateway") != "Gateway" or gateway is None:
            continue
        for listener in items(gateway, "spec", "listeners"):
            if (
                parent.get("sectionName", listener["name"]) == listener["name"]
                and parent.get("port", listener["port"]) == listener["port"]
                and _admits(listener, gateway, namespace, namespaces)
            ):
                theirs = str(listener.get("hostname") or "")
                found |= {both for mine in own if (both := _intersection(mine, theirs)) is not None}
    return sorted(found)


def _admits(
    listener: JsonObject,
    gateway: JsonObject,
    namespace: str,
    namespaces: Mapping[Key, JsonObject],
) -> bool:
    allowed = section(listener, "allowedRoutes", "namespaces")
    whence = allowed.get("from", "Same")
    if whence == "Selector":
        labels = section(namespaces.get(("", namespace), {}), "metadata", "labels")
        return selects(section(allowed, "selector"), labels)
    return whence == "All" or (whence == "Same" and gateway["metadata"]["namespace"] == namespace)


def _intersection(mine: str, theirs: str) -> str | None:
    """The hostname that falls under both, or None."""
    if not mine or not theirs:
        return mine or theirs
    if hostname_fits(theirs, mine):
        return mine
    return theirs if hostname_fits(mine, theirs) else None


def _precedence(hostname: str, match: JsonObject) -> tuple[Any, ...]:
    path = section(match, "path")
    value = str(path.get("value") or "/")
    return (
        hostname.startswith("*.") or not hostname,
        -len(hostname),
        path.get("type", "PathPrefix") != "Exact",
        -len(value),
        not match.get("method"),
        -len(items(match, "headers")),
        -len(items(match, "queryParams")),
    )


def _path_fits(wanted: JsonObject, path: str) -> bool:
    value = str(wanted.get("value") or "/")
    match wanted.get("type", "PathPrefix"):
        case "Exact":
            return path == value
        case "PathPrefix":
            prefix = value.rstrip("/")
            # Whole elements only: /api does not fit /apis.
            return path == prefix or path.startswith(f"{prefix}/")
        case _:
            return False  # regular expressions: GKE has none either


def _pairs_fit(wanted: list[JsonObject], found: Mapping[str, str], *, fold_names: bool) -> bool:
    for pair in wanted:
        name = pair["name"].lower() if fold_names else pair["name"]
        if pair.get("type", "Exact") != "Exact" or found.get(name) != pair["value"]:
            return False
    return True
