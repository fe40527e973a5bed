"""Strategies for requests near the rules of the table, and for arbitrary ones."""

import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from infra.edge.simulator.decide import PathInfo
from infra.routing import model, redirects
from infra.routing.legacy_split import CONTENT_API_PARAMETERS, CONTENT_TYPES
from infra.routing.table import RULES

LABELS = sorted(
    {
        *(label for rule in RULES if isinstance(rule.hosts, tuple) for label in rule.hosts),
        *(
            "",
            "www",
            "hydra",
            "kratos",
            "community",
            "pacts",
            "nowhere",
            "a.b",
            "de.de",
            "xn--mnchen-3ya",
        ),
    }
)
REGIONS = sorted(
    {
        code
        for rule in redirects.EXAMS
        for condition in rule.when
        if isinstance(condition, model.Region)
        for code in condition.codes
    }
    | {"HE", ""}
)
METHODS = ("GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_VALUES = ("35", "0", "a", "A-b_c", "a+b", "a%20b", "%C3%BC", "a.b", "a/b", "", "2e1", "%2F", "..")
_PIECES = "abzAZ059-_.~+/%&=;:@!$'()*,|^`{}[]\"<>\\ ü€"


@dataclass(frozen=True)
class Asking:
    """A request to a site. `known` is what the store has about its path."""

    url: str
    method: str
    headers: Mapping[str, str]
    region: str | None
    known: PathInfo | None

    @property
    def entry(self) -> str:
        """The store's entry."""
        assert self.known is not None
        said = {
            "currentPath": self.known.current_path,
            "instance": self.known.instance,
            "hash": self.known.hash,
            "typename": self.known.typename,
        }
        return json.dumps({key: text for key, text in said.items() if text is not None})


def _of_rules() -> Sequence[str]:
    found: list[str] = []
    for rule in RULES:
        match rule.path:
            case model.Exact(path) | model.Prefix(path):
                found.append(path)
            case model.Template(text):
                found.append(text)
            case model.AnyPath():
                pass
    return sorted(set(found))


@st.composite
def _filled(draw: st.DrawFn) -> str:
    """A path of the table, or something like it."""
    path = draw(st.sampled_from(_of_rules()))
    parts = [piece.partition("}") for piece in path.split("{")]
    path = parts[0][0] + "".join(draw(st.sampled_from(_VALUES)) + rest for _, _, rest in parts[1:])
    return path + draw(st.sampled_from(("", "", "", "/", "a", "/a", "//", "%2F", ".", "/.", "/..")))


_paths = st.one_of(
    _filled(),
    _filled(),
    st.text(_PIECES, max_size=20).map(lambda text: f"/{text}"),
    st.text(string.ascii_letters + string.digits + "/", max_size=12).map(lambda text: f"/{text}"),
)
_names = st.sampled_from((*CONTENT_API_PARAMETERS, "a", "url", "contentonly", "", "%63ontentOnly"))
_said = st.sampled_from(
    ("", "=", "=1", "=a&b", "=https%3A%2F%2Fvimeo.com%2F12", "=ü'", "==", "={DOMAIN}")
)
_video = st.sampled_from(
    (
        "url=https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
        "url=https%3A%2F%2Fplayer.vimeo.com%2Fvideo%2F12",
        "url=https://www.geogebra.org/material/iframe/id/a1",
        "url=https://upload.wikimedia.org/wikipedia/commons/1/15/inline.svg",
    )
)


@st.composite
def _queries(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(("none", "empty", "pairs", "pairs", "pairs", "text")))
    match kind:
        case "pairs":
            number = draw(st.integers(1, 3))
            pairs = [
                draw(_video) if draw(st.integers(0, 3)) == 0 else draw(_names) + draw(_said)
                for _ in range(number)
            ]
            return f"?{'&'.join(pairs)}"
        case "text":
            return f"?{draw(st.text(_PIECES, max_size=15))}"
        case _:
            return "" if kind == "none" else "?"


_cookie = st.one_of(
    st.sampled_from(
        (
            "authenticated=1",
            "authenticated=0",
            "useLegacyEditor=1",
            "useLegacyFrontend=true",
            "useFrontend=always",
            "useFrontend=",
            "useFrontend",
            "useFrontend=true",
            "useFrontend=1.1",
            " useFrontend = 0",
            "a=b=c",
        )
    ),
    st.floats(0, 1.2).map(lambda number: f"useFrontend={number!r}"),
    st.text("0123456789.e-", max_size=8).map(lambda text: f"useFrontend={text}"),
)


@st.composite
def _origins(draw: st.DrawFn) -> str:
    return "".join(
        draw(st.sampled_from(some))
        for some in (
            ("https://", "http://", "ftp://", ""),
            ("de.", "", "a.b.", "evil", "DE."),
            ("serlo.org", "serlo-staging.dev", "serloXorg"),
            ("", ":443", ":8080", ":", "/"),
        )
    )


_headers: Mapping[str, st.SearchStrategy[str]] = {
    "cookie": st.lists(_cookie, min_size=1, max_size=4).map("; ".join),
    "x-from": st.sampled_from(("legacy-serlo.org", "legacy-serlo.org, x", "somebody")),
    "user-agent": st.sampled_from(("Mozilla/5.0 (Linux) Mobile", "Mozilla/5.0", "mobi", "Mobi")),
    "authorization": st.sampled_from(("Serlo Service=x", "Bearer x", "serlo x", "Serlo")),
    "x-request-id": st.sampled_from(("abcdefgh", "short", "a b c d e f g h", "x" * 129)),
    "range": st.just("bytes=0-9"),
    "if-none-match": st.just('"tag"'),
    "x-serlo-edge": st.just("forged"),
    "x-serlo-rule": st.just("forged"),
    "origin": st.one_of(
        st.sampled_from(
            (
                "http://localhost:3000",
                "http://localhost",
                "https://localhost:3001",
                "https://a-serlo.vercel.app",
                "https://-serlo.vercel.app",
                "https://a.b-serlo.vercel.app",
                "https://adornis.de",
                "https://x.adornis.de:8443",
                "https://x.adornis.de.evil.example",
                "null",
            )
        ),
        _origins(),
    ),
}


def _chosen(drawn: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in drawn.items() if value is not None}


_sent = st.fixed_dictionaries(
    {name: st.one_of(st.none(), st.none(), values) for name, values in _headers.items()}
).map(_chosen)
_known = st.one_of(
    st.none(),
    st.builds(
        PathInfo,
        current_path=st.sampled_from(("/mathe/1/a", "/1", "/", "/mathe/ü b?c#d", "/user/me")),
        instance=st.sampled_from((None, "de", "en")),
        hash=st.sampled_from((None, "#comment-12")),
        typename=st.sampled_from((None, *CONTENT_TYPES)),
    ),
)


@st.composite
def askings(draw: st.DrawFn, domain: str) -> Asking:
    """Requests to hosts of the zone, and to some that are none."""
    label = draw(st.sampled_from(LABELS))
    host = f"{label}.{domain}" if label else domain
    host = draw(
        st.sampled_from((host,) * 12 + (f"{host}.evil.example", f"not{domain}", host.upper()))
    )
    scheme = draw(st.sampled_from(("https",) * 9 + ("http",)))
    port = draw(st.sampled_from(("",) * 9 + (":443",)))
    port = port if scheme == "https" else ""
    url = f"{scheme}://{host}{port}{draw(_paths)}{draw(_queries())}"
    return Asking(
        # No client sends a space.
        url=url.replace(" ", "%20"),
        method=draw(st.sampled_from(METHODS)),
        headers=draw(_sent),
        region=draw(st.sampled_from((None, *REGIONS))),
        known=draw(_known),
    )


def cf(region: str | None) -> Mapping[str, Any] | None:
    """What Cloudflare says of a visitor from there."""
    return None if region is None else {"regionCode": region}
