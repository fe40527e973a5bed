"""Raising a percentage moves visitors to the frontend and never one of them back."""

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rehearsal.edge_load.visitors import AGENTS, Visitor, url_asked
from tests.rehearsal.edge_load.wire import Connection
from tests.rehearsal.edge_worker.runtime import EdgeRuntime, Site

DOMAIN = "serlo.test"
FRONTEND = "frontend.example"
# A table can hold one percentage per rule: two hundred of them are there at once, and visitors go
# from path to path instead of waiting for the next one.
_DENSE = [step / 100 for step in range(101)]
_ODD = [
    *(5e-324, 1e-300, 1e-17, 1e-9, 1e-7, 0.1 + 0.2, 1 / 3, 1 - 2**-53, math.nextafter(1, 0)),
    *(math.nextafter(p, d) for p in (0.1, 0.25, 0.5, 0.75) for d in (0, 1)),
]
_RANDOM = [Random(f"percentage {n}").random() for n in range(80)]
PROBABILITIES = sorted({*_DENSE, *_ODD, *_RANDOM})
"""Rising."""

# For a browser the text is opaque, so what the worker or a page once wrote comes back unchanged.
_FLOATS = st.floats(0, 1, exclude_max=True) | st.sampled_from(PROBABILITIES)
_NUMBERS = _FLOATS.map(repr) | st.from_regex(
    r"[0-9]{1,3}(\.[0-9]{1,25})?(e-[0-9]{1,3})?", fullmatch=True
)
_ANY_TEXT = st.sampled_from(
    ["", "true", "NaN", "-0.1", "0x1", "1e5", "Infinity", "0,5", ".5", "5.", "%30"]
) | st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=";"), max_size=12)
_GARBAGE = _ANY_TEXT.filter(
    lambda text: text != "always" and not re.fullmatch(r"[0-9]+(\.[0-9]+)?(e-[0-9]+)?", text)
)
COOKIES = st.none() | _NUMBERS | _GARBAGE | st.just("always")
RISING = st.lists(st.sampled_from(range(len(PROBABILITIES))), min_size=2, max_size=9).map(sorted)
AUDIENCES = st.sampled_from(sorted(AGENTS))


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A connection to the worker with a table of all percentages."""
    rules = [
        {
            "name": f"step-{number}",
            "hosts": ["de"],
            "path": {"exact": f"/step/{number}"},
            # Each audience climbs the same stairs on feet of its own: a mixed-up audience shows.
            "then": {"do": "split", "name": "content", **_one_by_one(number)},
        }
        for number in range(len(PROBABILITIES))
    ]
    bindings = {
        "DOMAIN": DOMAIN,
        "ENVIRONMENT": "production",
        "API_ENDPOINT": f"https://api.{DOMAIN}/graphql",
        "FRONTEND_DOMAIN": FRONTEND,
        "ALLOW_AUTH_FROM_LOCALHOST": "false",
        "API_SECRET": "secret",
    }
    folder: Path = tmp_path_factory.mktemp("edge")
    with EdgeRuntime(
        folder,
        {"edge": Site(bindings, {"rules": rules, "limits": _LIMITS, "contentParameters": []})},
    ) as runtime:
        runtime.record(False)
        connection = Connection(runtime.port("edge"))
        yield connection
        connection.close()


_LIMITS = {"lookup": 3000, "frontend": 30000, "api": 60000, "proxy": 10000, "origin": 60000}


def _one_by_one(number: int) -> dict[str, float]:
    return {audience: probability(audience, number) for audience in AGENTS}


def probability(audience: str, number: int) -> float:
    """The percentage of an audience at a step, from 0 to 1; rises with the step."""
    powers = {"desktop": 1, "mobile": 2, "authenticated": 3}
    return PROBABILITIES[number] ** powers[audience]


def _gets_the_frontend(visitor: Visitor, connection: Connection, step: int) -> bool:
    host = urlsplit(url_asked(visitor.visit(connection, f"de.{DOMAIN}", f"/step/{step}"))).hostname
    assert host in (FRONTEND, f"de.{DOMAIN}")
    return host == FRONTEND


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cookie=COOKIES, steps=RISING, audience=AUDIENCES)
def test_nobody_moves_back_while_the_percentage_rises(
    connection: Connection, cookie: str | None, steps: list[int], audience: str
) -> None:
    visitor = Visitor(audience, {} if cookie is None else {"useFrontend": cookie})
    got = [_gets_the_frontend(visitor, connection, step) for step in steps]
    assert not any(before and not after for before, after in pairwise(got)), (visitor, got)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(number=_NUMBERS, step=st.sampled_from(range(len(PROBABILITIES))), audience=AUDIENCES)
def test_the_visitors_own_number_decides_and_stays(
    connection: Connection, number: str, step: int, audience: str
) -> None:
    visitor = Visitor(audience, {"useFrontend": number})
    expected = float(number) <= probability(audience, step)
    assert _gets_the_frontend(visitor, connection, step) == expected
    assert visitor.cookies["useFrontend"] == number


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cookie=st.none() | _GARBAGE, steps=RISING, audience=AUDIENCES)
def test_a_new_visitor_gets_a_number_that_explains_all_later_answers(
    connection: Connection, cookie: str | None, steps: list[int], audience: str
) -> None:
    visitor = Visitor(audience, {} if cookie is None else {"useFrontend": cookie})
    got = [_gets_the_frontend(visitor, connection, step) for step in steps]
    number = float(visitor.cookies["useFrontend"])
    assert 0 <= number < 1
    assert got == [number <= probability(audience, step) for step in steps]
