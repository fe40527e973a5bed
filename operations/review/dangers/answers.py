"""Requests that get another answer from the edge than before, by the routing table."""

from collections.abc import Iterator

from infra.edge.actions import (
    Asked,
    Fetched,
    Outcome,
    Redirected,
    Refused,
    Responded,
    Sorted,
)
from infra.edge.decision import Decision, decide
from infra.edge.visit import Visit
from operations.review.comparing import Comparison
from operations.review.dangers.danger import Danger, Kind
from operations.review.samples import visits
from operations.review.snapshot import Routing

_OUTSIDE = "no rule"


def answer_dangers(comparison: Comparison) -> Iterator[Danger]:
    """One danger for each way in which answers change, with a sample and how many there are."""
    before, after = comparison.before.routing, comparison.after.routing
    if before is None or after is None or before == after:
        return
    old_domain, new_domain = (side.variables["DOMAIN"] for side in (before, after))
    if old_domain != new_domain:
        yield Danger(
            Kind.ANSWER,
            f"every host is one of {new_domain} instead of {old_domain}",
            f"stacks/Pulumi.{comparison.stack}.yaml: serlo:domain",
            "all links and logins that name the old domain lead nowhere",
        )
        return
    changed: dict[tuple[str, str], list[tuple[Visit, str, str]]] = {}
    for visit in _samples(before, after):
        old, new = _answer(before, visit), _answer(after, visit)
        if _said(old) != _said(new):
            key = (old.rule or _OUTSIDE, new.rule or _OUTSIDE)
            changed.setdefault(key, []).append((visit, _said(old), _said(new)))
    for (was, becomes), found in changed.items():
        visit, old, new = found[0]
        more = f" (and {len(found) - 1} more of the samples)" if len(found) > 1 else ""
        yield Danger(
            Kind.ANSWER,
            f"{_request(visit)}: {old} ➔ {new}{more}",
            _where(was, becomes, before, after),
            "visitors and links that rely on the old answer meet another one",
        )


def _samples(before: Routing, after: Routing) -> Iterator[Visit]:
    seen: set[tuple[str, str, str]] = set()
    for visit in (*visits(before), *visits(after)):
        key = (visit.method, visit.url, repr(sorted(visit.headers.items())))
        if key not in seen:
            seen.add(key)
            yield visit


def _answer(routing: Routing, visit: Visit) -> Decision:
    return decide(routing.table, routing.variables, visit)


def _said(decision: Decision) -> str:
    said = _outcome(decision.outcome)
    return said if decision.otherwise is None else f"{said}, else {_said(decision.otherwise)}"


def _outcome(outcome: Outcome) -> str:
    match outcome:
        case Redirected(status, location):
            return f"{status} to {location}"
        case Responded(status, content_type, content):
            return f"{status} {content_type} {(content or '')[:60]!r}"
        case Refused(status, why):
            return f"{status}, since {why}"
        case Fetched():
            return f"{outcome.upstream} {outcome.urls[0] if outcome.urls else ''}".strip()
        case Asked():
            return "the API's alias, if there is another"
        case Sorted():
            share = f"{outcome.probability * 100:g} %"
            return f"the frontend for {share} of {outcome.audience}, legacy for the others"


def _request(visit: Visit) -> str:
    headers = ", ".join(f"{name}: {value}" for name, value in visit.headers.items())
    return f"{visit.method} {visit.url}" + (f" with {headers}" if headers else "")


def _where(was: str, becomes: str, before: Routing, after: Routing) -> str:
    old = f"{was} ({before.places[was]})" if was in before.places else was
    new = f"{becomes} ({after.places[becomes]})" if becomes in after.places else becomes
    return new if was == becomes else f"{old} ➔ {new}"
