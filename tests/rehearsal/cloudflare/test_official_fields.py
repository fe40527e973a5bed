"""The emulator answers what the official provider reads, each field with its JSON type."""

import json
from email import message_from_bytes
from typing import Any

import pytest

from tests.rehearsal.cloudflare.emulator import ACCOUNT, Zone
from tests.rehearsal.cloudflare.official_fields import (
    DNS_RECORD,
    RULESET,
    WORKERS_KV_NAMESPACE,
    WORKERS_ROUTE,
    WORKERS_SCRIPT,
    WORKERS_SCRIPT_SETTINGS,
    ZONE_DNSSEC,
    ZONE_SETTING,
    Fields,
    problems,
)

CODE = "export default { fetch() { return new Response('ours') } }\n"
RULE = {
    "ref": "login",
    "description": "logging in",
    "action": "block",
    "expression": 'http.request.uri.path eq "/login"',
    "enabled": True,
    "ratelimit": {"characteristics": ["cf.colo.id", "ip.src"], "period": 10},
}


def call(zone: Zone, method: str, path: str, **arguments: Any) -> Any:
    answer = zone.emulator.raw.request(method, path, **arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def holds(fields: Fields, answer: Any) -> None:
    assert not list(problems(fields, answer)), answer


@pytest.mark.parametrize(
    ("fields", "path", "body"),
    [
        (
            DNS_RECORD,
            "/zones/{zone}/dns_records",
            {"type": "A", "name": "www", "content": "192.0.2.1", "ttl": 1, "proxied": True},
        ),
        (
            DNS_RECORD,
            "/zones/{zone}/dns_records",
            {"type": "CNAME", "name": "docs", "content": "a.example", "ttl": 60, "comment": "c"},
        ),
        (
            RULESET,
            "/zones/{zone}/rulesets",
            {"kind": "zone", "name": "limits", "phase": "http_ratelimit", "rules": [RULE]},
        ),
        (
            RULESET,
            "/zones/{zone}/rulesets",
            {"kind": "zone", "name": "n", "phase": "http_request_origin"},
        ),
        (WORKERS_ROUTE, "/zones/{zone}/workers/routes", {"pattern": "{name}/chat*"}),
        (
            WORKERS_KV_NAMESPACE,
            "/accounts/{account}/storage/kv/namespaces",
            {"title": "store of {name}"},
        ),
    ],
)
def test_what_is_made_and_read_again(
    zone: Zone, fields: Fields, path: str, body: dict[str, Any]
) -> None:
    names = {"zone": zone.id, "account": ACCOUNT, "name": zone.name}
    named = {k: v.format(**names) if isinstance(v, str) else v for k, v in body.items()}
    collection = path.format(**names)
    made = call(zone, "POST", collection, json=named)
    holds(fields, made)
    assert call(zone, "GET", f"{collection}/{made['id']}") == made


@pytest.mark.parametrize(
    ("setting", "value"),
    [("ssl", "strict"), ("http3", "on"), ("security_header", {"strict_transport_security": {}})],
)
def test_settings(zone: Zone, setting: str, value: Any) -> None:
    path = f"/zones/{zone.id}/settings/{setting}"
    holds(ZONE_SETTING, call(zone, "GET", path))
    holds(ZONE_SETTING, call(zone, "PATCH", path, json={"value": value}))


def test_dnssec(zone: Zone) -> None:
    path = f"/zones/{zone.id}/dnssec"
    holds(ZONE_DNSSEC, call(zone, "PATCH", path, json={"status": "active"}))
    answer = call(zone, "GET", path)
    holds(ZONE_DNSSEC, answer)
    assert answer["ds"].startswith(f"{zone.name}. ")


def test_worker_scripts(zone: Zone) -> None:
    """In the order in which `resource.go` asks when it creates, refreshes and imports one."""
    namespace = call(
        zone, "POST", f"/accounts/{ACCOUNT}/storage/kv/namespaces", json={"title": zone.name}
    )
    metadata = {
        "main_module": "index.js",
        "compatibility_date": "2023-07-14",
        "bindings": [
            {"name": "DOMAIN", "type": "plain_text", "text": "example.org"},
            {"name": "API_SECRET", "type": "secret_text", "text": "hush"},
            {"name": "STORE", "type": "kv_namespace", "namespace_id": namespace["id"]},
        ],
        "observability": {"enabled": True, "head_sampling_rate": 1},
    }
    name = f"s-{zone.id}"
    script = f"/accounts/{ACCOUNT}/workers/scripts/{name}"
    made = call(
        zone,
        "PUT",
        script,
        files=[
            ("index.js", ("index.js", CODE, "application/javascript+module")),
            ("metadata", (None, json.dumps(metadata), "application/json")),
        ],
    )
    holds(WORKERS_SCRIPT, made)
    service = call(zone, "GET", f"/accounts/{ACCOUNT}/workers/services/{name}")
    holds(WORKERS_SCRIPT, service["default_environment"]["script"])
    settings = call(zone, "GET", f"{script}/settings")
    holds(WORKERS_SCRIPT_SETTINGS, settings)
    # In another order they would look changed.
    assert [b["name"] for b in settings["bindings"]] == ["DOMAIN", "API_SECRET", "STORE"]
    assert settings["observability"] == metadata["observability"]

    content = zone.emulator.raw.get(f"{script}/content/v2")
    assert content.status_code == 200
    form = message_from_bytes(
        f"content-type: {content.headers['content-type']}\r\n\r\n".encode() + content.content
    )
    (first, *_) = form.get_payload()
    assert isinstance(first, type(form))
    assert first.get_payload(decode=True) == CODE.encode()


def test_a_missing_object_is_a_404(zone: Zone) -> None:
    """The provider takes it out of its state; any other answer is an error."""
    unknown = "0" * 32
    for path in (
        f"/zones/{zone.id}/dns_records/{unknown}",
        f"/zones/{zone.id}/rulesets/{unknown}",
        f"/zones/{zone.id}/workers/routes/{unknown}",
        f"/accounts/{ACCOUNT}/storage/kv/namespaces/{unknown}",
        f"/accounts/{ACCOUNT}/workers/services/absent",
    ):
        assert zone.emulator.raw.get(path).status_code == 404, path
