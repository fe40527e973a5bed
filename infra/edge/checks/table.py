"""The routing table held against itself and its environment: every mistake at once.

It runs at each update, before anything is registered. Mistakes in the words of a rule are looked
for first; only a table without any is compiled and looked at as a whole.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.edge.checks.redirect_chains import journeys
from infra.edge.checks.rule import mistakes_in
from infra.edge.checks.unreachable import hidden, overlaps
from infra.edge.cloudflare.dns_records import known_hosts
from infra.edge.cloudflare.worker_script import worker_variables
from infra.edge.compiler import compile_table
from infra.edge.simulator.request import host_text
from infra.routing.model import AnyHost, Legacy, Place, Rule, Split
from infra.stack.environment import Environment


@dataclass(frozen=True)
class Mistake:
    """What is wrong with a rule, and what to do."""

    rule: str
    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}: {self.text}"


class RoutingError(ValueError):
    """A routing table that cannot be right; `mistakes` are all of them."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        number = f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"
        listed = "\n".join(f"  {mistake}" for mistake in mistakes)
        super().__init__(f"{number} in the routing table:\n{listed}")
        self.mistakes = tuple(mistakes)


def check_table(rules: Sequence[Rule], environment: Environment) -> None:
    """Raise RoutingError with all mistakes that the table has in this environment."""
    mistakes = [
        *_twice(rules),
        *(Mistake(rule.name, rule.place, text) for rule in rules for text in mistakes_in(rule)),
        *_legacy(rules, environment),
        *_unknown_splits(rules, environment),
    ]
    if not mistakes:
        table = compile_table(rules, environment)
        by_name = {rule.name: rule for rule in rules}
        mistakes = [
            Mistake(name, by_name[name].place, text)
            for name, text in _as_a_whole(table, by_name, environment)
        ]
    if mistakes:
        raise RoutingError(list(dict.fromkeys(mistakes)))


def _twice(rules: Sequence[Rule]) -> Iterator[Mistake]:
    first: dict[str, Rule] = {}
    numbers = Counter(rule.name for rule in rules)
    for rule in rules:
        if numbers[rule.name] > 1 and rule is not first.setdefault(rule.name, rule):
            where = first[rule.name].place
            yield Mistake(
                rule.name, rule.place, f"the name stands for the rule at {where}; choose another"
            )


def _legacy(rules: Sequence[Rule], environment: Environment) -> Iterator[Mistake]:
    """Legacy answers the hosts that none of our services has for itself."""
    owned = {s.host: s.name for s in environment.services if s.host is not None}
    for rule in rules:
        if isinstance(rule.action, Legacy) and not isinstance(rule.hosts, AnyHost):
            for host in rule.hosts:
                if host in owned:
                    yield Mistake(
                        rule.name,
                        rule.place,
                        f"legacy does not answer {host}, which is the host of {owned[host]}; "
                        "pass the request through",
                    )


def _unknown_splits(rules: Sequence[Rule], environment: Environment) -> Iterator[Mistake]:
    for rule in rules:
        if (
            isinstance(rule.action, Split)
            and environment.has_legacy
            and rule.action.name not in environment.edge.splits
        ):
            key = f"serlo:edge.splits.{rule.action.name}"
            yield Mistake(
                rule.name, rule.place, f"{environment.file.label} has no {key}; add percentages"
            )


def _as_a_whole(
    table: Mapping[str, Any], by_name: Mapping[str, Rule], environment: Environment
) -> Iterator[tuple[str, str]]:
    rules: Sequence[Mapping[str, Any]] = table["rules"]
    for found in hidden(rules):
        by = " and ".join(f"{name} ({by_name[name].place})" for name in found.by)
        do = "does" if len(found.by) == 1 else "do"
        yield found.rule, f"never answers, since {by} {do} before it; put it earlier or delete it"
    for overlap in overlaps(rules):
        place = by_name[overlap.earlier].place
        yield (
            overlap.rule,
            f"{overlap.path} on {overlap.hosts} is also that of {overlap.earlier} ({place}) under "
            "the same conditions; say it in one of them only",
        )
    known = known_hosts(environment)
    here = [r for r in rules if environment.name in r.get("environments", (environment.name,))]
    yield from _without_record(here, known, environment.domain)
    for rule in here:
        yield from _odd_percentages(rule)
    for journey in journeys(table, worker_variables(environment), known):
        yield journey.rule, journey.text


def _without_record(
    rules: Sequence[Mapping[str, Any]], known: frozenset[str], domain: str
) -> Iterator[tuple[str, str]]:
    concerned: dict[str, list[str]] = {}
    for rule in rules:
        if not isinstance(rule["hosts"], Mapping):
            for label in rule["hosts"]:
                if (f"{label}.{domain}" if label else domain) not in known:
                    concerned.setdefault(label, []).append(rule["name"])
    for label, names in concerned.items():
        others = f" (nor to {', '.join(names[1:])})" if len(names) > 1 else ""
        yield (
            names[0],
            f"{host_text(label)} has no DNS record in this environment, so no request reaches "
            f"this rule{others}; add one to infra/edge/cloudflare/dns_records.py, or name "
            "the environments where it holds",
        )


def _odd_percentages(rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if rule["then"]["do"] != "split":
        return
    for audience in ("mobile", "authenticated", "desktop"):
        share = rule["then"].get(audience, 0)
        if not 0 <= share <= 1:
            yield (
                rule["name"],
                f"{audience} is {share * 100:g} %; a percentage is a number from 0 to 100 "
                f"(serlo:edge.splits.{rule['then']['name']} in the stack file)",
            )
