import sys
from pathlib import Path

import pytest

from benchmarks.measure import CommandFailedError, Measurement, measure
from benchmarks.platform import objects
from benchmarks.report import Results, table, targets


@pytest.mark.parametrize(("services", "count"), [(15, 106), (100, 701)])
def test_the_generated_platform(services: int, count: int) -> None:
    every = objects(services)
    assert len(every) == count
    assert len({(entry["kind"], entry["metadata"]["name"]) for entry in every}) == count


def results() -> Results:
    made = Results({})
    for services, factor in ((15, 1), (100, 7)):
        for name, seconds in (
            ("kubectl apply, from nothing", 2.0),
            ("pulumi up, from nothing, file", 1.5),
            ("pulumi up, from nothing, file, empty plugin", 1.0),
            ("pulumi preview, no change, file", 1.0),
            ("pulumi preview, no change, file, empty plugin", 1.0),
        ):
            for noise in (-0.5, 0.0, 5.0):
                made.record(
                    services,
                    name,
                    Measurement(seconds * factor + noise, 0.5 * factor, 100 * factor),
                )
    return made


def test_the_table_has_medians_ratios_and_growth() -> None:
    rows = {line.split(" | ")[0]: line for line in table(results()).splitlines()}
    assert rows["| pulumi up, from nothing, file"] == (
        "| pulumi up, from nothing, file | 1.5 | 0.5 | 100 | 0.75 | 1.50"
        " | 10.5 | 3.5 | 700 | 0.75 | 1.50 | 7.00 |"
    )
    assert rows["| kubectl apply, from nothing"].endswith(
        "| 2.0 | 0.5 | 100 |  |  | 14.0 | 3.5 | 700 |  |  | 7.00 |"
    )


def test_targets_that_are_met_and_missed() -> None:
    lines = targets(results()).splitlines()
    at_15 = [line for line in lines if " 15 services" in line]
    assert [line.split(":")[0] for line in at_15] == ["- met", "- MISSED", "- met", "- met"]
    assert "1.5 s; 2.0 s of kubectl apply, from nothing" in at_15[0]
    assert "1.5 s; 1.2 s, 1.2 of the engine's floor" in at_15[1]


def test_a_command_that_fails_shows_its_last_words(tmp_path: Path) -> None:
    code = "print('many'); print('words'); raise SystemExit(3)"
    with pytest.raises(CommandFailedError, match=r"(?s)exit code 3.*words"):
        measure([sys.executable, "-c", code], environment={}, folder=tmp_path)
    allowed = measure([sys.executable, "-c", code], environment={}, folder=tmp_path, allowed=(0, 3))
    assert allowed.processor_seconds > 0
