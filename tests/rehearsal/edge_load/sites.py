"""Today's routing table and bindings, as the stacks give them to the worker."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from infra.edge.compiler import compile_rules
from infra.routing.model import LANGUAGES
from infra.routing.table import RULES
from infra.stack.schema import SplitKeys
from tests.rehearsal.edge_load.noise import Vocabulary
from tests.rehearsal.edge_worker.runtime import Site

Table = dict[str, Any]

Environment = Literal["production", "staging"]
ENVIRONMENTS: tuple[Environment, ...] = ("production", "staging")
DOMAINS = {"production": "serlo.org", "staging": "serlo-staging.dev"}
FRONTENDS = {
    "production": "frontend.serlo.org",
    "staging": "frontend-git-staging-serlo.vercel.app",
}
API_SECRET = "what the API knows too"
ORIGIN_SECRET = "what opens the gateway"
SWITCHES = ("legacy-auth-paths", "legacy-header", "legacy-content-parameters")
"""Of rules that take visitors out of the division, but for those who are logged in."""


def table(
    percentage: float | None, *, types: Sequence[str] = (), switches: Sequence[str] = SWITCHES
) -> Table:
    """Today's table. `percentage` is that of all audiences; None: without the part `legacy`."""
    keys = SplitKeys(
        mobile=percentage or 0,
        authenticated=percentage or 0,
        desktop=percentage or 0,
        types=list(types) or None,
    )
    return compile_rules(
        RULES, legacy=percentage is not None, splits={"content": keys}, switches=switches
    )


def bindings(environment: Environment) -> dict[str, str]:
    """The worker's variables and secrets."""
    domain = DOMAINS[environment]
    return {
        "DOMAIN": domain,
        "ENVIRONMENT": environment,
        "API_ENDPOINT": f"https://api.{domain}/graphql",
        "FRONTEND_DOMAIN": FRONTENDS[environment],
        "ALLOW_AUTH_FROM_LOCALHOST": str(environment != "production").lower(),
        "API_SECRET": API_SECRET,
        "ORIGIN_SECRET": ORIGIN_SECRET,
    }


def site(environment: Environment, compiled: Table) -> Site:
    """The worker with a table."""
    return Site(bindings(environment), compiled)


def labels(compiled: Table) -> list[str]:
    """Of all hosts that rules name, and some that none does."""
    named = {
        label
        for rule in compiled["rules"]
        for label in (rule["hosts"] if isinstance(rule["hosts"], list) else rule["hosts"]["but"])
    }
    return [*sorted(named), "www", "hydra", "unknown", "a.b"]


def third_parties(compiled: Table) -> set[str]:
    """The hosts that the table names as somebody else's: proxies, and where thumbnails are."""
    found: set[str] = set()
    for rule in compiled["rules"]:
        action = rule["then"]
        if action["do"] == "proxy":
            found.add(_host(action["to"]))
        for source in action.get("sources", ()):
            found |= {_host(url) for url in (*source.get("images", ()), source.get("ask")) if url}
            if "imageHost" in source:
                found.add(source["imageHost"])
    return found


def redirect_hosts(compiled: Table) -> set[str]:
    """The hosts to which the table itself sends visitors, but those below the domain."""
    actions = (rule["then"] for rule in compiled["rules"])
    targets = [action["to"] for action in actions if action["do"] == "redirect"]
    return {_host(to) for to in targets if "{" not in to.split("/")[2]}


def paths(compiled: Table) -> Iterator[str]:
    """A path for each rule that names one."""
    yield from ("/", "/search", "/mathe/1555/ableitung", "/1555", "/user/me", "/graphql")
    for rule in compiled["rules"]:
        path = rule.get("path", {})
        if "exact" in path:
            yield path["exact"]
        elif "prefix" in path:
            yield path["prefix"] + "x"
        elif "pattern" in path:
            yield _example(path["pattern"])


def vocabulary(domain: str, compiled: Table) -> Vocabulary:
    """Hosts and paths for random requests; the hosts with most traffic come most often."""
    busy = [*LANGUAGES * 3, "", "api", "embed", "assets", "meet"] * 4
    hosts = [f"{label}.{domain}".lstrip(".").encode() for label in (*busy, *labels(compiled))]
    return Vocabulary(hosts, [path.encode() for path in paths(compiled)])


def _example(pattern: str) -> str:
    """A path that fits; it takes apart what `compilation.path_pattern` builds."""
    text = pattern.removeprefix("^").removesuffix("$")
    text = re.sub(r"\(\?<\w+>\[0-9\]\+\)", "15", text)
    text = re.sub(r"\(\?<\w+>[^)]*\)", "x", text)
    return text.replace("\\", "")


def _host(url: str) -> str:
    # A placeholder may come right after the host: what it stands for starts with a slash.
    host = urlsplit(url.partition("{")[0]).hostname
    assert host, url
    return host
