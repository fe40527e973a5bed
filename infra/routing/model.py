"""The words in which the routing table is written: plain data, no I/O.

A table is a list of rules. The first one that fits a request and does not decline answers it. What
a rule says holds in every environment; what differs is a variable of the worker (`Variable`), the
name of the environment (`environments`), or a percentage or switch in the stack file.

Texts may contain placeholders. `{DOMAIN}`, `{FRONTEND_DOMAIN}`: variables of the worker. `{label}`:
the request's host without the domain. `{path}`, `{query}`: as the request has them, the query with
its question mark or empty. Any other name: a part of the path that the rule's `Template` captured.
"""

import inspect
from dataclasses import dataclass, field
from pathlib import PurePath
from types import FrameType
from typing import Literal, TypeAlias

APEX = ""
"""The label of the domain itself."""
LANGUAGES = ("de", "en", "es", "fr", "hi", "ta")
"""The labels of the language hosts."""


@dataclass(frozen=True)
class AnyHost:
    """Every host of the zone, but those with the labels named in `but`."""

    but: tuple[str, ...] = ()


Hosts: TypeAlias = tuple[str, ...] | AnyHost
"""Labels below the domain, or all of them."""


@dataclass(frozen=True)
class Exact:
    """One path. With `slash`, the same path with a slash at its end is meant too."""

    path: str
    slash: bool = False


@dataclass(frozen=True)
class Prefix:
    """Every path that starts so."""

    path: str


@dataclass(frozen=True)
class Template:
    """Every path of this form: `/page/view/{id:digits}`.

    Kinds of parts: `digits`, `word` (letters, digits, `_`, `-`), `name` (word and `+`), `segment`
    (anything but a slash), `rest` (anything, to the end).
    """

    text: str


@dataclass(frozen=True)
class AnyPath:
    """Every path."""


PathMatch: TypeAlias = Exact | Prefix | Template | AnyPath


@dataclass(frozen=True)
class Scheme:
    """The request came by this scheme."""

    scheme: Literal["http", "https"]


@dataclass(frozen=True)
class Method:
    """The request has one of these methods."""

    methods: tuple[str, ...]


@dataclass(frozen=True)
class Cookie:
    """The request has this cookie, with this value unless that is None."""

    name: str
    value: str | None = None


@dataclass(frozen=True)
class Header:
    """The request has this header, with this value unless that is None."""

    name: str
    value: str | None = None


@dataclass(frozen=True)
class Query:
    """The query has a parameter of one of these names; what it says does not matter."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Region:
    """Cloudflare places the visitor in one of these regions (ISO 3166-2 without the country)."""

    codes: tuple[str, ...]


@dataclass(frozen=True)
class Variable:
    """The worker's variable has this value."""

    name: str
    value: str


Condition: TypeAlias = Scheme | Method | Cookie | Header | Query | Region | Variable


@dataclass(frozen=True)
class Redirect:
    """Send the visitor elsewhere. The target says by `{query}` whether the query is kept."""

    to: str
    status: Literal[301, 302] = 301


@dataclass(frozen=True)
class Frontend:
    """The frontend answers: `https://{FRONTEND_DOMAIN}`, then the language, if `prefix`, and path.

    One slash at the path's end is dropped. If the query has a parameter of the content API,
    `/content-only` goes before the path of a `page`. `redirect` says who follows the frontend's
    redirects to itself: the worker or (`manual`) the visitor.
    """

    prefix: bool = True
    page: bool = True
    redirect: Literal["follow", "manual"] = "follow"


@dataclass(frozen=True)
class AllowedOrigin:
    """Who may call the API from a browser: a host, also its subdomains, on any or these ports.

    A `*` at the start of the host stands for letters, digits and hyphens.
    """

    host: str
    subdomains: bool = False
    ports: tuple[int, ...] = ()
    not_in: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Api:
    """The API answers a request signed by the worker, with CORS headers for these origins."""

    origins: tuple[AllowedOrigin, ...]


@dataclass(frozen=True)
class Proxy:
    """Somebody else's server answers, kept at the edge for so many seconds (0: not kept).

    The rule declines if the answer is not a success and `declines` says so.
    """

    to: str
    cache_seconds: int = 0
    declines: bool = False


@dataclass(frozen=True)
class Respond:
    """The worker itself answers. `report` writes a line to the log."""

    content: str
    content_type: str = "text/plain;charset=UTF-8"
    status: int = 200
    report: bool = False


@dataclass(frozen=True)
class MaintenancePage:
    """The page that visitors see when something is down, to be looked at."""


@dataclass(frozen=True)
class Source:
    """Where a thumbnail comes from, for addresses of this form (`https://host/` and a template).

    `images` are tried in turn. With `ask`, that JSON document (POST with `body`, if there is one)
    has the address of the image at `at`; its host must be `image_host`, and what fits the regular
    expression `drop` is cut out. The edge keeps the first answer for `cache_seconds`.
    """

    url: str
    images: tuple[str, ...] = ()
    ask: str | None = None
    body: str | None = None
    at: tuple[str, ...] = ()
    image_host: str | None = None
    drop: str | None = None
    cache_seconds: int = 0


@dataclass(frozen=True)
class Thumbnail:
    """The image for what the parameter `url` names; a grey placeholder if there is none."""

    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Alias:
    """Redirect to the current path of what the path names, as the API knows it; else decline."""


@dataclass(frozen=True)
class PassThrough:
    """What the host's DNS record leads to answers the unchanged request."""


@dataclass(frozen=True)
class Legacy:
    """Legacy serlo.org answers the unchanged request. Only where the feature `legacy` is on."""


@dataclass(frozen=True)
class Split:
    """The frontend for some visitors, legacy for the others.

    `serlo:edge.splits.<name>` has a percentage for each audience and may list content types. With
    `by_type`, only paths whose content has one of these types take part, the others lead to legacy.
    The cookie `useFrontend` keeps a visitor on one side. Without the feature `legacy` the rule is
    that of the frontend for all.
    """

    name: str
    by_type: bool = False


@dataclass(frozen=True)
class Choose:
    """Answer with a line of text, set the cookie `useFrontend` to this, and lead home."""

    use_frontend: Literal["0", "1.1"]
    content: str


Action: TypeAlias = (
    Redirect
    | Frontend
    | Api
    | Proxy
    | Respond
    | MaintenancePage
    | Thumbnail
    | Alias
    | PassThrough
    | Legacy
    | Split
    | Choose
)


@dataclass(frozen=True)
class Place:
    """Where a rule is written: a file of this repository, and the line."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def caller() -> Place:
    """Where the function that asks was called: for functions that write a rule for each line."""
    frame = inspect.currentframe()
    asking = frame.f_back if frame is not None else None
    return _place_of(asking.f_back if asking is not None else None)


def _here() -> Place:
    frame = inspect.currentframe()
    # A dataclass's own code has no file.
    while frame is not None and frame.f_code.co_filename in (__file__, "<string>"):
        frame = frame.f_back
    return _place_of(frame)


def _place_of(frame: FrameType | None) -> Place:
    if frame is None:
        return Place("?", 0)
    parts = PurePath(frame.f_code.co_filename).parts
    start = parts.index("infra") if "infra" in parts else len(parts) - 1
    return Place("/".join(parts[start:]), frame.f_lineno)


@dataclass(frozen=True)
class Rule:
    """Who answers what. `name` is the rule's own: it stands in logs, answers and reviews.

    `switch`: the rule holds only where the stack file lists it in `serlo:edge.switches`.
    """

    name: str
    hosts: Hosts
    path: PathMatch
    action: Action
    when: tuple[Condition, ...] = ()
    environments: frozenset[str] | None = None
    switch: str | None = None
    place: Place = field(default_factory=_here, compare=False)
