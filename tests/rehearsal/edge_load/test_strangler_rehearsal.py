"""The migration in fast motion: a thousand visitors while the percentage rises from 0 to 100.

Leaves a picture in `dist/`. To refresh the one in the documentation:

    pytest tests/rehearsal/edge_load/test_strangler_rehearsal.py
    cp dist/strangler.svg docs/concepts/frontend-share.svg
"""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from tests.rehearsal.edge_load import sites
from tests.rehearsal.edge_load.chance import binomial_range
from tests.rehearsal.edge_load.chart import Series, chart
from tests.rehearsal.edge_load.visitors import Visitor, url_asked
from tests.rehearsal.edge_load.wire import Message, exchange
from tests.rehearsal.edge_worker.runtime import EdgeRuntime

PICTURE = Path(__file__).parents[3] / "dist" / "strangler.svg"

STEPS = (0, 10, 25, 50, 75, 100)
AUDIENCES = {"mobile": 450, "authenticated": 150, "desktop": 400}
EACH = 10
"""Requests of each visitor at each step."""
ERROR = 1e-9
"""How likely chance alone lets one of the counts below fail; there are 24."""

_DOMAIN = sites.DOMAINS["production"]
_CONTENT = [f"/mathe/{number}/thema-{number}" for number in range(1000, 1010)]
_PAGES = [*_CONTENT, "/", "/search", "/spenden", "/license/detail/5"]


def test_ten_thousand_requests_at_each_percentage(tmp_path: Path) -> None:
    random = Random()
    visitors = [Visitor(name) for name, count in AUDIENCES.items() for _ in range(count)]
    on_frontend: list[set[int]] = []
    numbers: list[str] = []
    for step in STEPS:
        at_frontend = _one_step(tmp_path / str(step), step, visitors, random)
        now = [visitor.cookies["useFrontend"] for visitor in visitors]
        assert numbers in ([], now), "a visitor's number has changed"
        numbers = now
        on_frontend.append(at_frontend)

    moved_back = [len(old - new) for old, new in pairwise(on_frontend)]
    shares = {name: _shares(name, visitors, on_frontend) for name in AUDIENCES}
    everybody = [len(at_frontend) / len(visitors) for at_frontend in on_frontend]
    ranges = [binomial_range(len(visitors), step / 100, ERROR) for step in STEPS]
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(
        chart(
            "Strangler rehearsal: 1,000 visitors and a rising percentage",
            STEPS,
            [(low / len(visitors), high / len(visitors)) for low, high in ranges],
            [Series("all visitors", everybody)]
            + [Series(name, shares[name]) for name in AUDIENCES],
            [
                f"{len(visitors) * EACH:,} requests at each step",
                f"moved back to legacy: {sum(moved_back)}",
            ],
        )
    )

    assert moved_back == [0] * (len(STEPS) - 1)
    for step, at_frontend, (low, high) in zip(STEPS, on_frontend, ranges, strict=True):
        assert low <= len(at_frontend) <= high, f"{step} %"
        for name, count in AUDIENCES.items():
            fewest, most = binomial_range(count, step / 100, ERROR)
            share = shares[name][STEPS.index(step)]
            assert fewest <= round(share * count) <= most, f"{name} at {step} %: {share:.1%}"


def _one_step(folder: Path, step: int, visitors: list[Visitor], random: Random) -> set[int]:
    """All visitors come ten times; whom the frontend answered each time. No visitor gets both."""
    table = sites.table(step, types=("Article",))
    counts = [0] * len(visitors)
    with EdgeRuntime(folder, {"edge": sites.site("production", table)}) as runtime:
        for path in _CONTENT:
            found = {"__typename": "Article", "id": 1, "alias": path, "instance": "de"}
            runtime.answer(
                f"https://api.{_DOMAIN}/graphql",
                body=json.dumps({"data": {"uuid": found}}),
                containing=f'"{path}"',
            )
        runtime.record(False)
        replies = exchange(runtime.port("edge"), _requests(visitors, random))
        for number, (_, reply) in enumerate(replies):
            assert reply is not None
            visitor = number % len(visitors)
            names = visitors[visitor].keep(reply)
            if number >= len(visitors) or step != STEPS[0]:
                assert not names, "the number is set once"
            host = urlsplit(url_asked(reply)).hostname
            assert host in (sites.FRONTENDS["production"], f"de.{_DOMAIN}")
            counts[visitor] += host == sites.FRONTENDS["production"]
        assert set(counts) <= {0, EACH}, "a visitor had both answers at one percentage"
    return {visitor for visitor, count in enumerate(counts) if count}


def _requests(visitors: list[Visitor], random: Random) -> Iterator[Message]:
    # Read one round after the other, so that a visitor has his cookies when he comes again.
    for _ in range(EACH):
        for visitor in visitors:
            yield visitor.message(f"de.{_DOMAIN}", random.choice(_PAGES))


def _shares(audience: str, visitors: list[Visitor], on_frontend: list[set[int]]) -> list[float]:
    of_audience = {n for n, visitor in enumerate(visitors) if visitor.audience == audience}
    return [len(at_frontend & of_audience) / len(of_audience) for at_frontend in on_frontend]
