"""Replaying a journal, against a model that only knows names and values."""

import json
import random
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.state_service import store as store_module
from rehearsal.state_service.database import StateError
from rehearsal.state_service.journal import Json, Kind, empty, items, mapping, replay
from rehearsal.state_service.store import Store

CLI = "v3.259.0"


def urn(name: str) -> str:
    return f"urn:pulumi:dev::probe::ledger:index:Entry::{name}"


class Engine:
    """Performs steps on a base state: writes the journal, and what should come of it."""

    def __init__(self, base: Json) -> None:
        self.base: list[Json] = items(mapping(base, "deployment"), "resources")
        self.journal: list[Json] = []
        self.expected: dict[str, int] = {
            resource["urn"]: resource["outputs"]["value"] for resource in self.base
        }
        self.operations: dict[str, int] = {}
        self.pending: set[str] = set()
        self.old: dict[str, int] = {
            resource["urn"]: place for place, resource in enumerate(self.base)
        }
        self.last: str | None = None
        self._operation = 0

    def entry(self, kind: Kind, number: int, **content: Any) -> None:
        self.journal.append(
            {
                "version": 1,
                "kind": int(kind),
                "sequenceID": len(self.journal) + 1,
                "operationID": number,
                "removeOld": None,
                "removeNew": None,
                **content,
            }
        )

    def step(self, action: str, name: str, value: int, end: str) -> None:
        """One step as the engine performs it: `end` is done, failed or interrupted."""
        there = urn(name) in self.old and urn(name) in self.expected
        if urn(name) in self.operations or (action in ("delete", "gone") and not there):
            return  # an engine takes each resource once, and deletes only what is there
        self._operation += 1
        operation = self._operation
        depends = [self.last] if self.last and action in ("put", "same") else []
        if action == "same":
            value = self.expected[urn(name)] if there else value
        state = {
            "urn": urn(name),
            "custom": True,
            "type": "ledger:index:Entry",
            "outputs": {"value": value},
            **({"dependencies": depends} if depends else {}),
        }
        removed = {"removeOld": self.old[urn(name)]} if there else {}
        kind = {"delete": "deleting", "gone": "reading"}.get(
            action, "updating" if there else "creating"
        )
        self.entry(Kind.BEGIN, operation, operation={"type": kind, "resource": state})
        self.operations[urn(name)] = operation
        if end == "interrupted":
            self.pending.add(urn(name))
        elif end == "failed":
            self.entry(Kind.FAILURE, operation)
        elif action == "gone":
            self.entry(Kind.REFRESH_SUCCESS, operation, isRefresh=True, **removed)
            del self.expected[urn(name)]
        elif action == "delete":
            self.entry(Kind.SUCCESS, operation, **removed)
            del self.expected[urn(name)]
        else:
            self.entry(Kind.SUCCESS, operation, state=state, **removed)
            self.expected[urn(name)] = value
            self.last = urn(name)


NAMES = st.sampled_from([f"entry-{n}" for n in range(8)])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "same", "delete", "gone"]),
        NAMES,
        st.integers(0, 9),
        st.sampled_from(["done", "done", "done", "failed", "interrupted"]),
    ),
    max_size=14,
)


def check_order(resources: list[Json]) -> None:
    """What a resource names stands before it."""
    seen: set[str] = set()
    for resource in resources:
        assert set(items(resource, "dependencies")) <= seen
        seen.add(resource["urn"])


@given(updates=st.lists(STEPS, max_size=4), shuffle=st.randoms())
def test_replay_against_the_model(
    updates: list[list[tuple[str, str, int, str]]], shuffle: random.Random
) -> None:
    state = empty()
    creating: set[str] = set()
    for steps in updates:
        engine = Engine(state)
        for step in steps:
            engine.step(*step)
        refreshed = any(entry["kind"] == Kind.REFRESH_SUCCESS for entry in engine.journal)
        shuffled = shuffle.sample(engine.journal, len(engine.journal))
        state = replay(state, shuffled, CLI)
        resources = items(state["deployment"], "resources")
        assert {r["urn"]: r["outputs"]["value"] for r in resources} == engine.expected
        assert len(resources) == len(engine.expected)
        if refreshed:  # what a refresh found gone is named by nobody
            check_order(resources)
        operations = items(state["deployment"], "pending_operations")
        pending = {operation["resource"]["urn"] for operation in operations}
        assert pending == engine.pending | creating
        creating = {op["resource"]["urn"] for op in operations if op["type"] == "creating"}


def without_nothing(value: Any) -> Any:
    """A JSON value without the nulls, zeros and empty things that Go writes in some places."""
    if isinstance(value, dict):
        pairs = {key: without_nothing(each) for key, each in cast("Json", value).items()}
        return {key: each for key, each in pairs.items() if each not in (None, [], {}, False, "")}
    if isinstance(value, list):
        return [without_nothing(each) for each in cast("list[Any]", value)]
    return value


def comparable(state: Json) -> Json:
    deployment = {key: each for key, each in state["deployment"].items() if key != "manifest"}
    operations: list[Json] = items(deployment, "pending_operations")
    deployment["pending_operations"] = sorted(operations, key=json.dumps)  # Go's order is random
    return without_nothing({**state, "deployment": deployment})


CASES = (Path(__file__).parent / "replayed.jsonl").read_text().splitlines()


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_replay_against_the_one_in_the_cli(case: str) -> None:
    """Random journals, each with what `JournalReplayer` of pulumi/pkg v3.259.0 made of it."""
    told = json.loads(case, object_pairs_hook=lambda pairs: dict(sorted(pairs)))
    replayed = replay(told["base"], told["entries"], CLI)
    assert comparable(replayed) == comparable(told["expected"])


@pytest.fixture
def opened(tmp_path: Path) -> Store:
    store = Store(tmp_path / "state.sqlite")
    store.create_stack("probe", "dev", {}, None)
    return store


def begin(store: Store) -> tuple[str, str]:
    stack = store.stack("probe", "dev")
    update = store.create_update(stack, "update", writes=True, program={}, cli_version=CLI)
    return update, store.start_update(stack, update, None, None).token


def values(store: Store) -> dict[str, int]:
    state: Json = json.loads(store.export(store.stack("probe", "dev")))
    resources = items(mapping(state, "deployment"), "resources")
    return {r["urn"].rpartition("::")[2]: r["outputs"]["value"] for r in resources}


def journal(*steps: tuple[str, str, int, str], base: Json | None = None) -> list[Json]:
    engine = Engine(base or empty())
    for step in steps:
        engine.step(*step)
    return engine.journal


def test_a_batch_sent_twice_counts_once(opened: Store) -> None:
    update, token = begin(opened)
    entries = journal(("put", "a", 1, "done"), ("put", "b", 2, "done"))
    for batch in (entries[2:], entries[:3], entries):
        opened.append(opened.stack("probe", "dev"), update, token, batch)
    assert values(opened) == {"a": 1, "b": 2}
    for _ in range(2):
        opened.complete_update(opened.stack("probe", "dev"), update, token, "succeeded")
    assert values(opened) == {"a": 1, "b": 2}


def test_an_abandoned_update_is_taken_over_with_its_journal(
    opened: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(store_module, "LEASE_SECONDS", 0)
    update, token = begin(opened)
    opened.append(opened.stack("probe", "dev"), update, token, journal(("put", "a", 1, "done")))
    opened.close()
    again = Store(tmp_path / "state.sqlite")
    assert values(again) == {"a": 1}
    begin(again)
    assert values(again) == {"a": 1}
    with pytest.raises(StateError, match="taken over") as caught:
        again.append(again.stack("probe", "dev"), update, token, [])
    assert caught.value.status == 403


def test_a_lease_that_runs_keeps_others_out(opened: Store) -> None:
    update, token = begin(opened)
    with pytest.raises(StateError, match="pulumi cancel") as caught:
        begin(opened)
    assert caught.value.status == 409
    with pytest.raises(StateError, match="in progress"):
        opened.import_state(opened.stack("probe", "dev"), empty())
    opened.renew_lease(opened.stack("probe", "dev"), update, token)
    opened.cancel_update(opened.stack("probe", "dev"), update)
    begin(opened)


def test_a_lapsed_lease_that_nobody_wanted_goes_on(
    opened: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "LEASE_SECONDS", 0)
    update, token = begin(opened)  # as on a laptop that slept
    opened.append(opened.stack("probe", "dev"), update, token, journal(("put", "a", 1, "done")))
    opened.complete_update(opened.stack("probe", "dev"), update, token, "succeeded")
    assert values(opened) == {"a": 1}


def test_references_follow_aliases() -> None:
    base = {
        "version": 3,
        "deployment": {
            "resources": [
                {"urn": urn("old"), "type": "t"},
                {
                    "urn": urn("child"),
                    "type": "t",
                    "parent": urn("old"),
                    "dependencies": [urn("old")],
                    "propertyDependencies": {"p": [urn("old")]},
                    "provider": urn("old") + "::id",
                    "deletedWith": urn("old"),
                },
            ]
        },
    }
    renamed = {"urn": urn("new"), "type": "t", "aliases": [urn("old")]}
    entry = {"kind": Kind.SUCCESS, "sequenceID": 1, "operationID": 1, "removeOld": 0}
    state = replay(base, [{**entry, "state": renamed}], CLI)
    new, child = state["deployment"]["resources"]
    assert new == {"urn": urn("new"), "type": "t"}
    assert child == {
        "urn": "urn:pulumi:dev::probe::ledger:index:Entry$ledger:index:Entry::child",
        "type": "t",
        "parent": urn("new"),
        "dependencies": [urn("new")],
        "propertyDependencies": {"p": [urn("new")]},
        "provider": urn("new") + "::id",
        "deletedWith": urn("new"),
    }
