"""What the worker does with a request, by the compiled table: explained, not executed.

Pure. The caller (`lookup`) answers what only other servers know. Without an answer, the decision
says what the worker would ask, and `otherwise` what follows if the answer is no.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ada_url import URL

from infra.edge.simulator.outcomes import (
    Asked,
    Fetched,
    Outcome,
    Redirected,
    Refused,
    Responded,
    Sorted,
    allowed_origin,
    fetched,
    frontend_url,
    redirect_to,
    target,
    thumbnail,
)
from infra.edge.simulator.request import CompiledRule, EdgeRequest, Stage, match, why_not
from infra.routing.model import LANGUAGES

__all__ = [
    "Asked",
    "Decision",
    "Explanation",
    "Fetched",
    "Outcome",
    "PathInfo",
    "Redirected",
    "Refused",
    "Responded",
    "Sorted",
    "Step",
    "decide",
    "explain",
]

NO_LOOKUP = ("/user/me", "/user/public")
"""Paths that name nothing at the API."""
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?(e-[0-9]+)?")


@dataclass(frozen=True)
class PathInfo:
    """What the API knows of a path: where it leads today, and the type of its content."""

    current_path: str
    instance: str | None = None
    hash: str | None = None
    typename: str | None = None


Action: TypeAlias = Mapping[str, Any]
Captured: TypeAlias = Mapping[str, str]
Lookup: TypeAlias = Callable[[str, str], PathInfo | None]
"""Language and path to what the API knows of it, None for a path that it does not know."""


@dataclass(frozen=True)
class Step:
    """A rule that was tried: how far it fits, and why no further or what it does."""

    rule: str
    stage: Stage
    why: str


@dataclass(frozen=True)
class Decision:
    """Who answers (no rule: what is outside of the table), and what happens.

    `otherwise` is what happens if the rule declines.
    """

    rule: str | None
    outcome: Outcome
    otherwise: "Decision | None" = None


@dataclass(frozen=True)
class Explanation:
    """A decision and the rules that were tried on the way, in their order."""

    steps: Sequence[Step]
    decision: Decision


@dataclass(frozen=True)
class _Case:
    table: Mapping[str, Any]
    variables: Mapping[str, str]
    visit: EdgeRequest
    label: str
    lookup: Lookup | None
    steps: list[Step] | None = None

    def note(self, rule: CompiledRule, does: str | None = None) -> None:
        if self.steps is None:
            return
        if does is None:
            stage, why = why_not(rule, self.label, self.visit, self.variables)
        else:
            stage, why = "fits", does
        self.steps.append(Step(rule["name"], stage, why))


def decide(
    table: Mapping[str, Any],
    variables: Mapping[str, str],
    visit: EdgeRequest,
    *,
    lookup: Lookup | None = None,
) -> Decision:
    """What the worker does; `variables` are its bindings, of secrets any text."""
    return _decision(table, variables, visit, lookup, None)


def explain(
    table: Mapping[str, Any],
    variables: Mapping[str, str],
    visit: EdgeRequest,
    *,
    lookup: Lookup | None = None,
) -> Explanation:
    """What the worker does, and why."""
    steps: list[Step] = []
    return Explanation(steps, _decision(table, variables, visit, lookup, steps))


def _decision(
    table: Mapping[str, Any],
    variables: Mapping[str, str],
    visit: EdgeRequest,
    lookup: Lookup | None,
    steps: list[Step] | None,
) -> Decision:
    label = visit.label(variables["DOMAIN"])
    if label is None:
        outside = Refused(421, f"{visit.host} is outside of {variables['DOMAIN']}")
        return Decision(None, outside)
    return _first(_Case(table, variables, visit, label, lookup, steps), table["rules"])


def _first(case: _Case, rules: Sequence[CompiledRule]) -> Decision:
    for position, rule in enumerate(rules):
        captured = match(rule, case.label, case.visit, case.variables)
        if captured is None:
            case.note(rule)
            continue
        action = rule["then"]
        outcome = _ACTIONS[action["do"]](case, action, captured)
        if outcome is None:
            case.note(rule, "declines: nothing to redirect")
            continue
        may_decline = isinstance(outcome, Asked) or action.get("declines", False)
        case.note(rule, "answers, unless it declines" if may_decline else "answers")
        otherwise = _first(case, rules[position + 1 :]) if may_decline else None
        return Decision(rule["name"], outcome, otherwise)
    return Decision(None, fetched("origin", case.visit, case.variables, case.visit.url))


def _values(case: _Case, captured: Captured) -> Mapping[str, str]:
    visit = case.visit
    return {**captured, "label": case.label, "path": visit.path, "query": visit.query}


def _redirect(case: _Case, action: Action, captured: Captured) -> Outcome:
    url = target(action["to"], _values(case, captured), case.variables)
    return redirect_to(url, action.get("status", 301))


def _frontend_page(case: _Case, action: Action, _captured: Captured) -> Outcome:
    return _frontend(case, action)


def _api(case: _Case, action: Action, _captured: Captured) -> Outcome:
    allowed = allowed_origin(action.get("origins", ()), case.visit, case.variables)
    return fetched("api", case.visit, case.variables, case.visit.url, allowed_origin=allowed)


def _proxy(case: _Case, action: Action, captured: Captured) -> Outcome:
    url = target(action["to"], _values(case, captured), case.variables)
    seconds = action.get("cache", 0)
    return fetched("proxy", case.visit, case.variables, url, cache_seconds=seconds)


def _thumbnail(case: _Case, action: Action, _captured: Captured) -> Outcome:
    return thumbnail(action["sources"], case.visit, case.variables)


def _pass(case: _Case, _action: Action, _captured: Captured) -> Outcome:
    return fetched("origin", case.visit, case.variables, case.visit.url)


def _legacy(case: _Case, _action: Action, _captured: Captured) -> Outcome:
    return fetched("legacy", case.visit, case.variables, case.visit.url)


def _choose(_case: _Case, action: Action, _captured: Captured) -> Outcome:
    return Responded(
        200, "text/plain;charset=UTF-8", action["content"], use_frontend=action["useFrontend"]
    )


def _maintenance(_case: _Case, _action: Action, _captured: Captured) -> Outcome:
    return Responded(200, "text/html;charset=UTF-8", None)


def _respond(case: _Case, action: Action, _captured: Captured) -> Outcome:
    content = action["content"]
    for name in ("DOMAIN", "FRONTEND_DOMAIN"):
        content = content.replace(f"{{{name}}}", case.variables[name])
    return Responded(
        action.get("status", 200), action.get("type", "text/plain;charset=UTF-8"), content
    )


def _frontend(case: _Case, action: Action) -> Fetched:
    visit, variables = case.visit, case.variables
    label = case.label if action.get("prefix", False) else ""
    parameters = case.table.get("contentParameters", ()) if action.get("page", True) else ()
    return fetched(
        "frontend",
        visit,
        variables,
        frontend_url(visit, label, variables, parameters),
        follows=action.get("redirect", "follow") == "follow",
    )


def _alias(case: _Case, _action: Action, _captured: Captured) -> Outcome | None:
    visit = case.visit
    if not _can_be_known(case):
        return None
    if case.lookup is None:
        return Asked(case.label, visit.path)
    found = case.lookup(case.label, visit.path)
    if found is None:
        return None
    label = found.instance or case.label
    there = URL(f"https://{label}.{case.variables['DOMAIN']}")
    there.pathname = found.current_path
    there.hash = found.hash or ""
    if (label, there.pathname, there.hash) == (case.label, visit.path, ""):
        return None
    there.search = visit.query
    return redirect_to(there.href, 301)


def _can_be_known(case: _Case) -> bool:
    return case.label in LANGUAGES and case.visit.path not in NO_LOOKUP


def _split(case: _Case, action: Action, _captured: Captured) -> Sorted:
    visit = case.visit
    audience = _audience(visit)
    probability = float(action.get(audience, 0))
    legacy = fetched("legacy", visit, case.variables, visit.url)
    frontend = _frontend(case, {"prefix": True})
    types = action.get("types")
    asks = None
    if action.get("byType", False) and types is not None:
        if not _can_be_known(case):
            return Sorted(audience, probability, "legacy", "it has no type", frontend, legacy)
        if case.lookup is None:
            asks = Asked(case.label, visit.path, tuple(types))
        else:
            found = case.lookup(case.label, visit.path)
            if found is None or found.typename not in types:
                why = "its type is not known" if found is None else f"its type is {found.typename}"
                return Sorted(audience, probability, "legacy", why, frontend, legacy)
    side, why, drawn = _side(visit.cookies.get("useFrontend"), probability)
    return Sorted(audience, probability, side, why, frontend, legacy, drawn, asks)


def _audience(visit: EdgeRequest) -> Literal["mobile", "authenticated", "desktop"]:
    if "Mobi" in visit.headers.get("user-agent", ""):
        return "mobile"
    return "authenticated" if visit.cookies.get("authenticated") == "1" else "desktop"


def _side(
    cookie: str | None, probability: float
) -> tuple[Literal["frontend", "legacy"] | None, str, bool]:
    """Who answers, why, and whether a number is drawn for the visitor."""
    if cookie == "always":
        return "frontend", "the cookie useFrontend is always", False
    if cookie is None or _NUMBER.fullmatch(cookie) is None:
        why = "no number yet: one below 1 is drawn, and kept in the cookie useFrontend"
        return ("frontend" if probability >= 1 else None), why, True
    if float(cookie) <= probability:
        return "frontend", f"the cookie useFrontend, {cookie}, is at most {probability:g}", False
    return "legacy", f"the cookie useFrontend, {cookie}, is more than {probability:g}", False


_ACTIONS: Mapping[str, Callable[[_Case, Action, Captured], Outcome | None]] = {
    "alias": _alias,
    "api": _api,
    "choose": _choose,
    "frontend": _frontend_page,
    "legacy": _legacy,
    "maintenance": _maintenance,
    "pass": _pass,
    "proxy": _proxy,
    "redirect": _redirect,
    "respond": _respond,
    "split": _split,
    "thumbnail": _thumbnail,
}
