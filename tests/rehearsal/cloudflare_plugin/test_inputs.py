"""What the plugin makes of inputs, without an engine."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from k8s.properties import UNKNOWN, Secret
from rehearsal.plugins.resource_cloudflare.catalogue import RESOURCES
from rehearsal.plugins.resource_cloudflare.differences import differences
from rehearsal.plugins.resource_cloudflare.drift import as_inputs
from rehearsal.plugins.resource_cloudflare.schema import (
    from_api,
    inputs_of,
    problems_with,
    to_api,
)

RECORD = "cloudflare:index/dnsRecord:DnsRecord"
RULESET = "cloudflare:index/ruleset:Ruleset"
SCRIPT = "cloudflare:index/workersScript:WorkersScript"


def problems(token: str, inputs: dict[str, Any]) -> dict[str, str]:
    found = [*problems_with(inputs, inputs_of(token)), *RESOURCES[token].check(inputs)]
    return {problem.property: problem.reason for problem in found}


def test_every_resource_of_the_schema_is_known() -> None:
    for token, resource in RESOURCES.items():
        known = inputs_of(token)["object"]
        assert resource.replace_on <= known.keys()
        assert set(resource.scope) <= known.keys()
        assert resource.title in known


def test_a_plugin_reads_the_schema_for_the_first_time(tmp_path: Path) -> None:
    """It has stubs in the place of the SDK, and the user's cache is empty."""
    code = (
        "from rehearsal.plugins.stubs import without_sdk; without_sdk()\n"
        "from rehearsal.plugins.resource_cloudflare.schema import inputs_of\n"
        f"print(sorted(inputs_of({RECORD!r})['object']))"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", code]
    read = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    assert "'zoneId'" in read.stdout


@pytest.mark.parametrize(
    ("token", "inputs", "expected"),
    [
        (RECORD, {"type": "A"}, {"name", "ttl", "zoneId"}),
        (RECORD, {"zoneId": 1, "name": "n", "type": "A", "ttl": True}, {"zoneId", "ttl"}),
        (RECORD, {"zoneId": UNKNOWN, "name": Secret("n"), "type": "A", "ttl": 1}, set[str]()),
        (RULESET, {"name": "n", "kind": "zone", "phase": "p"}, {"zoneId"}),
        (
            RULESET,
            {
                **{"zoneId": "z", "name": "n", "kind": "zone", "phase": "p"},
                "rules": [{"action": "block"}, {"expression": "x", "action": "b", "acton": 1}],
            },
            {"rules[0].expression", "rules[1].acton"},
        ),
        (SCRIPT, {"accountId": "a", "scriptName": "s"}, {"content"}),
        (
            SCRIPT,
            {"accountId": "a", "scriptName": "s", "content": "c", "contentFile": "f"},
            {"contentFile"},
        ),
        (
            SCRIPT,
            {
                **{"accountId": "a", "scriptName": "s", "content": "c"},
                "bindings": [{"name": "J", "type": "json", "json": "{not json"}],
            },
            {"bindings[0].json"},
        ),
        (
            SCRIPT,
            {
                **{"accountId": "a", "scriptName": "s", "content": "c"},
                **{"mainModule": "m", "bodyPart": "b", "assets": {"directory": "d"}},
            },
            {"mainModule", "assets"},
        ),
    ],
)
def test_what_is_wrong_is_found_with_its_path(
    token: str, inputs: dict[str, Any], expected: set[str]
) -> None:
    assert set(problems(token, inputs)) == expected


def test_names_are_translated_but_not_the_keys_of_maps() -> None:
    inputs = {
        "rules": [
            {
                "actionParameters": {
                    "headers": {"X-camelCase": {"operation": "set", "value": Secret("v")}},
                    "requestBodyBuffering": None,
                }
            }
        ]
    }
    sent = to_api(inputs, inputs_of(RULESET))
    assert sent == {
        "rules": [
            {"action_parameters": {"headers": {"X-camelCase": {"operation": "set", "value": "v"}}}}
        ]
    }
    back = from_api({**sent, "unknown_field": 1}, inputs_of(RULESET))
    assert back["rules"][0]["actionParameters"]["headers"]["X-camelCase"]["value"] == "v"
    assert "unknownField" not in back


def test_secret_bindings_are_secret_even_when_the_program_forgets() -> None:
    prepared = RESOURCES[SCRIPT].prepared(
        {
            "bindings": [
                {"name": "S", "type": "secret_text", "text": "hush"},
                {"name": "P", "type": "plain_text", "text": "open"},
            ]
        }
    )
    assert prepared["bindings"][0]["text"] == Secret("hush")
    assert prepared["bindings"][1]["text"] == "open"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1, "b": None}, {"a": 1}, {}),
        ({"a": 1}, {"a": Secret(1)}, {}),
        ({"a": 1}, {"a": True}, {"a": "UPDATE"}),
        ({"a": 1}, {"a": UNKNOWN}, {"a": "UPDATE"}),
        (
            {"a": {"b": 1, "c": 2}},
            {"a": {"b": 2, "d": 3}},
            {"a.b": "UPDATE", "a.c": "DELETE", "a.d": "ADD"},
        ),
        ({"l": [1, 2]}, {"l": [1, 3, 4]}, {"l[1]": "UPDATE", "l[2]": "ADD"}),
        ({"m": {"x-y": 1}}, {"m": {}}, {'m["x-y"]': "DELETE"}),
        ({"a": []}, {"a": {}}, {"a": "UPDATE"}),
    ],
)
def test_differences_are_exact(old: Any, new: Any, expected: Any) -> None:
    assert dict(differences(old, new)) == expected


@pytest.mark.parametrize(
    ("inputs", "actual", "expected"),
    [
        # What the program says nothing of is no drift, unless it is watched.
        ({"a": 1}, {"a": 1, "other": 2}, {"a": 1}),
        ({"a": 1}, {"a": 1, "watched": "changed"}, {"a": 1, "watched": "changed"}),
        ({"a": 1}, {"a": 1, "watched": "default"}, {"a": 1}),
        ({"o": {"x": 1}}, {"o": {"x": 1, "added": 2}}, {"o": {"x": 1}}),
        ({"o": {"x": Secret(1)}}, {"o": {"x": 2}}, {"o": {"x": Secret(2)}}),
        ({"l": [{"x": 1}]}, {"l": [{"x": 1, "id": 9}, {"x": 2}]}, {"l": [{"x": 1}, {"x": 2}]}),
        ({"l": [1, 2]}, {"l": [1]}, {"l": [1]}),
        ({"a": 1}, {}, {}),
        ({"watched": "changed"}, {}, {"watched": "default"}),
        # With no inputs it is an import.
        ({}, {"a": 1, "watched": "default"}, {"a": 1}),
    ],
)
def test_drift_is_told_from_what_the_api_adds(inputs: Any, actual: Any, expected: Any) -> None:
    described = as_inputs(inputs, actual, defaults={"watched": "default"}, equivalences={})
    assert described == expected
