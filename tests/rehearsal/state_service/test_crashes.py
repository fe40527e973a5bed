"""Killed engines, killed services, cancelled updates: nothing is lost, nothing is done twice."""

import os
import signal

import pytest

from tests.rehearsal.state_service.workplace import Project, Service, eventually

ENTRIES = 24


def many() -> dict[str, dict[str, object]]:
    """Entries of which every fourth waits for the one before it."""
    return {
        f"entry-{n:02}": {"value": "1", "after": [f"entry-{n - 1:02}"] if n % 4 else []}
        for n in range(ENTRIES)
    }


def created(project: Project) -> set[str]:
    return {line.split()[1] for line in project.acts() if line.startswith("create ")}


@pytest.mark.parametrize("moment", [1, 7, 15, ENTRIES - 1])
def test_an_engine_killed_in_the_middle(project: Project, moment: int) -> None:
    project.entries = many()
    project.delay = 0.05
    process = project.start("up", "--yes", "--skip-preview", "--parallel", "4")
    eventually(lambda: len(created(project)) >= moment, f"{moment} entries")
    process.kill()
    process.wait()
    world = created(project)

    state = project.export()["deployment"]
    known = set(project.names())
    pending = {
        operation["resource"]["urn"].rpartition("::")[2]
        for operation in state.get("pending_operations", [])
    }
    # What the state holds exists; what exists without being in the state is named as pending.
    assert known <= world
    assert world - known <= pending

    output = project.up("--parallel", "4")
    assert f"+ {ENTRIES + 2 - len(state['resources'])} created" in output
    assert sorted(project.names()) == sorted(project.entries)
    acts = project.acts()
    assert all(acts[f"create {name}"] == 1 for name in known)
    assert f"{ENTRIES + 1} unchanged" in project.up()

    project.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
    assert "pending_operations" not in project.export()["deployment"]
    project.run("destroy", "--yes", "--skip-preview", "--parallel", "16")
    assert {
        line.split()[1] for line in project.acts() if line.startswith("delete ")
    } == world | set(project.entries)


def test_an_engine_killed_in_the_middle_of_a_destroy(project: Project) -> None:
    project.entries = many()
    project.up("--parallel", "16")
    project.delay = 0.05
    process = project.start("destroy", "--yes", "--skip-preview", "--parallel", "4")
    eventually(lambda: any(act.startswith("delete") for act in project.acts()), "a deletion")
    process.kill()
    process.wait()
    assert 0 < len(project.names()) <= ENTRIES
    project.run("destroy", "--yes", "--skip-preview", "--parallel", "16")
    assert "resources" not in project.export()["deployment"]
    assert set(project.acts().values()) <= {1, 2}


@pytest.mark.parametrize("moment", [2, 13, ENTRIES + 3])
def test_an_engine_killed_in_the_middle_of_replacements(project: Project, moment: int) -> None:
    project.entries = many()
    project.up("--parallel", "16")
    before = project.acts().total()
    project.entries = {name: {**entry, "kind": "other"} for name, entry in many().items()}
    project.delay = 0.05
    process = project.start("up", "--yes", "--skip-preview", "--parallel", "4")
    eventually(lambda: project.acts().total() - before >= moment, f"{moment} acts")
    process.kill()
    process.wait()
    assert set(project.names()) == set(project.entries)  # the CLI checks the state's integrity
    project.up("--parallel", "16")
    assert sorted(project.names()) == sorted(project.entries)
    resources = project.export()["deployment"]["resources"]
    kinds = {r["outputs"]["kind"] for r in resources if r["type"] == "ledger:index:Entry"}
    assert kinds == {"other"}
    assert f"{ENTRIES + 1} unchanged" in project.up()


def test_a_service_killed_in_the_middle(project: Project, service: Service) -> None:
    project.entries = many()
    project.delay = 0.05
    process = project.start("up", "--yes", "--skip-preview", "--parallel", "4")
    eventually(lambda: len(created(project)) >= 5, "five entries")
    service.kill()
    service.start()
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert sorted(project.names()) == sorted(project.entries)
    assert set(project.acts().values()) == {1}
    assert f"{ENTRIES + 1} unchanged" in project.up()


def test_an_update_in_progress_can_be_cancelled(project: Project) -> None:
    project.entries = many()
    project.delay = 2.0  # long enough for three more calls of the CLI on a busy machine
    process = project.start("up", "--yes", "--skip-preview", "--parallel", "2")
    eventually(lambda: bool(created(project)), "an entry")
    refused = project.run("up", "--yes", "--skip-preview", fails=True)
    assert f"in progress by process {process.pid}" in refused
    assert "pulumi cancel" in refused
    assert project.run("preview")  # reading needs no lease

    project.run("cancel", "--yes")
    output, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "cancelled" in output
    project.delay = 0
    project.up("--parallel", "16")
    assert sorted(project.names()) == sorted(project.entries)


def test_an_interrupted_update_ends_in_good_order(project: Project) -> None:
    project.entries = many()
    project.delay = 0.2
    process = project.start("up", "--yes", "--skip-preview", "--parallel", "2")
    eventually(lambda: bool(created(project)), "an entry")
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=120)
    assert set(project.names()) == created(project)
    project.delay = 0
    project.up("--parallel", "16")
    assert set(project.acts().values()) == {1}
