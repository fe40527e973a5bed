"""Zone settings, DNSSEC, origin pulls and rulesets."""

from typing import Any

import cloudflare
import httpx
import pytest
from cloudflare.types.rulesets.ruleset_create_response import Ruleset

from tests.rehearsal.cloudflare.emulator import Zone

PHASE = "http_request_dynamic_redirect"
REDIRECT = {
    "action": "redirect",
    "expression": '(http.host eq "www.example.com")',
    "description": "www to apex",
    "action_parameters": {
        "from_value": {"target_url": {"value": "https://example.com/"}, "status_code": 301}
    },
}


def code(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def strict(answer: Any) -> Ruleset:
    """The answer in the client's own model; its methods also let anything else pass."""
    return Ruleset.model_validate(answer)


def test_every_setting_parses_strictly(zone: Zone) -> None:
    listed = zone.emulator.raw.get(f"/zones/{zone.id}/settings").json()["result"]
    assert len(listed) > 40
    for setting in listed:
        got: Any = zone.client.zones.settings.get(setting["id"], zone_id=zone.id)
        assert (got.id, got.editable) == (setting["id"], setting["editable"])


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("ssl", "strict"),
        ("always_use_https", "on"),
        ("min_tls_version", "1.2"),
        ("browser_cache_ttl", 0),
        ("ciphers", ["ECDHE-RSA-AES128-GCM-SHA256"]),
        (
            "security_header",
            {"strict_transport_security": {"enabled": True, "max_age": 300, "nosniff": True}},
        ),
    ],
)
def test_settings_are_changed(zone: Zone, setting: str, value: Any) -> None:
    edited: Any = zone.client.zones.settings.edit(setting, zone_id=zone.id, value=value)
    assert edited.modified_on is not None
    stored = zone.emulator.raw.get(f"/zones/{zone.id}/settings/{setting}").json()["result"]
    assert stored["value"] == value


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("ssl", "stricter", (400, 1007)),
        ("always_use_https", True, (400, 1007)),
        ("browser_cache_ttl", 7, (400, 1007)),
        ("browser_cache_ttl", False, (400, 1007)),
        ("security_header", {"enabled": True}, (400, 1007)),
        ("http2", "off", (400, 1015)),
        ("bot_fight_mode", "on", (400, 1003)),
    ],
)
def test_wrong_settings_are_refused(
    zone: Zone, setting: str, value: Any, expected: tuple[int, int]
) -> None:
    path = f"/zones/{zone.id}/settings/{setting}"
    assert code(zone.emulator.raw.patch(path, json={"value": value})) == expected
    many = {"items": [{"id": "ssl", "value": "off"}, {"id": setting, "value": value}]}
    assert code(zone.emulator.raw.patch(f"/zones/{zone.id}/settings", json=many)) == expected
    ssl = zone.emulator.raw.get(f"/zones/{zone.id}/settings/ssl").json()["result"]
    assert ssl["value"] == "full"


def test_dnssec_and_origin_pulls(zone: Zone) -> None:
    dnssec = zone.client.dns.dnssec
    before = dnssec.get(zone_id=zone.id)
    assert before is not None
    assert before.status == "disabled"
    after = dnssec.edit(zone_id=zone.id, status="active")
    assert after is not None
    assert after.status == "pending"
    again = dnssec.get(zone_id=zone.id)
    assert again is not None
    assert again.ds == after.ds
    dnssec.delete(zone_id=zone.id)
    settings = zone.client.origin_tls_client_auth.settings
    switched = settings.update(zone_id=zone.id, enabled=True)
    assert switched is not None
    assert switched.enabled is True
    got = settings.get(zone_id=zone.id)
    assert got is not None
    assert got.enabled is True


def test_a_ruleset_lives_through_the_official_client(zone: Zone) -> None:
    rulesets: Any = zone.client.rulesets
    made = strict(
        rulesets.create(
            zone_id=zone.id, kind="zone", name="redirects", phase=PHASE, rules=[REDIRECT]
        )
    )
    assert (made.version, made.kind, made.phase) == ("1", "zone", PHASE)
    rule = made.rules[0]
    assert (rule.version, rule.ref, rule.enabled) == ("1", rule.id, True)
    assert [one.id for one in rulesets.list(zone_id=zone.id)] == [made.id]
    rules = [REDIRECT | {"id": rule.id}, REDIRECT | {"ref": "second"}]
    same = strict(rulesets.update(made.id, zone_id=zone.id, rules=rules))
    assert same.version == "2"
    assert (same.rules[0].id, same.rules[0].version) == (rule.id, "1")
    rules = [REDIRECT | {"ref": "second", "enabled": False}]
    changed = strict(rulesets.phases.update(PHASE, zone_id=zone.id, rules=rules))
    assert changed.id == made.id
    assert [(one.id, one.version) for one in changed.rules] == [(same.rules[1].id, "2")]
    assert rulesets.phases.get(PHASE, zone_id=zone.id).to_json() == changed.to_json()
    assert rulesets.get(made.id, zone_id=zone.id).to_json() == changed.to_json()
    rulesets.delete(made.id, zone_id=zone.id)
    with pytest.raises(cloudflare.NotFoundError) as caught:
        rulesets.phases.get(PHASE, zone_id=zone.id)
    assert code(caught.value.response) == (404, 10003)


def test_single_rules(zone: Zone) -> None:
    rulesets: Any = zone.client.rulesets
    made = strict(rulesets.phases.update(PHASE, zone_id=zone.id, rules=[]))
    added = strict(rulesets.rules.create(made.id, zone_id=zone.id, **REDIRECT))
    rule = added.rules[0].id
    owner = {"ruleset_id": made.id, "zone_id": zone.id}
    edited = strict(rulesets.rules.edit(rule, description="new", **owner))
    assert (edited.rules[0].description, edited.rules[0].version) == ("new", "2")
    emptied = strict(rulesets.rules.delete(rule, **owner))
    assert (emptied.rules, emptied.version) == ([], "4")
    missing = zone.emulator.raw.delete(f"/zones/{zone.id}/rulesets/{made.id}/rules/{rule}")
    assert code(missing) == (404, 10002)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"phase": "absent"}, 20021),
        ({"kind": "managed"}, 20021),
        ({"rules": [REDIRECT | {"action": "block"}]}, 20021),
        ({"rules": [REDIRECT | {"action_parameters": None}]}, 20021),
        ({"rules": [REDIRECT | {"expression": ""}]}, 20125),
        ({"rules": [REDIRECT | {"expression": '(http.host eq "a"'}]}, 20127),
        ({"rules": [REDIRECT | {"expression": 'http.host eq "a'}]}, 20127),
        ({"rules": ["x"]}, 20021),
    ],
)
def test_wrong_rulesets_are_refused(zone: Zone, change: dict[str, Any], expected: int) -> None:
    body = {"kind": "zone", "name": "x", "phase": PHASE, "rules": [REDIRECT]}
    answer = zone.emulator.raw.post(f"/zones/{zone.id}/rulesets", json=body | change)
    assert code(answer) == (400, expected)


def test_a_phase_has_one_ruleset(zone: Zone) -> None:
    path = f"/zones/{zone.id}/rulesets"
    body: Any = {"kind": "zone", "name": "x", "phase": PHASE, "rules": []}
    assert zone.emulator.raw.post(path, json=body).status_code == 200
    assert code(zone.emulator.raw.post(path, json=body)) == (400, 20217)
    assert code(zone.emulator.raw.get(f"{path}/{'0' * 32}")) == (404, 10001)
