"""The worker at the edge: what is uploaded, what it is given, and who may upload it instead."""

import json
from typing import Any

import pytest

import infra.stack.current
from infra.edge.bundle import TABLE_MODULE, bundled_table, sections
from infra.edge.cloudflare.worker_script import worker_modules
from infra.recorder import Program, ProgramError
from infra.routing.model import AnyPath, PassThrough, Rule
from infra.routing.table import RULES
from k8s.properties import Secret
from operations.declared.program import run_program
from tests.stack_files import stack_file

from .conftest import ChangedStack, changed, named, of_kind, program_of

SPLITS = """\
    splits:
      content: {mobile: 100, authenticated: 100, desktop: 100}
"""
NAMED = {
    *("DOMAIN", "ENVIRONMENT", "API_ENDPOINT", "FRONTEND_DOMAIN", "ALLOW_AUTH_FROM_LOCALHOST"),
    *("API_SECRET", "ORIGIN_SECRET", "PATH_INFO_KV"),
}
"""What the former worker knew, and what opens the gateway."""


def bindings(program: Program) -> dict[str, dict[str, Any]]:
    """The worker's bindings by name."""
    return {b["name"]: b for b in named(program, "WorkersScript", "worker").properties["bindings"]}


def code(program: Program) -> str:
    """The uploaded module."""
    return named(program, "WorkersScript", "worker").properties["content"]


def table(program: Program) -> dict[str, Any]:
    """The routing table that is built into the worker."""
    return bundled_table(code(program))


def rules(program: Program) -> dict[str, dict[str, Any]]:
    """The rules of the routing table by name."""
    return {rule["name"]: rule for rule in table(program)["rules"]}


def test_the_worker_is_given_what_it_knew_before(program: Program) -> None:
    given = bindings(program)
    assert given.keys() == NAMED
    kinds = {name: binding["type"] for name, binding in given.items()}
    assert kinds["PATH_INFO_KV"] == "kv_namespace"
    secrets = {name for name, binding in given.items() if isinstance(binding.get("text"), Secret)}
    assert secrets == {"API_SECRET", "ORIGIN_SECRET"}
    assert {kinds[name] for name in secrets} == {"secret_text"}


def test_the_worker_is_one_module(program: Program) -> None:
    worker = named(program, "WorkersScript", "worker").properties
    assert worker["mainModule"] == "index.js"
    assert "files" not in worker
    # Older releases of the provider take nothing else.
    assert sections(worker["content"]).keys() == {*worker_modules(), TABLE_MODULE}


def test_every_request_is_logged(program: Program) -> None:
    said = named(program, "WorkersScript", "worker").properties["observability"]
    assert (said["enabled"], said["headSamplingRate"]) == (True, 1)
    assert said["logs"] == {"enabled": True, "headSamplingRate": 1, "invocationLogs": True}


def test_the_route_waits_for_the_script(program: Program) -> None:
    route = named(program, "WorkersRoute", "all-hosts")
    worker = named(program, "WorkersScript", "worker")
    assert any(name.endswith(f"::{worker.name}") for name in route.dependencies)


def test_another_percentage_changes_the_table_and_no_code(changed_stack: ChangedStack) -> None:
    before = program_of("staging")
    half = SPLITS.replace("mobile: 100", "mobile: 12.5")
    after = run_program(changed_stack("staging", (SPLITS, half)))
    assert {name for _, name in changed(before, after)} == {"worker"}
    old, new = (named(p, "WorkersScript", "worker").properties for p in (before, after))
    assert {key for key in old if old[key] != new[key]} == {"content"}
    modules = sections(new["content"])
    assert {n for n, text in sections(old["content"]).items() if modules[n] != text} == {
        TABLE_MODULE
    }
    assert rules(after)["content"]["then"]["mobile"] == 0.125
    assert rules(after)["content"]["then"]["desktop"] == 1


def test_switches_bring_their_rules(changed_stack: ChangedStack) -> None:
    on = f"{SPLITS}    switches: [legacy-authenticated, legacy-header]\n"
    after = run_program(changed_stack("staging", (SPLITS, on)))
    new = rules(after).keys() - rules(program_of("staging")).keys()
    assert new == {"legacy-authenticated", "legacy-header"}


def test_types_of_content_reach_the_rules_that_ask_for_them(changed_stack: ChangedStack) -> None:
    some = SPLITS.replace("desktop: 100", "desktop: 100, types: [Article, Course]")
    found = rules(run_program(changed_stack("production", (SPLITS, some))))
    assert found["content"]["then"]["types"] == ["Article", "Course"]
    assert "types" not in found["search"]["then"]


@pytest.mark.parametrize("stack", ["staging", "production"])
def test_nothing_of_legacy_is_left_without_it(stack: str, changed_stack: ChangedStack) -> None:
    with_legacy = json.dumps(table(program_of(stack)))
    for trace in ("legacy-opt-out", "useFrontend", '"split"', "desktop"):
        assert trace in with_legacy
    everything_new = (("    legacy: true\n", "    legacy: false\n"), (SPLITS, ""))
    program = run_program(changed_stack(stack, *everything_new))
    text = json.dumps(table(program))
    # Files of that name are in the store of assets, which has nothing to do with it.
    text = text.replace("named-legacy-asset", "").replace("legacy-asset", "")
    text = text.replace("/legacy", "").replace('"segment": "legacy"', "")
    for trace in ("legacy", "Legacy", "useFrontend", "split", "choose", "Mobi", "desktop"):
        assert trace not in text
    assert rules(program)["content"]["then"] == {
        "do": "frontend",
        "prefix": True,
        "redirect": "follow",
    }


def test_a_worker_of_others_gets_routes_and_nothing_else(changed_stack: ChangedStack) -> None:
    before = program_of("production")
    instead = (SPLITS, "    script: serlo-edge\n")
    after = run_program(changed_stack("production", instead))
    assert not of_kind(after, "WorkersScript")
    assert not of_kind(after, "WorkersKvNamespace")
    scripts = {e.name: e.properties.get("script") for e in of_kind(after, "WorkersRoute")}
    assert scripts == {"chat-websocket": None, "chat-sockjs": None, "all-hosts": "serlo-edge"}
    gone = {name for _, name in changed(before, after)}
    assert gone == {"worker", "path-info", "all-hosts"}


def test_a_table_with_mistakes_stops_before_anything_is_registered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nowhere = Rule("nowhere", ("nowhere",), AnyPath(), PassThrough())
    monkeypatch.setattr(infra.stack.current, "RULES", (nowhere, *RULES))
    with pytest.raises(ProgramError) as refused:
        run_program(stack_file("staging"))
    assert f"{nowhere.place}: nowhere: " in str(refused.value)
    assert not refused.value.registrations


def test_a_worker_of_others_is_not_asked_for_its_table(
    monkeypatch: pytest.MonkeyPatch, changed_stack: ChangedStack
) -> None:
    monkeypatch.setattr(infra.stack.current, "RULES", RULES[:1] * 2)
    file = changed_stack("staging", (SPLITS, "    script: serlo-edge\n"))
    assert of_kind(run_program(file), "WorkersRoute")
