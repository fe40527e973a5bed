from typing import Any

import pytest

ACCOUNT = "0123456789abcdef0123456789abcdef"


def test_imports_take_the_documented_identifiers(
    project: Any, proxy: Any, emulator: Any, zone: Any, unique: str
) -> None:
    identifier = zone["id"]
    namespaces = f"/accounts/{ACCOUNT}/storage/kv/namespaces"
    record = emulator.call(
        "POST",
        f"/zones/{identifier}/dns_records",
        json={"name": "www", "type": "A", "content": "192.0.2.7", "ttl": 120, "comment": "old"},
    )
    route = emulator.call(
        "POST", f"/zones/{identifier}/workers/routes", json={"pattern": f"{zone['name']}/x"}
    )
    namespace = emulator.call("POST", namespaces, json={"title": f"old-{unique}"})
    emulator.call("PUT", f"{namespaces}/{namespace['id']}/values/some%2Fkey", content=b"value")
    emulator.call("PATCH", f"/zones/{identifier}/settings/websockets", json={"value": "off"})
    rules = [{"action": "block", "expression": "true", "ref": "r"}]
    ruleset = emulator.call(
        "POST",
        f"/zones/{identifier}/rulesets",
        json={
            **{"name": "mine", "kind": "zone", "phase": "http_request_firewall_custom"},
            "rules": rules,
        },
    )
    emulator.call(
        "PUT",
        f"/accounts/{ACCOUNT}/workers/scripts/old-{unique}",
        files=[
            (
                "metadata",
                (
                    None,
                    '{"main_module": "w.js", "compatibility_date": "2024-01-01", "bindings":'
                    '[{"name": "P", "type": "plain_text", "text": "t"}]}',
                    "application/json",
                ),
            ),
            ("w.js", ("w.js", "export default { fetch() {} }", "application/javascript+module")),
        ],
    )

    def declare(*, imported: bool) -> None:
        def options(text: str) -> dict[str, Any]:
            return {"import_": text} if imported else {}

        project.declare(
            (
                "DnsRecord",
                "record",
                {
                    **{"zoneId": identifier, "name": f"www.{zone['name']}", "type": "A"},
                    **{"content": "192.0.2.7", "ttl": 120, "comment": "old"},
                },
                options(f"{identifier}/{record['id']}"),
            ),
            (
                "WorkersRoute",
                "route",
                {"zoneId": identifier, "pattern": f"{zone['name']}/x"},
                options(f"{identifier}/{route['id']}"),
            ),
            (
                "WorkersKvNamespace",
                "namespace",
                {"accountId": ACCOUNT, "title": f"old-{unique}"},
                options(f"{ACCOUNT}/{namespace['id']}"),
            ),
            (
                "WorkersKv",
                "pair",
                {
                    **{"accountId": ACCOUNT, "namespaceId": namespace["id"]},
                    **{"keyName": "some/key", "value": "value"},
                },
                options(f"{ACCOUNT}/{namespace['id']}/some/key"),
            ),
            (
                "ZoneSetting",
                "setting",
                {"zoneId": identifier, "settingId": "websockets", "value": "off"},
                options(f"{identifier}/websockets"),
            ),
            (
                "Ruleset",
                "ruleset",
                {
                    **{"zoneId": identifier, "name": "mine", "kind": "zone"},
                    "phase": "http_request_firewall_custom",
                    "rules": rules,
                },
                options(f"zones/{identifier}/{ruleset['id']}"),
            ),
            (
                "WorkersScript",
                "script",
                {
                    **{"accountId": ACCOUNT, "scriptName": f"old-{unique}"},
                    **{"mainModule": "w.js", "content": "export default { fetch() {} }"},
                    "compatibilityDate": "2024-01-01",
                    "bindings": [{"name": "P", "type": "plain_text", "text": "t"}],
                    "logpush": False,
                },
                options(f"{ACCOUNT}/old-{unique}"),
            ),
        )

    declare(imported=True)
    proxy.take()
    assert "= 7 imported" in project.up()
    assert [request for request in proxy.take() if request[0] != "GET"] == []
    resources = project.exported()
    assert resources["record"]["id"] == record["id"]
    assert resources["pair"]["id"] == "some/key"
    assert resources["setting"]["id"] == "websockets"
    assert resources["script"]["id"] == f"old-{unique}"
    declare(imported=False)
    assert "9 unchanged" in project.up()


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("DnsRecord", "<zoneId>/<id>"),
        ("Ruleset", "zones/<zoneId>/<id> or accounts/<accountId>/<id>"),
    ],
)
def test_a_wrong_identifier_is_told_its_form(project: Any, kind: str, form: str) -> None:
    properties = {
        "DnsRecord": {"zoneId": "z", "name": "n", "type": "A", "content": "192.0.2.1", "ttl": 1},
        "Ruleset": {"zoneId": "z", "name": "n", "kind": "zone", "phase": "p"},
    }[kind]
    project.declare((kind, "thing", properties, {"import_": "nonsense"}))
    assert f"must have the form {form}, found 'nonsense'" in project.fail()


def test_some_changes_replace(project: Any, emulator: Any, zone: Any, unique: str) -> None:
    def declare(kind: str, key: str) -> None:
        value = {"A": "192.0.2.1", "TXT": "text"}[kind]
        project.declare(
            (
                "DnsRecord",
                "record",
                {"zoneId": zone["id"], "name": "www", "type": kind, "content": value, "ttl": 1},
            ),
            ("WorkersKvNamespace", "namespace", {"accountId": ACCOUNT, "title": f"n-{unique}"}),
            (
                "WorkersKv",
                "pair",
                {
                    **{"accountId": ACCOUNT, "namespaceId": {"$id": "namespace"}},
                    **{"keyName": key, "value": "v"},
                },
            ),
        )

    declare("A", "one")
    project.up()
    declare("TXT", "two")
    assert "+-2 to replace" in project.succeed("preview")
    assert "+-2 replaced" in project.up()
    [record] = emulator.call("GET", f"/zones/{zone['id']}/dns_records")
    assert record["type"] == "TXT"
    namespace = project.exported()["namespace"]["id"]
    keys = emulator.call("GET", f"/accounts/{ACCOUNT}/storage/kv/namespaces/{namespace}/keys")
    assert [key["name"] for key in keys] == ["two"]
