"""`serlo routes`: the routing table for people, as it is written or as it holds in a stack."""

import json as json_format
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, cast

from cyclopts import Parameter

from infra.edge.checks.table import RoutingError
from infra.edge.compiler import compile_table
from infra.routing import model as words
from infra.routing.model import AnyHost, Rule
from infra.routing.table import RULES
from infra.stack.environment import Environment, StackFileError
from infra.stack.schema import SplitKeys
from operations.declared.stack_files import stack_file
from operations.routing.own_table import NotOurs, require_own_table
from operations.support.output import Table, print_table, write_out

_COLUMNS = ("rule", "hosts", "path", "conditions", "action", "environments", "place")


@dataclass(frozen=True)
class Row:
    """A rule in words."""

    rule: str
    hosts: str
    path: str
    conditions: str
    action: str
    environments: str
    place: str


def routes(
    *,
    stack: str | None = None,
    markdown: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Print the routing table, from top to bottom: the first rule that fits a request answers it.

    Parameters
    ----------
    stack
        Only what holds in this stack, with its percentages: local, staging, production, or the
        path of a stack file. By default everything that is written.
    markdown
        Print a table in Markdown.
    json
        Print JSON.
    """
    if markdown and json:
        sys.exit("serlo routes: --markdown or --json, not both")
    try:
        found = rows() if stack is None else rows(Environment.load(stack_file(stack)))
    except (StackFileError, RoutingError, NotOurs) as error:
        sys.exit(f"serlo routes: {error}")
    if json:
        write_out(json_format.dumps([asdict(row) for row in found], indent=2) + "\n")
    elif markdown:
        write_out(markdown_of(found))
    else:
        _print(found)


def rows(environment: Environment | None = None) -> list[Row]:
    """Every rule in words, or those that hold in an environment; raises RoutingError, NotOurs."""
    if environment is None:
        return [_row(rule, rule.action, None) for rule in RULES]
    require_own_table(environment)
    compiled = cast(Sequence[Mapping[str, str]], compile_table(RULES, environment)["rules"])
    here = {entry["name"] for entry in compiled}
    splits = environment.edge.splits
    return [
        _row(rule, _held(rule.action, environment), splits)
        for rule in RULES
        if rule.name in here and (rule.only_in is None or environment.name in rule.only_in)
    ]


def markdown_of(found: Sequence[Row]) -> str:
    """The table in Markdown."""
    lines = [_COLUMNS, ["---"] * len(_COLUMNS)]
    lines += [[_cell(text) for text in asdict(row).values()] for row in found]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _print(found: Sequence[Row]) -> None:
    print_table(
        Table(_COLUMNS, [(*asdict(row).values(),) for row in found]),
        Table(
            ("rule", "place"),
            [(row.rule, row.place) for row in found],
            notes=[[*_in_words(row)] for row in found],
        ),
    )


def _in_words(row: Row) -> Iterator[str]:
    yield f"{row.hosts}: {row.path} ➔ {row.action}"
    if row.conditions:
        yield f"if {row.conditions}"
    if row.environments != "all":
        yield f"in {row.environments}"


def _held(action: words.Action, environment: Environment) -> words.Action:
    return (
        words.Frontend()
        if isinstance(action, words.Split) and not environment.has_legacy
        else action
    )


def _row(rule: Rule, action: words.Action, splits: Mapping[str, SplitKeys] | None) -> Row:
    environments = "all" if rule.only_in is None else ", ".join(sorted(rule.only_in))
    if rule.switch is not None and splits is None:
        environments += f", where the switch {rule.switch} is on"
    return Row(
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
