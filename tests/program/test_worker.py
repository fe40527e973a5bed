"""The worker at the edge: what is uploaded, what it is given, and who may upload it instead."""

import json
from base64 import b64decode
from typing import Any

import pytest

import infra.stack
from infra.edge.routing import AnyPath, PassThrough, Rule
from infra.edge.table import RULES
from operations.program import Program, ProgramError, run_program
from rehearsal.plugins.properties import Secret
from tests.stack_files import ROOT, stack_file

from .conftest import ChangedStack, changed, named, of_kind, program_of

CODE = ROOT / "infra" / "edge" / "worker"
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


def routes(program: Program) -> dict[str, str]:
    """The pieces of the routing table."""
    return {n: b["text"] for n, b in bindings(program).items() if n.startswith("ROUTES_")}


def table(program: Program) -> dict[str, Any]:
    """The routing table, put together as the worker does."""
    pieces = routes(program)
    return json.loads("".join(pieces[f"ROUTES_{n}"] for n in range(1, len(pieces) + 1)))


def rules(program: Program) -> dict[str, dict[str, Any]]:
    """The rules of the routing table by name."""
    return {rule["name"]: rule for rule in table(program)["rules"]}


def test_the_worker_is_given_what_it_knew_before_and_the_table(program: Program) -> None:
    given = bindings(program)
    assert given.keys() - routes(program).keys() == NAMED
    kinds = {name: binding["type"] for name, binding in given.items()}
    assert {kinds[name] for name in routes(program)} == {"plain_text"}
    assert kinds["PATH_INFO_KV"] == "kv_namespace"
    secrets = {name for name, binding in given.items() if isinstance(binding.get("text"), Secret)}
    assert secrets == {"API_SECRET", "ORIGIN_SECRET"}
    assert {kinds[name] for name in secrets} == {"secret_text"}


def test_no_variable_is_larger_than_cloudflare_allows(program: Program) -> None:
    for text in routes(program).values():
        assert len(text.encode()) <= 5000


def test_every_module_of_the_worker_is_uploaded(program: Program) -> None:
    worker = named(program, "WorkersScript", "worker").properties
    assert worker["mainModule"] == "index.js"
    assert worker["content"] == (CODE / "index.js").read_text()
    sent = {name: b64decode(file["contentBase64"]) for name, file in worker["files"].items()}
    assert sent == {file.name: file.read_bytes() for file in CODE.glob("*.mjs")}
    for file in worker["files"].values():
        assert file["contentType"] == "application/javascript+module"


def test_every_request_is_logged(program: Program) -> None:
    said = named(program, "WorkersScript", "worker").properties["observability"]
    assert (said["enabled"], said["headSamplingRate"]) == (True, 1)
    assert said["logs"] == {"enabled": True, "headSamplingRate": 1, "invocationLogs": True}


def test_the_route_waits_for_the_script(program: Program) -> None:
    route = named(program, "WorkersRoute", "all-hosts")
    worker = named(program, "WorkersScript", "worker")
    assert any(name.endswith(f"::{worker.name}") for name in route.dependencies)


def test_another_percentage_uploads_data_and_no_code(changed_stack: ChangedStack) -> None:
    before = program_of("staging")
    half = SPLITS.replace("mobile: 100", "mobile: 12.5")
    after = run_program(changed_stack("staging", (SPLITS, half)))
    assert {name for _, name in changed(before, after)} == {"worker"}
    old, new = (named(p, "WorkersScript", "worker").properties for p in (before, after))
    assert {key for key in old if old[key] != new[key]} == {"bindings"}
    differing = {name for name, b in bindings(after).items() if bindings(before)[name] != b}
    assert differing
    assert differing <= routes(after).keys()
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
    monkeypatch.setattr(infra.stack, "RULES", (nowhere, *RULES))
    with pytest.raises(ProgramError) as refused:
        run_program(stack_file("staging"))
    assert f"{nowhere.place}: nowhere: " in str(refused.value)
    assert not refused.value.registrations


def test_a_worker_of_others_is_not_asked_for_its_table(
    monkeypatch: pytest.MonkeyPatch, changed_stack: ChangedStack
) -> None:
    monkeypatch.setattr(infra.stack, "RULES", RULES[:1] * 2)
    file = changed_stack("staging", (SPLITS, "    script: serlo-edge\n"))
    assert of_kind(run_program(file), "WorkersRoute")
