"""DNSSEC, of which a zone has one, and rules whose names the API spells in its own way."""

from typing import Any

CACHE = {
    "ref": "static",
    "description": "static files",
    "action": "set_cache_settings",
    "expression": 'starts_with(http.request.uri.path, "/static/")',
    "enabled": True,
    "actionParameters": {
        "cache": True,
        "edgeTtl": {
            "mode": "respect_origin",
            "statusCodeTtls": [{"statusCodeRange": {"from": 400, "to": 599}, "value": -1}],
        },
    },
}


def test_signing_is_pending_drifts_and_is_put_back(project: Any, emulator: Any, zone: Any) -> None:
    path = f"/zones/{zone['id']}/dnssec"
    project.declare(("ZoneDnssec", "dnssec", {"zoneId": zone["id"], "status": "active"}))
    assert "+ 3 created" in project.up()
    assert project.exported()["dnssec"]["id"] == zone["id"]
    # Pending is what was switched on and the registrar does not know of yet.
    assert emulator.call("GET", path)["status"] == "pending"
    assert "3 unchanged" in project.succeed("refresh", "--yes", "--skip-preview")
    assert "3 unchanged" in project.up()

    emulator.call("PATCH", path, json={"status": "disabled"})
    refreshed = project.succeed("refresh", "--yes", "--skip-preview", "--diff")
    assert '"active" => "disabled"' in refreshed
    assert "~ 1 updated" in project.up()
    assert emulator.call("GET", path)["status"] == "pending"

    assert "- 3 deleted" in project.succeed("destroy", "--yes", "--skip-preview")
    assert emulator.call("GET", path)["status"] == "disabled"


def test_lists_are_sent_under_the_names_of_the_api(project: Any, emulator: Any, zone: Any) -> None:
    properties = {
        **{"zoneId": zone["id"], "name": "cache", "kind": "zone", "rules": [CACHE]},
        "phase": "http_request_cache_settings",
    }
    project.declare(("Ruleset", "cache", properties))
    project.up()
    identifier = project.exported()["cache"]["id"]
    stored = emulator.call("GET", f"/zones/{zone['id']}/rulesets/{identifier}")
    assert stored["rules"][0]["action_parameters"]["edge_ttl"] == {
        "mode": "respect_origin",
        "status_code_ttl": [{"status_code_range": {"from": 400, "to": 599}, "value": -1}],
    }
    assert "3 unchanged" in project.succeed("refresh", "--yes", "--skip-preview")
