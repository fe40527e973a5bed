"""Whether each rule of the routing table makes sense by itself: names, paths, conditions, targets.

No request may decide which host the worker asks or sends visitors to. So the host of a target has
no placeholder but those that only we fill.
"""

import re
from collections.abc import Generator, Iterator

from ada_url import check_url

from infra.edge.compiler import RESERVED, captured, path_pattern, percent_encoded, url_pattern
from infra.routing import model as words
from infra.routing.model import APEX, LANGUAGES, AnyHost, Rule
from infra.stack.rules import ENVIRONMENTS

VARIABLES = (
    "ALLOW_AUTH_FROM_LOCALHOST",
    "API_ENDPOINT",
    "DOMAIN",
    "ENVIRONMENT",
    "FRONTEND_DOMAIN",
)
"""The worker's variables that say where it is, on which conditions may depend."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_METHOD = re.compile(r"[A-Z]+")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_REGION = re.compile(r"[A-Z0-9]{1,3}")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
# A path starts with a slash, and a query with a question mark: the host ends before them.
_AUTHORITY = re.compile(r"https://((?:(?!\{path\}|\{query\})[^/?#\\])*)")
_OF_THE_WORKER = frozenset({"DOMAIN", "FRONTEND_DOMAIN"})


def mistakes_in(rule: Rule) -> Iterator[str]:
    """What is wrong with a rule, looked at alone, each with its remedy."""
    if not _NAME.fullmatch(rule.name):
        yield f'"{rule.name}" is no name; use lower-case letters, digits and single hyphens'
    yield from _hosts(rule)
    yield from _environments(rule)
    names = yield from _path(rule.path)
    for condition in rule.when:
        yield from _condition(condition)
    yield from _action(rule, names)


def _hosts(rule: Rule) -> Iterator[str]:
    named = rule.hosts.but if isinstance(rule.hosts, AnyHost) else rule.hosts
    if not named and not isinstance(rule.hosts, AnyHost):
        yield "has no host; name some, or AnyHost()"
    for host in named:
        if host != APEX and not _HOST.fullmatch(host):
            yield f'"{host}" is no host below the domain; write its label alone, such as "de"'
        if named.count(host) > 1:
            yield f'has the host "{host}" twice; write it once'


def _environments(rule: Rule) -> Iterator[str]:
    if rule.environments is None:
        return
    if not rule.environments:
        yield "holds in no environment; delete it, or leave out environments"
    for name in sorted(rule.environments.difference(ENVIRONMENTS)):
        yield f'"{name}" is no environment; there are {", ".join(ENVIRONMENTS)}'
    if rule.environments.issuperset(ENVIRONMENTS):
        yield "environments names every environment; leave it out"


def _path(path: words.PathMatch) -> Generator[str, None, frozenset[str]]:
    """Yields mistakes, returns the names that the path captures."""
    try:
        match path:
            case words.Exact():
                percent_encoded(path.path)
                if path.slash and path.path.endswith("/"):
                    yield f'"{path.path}" ends with a slash already; leave one of the two out'
            case words.Prefix():
                percent_encoded(path.path)
            case words.Template():
                path_pattern(path.text)
                return frozenset(captured(path.text))
            case words.AnyPath():
                pass
    except ValueError as error:
        yield f"{error}; see Template and Exact in infra/routing/model.py"
    return frozenset()


def _condition(condition: words.Condition) -> Iterator[str]:
    match condition:
        case words.Scheme():
            yield from _odd((condition.scheme,), re.compile("https?"), "scheme", "http or https")
        case words.Method():
            yield from _odd(condition.methods, _METHOD, "method", 'upper case, such as "POST"')
        case words.Cookie():
            yield from _odd((condition.name,), _TOKEN, "name of a cookie", "letters and digits")
        case words.Header():
            yield from _odd((condition.name,), _TOKEN, "name of a header", "letters and hyphens")
        case words.Query():
            yield from _odd(
                condition.names, re.compile("[^&=#]+"), "name of a parameter", "its bare name"
            )
        case words.Region():
            yield from _odd(condition.codes, _REGION, "region", 'its code alone, such as "BY"')
        case words.Variable(name="ENVIRONMENT"):
            yield "asks for the variable ENVIRONMENT; name the environments instead"
        case words.Variable():
            if condition.name not in VARIABLES:
                yield (
                    f'asks for "{condition.name}", which is no variable of the worker; there are '
                    f"{', '.join(VARIABLES)}"
                )


def _odd(texts: tuple[str, ...], pattern: re.Pattern[str], what: str, wanted: str) -> Iterator[str]:
    if not texts:
        yield f"lists no {what}, so no request matches; name some"
    for text in texts:
        if not pattern.fullmatch(text):
            yield f'"{text}" is no {what}; write {wanted}'


def _action(rule: Rule, names: frozenset[str]) -> Iterator[str]:
    match rule.action:
        case words.Redirect():
            if rule.action.status not in (301, 302):
                yield f"redirects with {rule.action.status}; write 301 or 302"
            yield from _target(rule.action.to, names, redirect=True)
        case words.Proxy():
            yield from _target(rule.action.to, names)
            if rule.action.cache_seconds < 0:
                yield f"keeps answers for {rule.action.cache_seconds} s; write 0 for not at all"
        case words.Respond():
            if not 200 <= rule.action.status <= 599:
                yield f"answers with {rule.action.status}; write a status from 200 to 599"
        case words.Thumbnail():
            for source in rule.action.sources:
                yield from _source(source)
        case words.Frontend(prefix=True) | words.Split() | words.Alias():
            yield from _language_hosts(rule)
        case words.Api():
            for origin in rule.action.origins:
                yield from _origin(origin)
        case _:
            pass


def _source(source: words.Source) -> Iterator[str]:
    names: frozenset[str] = frozenset()
    try:
        url_pattern(source.url)
        names = frozenset(captured(source.url))
    except ValueError as error:
        yield f"{error}; see Source in infra/routing/model.py"
    targets = source.images if source.ask is None else (source.ask, *source.images)
    for target in targets:
        yield from _target(target, names, own=False)
    if not targets:
        yield f"has no image for {source.url}; say images or ask"
    if source.ask is not None and not (source.at and source.image_host):
        yield f"asks {source.ask} but not for what; say at and image_host"
    if source.drop is not None and not _compiles(source.drop):
        yield f'"{source.drop}" is no regular expression'


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _language_hosts(rule: Rule) -> Iterator[str]:
    what = type(rule.action).__name__
    if isinstance(rule.hosts, AnyHost):
        yield f"{what} needs the language, which is the host's label; name language hosts"
        return
    for host in rule.hosts:
        if host not in LANGUAGES:
            yield f'{what} needs a language, and "{host}" is none; take it out of the hosts'


def _origin(origin: words.AllowedOrigin) -> Iterator[str]:
    host = origin.host.replace("{DOMAIN}", "domain").removeprefix("*")
    if not _HOST.fullmatch(host.removeprefix("-").removeprefix(".")):
        yield f'"{origin.host}" is no host; write it without scheme and port, a * only first'
    for port in origin.ports:
        if not 0 < port < 65536:
            yield f"{port} is no port"
    for name in sorted(origin.not_in.difference(ENVIRONMENTS)):
        yield f'"{name}" is no environment; there are {", ".join(ENVIRONMENTS)}'


def _target(
    target: str, names: frozenset[str], *, redirect: bool = False, own: bool = True
) -> Iterator[str]:
    """What is wrong with a target. `own`: placeholders of the request's parts may be in it."""
    usual = RESERVED if own else _OF_THE_WORKER
    for name in _PLACEHOLDER.findall(target):
        if name not in usual and name not in names:
            has = ", ".join(sorted(usual | names))
            yield f'"{{{name}}}" in "{target}" stands for nothing; here there are {has}'
    if "{" in (rest := _PLACEHOLDER.sub("", target)) or "}" in rest:
        yield f'"{target}" has a brace that starts or ends no {{name}}'
        return
    authority = _AUTHORITY.match(target)
    if authority is None:
        yield f'"{target}" does not start with https:// and a host; write the whole address'
        return
    yield from _authority(target, authority[1], redirect=redirect)


def _authority(target: str, authority: str, *, redirect: bool) -> Iterator[str]:
    # A redirect may lead to the host of the request, which is in the zone; a fetch may not.
    own = authority == "{label}.{DOMAIN}" and redirect
    for name in _PLACEHOLDER.findall(authority):
        if name not in _OF_THE_WORKER and not (own and name == "label"):
            yield (
                f'the host of "{target}" would come from the request ("{{{name}}}"); write the '
                "host itself, {DOMAIN}, {FRONTEND_DOMAIN} or, in a redirect, {label}.{DOMAIN}"
            )
            return
    sample = _PLACEHOLDER.sub("x", authority)
    if not _HOST.fullmatch(sample) or not check_url(f"https://{sample}/"):
        yield f'"{authority}" in "{target}" is no host; write it without user and port'
