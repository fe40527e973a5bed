"""What a rule's action comes to for one request: pure, by compiled actions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ada_url import URL, URLSearchParams

from infra.edge.simulator.request import EdgeRequest, expression

Upstream: TypeAlias = Literal["frontend", "api", "origin", "legacy", "proxy", "thumbnail"]

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,128}")
_THIRD_PARTIES: frozenset[Upstream] = frozenset({"proxy", "thumbnail"})
_LONGEST_PARAMETER = 2000
_ORIGIN = re.compile(r"https?://(?P<host>[a-z0-9.-]+)(:(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True)
class Redirected:
    """The visitor is sent elsewhere."""

    status: int
    location: str


@dataclass(frozen=True)
class Responded:
    """The worker itself answers; no content: a page of the worker's own.

    `use_frontend`: what it sets the cookie of this name to.
    """

    status: int
    content_type: str
    content: str | None
    use_frontend: str | None = None


@dataclass(frozen=True)
class Refused:
    """No rule answers, since the request is not for this zone."""

    status: int
    why: str


@dataclass(frozen=True)
class Header:
    """A header that changes on the way; without a value it is removed."""

    name: str
    value: str | None


_AGENT = Header("user-agent", "serlo.org")
# What a visitor has already or wants a part of, which reveals nothing else.
_WISHES = {"if-modified-since", "if-none-match", "if-range", "range"}


@dataclass(frozen=True)
class Fetched:
    """The worker asks another server; for a thumbnail perhaps several in turn.

    `follows`: the worker follows redirects to the same host. `allowed_origin`: what the answer says
    about who may read it in a browser.
    """

    upstream: Upstream
    urls: tuple[str, ...]
    method: str
    headers: tuple[Header, ...]
    follows: bool = False
    cache_seconds: int = 0
    allowed_origin: str | None = None


@dataclass(frozen=True)
class Asked:
    """The worker asks the API what the path names; with `types`, whether its content has one."""

    instance: str
    path: str
    types: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Sorted:
    """The frontend for some visitors, legacy for the others; `side` None: not known before.

    `asks`: legacy answers requests for other types of content, whatever `side` says.
    """

    audience: str
    probability: float
    side: Literal["frontend", "legacy"] | None
    why: str
    frontend: Fetched
    legacy: Fetched
    sets_cookie: bool = False
    asks: Asked | None = None


Outcome: TypeAlias = Redirected | Responded | Refused | Fetched | Asked | Sorted


def target(text: str, values: Mapping[str, str], variables: Mapping[str, str]) -> str:
    """Fill the placeholders of a target; the label of the domain itself leaves no dot behind."""
    if not values["label"]:
        text = text.replace("{label}.{DOMAIN}", "{DOMAIN}")

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        return values[name] if name in values else variables[name]

    return _PLACEHOLDER.sub(fill, text)


def redirect_to(url: str, status: int) -> Redirected:
    """A redirect to a URL, which is always https and without a port."""
    parsed = URL(url)
    parsed.protocol = "https"
    parsed.port = ""
    return Redirected(status, parsed.href)


def frontend_url(
    visit: EdgeRequest, label: str, variables: Mapping[str, str], parameters: Sequence[str]
) -> str:
    """Where the frontend has a page; no `label`: without a language before the path."""
    base = f"https://{variables['FRONTEND_DOMAIN']}"
    content_only = "" if visit.parameters.isdisjoint(parameters) else "/content-only"
    language = f"/{label}" if label else ""
    return f"{base}{language}{content_only}{visit.path.removesuffix('/')}{visit.query}"


def fetched(
    upstream: Upstream,
    visit: EdgeRequest,
    variables: Mapping[str, str],
    *urls: str,
    follows: bool = False,
    cache_seconds: int = 0,
    allowed_origin: str | None = None,
) -> Fetched:
    """A request of the worker to somebody else."""
    foreign = upstream in _THIRD_PARTIES
    return Fetched(
        upstream,
        tuple(URL(url).href for url in urls),
        "GET" if foreign and visit.method != "HEAD" else visit.method,
        tuple(_changes(upstream, visit, variables, URL(urls[0]).hostname if urls else "")),
        follows and visit.method in {"GET", "HEAD"},
        cache_seconds,
        allowed_origin,
    )


def _changes(
    upstream: Upstream, visit: EdgeRequest, variables: Mapping[str, str], host: str
) -> Sequence[Header]:
    if upstream in _THIRD_PARTIES:
        kept = {_AGENT.name} | (_WISHES if upstream == "proxy" else set[str]())
        dropped = sorted(name for name in visit.headers if name not in kept)
        return [*(Header(name, None) for name in dropped), _AGENT]
    added: dict[str, str | None] = {
        name: None for name in ("x-serlo-edge", "x-serlo-rule") if name in visit.headers
    }
    domain = variables["DOMAIN"]
    if variables.get("ORIGIN_SECRET") and (host == domain or host.endswith(f".{domain}")):
        added["x-serlo-edge"] = "[ORIGIN_SECRET]"
    if not _REQUEST_ID.fullmatch(visit.headers.get("x-request-id", "")):
        added["x-request-id"] = "[a new UUID]"
    if upstream == "api" and not visit.headers.get("authorization", "").startswith("Serlo"):
        added["authorization"] = "Serlo Service=[a token signed with API_SECRET]"
    return [Header(name, value) for name, value in added.items()]


def allowed_origin(
    origins: Sequence[Mapping[str, Any]], visit: EdgeRequest, variables: Mapping[str, str]
) -> str:
    """What the API's answer allows to read it: the page's own origin or, for others, the domain."""
    said = visit.headers.get("origin", "")
    parts = _ORIGIN.fullmatch(said)
    if parts is not None and _is_allowed(origins, parts["host"], parts["port"], variables):
        return said
    return f"https://{variables['DOMAIN']}"


def _is_allowed(
    origins: Sequence[Mapping[str, Any]],
    found: str,
    port: str | None,
    variables: Mapping[str, str],
) -> bool:
    environment = variables.get("ENVIRONMENT")
    for origin in origins:
        ports = [str(port) for port in origin.get("ports", ())]
        host = target(origin["host"], {"label": ""}, variables)
        if (
            environment not in origin.get("notIn", ())
            and _host_fits(host, found, below=origin.get("subdomains", False))
            and (not ports or port in ports)
        ):
            return True
    return False


def _host_fits(wanted: str, host: str, *, below: bool) -> bool:
    start = "(?:.+\\.)?" if below else ""
    start += "[a-z0-9-]+" if wanted.startswith("*") else ""
    return re.fullmatch(start + re.escape(wanted.removeprefix("*")), host, re.ASCII) is not None


def thumbnail(
    sources: Sequence[Mapping[str, Any]], visit: EdgeRequest, variables: Mapping[str, str]
) -> Fetched | Responded:
    """Where the image for the parameter `url` is looked for, or the placeholder."""
    player = _player(URLSearchParams(visit.query).get("url") or "")
    for source in sources:
        match = expression(source["url"]).search(player)
        if match is None:
            continue
        values = {"label": "", **match.groupdict()}
        asked = [source["ask"]] if source.get("ask") else []
        urls = [target(text, values, variables) for text in (*asked, *source.get("images", ()))]
        seconds = source.get("cache", 0)
        return fetched("thumbnail", visit, variables, *urls, cache_seconds=seconds)
    return Responded(200, "image/png", None)


def _player(wanted: str) -> str:
    """The address without what says how it is to be shown; empty for what is none."""
    if len(wanted) > _LONGEST_PARAMETER:
        return ""
    try:
        url = URL(wanted)
    except ValueError:
        return ""
    return f"{url.origin}{url.pathname}"
