"""What answers a request, by the declarations of a stack: record, route, rule, service, pods."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from ada_url import URL

from infra.cluster.origin_auth import HEADER
from infra.edge.simulator.decide import Decision, Explanation, Fetched, Sorted, explain
from infra.edge.simulator.request import EdgeRequest
from operations.declared.snapshot import Record, Route, Snapshot, Worker
from operations.routing.cluster import Backend, DeclaredObjects, NoBackend
from rehearsal.cloudflare.workers.route_matching import most_specific, parse
from rehearsal.origin.routes import Request


@dataclass(frozen=True)
class Trace:
    """Everything on a request's way.

    `record` None: the host's name leads nowhere, so no request arrives; `kept_by_hand` says what it
    leads to if that is not declared. `explanation` None: another team's worker, or none, answers.
    """

    stack: str
    visit: EdgeRequest
    record: Record | None
    kept_by_hand: str | None
    route: Route | None
    explanation: Explanation | None
    places: Mapping[str, str]
    backends: Sequence[Backend | NoBackend]

    @property
    def ours(self) -> bool:
        """Whether the worker that runs is the one in this repository."""
        return self.explanation is not None


def trace_declared(snapshot: Snapshot, visit: EdgeRequest) -> Trace:
    """Follow a request through what a stack declares. The snapshot must have no problem."""
    record = next((r for r in snapshot.records if r.host == visit.host), None)
    route = _route(snapshot, visit)
    worker = snapshot.worker
    explanation = None
    if worker is not None and route is not None and route.script is not None:
        explanation = explain(worker.table, _bindings(worker), visit)
    backends: dict[Backend | NoBackend, None] = {}
    if fetches := _fetches(snapshot, visit, explanation, route):
        declared = DeclaredObjects(snapshot.registrations)
        for fetched in fetches:
            backends[declared.answering(_at_the_gateway(fetched))] = None
    return Trace(
        snapshot.stack,
        visit,
        record,
        snapshot.kept_by_hand.get(visit.host),
        route,
        explanation,
        {} if worker is None else worker.places,
        tuple(backends),
    )


def decisions(decision: Decision | None) -> Iterator[Decision]:
    """A decision, and what follows should it come to nothing."""
    while decision is not None:
        yield decision
        decision = decision.otherwise


def _route(snapshot: Snapshot, visit: EdgeRequest) -> Route | None:
    parsed = [(parse(route.pattern, snapshot.domain), route) for route in snapshot.routes]
    return most_specific(parsed, visit.scheme, visit.host, f"{visit.path}{visit.query}")


def _bindings(worker: Worker) -> Mapping[str, str]:
    """The worker's bindings, with stand-ins for the secrets."""
    return {**worker.variables, **{name: f"[{key}]" for name, key in worker.secrets.items()}}


@dataclass(frozen=True)
class _Fetch:
    url: str
    method: str
    headers: Mapping[str, str]


def _fetches(
    snapshot: Snapshot,
    visit: EdgeRequest,
    explanation: Explanation | None,
    route: Route | None,
) -> list[_Fetch]:
    """The requests that may arrive at the gateway, first those that are the likeliest."""
    if explanation is None:
        past_worker = route is None or route.script is None
        return [_Fetch(visit.url, visit.method, visit.headers)] if past_worker else []
    found: list[_Fetch] = []
    for decision in decisions(explanation.decision):
        outcome = decision.outcome
        if isinstance(outcome, Sorted):
            sides = {"frontend": (outcome.frontend,), "legacy": (outcome.legacy,)}
            both = (outcome.frontend, outcome.legacy)
            wanted = both if outcome.side is None or outcome.asks else sides[outcome.side]
        else:
            wanted = (outcome,) if isinstance(outcome, Fetched) else ()
        for fetched in wanted:
            if fetched.upstream in {"proxy", "thumbnail"}:
                continue
            url = fetched.urls[0]
            if EdgeRequest.of(url).label(snapshot.domain) is not None:
                found.append(_Fetch(url, fetched.method, _headers(snapshot, visit, fetched)))
    return found


def _headers(snapshot: Snapshot, visit: EdgeRequest, fetched: Fetched) -> Mapping[str, str]:
    headers = dict(visit.headers)
    for header in fetched.headers:
        if header.value is None:
            headers.pop(header.name, None)
        else:
            headers[header.name] = header.value
    if HEADER in headers and snapshot.worker is not None:
        headers[HEADER] = _bindings(snapshot.worker)["ORIGIN_SECRET"]
    return headers


def _at_the_gateway(fetch: _Fetch) -> Request:
    url = URL(fetch.url)
    return Request(
        host=url.hostname.removesuffix("."),
        path=url.pathname,
        method=fetch.method,
        headers=fetch.headers,
        query=dict(parse_qsl(url.search.removeprefix("?"), keep_blank_values=True)),
    )
