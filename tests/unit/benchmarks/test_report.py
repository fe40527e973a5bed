import sys
from pathlib import Path

import pytest

from benchmarks.measure import CommandFailedError, Measurement, measure
from benchmarks.report import Runs, table, targets


def results() -> Runs:
    made: dict[str, list[Measurement]] = {}
    for name, seconds in (
        ("serlo rehearse, from nothing", 31.0),
        ("serlo rehearse, no change", 9.0),
        ("kubectl apply, from nothing, and wait", 2.0),
        ("pulumi up, from nothing", 3.0),
    ):
        made[name] = [Measurement(seconds + noise, 0.5, 100 + noise) for noise in (-0.5, 0.0, 5.0)]
    return {"local": made}


def test_the_table_has_medians_and_ratios() -> None:
    rows = table(results()).splitlines()
    assert "| local | pulumi up, from nothing | 3.0 | 0.5 | 105 | 1.5 |" in rows
    assert "| local | kubectl apply, from nothing, and wait | 2.0 | 0.5 | 105 |  |" in rows


def test_targets_that_are_met_and_missed() -> None:
    assert targets(results()).splitlines() == [
        "- MISSED: serlo rehearse, from nothing, local: 31.0 s; 30 s allowed",
        "- met: serlo rehearse, no change, local: 9.0 s; 10 s allowed",
    ]


def test_a_command_that_fails_shows_its_last_words(tmp_path: Path) -> None:
    code = "print('many'); print('words'); raise SystemExit(3)"
    with pytest.raises(CommandFailedError, match=r"(?s)exit code 3.*words"):
        measure([sys.executable, "-c", code], environment={}, folder=tmp_path)
