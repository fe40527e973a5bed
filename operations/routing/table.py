"""The routing table in words: as it is written, or as it holds in a stack."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from infra.edge.compiler import compile_table
from infra.routing import model as words
from infra.routing.model import AnyHost, Rule
from infra.routing.table import RULES
from infra.stack.environment import Environment
from infra.stack.schema import SplitKeys
from operations.routing.managed_worker import require_managed_worker


@dataclass(frozen=True)
class RuleInWords:
    """A rule in words."""

    rule: str
    hosts: str
    path: str
    conditions: str
    action: str
    environments: str
    place: str


def rules_in_words(environment: Environment | None = None) -> list[RuleInWords]:
    """Every rule in words, or those that hold in an environment.

    Raises RoutingError and WorkerNotManaged.
    """
    if environment is None:
        return [_row(rule, rule.action, None) for rule in RULES]
    require_managed_worker(environment)
    compiled = cast(Sequence[Mapping[str, str]], compile_table(RULES, environment)["rules"])
    here = {entry["name"] for entry in compiled}
    splits = environment.edge.splits
    return [
        _row(rule, _held(rule.action, environment), splits)
        for rule in RULES
        if rule.name in here
        and (rule.environments is None or environment.name in rule.environments)
    ]


def _held(action: words.Action, environment: Environment) -> words.Action:
    return (
        words.Frontend()
        if isinstance(action, words.Split) and not environment.has_legacy
        else action
    )


def _row(rule: Rule, action: words.Action, splits: Mapping[str, SplitKeys] | None) -> RuleInWords:
    environments = "all" if rule.environments is None else ", ".join(sorted(rule.environments))
    if rule.switch is not None and splits is None:
        environments += f", where the switch {rule.switch} is on"
    return RuleInWords(
        rule=rule.name,
        hosts=_hosts(rule.hosts),
        path=_path(rule.path),
        conditions=", ".join(_condition(condition) for condition in rule.when),
        action=_action(action, splits),
        environments=environments,
        place=str(rule.place),
    )


def _hosts(hosts: words.Hosts) -> str:
    if isinstance(hosts, AnyHost):
        return f"any but {_labels(hosts.but)}" if hosts.but else "any"
    return "languages" if hosts == words.LANGUAGES else _labels(hosts)


def _labels(labels: Iterable[str]) -> str:
    return ", ".join(label or "the domain" for label in labels)


def _path(path: words.PathMatch) -> str:
    match path:
        case words.Exact():
            return f"{path.path}[/]" if path.slash else path.path
        case words.Prefix():
            return f"{path.path}…"
        case words.Template():
            return path.text
        case words.AnyPath():
            return "any"


def _condition(condition: words.Condition) -> str:
    match condition:
        case words.Scheme(scheme):
            return f"{scheme}:"
        case words.Method(methods):
            return " or ".join(methods)
        case words.Query(names):
            return f"parameter {' or '.join(names)}"
        case words.Region(codes):
            return f"region {' or '.join(codes)}"
        case words.Cookie(name, value) | words.Header(name, value) | words.Variable(name, value):
            kind = type(condition).__name__.lower()
            return f"{kind} {name}" + ("" if value is None else f" = {value}")


def _action(action: words.Action, splits: Mapping[str, SplitKeys] | None) -> str:  # noqa: PLR0911
    match action:
        case words.Redirect():
            return f"{action.status} to {action.to}"
        case words.Frontend():
            language = "" if action.prefix else ", without the language"
            return f"frontend{language}{', redirects untouched' * (action.redirect == 'manual')}"
        case words.Proxy():
            kept = f", kept for {action.cache_seconds} s" if action.cache_seconds else ""
            return f"{action.to}{kept}{', or the next rule' * action.declines}"
        case words.Respond():
            return f"{action.status} {action.content_type}"
        case words.Choose():
            return f"sets the cookie useFrontend to {action.use_frontend}"
        case words.Split():
            return _split(action, splits)
        case words.Alias():
            return "301 to the current path, or the next rule"
        case _:
            return _IN_A_WORD[type(action)]


_IN_A_WORD: Mapping[type, str] = {
    words.Api: "API, signed",
    words.MaintenancePage: "the page for a failure",
    words.Thumbnail: "an image, or a placeholder",
    words.PassThrough: "what the record leads to",
    words.Legacy: "legacy",
}


def _split(action: words.Split, splits: Mapping[str, SplitKeys] | None) -> str:
    known = (splits or {}).get(action.name)
    if known is None:
        return f"frontend or legacy, by the split {action.name}"
    shares = ", ".join(
        f"{audience} {getattr(known, audience):g} %"
        for audience in ("mobile", "authenticated", "desktop")
    )
    limited = action.by_type and known.types is not None
    return f"frontend for {shares}{' of some types' * limited}, else legacy"
