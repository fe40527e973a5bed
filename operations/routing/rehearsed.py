"""What a running rehearsal really answers, and whether that is what was declared."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx

from infra.edge.simulator.decide import (
    Asked,
    Decision,
    Fetched,
    Redirected,
    Refused,
    Responded,
    Sorted,
)
from infra.edge.simulator.request import EdgeRequest
from operations.errors import CommandError
from operations.rehearsed.project import current_stack
from operations.routing.cluster import Backend
from operations.routing.explain import Trace, decisions
from rehearsal.supervisor import read_endpoints
from rehearsal.supervisor.status import supervisor_runs

_SECONDS = 30
_NO_RECORD = 530
"""Cloudflare's answer where its own resolver finds nothing; a browser's finds nothing before."""


class EdgeUnreachable(CommandError):
    """The rehearsal runs, but does not answer."""


@dataclass(frozen=True)
class RehearsedAnswer:
    """An answer of the rehearsal's edge; who the pod says it is, if one answered."""

    status: int
    rule: str | None
    location: str | None
    script: str | None
    route: str | None
    service: str | None
    namespace: str | None
    pod: str | None
    version: str | None
    asked: str | None
    """The URL that the pod was asked for, but its scheme."""


def running_edge(folder: Path, stack: str) -> str | None:
    """Where the edge of a rehearsal of this stack is, None if none runs in the folder."""
    root = folder.resolve()
    if current_stack(root) != stack or not supervisor_runs(root):
        return None
    endpoints = read_endpoints(root)
    return endpoints.edge if endpoints is not None and endpoints.edge else None


def ask(edge: str, visit: EdgeRequest) -> RehearsedAnswer:
    """Send a request through the rehearsal's edge; raises NoAnswer."""
    headers = {
        **visit.headers,
        "host": visit.host,
        "x-rehearsal-scheme": visit.scheme,
        "x-rehearsal-cf": json.dumps({"regionCode": visit.region}),
    }
    try:
        with httpx.Client(trust_env=False, timeout=_SECONDS) as client:
            # Of its own, the client would add headers that rules may ask for.
            for name in ("accept", "user-agent"):
                del client.headers[name]
            answer = client.request(
                visit.method, f"{edge}{visit.path}{visit.query}", headers=headers
            )
    except httpx.HTTPError as error:
        raise EdgeUnreachable(f"the edge of the rehearsal does not answer: {error}") from None
    said = _document(answer)
    return RehearsedAnswer(
        status=answer.status_code,
        rule=answer.headers.get("x-serlo-rule"),
        location=answer.headers.get("location"),
        script=answer.headers.get("x-rehearsal-script"),
        route=answer.headers.get("x-rehearsal-route"),
        service=said.get("service"),
        namespace=said.get("namespace"),
        pod=said.get("pod"),
        version=said.get("version"),
        asked=_asked(said.get("request")),
    )


def differences(trace: Trace, live: RehearsedAnswer) -> list[str]:
    """In what the answer is none of those that the declarations lead to; empty: in nothing."""
    if trace.record is None and trace.kept_by_hand is None:
        return list(_differs("status of a host without a record", _NO_RECORD, live.status))
    if trace.explanation is None:
        return list(_wrong_pod(trace, live))
    possible = {d.rule: d for d in decisions(trace.explanation.decision)}
    if live.rule not in possible:
        rules = " or ".join(rule or "no rule" for rule in possible)
        return [f"expected {rules} to answer, but {live.rule or 'no rule'} did"]
    return list(_wrong(trace, possible[live.rule], live))


def _wrong(trace: Trace, decision: Decision, live: RehearsedAnswer) -> Iterator[str]:
    outcome = decision.outcome
    match outcome:
        case Redirected():
            yield from _differs("status", outcome.status, live.status)
            yield from _differs("target", outcome.location, live.location)
        case Asked():
            yield from _differs("status", 301, live.status)
        case Responded() | Refused():
            yield from _differs("status", outcome.status, live.status)
        case Sorted():
            urls = (*outcome.frontend.urls, *outcome.legacy.urls)
            yield from _wrong_upstream(urls, live)
            yield from _wrong_pod(trace, live)
        case Fetched():
            yield from _wrong_upstream(outcome.urls, live)
            yield from _wrong_pod(trace, live)


def _differs(what: str, declared: object, found: object) -> Iterator[str]:
    if declared != found:
        yield f"expected the {what} to be {declared}, but it is {found}"


def _wrong_pod(trace: Trace, live: RehearsedAnswer) -> Iterator[str]:
    """A pod says who it is. If none does, what answered may be outside of the cluster."""
    backends = [backend for backend in trace.backends if isinstance(backend, Backend)]
    if not backends:
        return
    if live.service is None:
        yield f"expected {backends[0].service} to answer, but no pod did ({live.status})"
        return
    found = f"{live.namespace}/{live.service} in version {live.version}"
    declared = [
        f"{backend.service} in version {pods.version.partition('@')[0]}"
        for backend in backends
        for pods in backend.pods
    ]
    if found not in declared:
        yield f"expected {' or '.join(declared)} to answer, but {found} did"


def _wrong_upstream(urls: Sequence[str], live: RehearsedAnswer) -> Iterator[str]:
    declared = [url.partition("://")[2] for url in urls]
    if live.asked is not None and live.asked not in declared:
        yield f"expected a request for {' or '.join(declared)}, but it was for {live.asked}"


def _asked(request: Mapping[str, Any] | None) -> str | None:
    if request is None:
        return None
    query = f"?{request['query']}" if request["query"] else ""
    return f"{request['host']}{request['path']}{query}"


def _document(answer: httpx.Response) -> Mapping[str, Any]:
    if not answer.headers.get("content-type", "").startswith("application/json"):
        return {}
    try:
        found = answer.json()
    except ValueError:
        return {}
    return cast(dict[str, Any], found) if isinstance(found, dict) else {}
