"""A trace for people."""

from collections.abc import Iterator, Sequence

from infra.edge.simulator.decide import (
    Asked,
    Decision,
    Fetched,
    Outcome,
    Redirected,
    Refused,
    Responded,
    Sorted,
    Step,
)
from operations.routing.cluster import Backend
from operations.routing.explain import Trace, decisions
from operations.routing.rehearsed import RehearsedAnswer

_WIDTH = 11
_LONGEST = 60
_NEAR = frozenset({"condition", "fits"})
_WHO = {
    "frontend": "the frontend answers",
    "api": "the API answers",
    "origin": "what the host's record leads to answers",
    "legacy": "legacy serlo.org answers",
    "proxy": "somebody else's server answers",
    "thumbnail": "an image of somebody else's, or a grey placeholder",
}


def text_of(trace: Trace, live: RehearsedAnswer | None) -> str:
    """The trace in lines."""
    visit = trace.visit
    lines = [f"{visit.method} {visit.url} ({trace.stack})"]
    lines += _labelled("record", _record(trace))
    lines += _labelled("route", _route(trace))
    if trace.explanation is not None:
        lines += _labelled("rules", _steps(trace, trace.explanation.steps))
        for number, decision in enumerate(decisions(trace.explanation.decision)):
            lines += _labelled("otherwise" if number else "decision", _decision(trace, decision))
    lines += _labelled("cluster", _cluster(trace))
    if live is not None:
        lines += _labelled("rehearsal", _live(live))
    return "\n".join(lines)


def _labelled(label: str, lines: Iterator[str]) -> list[str]:
    found = list(lines)
    return [f"{label if number == 0 else '':<{_WIDTH}}{line}" for number, line in enumerate(found)]


def _record(trace: Trace) -> Iterator[str]:
    record = trace.record
    if record is not None:
        yield f"{record.host} {record.type} {record.content}, proxied: {record.leads_to}"
    elif trace.kept_by_hand is not None:
        yield f"{trace.visit.host}, kept by hand: {trace.kept_by_hand}"
    else:
        yield f"none: the name {trace.visit.host} leads nowhere, so no request comes this far"


def _route(trace: Trace) -> Iterator[str]:
    route = trace.route
    if route is None:
        yield "none: no worker runs"
    elif route.script is None:
        yield f"{route.pattern}: past the worker"
    elif trace.explanation is None:
        yield f"{route.pattern} → {route.script}, which is published from elsewhere: what it does"
        yield "is not known here"
    else:
        yield f"{route.pattern} → {route.script}"


def _steps(trace: Trace, steps: Sequence[Step]) -> Iterator[str]:
    """Rules of other hosts and paths are counted, the others named."""
    far = 0
    for step in steps:
        if step.stage not in _NEAR:
            far += 1
            continue
        if far:
            yield _far(far)
            far = 0
        mark = "✓" if step.stage == "fits" else "✗"
        yield f"{mark} {step.rule} ({trace.places[step.rule]}): {step.why}"
    if far:
        yield _far(far)


def _far(number: int) -> str:
    rules = "1 rule is" if number == 1 else f"{number} rules are"
    return f"· {rules} for other hosts, paths or environments"


def _decision(trace: Trace, decision: Decision) -> Iterator[str]:
    if decision.rule is None:
        name = "outside of the table"
    else:
        name = f"{decision.rule} ({trace.places[decision.rule]})"
    first, *others = _outcome(decision.outcome)
    yield f"{name}: {first}"
    yield from others


def _outcome(outcome: Outcome) -> Iterator[str]:
    match outcome:
        case Redirected():
            yield f"{outcome.status} to {outcome.location}"
        case Refused():
            yield f"{outcome.status}, {outcome.why}"
        case Responded():
            content = "a page of the worker's own"
            if outcome.content is not None:
                content = repr(_short(outcome.content))
            yield f"{outcome.status} {outcome.content_type}, {content}"
            if outcome.use_frontend is not None:
                yield f"sets the cookie useFrontend to {outcome.use_frontend}"
        case Asked():
            yield f"asks the API what {outcome.path} is in {outcome.instance}"
            yield "301 to its current path, if that is another one"
        case Fetched():
            yield _WHO[outcome.upstream]
            yield from _fetched(outcome)
        case Sorted():
            yield from _sorted(outcome)


def _sorted(outcome: Sorted) -> Iterator[str]:
    division = f"{outcome.probability * 100:g} % of {outcome.audience} visitors"
    match outcome.side:
        case "frontend" | "legacy":
            yield f"{_WHO[outcome.side]}; the frontend has {division}"
        case None:
            yield f"the frontend answers {division}, and legacy serlo.org the others"
    yield outcome.why
    if outcome.asks is not None:
        yield "but legacy, if the API does not say that the content has one of these types:"
        yield f"  {', '.join(outcome.asks.types or ())}"
    if outcome.side != "legacy":
        yield from _fetched(outcome.frontend)
    if outcome.side != "frontend" or outcome.asks is not None:
        yield from _fetched(outcome.legacy)


def _fetched(fetched: Fetched) -> Iterator[str]:
    for url in fetched.urls:
        yield f"{fetched.method} {url}"
    if fetched.follows:
        yield "  follows redirects to the same host"
    if fetched.cache_seconds:
        yield f"  keeps the answer at the edge for {fetched.cache_seconds} s"
    for header in fetched.headers:
        value = "removed" if header.value is None else header.value
        yield f"  {header.name}: {value}"
    if fetched.allowed_origin is not None:
        yield f"  the answer may be read by {fetched.allowed_origin}"


def _cluster(trace: Trace) -> Iterator[str]:
    for backend in trace.backends:
        if not isinstance(backend, Backend):
            yield f"{backend.host}: no service answers: {backend.why}"
            continue
        yield (
            f"{backend.host} → HTTPRoute {backend.http_route} → "
            f"Service {backend.service}:{backend.port}"
        )
        for pods in backend.pods:
            number = f"{pods.replicas} pod{'' if pods.replicas == '1' else 's'}"
            yield f"  {pods.kind} {pods.namespace}/{pods.name}, {number}, version {pods.version}"


def _live(live: RehearsedAnswer) -> Iterator[str]:
    by = f" by the rule {live.rule}" if live.rule is not None else ""
    to = f" to {live.location}" if live.location is not None else ""
    yield f"{live.status}{to}{by}"
    if live.script is not None:
        yield f"route {live.route} → {live.script}"
    if live.pod is not None:
        yield f"pod {live.namespace}/{live.pod} of {live.service}, version {live.version}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
