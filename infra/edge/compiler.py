"""The routing table in the form that the worker is given, a JSON document.

Paths are in the form in which the runtime writes those of requests (WHATWG URL), templates are
regular expressions. Placeholders in texts stay: the worker fills them for each request.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import assert_never
from urllib.parse import quote

from infra.routing import model as words
from infra.routing.legacy_split import CONTENT_API_PARAMETERS
from infra.routing.model import Condition, PathMatch, Rule
from infra.stack.environment import Environment
from infra.stack.schema import SplitKeys

Document = dict[str, object]
"""A JSON object."""

LIMITS = {"lookup": 3000, "frontend": 30000, "api": 60000, "proxy": 10000, "origin": 60000}
"""How long the worker waits until an upstream's headers arrive, in milliseconds."""

KINDS = {
    "digits": "[0-9]+",
    "word": "[A-Za-z0-9_-]+",
    "name": "[A-Za-z0-9_+-]+",
    "segment": "[^/]+",
    "rest": ".*",
}
"""Kinds of a template's parts, and the regular expression of each."""

RESERVED = frozenset({"DOMAIN", "FRONTEND_DOMAIN", "label", "path", "query"})
"""Placeholders that mean the same everywhere, so that no part of a template has their names."""

_PART = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*):([a-z]+)\}")
_SPECIAL = re.compile(r"[\\^$.*+?()\[\]{}|]")
# What WHATWG URL leaves as it is in a path, beyond letters and digits.
_PLAIN = "!$%&'()*+,-./:;=@[\\]^_|~"
# What is no part of a path, or would be read as something else.
_NO_PATH = re.compile(r"[?#\\^\x00-\x20\x7f]|(?:^|/)(?:\.|%2[eE]){1,2}(?:/|$)")


class TableError(ValueError):
    """A rule that cannot be compiled; the message has its place."""


def compile_table(rules: Sequence[Rule], environment: Environment) -> Document:
    """The table as the worker of an environment gets it; raises TableError."""
    return compile_rules(
        rules,
        legacy=environment.has_legacy,
        splits=environment.edge.splits,
        switches=environment.edge.switches,
    )


def compile_rules(
    rules: Sequence[Rule],
    *,
    legacy: bool,
    splits: Mapping[str, SplitKeys],
    switches: Collection[str],
) -> Document:
    """The table for what a stack file says: whether legacy is on, percentages, switches.

    Raises TableError.
    """
    compiled: list[Document] = []
    for rule in rules:
        if rule.switch is not None and rule.switch not in switches:
            continue
        action = rule.action if legacy else _without_legacy(rule.action)
        if action is None:
            continue
        try:
            compiled.append(_rule(rule, _action(action, splits)))
        except ValueError as error:
            raise TableError(f"{rule.place}: {rule.name}: {error}") from None
    return {
        "contentParameters": list(CONTENT_API_PARAMETERS),
        "limits": dict(LIMITS),
        "rules": compiled,
    }


def percent_encoded(path: str) -> str:
    """A path in the form that WHATWG URL gives it; raises ValueError for what is no path."""
    if not path.startswith("/"):
        raise ValueError(f'the path "{path}" does not start with a slash')
    return _encoded(path)


def path_pattern(template: str) -> str:
    """The regular expression for a template (JavaScript's and, but for `?<`, Python's too).

    Raises ValueError.
    """
    if not template.startswith("/"):
        raise ValueError(f'the template "{template}" does not start with a slash')
    return f"^{_pattern(template)}$"


def url_pattern(template: str) -> str:
    """The regular expression for an address, `https://host/` and a template; raises ValueError."""
    match = re.fullmatch(r"(https://[a-z0-9.-]+)(/.*)", template)
    if match is None:
        raise ValueError(f'"{template}" is not https://, a host and a path')
    return f"^{_escaped(match[1])}{_pattern(match[2])}$"


def captured(template: str) -> tuple[str, ...]:
    """The names of a template's parts; raises ValueError."""
    names: list[str] = []
    for position, match in enumerate(matches := list(_PART.finditer(template))):
        name, kind = match[1], match[2]
        if kind not in KINDS:
            raise ValueError(f'"{kind}" is no kind of part: there are {", ".join(KINDS)}')
        if name in RESERVED or name in names:
            raise ValueError(f'the name "{name}" in "{template}" is taken')
        if kind == "rest" and (position + 1 < len(matches) or match.end() < len(template)):
            raise ValueError(f'"{match[0]}" takes all there is, but something stands after it')
        names.append(name)
    return tuple(names)


def _pattern(template: str) -> str:
    captured(template)
    pieces = _PART.split(template)
    literals, names, kinds = pieces[::3], pieces[1::3], pieces[2::3]
    if any(brace in literal for literal in literals for brace in "{}"):
        raise ValueError(f'"{template}" has a brace that starts or ends no {{name:kind}}')
    _encoded("x".join(literals))  # The whole has to be a path, which its pieces need not be.
    found = _escaped(quote(literals[0], safe=_PLAIN))
    for name, kind, literal in zip(names, kinds, literals[1:], strict=True):
        found += f"(?<{name}>{KINDS[kind]}){_escaped(quote(literal, safe=_PLAIN))}"
    return found


def _encoded(path: str) -> str:
    if wrong := _NO_PATH.search(path):
        raise ValueError(f'the path "{path}" cannot be that of a request because of "{wrong[0]}"')
    return quote(path, safe=_PLAIN)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: f"\\{match[0]}", text)


def _segment(template: str) -> str | None:
    first, slash, _ = template[1:].partition("/")
    literal = "{" not in first and (bool(slash) or "{" not in template)
    return quote(first, safe=_PLAIN) if literal else None


def _rule(rule: Rule, action: Document) -> Document:
    hosts = rule.hosts
    compiled: Document = {
        "name": rule.name,
        "hosts": {"but": list(hosts.but)} if isinstance(hosts, words.AnyHost) else list(hosts),
    }
    path = _path(rule.path)
    if path is not None:
        compiled["path"] = path
    if rule.when:
        compiled["when"] = [_condition(condition) for condition in rule.when]
    if rule.environments is not None:
        compiled["environments"] = sorted(rule.environments)
    compiled["then"] = action
    return compiled


def _path(path: PathMatch) -> Document | None:
    match path:
        case words.Exact():
            exact: Document = {"exact": percent_encoded(path.path)}
            return {**exact, "slash": True} if path.slash else exact
        case words.Prefix():
            return {"prefix": percent_encoded(path.path)}
        case words.Template():
            pattern: Document = {"pattern": path_pattern(path.text)}
            segment = _segment(path.text)
            return pattern if segment is None else {**pattern, "segment": segment}
        case words.AnyPath():
            return None


def _condition(condition: Condition) -> Document:  # noqa: PLR0911 - one for each kind
    match condition:
        case words.Scheme():
            return {"scheme": condition.scheme}
        case words.Method():
            return {"methods": list(condition.methods)}
        case words.Cookie():
            return {"cookie": condition.name, **_value(condition.value)}
        case words.Header():
            return {"header": condition.name, **_value(condition.value)}
        case words.Query():
            return {"query": list(condition.names)}
        case words.Region():
            return {"region": list(condition.codes)}
        case words.Variable():
            return {"variable": condition.name, "value": condition.value}


def _value(value: str | None) -> Document:
    return {} if value is None else {"value": value}


def _without_legacy(action: words.Action) -> words.Action | None:
    match action:
        case words.Split():
            return words.Frontend()
        case words.Legacy() | words.Choose():
            return None
        case _:
            return action


def _action(  # noqa: PLR0911, PLR0912 - one for each kind
    action: words.Action, splits: Mapping[str, SplitKeys]
) -> Document:
    match action:
        case words.Redirect():
            return {"do": "redirect", "to": action.to, "status": action.status}
        case words.Frontend():
            said = {"prefix": action.prefix, "redirect": action.redirect}
            return {"do": "frontend", **said, **({} if action.page else {"page": False})}
        case words.Api():
            return {"do": "api", "origins": [_origin(origin) for origin in action.origins]}
        case words.Proxy():
            said = {"cache": action.cache_seconds, "declines": action.declines}
            return {"do": "proxy", "to": action.to, **_but_defaults(said)}
        case words.Respond():
            return {
                "do": "respond",
                "content": action.content,
                "type": action.content_type,
                "status": action.status,
                **_but_defaults({"report": action.report}),
            }
        case words.MaintenancePage():
            return {"do": "maintenance"}
        case words.Thumbnail():
            return {"do": "thumbnail", "sources": [_source(source) for source in action.sources]}
        case words.Alias():
            return {"do": "alias"}
        case words.PassThrough():
            return {"do": "pass"}
        case words.Legacy():
            return {"do": "legacy"}
        case words.Split():
            return _split(action, splits)
        case words.Choose():
            return {
                "do": "choose",
                "useFrontend": action.use_frontend,
                "content": action.content,
            }
        case _:
            assert_never(action)


def _split(action: words.Split, splits: Mapping[str, SplitKeys]) -> Document:
    if action.name not in splits:
        raise ValueError(f'the stack file has no percentages for the split "{action.name}"')
    said = splits[action.name]
    compiled: Document = {
        "do": "split",
        "name": action.name,
        "mobile": _probability(said.mobile),
        "authenticated": _probability(said.authenticated),
        "desktop": _probability(said.desktop),
        **_but_defaults({"byType": action.by_type}),
    }
    if action.by_type and said.types is not None:
        compiled["types"] = list(said.types)
    return compiled


def _probability(percentage: float) -> float:
    probability = percentage / 100
    return int(probability) if probability.is_integer() else probability


def _origin(origin: words.AllowedOrigin) -> Document:
    said = {
        "subdomains": origin.subdomains,
        "ports": list(origin.ports),
        "notIn": sorted(origin.not_in),
    }
    return {"host": origin.host, **_but_defaults(said)}


def _source(source: words.Source) -> Document:
    said: Document = {
        "images": list(source.images),
        "ask": source.ask,
        "body": source.body,
        "at": list(source.at),
        "imageHost": source.image_host,
        "drop": source.drop,
        "cache": source.cache_seconds,
    }
    return {"url": url_pattern(source.url), **_but_defaults(said)}


def _but_defaults(said: Mapping[str, object]) -> Document:
    """What says nothing but the default is left out."""
    return {name: value for name, value in said.items() if value}
