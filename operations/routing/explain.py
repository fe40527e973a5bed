"""What answers a request, by the declarations of a stack: record, route, rule, service, pods."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from ada_url import URL

from infra.cluster.origin_auth import HEADER
from infra.edge.cloudflare.dns_records import KEPT_BY_HAND, Record, records
from infra.edge.cloudflare.worker_routes import Route, routes
from infra.edge.cloudflare.worker_script import SECRET_BINDINGS, script_name, worker_variables
from infra.edge.compiler import compile_table
from infra.edge.simulator.decide import Decision, Explanation, Fetched, Sorted, explain
from infra.edge.simulator.request import Visit
from infra.routing.model import Place
from infra.routing.table import RULES
from infra.stack.environment import Environment
from operations.declared.recorder import run_program
from operations.routing.cluster import Backend, Declared, NoBackend
from operations.routing.own_table import require_own_table
from rehearsal.cloudflare.route_matching import most_specific, parse
from rehearsal.origin.routes import Request


@dataclass(frozen=True)
class Trace:
    """Everything on a request's way.

    `record` None: the host's name leads nowhere, so nobody ever comes; `kept_by_hand` says what it
    leads to if that is not declared. `explanation` None: the worker is none of ours, or is passed.
    """

    stack: str
    visit: Visit
    record: Record | None
    kept_by_hand: str | None
    route: Route | None
    explanation: Explanation | None
    places: Mapping[str, Place]
    backends: Sequence[Backend | NoBackend]

    @property
    def ours(self) -> bool:
        """Whether the worker that runs is the one in this repository."""
        return self.explanation is not None


def trace_declared(environment: Environment, stack_file: Path, visit: Visit) -> Trace:
    """Follow a request through what a stack declares; raises ProgramError, RoutingError."""
    record = next((r for r in records(environment) if r.host == visit.host), None)
    label = visit.label(environment.domain)
    by_hand = KEPT_BY_HAND.get(label or "") if environment.is_production else None
    route = _route(environment, visit)
    explanation = None
    if route is not None and route.script is not None and environment.edge.script is None:
        # What would answer by a table that no update takes is of no use to anybody.
        require_own_table(environment)
        explanation = explain(compile_table(RULES, environment), _bindings(environment), visit)
    fetches = _fetches(environment, visit, explanation, route)
    declared = Declared(run_program(stack_file)) if fetches else None
    backends: dict[Backend | NoBackend, None] = {}
    for fetched in fetches:
        if declared is not None:
            backends[declared.answering(_at_the_gateway(fetched))] = None
    return Trace(
        environment.name,
        visit,
        record,
        by_hand,
        route,
        explanation,
        {rule.name: rule.place for rule in RULES},
        tuple(backends),
    )


def decisions(decision: Decision | None) -> Iterator[Decision]:
    """A decision, and what follows should it come to nothing."""
    while decision is not None:
        yield decision
        decision = decision.otherwise


def _route(environment: Environment, visit: Visit) -> Route | None:
    parsed = [
        (parse(route.pattern, environment.domain), route)
        for route in routes(environment, script_name(environment))
    ]
    return most_specific(parsed, visit.scheme, visit.host, f"{visit.path}{visit.query}")


def _bindings(environment: Environment) -> Mapping[str, str]:
    """The worker's bindings, with stand-ins for the secrets that every environment needs."""
    needed = {
        name: f"[{key}]" for name, key in SECRET_BINDINGS.items() if key in environment.secrets
    }
    return {**worker_variables(environment), **needed}


@dataclass(frozen=True)
class _Fetch:
    url: str
    method: str
    headers: Mapping[str, str]


def _fetches(
    environment: Environment,
    visit: Visit,
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
            if Visit.of(url).label(environment.domain) is not None:
                found.append(_Fetch(url, fetched.method, _headers(environment, visit, fetched)))
    return found


def _headers(environment: Environment, visit: Visit, fetched: Fetched) -> Mapping[str, str]:
    headers = dict(visit.headers)
    for header in fetched.headers:
        if header.value is None:
            headers.pop(header.name, None)
        else:
            headers[header.name] = header.value
    if HEADER in headers:
        headers[HEADER] = _bindings(environment)["ORIGIN_SECRET"]
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
