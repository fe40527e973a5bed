"""How far production is behind staging, by staging's history."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.declaration.service import Service
from infra.services import declared
from operations.releases.history import Revision, VersionPeriod
from operations.releases.lag import Distance, Lag, distance

NOW = datetime(2023, 8, 1, 12, tzinfo=UTC)
SERVER, FRONTEND = (
    next(service for service in declared() if service.name == name)
    for name in ("server", "frontend")
)
A, B, C = (letter * 40 for letter in "abc")


def steps(*texts: str) -> list[VersionPeriod]:
    """What staging ran, one version a day, the last one since yesterday."""
    days = range(len(texts), 0, -1)
    return [
        VersionPeriod(text, Revision("0" * 40, NOW - timedelta(days=day), "", ""))
        for text, day in zip(texts, days, strict=True)
    ]


@pytest.mark.parametrize(
    ("service", "production", "ran", "expected"),
    [
        (SERVER, "1.0.0", ["1.0.0"], Distance(Lag.LEVEL, 0, 0)),
        (SERVER, "1.0.0@sha256:aa", ["1.0.0@sha256:bb"], Distance(Lag.LEVEL, 0, 0)),
        (SERVER, "1.0.0", ["1.0.0", "1.1.0"], Distance(Lag.BEHIND, 1, 1)),
        (SERVER, "1.0.0", ["1.0.0", "1.1.0", "1.2.0", "1.3.0"], Distance(Lag.BEHIND, 3, 3)),
        # There and back again counts each version once, from the last time they were level.
        (SERVER, "1.0.0", ["1.0.0", "1.1.0", "1.0.0", "1.1.0"], Distance(Lag.BEHIND, 1, 1)),
        (SERVER, "1.0.0", ["1.0.0", "1.1.0", "1.2.0", "1.1.0"], Distance(Lag.BEHIND, 2, 3)),
        (SERVER, "1.2.0", ["1.0.0", "1.1.0", "1.2.0", "1.0.0"], Distance(Lag.AHEAD, 2, 1)),
        (SERVER, "1.2.0", ["1.1.0", "1.2.0", "1.0.0"], Distance(Lag.AHEAD, None, 1)),
        (SERVER, "0.9.0", ["1.0.0", "1.1.0"], Distance(Lag.BEHIND)),
        (SERVER, "2.0.0", ["1.0.0", "1.1.0"], Distance(Lag.AHEAD)),
        (SERVER, "production", ["1.0.0", "1.1.0"], Distance(Lag.APART)),
        (FRONTEND, A, [A, B, C], Distance(Lag.BEHIND, 2, 2)),
        (FRONTEND, C, [A, B, C, A], Distance(Lag.AHEAD, 2, 1)),
        (FRONTEND, C, [A, B], Distance(Lag.APART)),
    ],
)
def test_distances(service: Service, production: str, ran: list[str], expected: Distance) -> None:
    assert distance(service, production, ran[-1], steps(*ran), NOW) == expected


def test_what_is_not_committed_yet_is_of_today() -> None:
    ran = [*steps("1.0.0"), VersionPeriod("1.1.0", None)]
    assert distance(SERVER, "1.0.0", "1.1.0", ran, NOW) == Distance(Lag.BEHIND, 1, 0)
