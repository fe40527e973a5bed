"""The report of each scenario, and none of a change without an effect."""

from collections.abc import Iterator
from difflib import unified_diff

import pytest

from operations.review.dangers import DangerKind
from operations.topology.mermaid import mermaid
from operations.topology.model import State, compared, graph
from tests.review.scenario import GOLDEN, Scenario, Snapshots, reviewed, text_of
from tests.review.scenarios import SCENARIOS
from tests.review.unchanged import UNCHANGED

_LEAST = 60
"""Scenarios, as was asked for."""


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshots]:
    with Snapshots(tmp_path_factory.mktemp("checkouts")) as taken:
        yield taken


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_report_is_the_golden_one(snapshots: Snapshots, scenario: Scenario) -> None:
    text = text_of(snapshots, scenario)

    kept = scenario.golden.read_text() if scenario.golden.exists() else ""
    changes = unified_diff(
        kept.splitlines(keepends=True),
        text.splitlines(keepends=True),
        f"tests/review/golden/{scenario.golden.name}",
        "now",
    )
    command = f"python -m tests.review.scenario {scenario.name}"
    assert text == kept, f"run `{command}` and look at what changed:\n{''.join(changes)}"


@pytest.mark.parametrize("scenario", UNCHANGED, ids=lambda scenario: scenario.name)
def test_no_danger_is_reported_where_nothing_but_text_changes(
    snapshots: Snapshots, scenario: Scenario
) -> None:
    found = reviewed(snapshots, scenario)

    (stack,) = found.stacks
    assert stack.problem is None
    assert (stack.dangers, stack.changed, stack.releases) == ((), [], [])
    assert text_of(snapshots, scenario).count("\n") == 2


def test_every_kind_of_danger_is_in_a_golden_report() -> None:
    texts = "".join(file.read_text() for file in GOLDEN.glob("*.md"))
    missing = [
        k.value for k in DangerKind if f"**{k.value[:1].upper()}{k.value[1:]}**" not in texts
    ]
    # What only a registry or a changelog tells is tested with one.
    assert missing == [DangerKind.IMAGE.value, DangerKind.BREAKING.value]


def test_there_are_enough_and_none_is_left_over() -> None:
    assert len(SCENARIOS) >= _LEAST
    assert {file.name for file in GOLDEN.glob("*")} == {s.golden.name for s in SCENARIOS}


def test_what_changes_is_marked_in_the_picture(snapshots: Snapshots) -> None:
    by_name = {scenario.name: scenario for scenario in SCENARIOS}
    marks = {
        "service-with-a-host-added": ("search", State.ADDED),
        "service-removed": ("dbdump", State.REMOVED),
        "downgrade": ("database-layer", State.CHANGED),
        # What no label of the picture shows.
        "memory-lowered": ("server", State.CHANGED),
        "rule-removed": ("worker serlo-production", State.CHANGED),
    }
    for name, (label, state) in marks.items():
        old, new = snapshots.both(by_name[name])
        drawn = compared(graph(old.snapshots["production"]), graph(new.snapshots["production"]))
        states = {node.label: node.state for node in drawn.nodes}
        assert states[label] is state, name
        assert states["hydra"] is State.SAME, name
        assert f"classDef {state} " in mermaid(drawn)
