"""Requests that get another answer from the edge than before, by the routing table."""

from collections.abc import Iterator
from dataclasses import fields
from itertools import takewhile
from typing import Any

from infra.edge.simulator.decide import Decision, decide
from infra.edge.simulator.outcomes import (
    Asked,
    Fetched,
    Outcome,
    Redirected,
    Refused,
    Responded,
    Sorted,
)
from infra.edge.simulator.request import EdgeRequest
from operations.declared.snapshot import Worker
from operations.review.comparing import Comparison
from operations.review.dangers.danger import Danger, DangerKind
from operations.review.samples import visits

_OUTSIDE = "no rule"
_LONGEST = 80
"""Characters of a content that are shown."""


def answer_dangers(comparison: Comparison) -> Iterator[Danger]:
    """One danger for each way in which answers change, with a sample and how many there are."""
    before, after = comparison.before.worker, comparison.after.worker
    if before is None or after is None:
        return
    old_domain, new_domain = (side.variables["DOMAIN"] for side in (before, after))
    if old_domain != new_domain:
        yield Danger(
            DangerKind.ANSWER,
            f"every host is one of {new_domain} instead of {old_domain}",
            f"stacks/Pulumi.{comparison.stack}.yaml: serlo:domain",
            "all links and logins that name the old domain lead nowhere",
        )
        return
    changed: dict[tuple[str, str], list[tuple[EdgeRequest, str]]] = {}
    for visit in _samples(comparison, before, after):
        old, new = _answer(before, visit), _answer(after, visit)
        if _meaning(old) != _meaning(new):
            key = (old.rule or _OUTSIDE, new.rule or _OUTSIDE)
            changed.setdefault(key, []).append((visit, _difference(old, new)))
    for (was, becomes), found in changed.items():
        visit, difference = found[0]
        more = f" (and {len(found) - 1} more of the samples)" if len(found) > 1 else ""
        yield Danger(
            DangerKind.ANSWER,
            f"{_request(visit)}: {difference}{more}",
            _where(was, becomes, before, after),
            "visitors and links that rely on the old answer meet another one",
        )


def _samples(comparison: Comparison, before: Worker, after: Worker) -> Iterator[EdgeRequest]:
    if (before.table, before.variables) == (after.table, after.variables):
        return
    seen: set[tuple[str, str, str]] = set()
    old, new = comparison.before.labels, comparison.after.labels
    for visit in (*visits(before, old), *visits(after, new)):
        key = (visit.method, visit.url, repr(sorted(visit.headers.items())))
        if key not in seen:
            seen.add(key)
            yield visit


def _answer(worker: Worker, visit: EdgeRequest) -> Decision:
    return decide(worker.table, worker.variables, visit)


def _meaning(decision: Decision) -> tuple[Outcome, ...]:
    """Everything that happens, whichever rules say so."""
    more = () if decision.otherwise is None else _meaning(decision.otherwise)
    return (decision.outcome, *more)


def _difference(old: Decision, new: Decision) -> str:
    if _said(old) != _said(new):
        return f"{_said(old)} ➔ {_said(new)}"
    details = (
        f"{name} {_shown(was)} ➔ {_shown(becomes)}"
        for one, other in zip(_meaning(old), _meaning(new), strict=True)
        for name, was, becomes in _details(one, other)
    )
    return f"{_said(old)}: {'; '.join(details)}"


def _details(old: Outcome, new: Outcome) -> Iterator[tuple[str, Any, Any]]:
    for field in fields(old):
        was, becomes = getattr(old, field.name), getattr(new, field.name)
        if field.name == "urls":
            yield from _unlike("address", " ".join(was), " ".join(becomes))
        elif isinstance(was, Fetched) and isinstance(becomes, Fetched):
            for name, one, other in _details(was, becomes):
                yield f"{field.name}'s {name}", one, other
        else:
            yield from _unlike(field.name, was, becomes)


def _unlike(name: str, was: Any, becomes: Any) -> Iterator[tuple[str, Any, Any]]:
    if was == becomes:
        return
    if name == "asks":
        yield "content of", _types(was), _types(becomes)
    elif isinstance(was, str) and isinstance(becomes, str):
        yield name.replace("_", " "), _around(was, becomes), _around(becomes, was)
    else:
        yield name.replace("_", " "), was, becomes


def _types(asked: Any) -> str:
    return ", ".join(asked.types or ()) if isinstance(asked, Asked) else "all types"


def _around(text: str, other: str) -> str:
    """The part of a text where it begins to differ from another."""
    pairs = zip(text, other, strict=False)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    start = max(0, alike - _LONGEST // 4)
    return f"…{text[start:]}" if start else text


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _said(decision: Decision) -> str:
    said = _outcome(decision.outcome)
    return said if decision.otherwise is None else f"{said}, else {_said(decision.otherwise)}"


def _outcome(outcome: Outcome) -> str:
    match outcome:
        case Redirected(status, location):
            return f"{status} to {location}"
        case Responded(status, content_type, content):
            return f"{status} {content_type} {_shown(content or '')}"
        case Refused(status, why):
            return f"{status}, since {why}"
        case Fetched():
            return f"{outcome.upstream} {outcome.urls[0] if outcome.urls else ''}".strip()
        case Asked():
            return "the API's alias, if there is another"
        case Sorted():
            share = f"{outcome.probability * 100:g} %"
            return f"the frontend for {share} of {outcome.audience}, legacy for the others"


def _request(visit: EdgeRequest) -> str:
    headers = ", ".join(f"{name}: {value}" for name, value in visit.headers.items())
    return f"{visit.method} {visit.url}" + (f" with {headers}" if headers else "")


def _where(was: str, becomes: str, before: Worker, after: Worker) -> str:
    old = f"{was} ({before.places[was]})" if was in before.places else was
    new = f"{becomes} ({after.places[becomes]})" if becomes in after.places else becomes
    return new if was == becomes else f"{old} ➔ {new}"
