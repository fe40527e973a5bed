"""The rows about `serlo` itself."""

from benchmarks.commands import ALLOWED, Row, table, targets
from benchmarks.measure import Measurement


def _row(name: str, *seconds: float) -> Row:
    return Row(name, tuple(Measurement(each, each / 2, 100.0) for each in seconds), 0.5)


def test_the_table_has_medians_and_the_share_of_imports() -> None:
    lines = table([_row("serlo review", 4.0, 2.0, 9.0)]).splitlines()

    assert lines[-1] == "| serlo review | 4.00 | 2.00 | 0.50 | 25% |"
    assert len({line.count("|") for line in lines}) == 1


def test_a_slow_command_misses_its_target() -> None:
    assert set(ALLOWED) == {"serlo review", "serlo versions"}
    assert targets([_row("serlo review", 5.1), _row("serlo versions", 0.4)]).splitlines() == [
        "- MISSED: serlo review: 5.10 s; 5.0 s allowed",
        "- met: serlo versions: 0.40 s; 0.5 s allowed",
    ]
