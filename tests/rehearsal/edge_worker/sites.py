"""The workers that the conformance suite runs, all of them with the repository's own rules.

`local`, `staging`, `production`: the table of each environment, by tests/stacks. The others
are in staging's zone: `today` is staging without legacy, which is when edge.md's facts hold for
pages of the frontend; the rest differs from it in what their comments say.
"""

from collections.abc import Iterable
from functools import cache

import pytest

from infra.edge.cloudflare import worker_script
from infra.edge.compiler import Document, compile_rules, compile_table
from infra.routing.table import RULES
from infra.stack.environment import Environment
from infra.stack.schema import SplitKeys
from tests.rehearsal.edge_worker.runtime import Site
from tests.stack_files import stack_file

API_SECRET = "secret-of-the-api"
ORIGIN_SECRET = "secret-of-the-origin"
LANGUAGES = ("de", "en", "es", "fr", "hi", "ta")
ENVIRONMENTS = ("local", "staging", "production")

EARLY_TYPES = ("Article", "Applet", "Course", "CoursePage", "Page", "TaxonomyTerm", "Video")
"""The types of content that took part in the division from May 2020."""
SWITCHES = (
    "legacy-auth-paths",
    "legacy-header",
    "legacy-content-parameters",
    "legacy-authenticated",
)
PREVIEW = "frontend-git-staging-serlo.vercel.app"
"""A frontend outside of the zone."""
HASTE = {"lookup": 150, "frontend": 300, "api": 300, "proxy": 300, "origin": 300}
"""Milliseconds."""


def sites() -> dict[str, Site]:
    """All of them, by name."""
    return {
        **{name: _site(name, compile_table(RULES, environment(name))) for name in ENVIRONMENTS},
        "today": _site("staging", _table()),
        # How many visitors see the frontend.
        "split": _site("staging", _table(_split(mobile=50, authenticated=10, desktop=30))),
        "split-none": _site("staging", _table(_split(mobile=0, authenticated=0, desktop=0))),
        "split-all": _site("staging", _table(_split(mobile=100, authenticated=100, desktop=100))),
        "split-types": _site(
            "staging",
            _table(_split(mobile=50, authenticated=10, desktop=30, types=list(EARLY_TYPES))),
        ),
        "split-switches": _site(
            "staging",
            _table(_split(mobile=100, authenticated=100, desktop=100), switches=SWITCHES),
        ),
        # Short time limits.
        "hasty": _site("staging", {**_table(), "limits": HASTE}),
        # The frontend is outside of the zone.
        "preview": _site("staging", _table(), FRONTEND_DOMAIN=PREVIEW),
        # Nothing but what the worker cannot do without.
        "bare": Site(
            {**worker_script.script(environment("staging")).variables, "API_SECRET": API_SECRET},
            _table(),
            store=False,
        ),
    }


def domain(site: str) -> str:
    """The domain of a site's zone."""
    return environment(site).domain


def frontend(site: str) -> str:
    """The host of a site's frontend."""
    return PREVIEW if site == "preview" else environment(site).frontend_domain


def api(site: str) -> str:
    """Where a site's API answers."""
    return f"https://api.{domain(site)}/graphql"


def address(site: str, label: str, path: str = "/", scheme: str = "https") -> str:
    """A URL of a host of the zone; no label means the domain itself."""
    host = f"{label}.{domain(site)}" if label else domain(site)
    return f"{scheme}://{host}{path}"


def environment(site: str) -> Environment:
    """The environment of a site."""
    return _load(site if site in ENVIRONMENTS else "staging")


@cache
def _load(name: str) -> Environment:
    return Environment.load(stack_file(name))


def _site(name: str, table: Document, **more: str) -> Site:
    secrets = {"API_SECRET": API_SECRET, "ORIGIN_SECRET": ORIGIN_SECRET}
    return Site({**worker_script.script(environment(name)).variables, **secrets, **more}, table)


def _table(split: SplitKeys | None = None, switches: Iterable[str] = ()) -> Document:
    splits = {"content": split} if split is not None else {}
    return compile_rules(
        RULES, legacy=split is not None, splits=splits, switches=frozenset(switches)
    )


def _split(**said: object) -> SplitKeys:
    return SplitKeys.model_validate(said)


def cases(rows: Iterable[tuple[object, ...]], *named: int) -> list[object]:
    """Rows as parameters; the columns in `named` (the first two) make up a case's name."""
    columns = named or (0, 1)
    return [
        pytest.param(*row, id=" ".join(str(row[column]) or "apex" for column in columns))
        for row in rows
    ]


def titled(rows: Iterable[tuple[object, ...]]) -> list[object]:
    """Rows as parameters; the first column is a case's name and no parameter."""
    return [pytest.param(*row[1:], id=str(row[0])) for row in rows]
