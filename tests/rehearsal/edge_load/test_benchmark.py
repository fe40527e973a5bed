"""`make bench-edge` measures what it says: a short run, of which no time is looked at."""

from pathlib import Path

import pytest

from benchmarks.edge.contestants import BARE, KINDS, SIZES, TODAY, running
from benchmarks.edge.measure import rounds
from benchmarks.edge.report import goals, tables


@pytest.mark.real_stacks
def test_every_contestant_is_measured(tmp_path: Path) -> None:
    with running(tmp_path) as contestants:
        assert {one.name for one in contestants.values()} >= {BARE, TODAY, *map(str, SIZES)}
        # The rule that is to be measured is the one that answers.
        expected = ["everything-else", "frontend-files", "content", "graphql", "datenschutz"]
        replies = [contestants[TODAY].connection.ask(message) for message in KINDS.values()]
        rules = [(reply.first(b"x-serlo-rule") or b"").decode() for reply in replies]
        assert rules == expected
        results = rounds(contestants, 1, lambda _: None)
    rows = tables(results).splitlines()[2:]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows][: len(KINDS)] == list(KINDS)
    assert len(goals(results).splitlines()) == len(KINDS) + 4
