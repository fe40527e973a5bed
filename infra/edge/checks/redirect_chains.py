"""Follow redirects with sample requests until a rule answers, or until none can.

A sample fulfils a rule's conditions and has values for what its path captures, so that every
redirect is taken at least once on each host that it concerns.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from infra.edge.simulator.decide import PathInfo, decide
from infra.edge.simulator.outcomes import Redirected
from infra.edge.simulator.request import CompiledRule, EdgeRequest, match

MOST_REDIRECTS = 10

_SAMPLE_QUERY = "?a=1"
_SAMPLE_REGION = "XX"
_GROUP = re.compile(r"\(\?<\w+>(?P<inside>[^()]*)\)")
_SAMPLES = ("35", "a", "a-b")


@dataclass(frozen=True)
class Journey:
    """What is wrong with where a rule's redirect leads."""

    rule: str
    text: str


def journeys(
    table: Mapping[str, Any], variables: Mapping[str, str], known: frozenset[str]
) -> Iterator[Journey]:
    """Redirects of which no end is seen, or that lead to hosts of the zone not in `known`."""
    domain = variables["DOMAIN"]
    labels = [label for host in sorted(known) if (label := _label(host, domain)) is not None]
    for rule in table["rules"]:
        if rule["then"]["do"] != "redirect":
            continue
        for visit in samples(rule, labels, domain):
            fits = match(rule, visit.label(domain) or "", visit, variables) is not None
            if fits and (text := _trouble(table, variables, known, visit, rule["name"])):
                yield Journey(rule["name"], text)
                break


def _trouble(
    table: Mapping[str, Any],
    variables: Mapping[str, str],
    known: frozenset[str],
    visit: EdgeRequest,
    name: str,
) -> str | None:
    way = [visit.url]
    first = decide(table, variables, visit, lookup=_nothing_known)
    # An earlier rule may answer this request.
    decision = first if first.rule == name else None
    while decision is not None and isinstance(decision.outcome, Redirected):
        arrived = _arrived(decision.outcome.location, variables["DOMAIN"], known)
        if not isinstance(arrived, EdgeRequest):
            return arrived
        visit = replace(arrived, method=visit.method, headers=visit.headers, region=visit.region)
        if visit.url in way:
            return f"leads in a circle: {' → '.join([*way, visit.url])}; no visitor arrives"
        if len(way) > MOST_REDIRECTS:
            return f"has no end after {MOST_REDIRECTS} redirects: {' → '.join(way[:4])} → …"
        way.append(visit.url)
        decision = decide(table, variables, visit, lookup=_nothing_known)
    return None


def _arrived(location: str, domain: str, known: frozenset[str]) -> EdgeRequest | str | None:
    """The visit that follows a redirect, None outside of the zone, or what is wrong with it."""
    visit = EdgeRequest.of(location)
    if visit.label(domain) is None:
        return None
    if visit.host not in known:
        return (
            f"leads to {visit.host}, which has no DNS record in this environment; add one to "
            "infra/edge/cloudflare/dns_records.py or correct the target"
        )
    return visit


def _nothing_known(_instance: str, _path: str) -> PathInfo | None:
    return None


def samples(rule: CompiledRule, labels: Sequence[str], domain: str) -> Iterator[EdgeRequest]:
    """Requests that fit a rule; `labels` are the hosts that "any host" stands for."""
    hosts: Any = rule["hosts"]
    concerned = labels if isinstance(hosts, Mapping) else hosts
    paths = _paths(rule.get("path"))
    for label, path in product(concerned, paths):
        host = f"{label}.{domain}" if label else domain
        yield _under(rule, EdgeRequest("https", host, path, _SAMPLE_QUERY, region=_SAMPLE_REGION))


def _under(rule: CompiledRule, visit: EdgeRequest) -> EdgeRequest:
    """The request, changed so that it fulfils the rule's conditions."""
    headers: dict[str, str] = {}
    for condition in rule.get("when", ()):
        value = condition.get("value", "1")
        match condition:
            case {"scheme": scheme}:
                visit = replace(visit, scheme=scheme)
            case {"methods": methods}:
                visit = replace(visit, method=methods[0])
            case {"query": names}:
                visit = replace(visit, query=f"?{names[0]}")
            case {"region": codes}:
                visit = replace(visit, region=codes[0])
            case {"cookie": name}:
                pair = f"{name}={value}"
                headers["cookie"] = f"{headers['cookie']}; {pair}" if "cookie" in headers else pair
            case {"header": name}:
                headers[name.lower()] = value
            case _:
                # Of variables, an environment has what it has.
                pass
    return replace(visit, headers=headers)


def _paths(path: Mapping[str, Any] | None) -> list[str]:
    match path:
        case None:
            return ["/", "/35", "/a/b"]
        case {"exact": exact}:
            return [exact, f"{exact}/"] if path.get("slash") else [exact]
        case {"prefix": prefix}:
            return [prefix, f"{prefix}a"]
        case _:
            pattern = path["pattern"].removeprefix("^").removesuffix("$")
            return [
                re.sub(r"\\(.)", r"\1", _GROUP.sub(lambda _, text=text: text, pattern))
                for text in _SAMPLES
            ]


def _label(host: str, domain: str) -> str | None:
    return EdgeRequest("https", host, "/").label(domain)
