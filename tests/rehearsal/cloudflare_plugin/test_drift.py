"""What was changed behind the program's back is seen by a refresh and put back by an update."""

import re
from typing import Any

ACCOUNT = "0123456789abcdef0123456789abcdef"


def script(name: str, **properties: Any) -> tuple[str, str, dict[str, Any]]:
    return (
        "WorkersScript",
        "script",
        {
            "accountId": ACCOUNT,
            "scriptName": name,
            "mainModule": "worker.js",
            "content": "export default { fetch() { return new Response('ours') } }",
            "bindings": [
                {"name": "PLAIN", "type": "plain_text", "text": "plain"},
                {"name": "SECRET", "type": "secret_text", "text": {"$secret": "hush-hush"}},
            ],
            **properties,
        },
    )


def test_a_record_is_put_back(project: Any, emulator: Any, zone: Any) -> None:
    records = f"/zones/{zone['id']}/dns_records"
    project.declare(
        (
            "DnsRecord",
            "www",
            {"zoneId": zone["id"], "name": "www", "type": "A", "content": "192.0.2.1", "ttl": 300},
        ),
        (
            "DnsRecord",
            "gone",
            {"zoneId": zone["id"], "name": "gone", "type": "TXT", "content": "x y", "ttl": 1},
        ),
        ("ZoneSetting", "tls", {"zoneId": zone["id"], "settingId": "tls_1_3", "value": "on"}),
    )
    project.up()
    www = next(r for r in emulator.call("GET", records) if r["type"] == "A")
    gone = next(r for r in emulator.call("GET", records) if r["type"] == "TXT")
    emulator.call(
        "PATCH",
        f"{records}/{www['id']}",
        json={"content": "192.0.2.99", "comment": "by hand", "proxied": True},
    )
    emulator.call("DELETE", f"{records}/{gone['id']}")
    emulator.call("PATCH", f"/zones/{zone['id']}/settings/tls_1_3", json={"value": "off"})

    output = project.succeed("refresh", "--yes", "--skip-preview", "--diff")
    assert re.search(r'content\s*: "192.0.2.1" => "192.0.2.99"', output), output
    assert re.search(r'comment\s*: "by hand"', output), output
    assert re.search(r'value\s*: "on" => "off"', output), output
    assert "- 1 deleted" in output
    output = project.up()
    assert "~ 2 updated" in output
    assert "+ 1 created" in output
    found = {r["name"]: r for r in emulator.call("GET", records)}
    back = found[f"www.{zone['name']}"]
    assert (back["content"], back["comment"], back["proxied"]) == ("192.0.2.1", None, False)
    assert found[f"gone.{zone['name']}"]["content"].strip('"') == "x y"
    assert emulator.call("GET", f"/zones/{zone['id']}/settings/tls_1_3")["value"] == "on"
    assert "unchanged" in project.succeed("refresh", "--yes", "--expect-no-changes")


def test_a_script_is_put_back(project: Any, emulator: Any, unique: str) -> None:
    path = f"/accounts/{ACCOUNT}/workers/scripts/script-{unique}"
    project.declare(script(f"script-{unique}"))
    project.up()
    project.succeed("refresh", "--yes", "--expect-no-changes")

    metadata = (
        '{"main_module": "worker.js", "bindings": ['
        '{"name": "SECRET", "type": "secret_text", "text": "hush-hush"},'
        '{"name": "PLAIN", "type": "plain_text", "text": "changed"}]}'
    )
    code = "export default { fetch() { return new Response('theirs') } }"
    emulator.call(
        "PUT",
        path,
        files=[
            ("metadata", (None, metadata, "application/json")),
            ("worker.js", ("worker.js", code, "application/javascript+module")),
        ],
    )
    output = project.succeed("refresh", "--yes", "--skip-preview", "--diff")
    assert "theirs" in output
    assert "changed" in output
    assert "hush-hush" not in output
    assert "~ 1 updated" in project.up()
    assert b"'ours'" in emulator.call("GET", f"{path}/content/v2")
    bindings = emulator.call("GET", f"{path}/settings")["bindings"]
    assert {b["name"]: b.get("text") for b in bindings}["PLAIN"] == "plain"
    project.succeed("refresh", "--yes", "--expect-no-changes")


def test_what_is_gone_is_made_anew(project: Any, emulator: Any, zone: Any, unique: str) -> None:
    project.declare(
        ("WorkersKvNamespace", "namespace", {"accountId": ACCOUNT, "title": f"title-{unique}"}),
        ("WorkersRoute", "route", {"zoneId": zone["id"], "pattern": f"{zone['name']}/*"}),
        (
            "Ruleset",
            "ruleset",
            {
                **{"zoneId": zone["id"], "name": "rules", "kind": "zone"},
                "phase": "http_request_transform",
                "rules": [],
            },
        ),
    )

    def delete_all() -> None:
        resources = project.exported()
        for name, collection in (
            ("namespace", f"/accounts/{ACCOUNT}/storage/kv/namespaces"),
            ("route", f"/zones/{zone['id']}/workers/routes"),
            ("ruleset", f"/zones/{zone['id']}/rulesets"),
        ):
            emulator.call("DELETE", f"{collection}/{resources[name]['id']}")

    project.up()
    delete_all()
    assert "- 3 deleted" in project.succeed("refresh", "--yes", "--skip-preview")
    assert "+ 3 created" in project.up()
    delete_all()
    assert "- 5 deleted" in project.succeed("destroy", "--yes", "--skip-preview")
