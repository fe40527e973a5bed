"""A trace as plain data: what `--json` prints, and what two checkouts are compared by."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

from infra.edge.simulator.decide import Decision, Fetched, Outcome, Sorted
from operations.routing.cluster import Backend
from operations.routing.explain import Trace
from operations.routing.rehearsed import RehearsedAnswer

Document = dict[str, Any]

_COMPARED = ("record", "route", "decision", "backends")


def document(trace: Trace, live: RehearsedAnswer | None, differences: list[str]) -> Document:
    """Everything that is known, as JSON has it."""
    visit = trace.visit
    explanation = trace.explanation
    return {
        "url": visit.url,
        "method": visit.method,
        "stack": trace.stack,
        "record": _record(trace),
        "route": None if trace.route is None else asdict(trace.route),
        "steps": [
            {
                "rule": step.rule,
                "place": _place(trace.places, step.rule),
                "fits": step.stage == "fits",
                "stage": step.stage,
                "why": step.why,
            }
            for step in (explanation.steps if explanation is not None else ())
        ],
        "decision": None if explanation is None else _decision(explanation.decision, trace.places),
        "backends": [
            asdict(backend) | {"answers": isinstance(backend, Backend)}
            for backend in trace.backends
        ],
        "rehearsal": None if live is None else asdict(live),
        "differences": differences,
    }


def changes(before: Document, after: Document) -> list[str]:
    """The parts of two traces that differ in more than where they are written."""
    return [
        part
        for part in _COMPARED
        if _without_places(before.get(part)) != _without_places(after.get(part))
    ]


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        members = cast(dict[str, Any], value)
        return {key: _without_places(member) for key, member in members.items() if key != "place"}
    if isinstance(value, list | tuple):
        return [_without_places(element) for element in cast(Sequence[Any], value)]
    return value


def _record(trace: Trace) -> Document | None:
    if trace.record is not None:
        return {**asdict(trace.record), "proxied": True}
    return None if trace.kept_by_hand is None else {"leads_to": trace.kept_by_hand}


def _place(places: Mapping[str, str], rule: str | None) -> str | None:
    return None if rule is None or rule not in places else places[rule]


def _decision(decision: Decision, places: Mapping[str, str]) -> Document:
    return {
        "rule": decision.rule,
        "place": _place(places, decision.rule),
        "outcome": _outcome(decision.outcome),
        "otherwise": None if decision.otherwise is None else _decision(decision.otherwise, places),
    }


def _outcome(outcome: Outcome) -> Document:
    found = {"kind": type(outcome).__name__.lower(), **asdict(outcome)}
    if isinstance(outcome, Fetched):
        found["headers"] = _headers(outcome)
    if isinstance(outcome, Sorted):
        for side, fetched in (("frontend", outcome.frontend), ("legacy", outcome.legacy)):
            found[side] = {**asdict(fetched), "headers": _headers(fetched)}
    return found


def _headers(fetched: Fetched) -> dict[str, str | None]:
    return {header.name: header.value for header in fetched.headers}
