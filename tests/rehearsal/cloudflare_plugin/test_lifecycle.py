"""Every kind of resource through its life: created, unchanged, changed, drifted, gone."""

import re
from typing import Any

ACCOUNT = "0123456789abcdef0123456789abcdef"
SCRIPT = "export default { fetch() { return new Response('one') } }"
READS = {"GET"}


def declarations(zone: dict[str, Any], unique: str, **changes: Any) -> list[tuple[Any, ...]]:
    """One resource of each kind; `changes` replaces properties, by resource name."""
    declared: list[tuple[Any, ...]] = [
        (
            "DnsRecord",
            "apex",
            {
                **{"zoneId": zone["id"], "name": "@", "type": "A", "content": "192.0.2.1"},
                **{"ttl": 3600, "proxied": True},
            },
        ),
        (
            "DnsRecord",
            "www",
            {
                **{"zoneId": zone["id"], "name": "www", "type": "CNAME", "content": zone["name"]},
                **{"ttl": 1, "proxied": True},
            },
        ),
        (
            "WorkersKvNamespace",
            "namespace",
            {"accountId": ACCOUNT, "title": f"paths-{unique}"},
        ),
        (
            "WorkersKv",
            "pair",
            {
                **{"accountId": ACCOUNT, "namespaceId": {"$id": "namespace"}},
                **{"keyName": "a/b c", "value": "täxt", "metadata": '{"b": 1, "a": [2]}'},
            },
        ),
        (
            "WorkersScript",
            "script",
            {
                **{"accountId": ACCOUNT, "scriptName": f"script-{unique}"},
                **{"content": SCRIPT, "mainModule": "worker.js"},
                "compatibilityDate": "2024-09-23",
                "compatibilityFlags": ["nodejs_compat"],
                "observability": {"enabled": True},
                "bindings": [
                    {"name": "SECRET", "type": "secret_text", "text": {"$secret": "hush-hush"}},
                    {"name": "PATHS", "type": "kv_namespace", "namespaceId": {"$id": "namespace"}},
                    {"name": "PLAIN", "type": "plain_text", "text": "plain"},
                    {"name": "DATA", "type": "json", "json": '{"z": 1, "a": {"camelCase": 2}}'},
                ],
            },
        ),
        (
            "WorkersRoute",
            "route",
            {
                **{"zoneId": zone["id"], "pattern": f"*{zone['name']}/*"},
                "script": f"script-{unique}",
            },
            {"depends_on": ["script"]},
        ),
        (
            "ZoneSetting",
            "https",
            {"zoneId": zone["id"], "settingId": "always_use_https", "value": "on"},
        ),
        ("ZoneDnssec", "dnssec", {"zoneId": zone["id"], "status": "active"}),
        (
            "Ruleset",
            "ruleset",
            {
                **{"zoneId": zone["id"], "name": "rules", "kind": "zone"},
                "phase": "http_request_firewall_custom",
                "rules": [
                    {
                        **{"ref": "one", "description": "No.", "action": "block"},
                        "expression": 'http.host eq "x"',
                    }
                ],
            },
        ),
    ]
    return [
        (kind, name, {**properties, **changes.get(name, {})}, *rest)
        for kind, name, properties, *rest in declared
    ]


def test_a_life(project: Any, proxy: Any, emulator: Any, zone: Any, unique: str) -> None:
    zone_path, kv = f"/zones/{zone['id']}", f"/accounts/{ACCOUNT}/storage/kv/namespaces"
    script_path = f"/accounts/{ACCOUNT}/workers/scripts/script-{unique}"
    project.declare(*declarations(zone, unique))

    output = project.succeed("preview")
    assert "+ 11 to create" in output
    assert proxy.take() == [], "a preview from nothing needs no API"

    output = project.up()
    assert "+ 11 created" in output
    assert "hush-hush" not in output
    records = {r["name"]: r for r in emulator.call("GET", f"{zone_path}/dns_records")}
    assert records[zone["name"]]["content"] == "192.0.2.1"
    assert records[f"www.{zone['name']}"]["proxied"] is True
    resources = project.exported()
    namespace = resources["namespace"]["id"]
    assert emulator.call("GET", f"{kv}/{namespace}/values/a%2Fb%20c") == "täxt".encode()
    assert emulator.call("GET", f"{kv}/{namespace}/metadata/a%2Fb%20c") == {"b": 1, "a": [2]}
    settings = emulator.call("GET", f"{script_path}/settings")
    assert settings["compatibility_date"] == "2024-09-23"
    bindings = {binding["name"]: binding for binding in settings["bindings"]}
    assert bindings["PATHS"]["namespace_id"] == namespace
    assert bindings["DATA"]["json"] == {"z": 1, "a": {"camelCase": 2}}
    [route] = emulator.call("GET", f"{zone_path}/workers/routes")
    assert route["script"] == f"script-{unique}"
    assert emulator.call("GET", f"{zone_path}/settings/always_use_https")["value"] == "on"
    outputs = {name: resource.get("outputs", {}) for name, resource in resources.items()}
    assert outputs["apex"]["createdOn"]
    assert outputs["script"]["etag"]
    assert outputs["script"]["handlers"] == ["fetch"]
    assert outputs["ruleset"]["version"] == "1"
    assert resources["https"]["id"] == "always_use_https"
    assert resources["pair"]["id"] == "a/b c"
    assert resources["script"]["id"] == f"script-{unique}"

    proxy.take()
    assert "11 unchanged" in project.up()
    assert proxy.take() == [], "an update without changes makes no call"
    output = project.succeed("refresh", "--yes", "--skip-preview")
    assert re.search(r"\b11 unchanged", output), output
    assert {method for method, _ in proxy.take()} == READS

    project.declare(
        *declarations(
            zone,
            unique,
            apex={"content": "192.0.2.2", "comment": "moved"},
            namespace={"title": f"renamed-{unique}"},
            pair={"value": "other"},
            script={"content": SCRIPT.replace("one", "two")},
            route={"pattern": f"{zone['name']}/*"},
            https={"value": "off"},
            ruleset={
                "rules": [{"action": "challenge", "expression": "true", "description": "Maybe."}]
            },
        )
    )
    output = project.succeed("preview", "--diff")
    assert "~ 7 to update" in output
    assert "hush-hush" not in output
    assert proxy.take() == [], "a preview of changes writes nothing"
    assert "~ 7 updated" in project.up()
    records = {r["name"]: r for r in emulator.call("GET", f"{zone_path}/dns_records")}
    assert records[zone["name"]]["content"] == "192.0.2.2"
    assert records[zone["name"]]["comment"] == "moved"
    assert emulator.call("GET", f"{kv}/{namespace}")["title"] == f"renamed-{unique}"
    assert emulator.call("GET", f"{kv}/{namespace}/values/a%2Fb%20c") == b"other"
    assert b"'two'" in emulator.call("GET", f"{script_path}/content/v2")
    [route] = emulator.call("GET", f"{zone_path}/workers/routes")
    assert route["pattern"] == f"{zone['name']}/*"
    assert emulator.call("GET", f"{zone_path}/settings/always_use_https")["value"] == "off"

    output = project.succeed("destroy", "--yes", "--skip-preview")
    assert "- 11 deleted" in output
    assert "the zone setting always_use_https stays as it is" in output
    assert emulator.call("GET", f"{zone_path}/dns_records") == []
    assert emulator.call("GET", f"{zone_path}/workers/routes") == []
    titles = [n["title"] for n in emulator.call("GET", f"{kv}?per_page=100")]
    assert f"renamed-{unique}" not in titles
    scripts = [s["id"] for s in emulator.call("GET", f"/accounts/{ACCOUNT}/workers/scripts")]
    assert f"script-{unique}" not in scripts
    assert emulator.call("GET", f"{zone_path}/rulesets") == []
