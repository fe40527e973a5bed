"""The real CLI on the state service: the same states as on its own `file://` back end."""

import json
import re
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.rehearsal.state_service.workplace import STACK, Project, Service, on_service

SECRET = "hunter2"


def plain(value: str) -> dict[str, Any]:
    return {"value": value}


STEPS: list[dict[str, dict[str, Any]]] = [
    {
        "a": plain("1"),
        "b": {**plain("1"), "after": ["a"]},
        "first": {**plain("1"), "after": ["b"]},
        "c": {**plain("1"), "after": ["first"]},
    },
    # Updated, replaced, deleted before replaced, deleted, and a new one.
    {
        "a": plain("2"),
        "b": {**plain("1"), "kind": "other", "after": ["a"]},
        "first": {**plain("1"), "kind": "other", "after": ["b"]},
        "d": {**plain("1"), "after": ["first"]},
    },
]


def comparable(state: dict[str, Any]) -> Any:
    """A state without what differs between two runs: times, random ids, ciphertexts."""
    text = json.dumps(state, sort_keys=True)
    for pattern, stand_in in (
        (r'"(created|modified|time)": "[^"]*"', r'"\1": "T"'),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
        (r'"ciphertext": "[^"]*"', '"ciphertext": "C"'),
        (r'"salt": "[^"]*"', '"salt": "S"'),
    ):
        text = re.sub(pattern, stand_in, text)
    return json.loads(text)


@pytest.mark.parametrize("journaling", [True, False])
def test_states_are_those_of_the_file_back_end(
    tmp_path: Path, service: Service, journaling: bool
) -> None:
    (tmp_path / "states").mkdir()
    on_file = Project(tmp_path / "file", {"PULUMI_BACKEND_URL": f"file://{tmp_path}/states"})
    ours = Project(tmp_path / "ours", on_service(service))
    ours.environment["PULUMI_DISABLE_JOURNALING"] = str(not journaling).lower()

    def same(*arguments: str) -> dict[str, Any]:
        for project in (on_file, ours):
            project.run(*arguments)
        state = ours.export()
        assert comparable(state) == comparable(on_file.export())
        return state

    up = ("up", "--yes", "--skip-preview")
    for entries in STEPS:
        on_file.entries = ours.entries = entries
        state = same(*up)
        assert SECRET not in json.dumps(state)
        assert "ciphertext" in json.dumps(state)
    assert same(*up)["deployment"]["resources"][-1]["urn"].endswith("::d")
    assert on_file.acts() == ours.acts()

    for project in (on_file, ours):
        project.ledger.with_suffix(".gone").write_text("b")
    refreshed = same("refresh", "--yes", "--skip-preview")
    assert not any(r["urn"].endswith("::b") for r in refreshed["deployment"]["resources"])
    for project in (on_file, ours):
        project.ledger.with_suffix(".gone").unlink()
    same(*up)
    assert "resources" not in same("destroy", "--yes", "--skip-preview")["deployment"]
    assert on_file.acts() == ours.acts()


def test_preview_writes_nothing(project: Project) -> None:
    project.entries = STEPS[0]
    output = project.run("preview")
    assert "5 to create" in output  # with the stack
    assert "resources" not in project.export()["deployment"]
    assert not project.acts()


def test_history_versions_export_and_import(project: Project) -> None:
    project.entries = STEPS[0]
    project.up()
    first = project.export()
    project.entries = STEPS[1]
    project.up()
    path = project.folder / "old.json"
    project.run("stack", "export", "--version", "1", "--file", str(path))
    assert json.loads(path.read_text()) == first
    project.run("stack", "import", "--file", str(path))
    assert project.names() == ["a", "b", "first", "c"]
    project.run("destroy", "--yes", "--skip-preview")
    history = json.loads(project.run("stack", "history", "--json"))
    assert [(entry["version"], entry["kind"], entry["result"]) for entry in history] == [
        (4, "destroy", "succeeded"),
        (3, "import", "succeeded"),
        (2, "update", "succeeded"),
        (1, "update", "succeeded"),
    ]
    assert history[3]["resourceChanges"] == {"create": 5}
    assert "has no version 9" in project.run("stack", "export", "--version", "9", fails=True)


def test_stacks_are_listed_tagged_and_removed(project: Project) -> None:
    project.entries = {"a": plain("1")}
    project.up()
    project.run("stack", "tag", "set", "colour", "green")
    assert project.run("stack", "tag", "get", "colour").strip() == "green"
    (listed,) = json.loads(project.run("stack", "ls", "--json"))
    assert (listed["name"], listed["resourceCount"]) == ("dev", 3)
    assert "already exists" in project.run("stack", "init", STACK, fails=True)
    assert "still has resources" in project.run("stack", "rm", "--yes", fails=True)
    project.run("stack", "rm", "--yes", "--force")
    assert json.loads(project.run("stack", "ls", "--json")) == []


def test_a_failed_update_keeps_what_was_done(project: Project) -> None:
    project.entries = {"a": plain("1")}
    (project.folder / "program" / "__main__.py").open("a").write("raise SystemError('broken')\n")
    output = project.run("up", "--yes", "--skip-preview", fails=True)
    assert "broken" in output
    (entry,) = json.loads(project.run("stack", "history", "--json"))
    assert entry["result"] == "failed"
    assert set(project.names()) == {
        line.split()[1] for line in project.acts() if line.startswith("create")
    }


def test_the_service_keeps_no_keys(project: Project) -> None:
    output = project.run(
        "stack", "init", "organization/probe/other", "--secrets-provider", "default"
    )
    output += project.run(
        *("config", "set", "--secret", "word", SECRET, "--stack", "organization/probe/other"),
        fails=True,
    )
    assert "--secrets-provider passphrase" in output


def test_only_the_owner_gets_in(service: Service) -> None:
    for name in ("token", "state.sqlite"):
        assert stat.S_IMODE((service.folder / name).stat().st_mode) == 0o600
    user = service.url + "/api/user"
    assert httpx.get(user).status_code == 401
    assert httpx.get(user, headers={"Authorization": "token wrong"}).status_code == 401
    right = {"Authorization": f"token {service.token}"}
    assert httpx.get(user, headers=right).json()["githubLogin"] == "organization"
    missing = httpx.get(service.url + "/api/stacks/someone/probe/dev", headers=right)
    assert (missing.status_code, missing.json()["code"]) == (404, 404)
