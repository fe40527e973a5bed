"""What is measured: a bare worker, ours with today's table, ours with generated tables."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.edge.compiler import compile_table
from infra.routing.table import RULES
from infra.stack.environment import Environment
from tests.rehearsal.edge_load import sites
from tests.rehearsal.edge_load.wire import Connection, Message
from tests.rehearsal.edge_worker.runtime import SCHEME_HEADER, EdgeRuntime, Site

SIZES = (10, 100, 1000)
BARE = "bare"
TODAY = "today"
CROWDED = "crowded"
"""As many rules as the largest table, all of them patterns under one host and first segment."""

DOMAIN = sites.DOMAINS["production"]
_STACK = Path(__file__).parents[2] / "stacks" / "Pulumi.production.yaml"
_BARE = "export default { fetch(request) { return fetch(request); } };\n"
_HEADERS = (
    (SCHEME_HEADER.encode(), b"https"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"accept-language", b"de,en;q=0.7,en-US;q=0.3"),
    (b"cookie", b"useFrontend=0.5; consent=1; session=0123456789abcdef0123456789abcdef"),
    (b"referer", b"https://de.serlo.org/mathe"),
)
_QUESTION = b'{"query":"query { uuid(id: 1555) { __typename } }"}'


def message(label: str, path: str, *, body: bytes = b"") -> Message:
    """What a browser sends to a host of the zone."""
    host, method = f"{label}.{DOMAIN}", b"POST" if body else b"GET"
    return Message(host.encode(), path.encode(), method, _HEADERS, body)


KINDS = {
    "passed through": message("hydra", "/oauth2/auth"),
    "file of the frontend": message("de", "/_next/static/chunks/main-0123456789abcdef.js"),
    "page, path known": message("de", "/mathe/1555/ableitung"),
    "API, signed": message("api", "/graphql", body=_QUESTION),
    "redirect": message("de", "/datenschutz"),
}
"""Requests for today's table. The last kind is answered by the worker without asking anybody."""


@dataclass
class Contestant:
    """A workerd of its own, with a connection that is kept open."""

    name: str
    runtime: EdgeRuntime
    connection: Connection


def generated(rules: int) -> sites.Table:
    """A table of about as many rules, of the kinds that today's has and in the same mixture."""
    compiled = sites.table(None)
    kinds = (
        *({"exact": "/topic-{}", "slash": True}, {"exact": "/topic-{}/part"}) * 4,
        {"prefix": "/topic-{}/"},
        {"pattern": "^/topic-{}/(?<id>[0-9]+)$", "segment": "topic-{}"},
    )
    made: list[dict[str, object]] = []
    for number in range(rules - 2):
        kind = kinds[number % len(kinds)]
        path = {
            key: value.format(number) if isinstance(value, str) else value
            for key, value in kind.items()
        }
        hosts = ["de"] if number % 2 else ["de", "en", "es", "fr", "hi", "ta"]
        made.append(
            {"name": f"rule-{number}", "hosts": hosts, "path": path, "then": {"do": "pass"}}
        )
    # Every table starts with a rule that fits by the request's scheme, and ends with one for all.
    https = next(rule for rule in compiled["rules"] if rule["name"] == "https")
    rest = next(rule for rule in compiled["rules"] if rule["name"] == "everything-else")
    return {**compiled, "rules": [https, *made, rest]}


def crowded(rules: int) -> sites.Table:
    """The worst that a table can be: its rules have nothing by which they could be found."""
    table = generated(rules)
    for number, rule in enumerate(table["rules"][1:-1]):
        rule["hosts"] = ["de"]
        rule["path"] = {"pattern": f"^/topic/(?<id>[0-9]+)/{number}$", "segment": "topic"}
    return table


LAST_OF_CROWD = {"the last of 1,000 in one place": message("de", f"/topic/15/{SIZES[-1] - 3}")}


def kinds_for(rules: int) -> dict[str, Message]:
    """Requests for a generated table: one of its rules answers, or only the last one."""
    middle = (rules - 2) // 20 * 10
    return {
        "a rule in the middle": message("de", f"/topic-{middle}"),
        "no rule but the last": message("de", "/nowhere/near"),
    }


@contextmanager
def running(folder: Path) -> Generator[dict[str, Contestant]]:
    """All contestants, started and with the path of a page in their store."""
    entrants = {
        BARE: Site({}, code=_BARE, store=False),
        TODAY: sites.site("production", compile_table(RULES, Environment.load(_STACK))),
        **{str(size): sites.site("production", generated(size)) for size in SIZES},
        CROWDED: sites.site("production", crowded(SIZES[-1])),
    }
    with ExitStack() as stack:
        found: dict[str, Contestant] = {}
        for name, site in entrants.items():
            runtime = stack.enter_context(EdgeRuntime(folder / name / "run", {name: site}))
            runtime.record(False)
            runtime.answer("https://", body="ok")
            runtime.kv_put("/de/mathe/1555/ableitung", '{"currentPath":"/mathe/1555/ableitung"}')
            connection = Connection(runtime.port(name))
            stack.callback(connection.close)
            found[name] = Contestant(name, runtime, connection)
        yield found
