import json
import signal
from typing import Any

import pytest

from rehearsal.plugins.resource_cloudflare import api

ACCOUNT = "0123456789abcdef0123456789abcdef"


def record(zone: Any, **properties: Any) -> dict[str, Any]:
    return {
        **{"zoneId": zone["id"], "name": "www", "type": "A", "content": "192.0.2.1", "ttl": 300},
        **properties,
    }


def test_wrong_inputs_are_all_named(project: Any, zone: Any, proxy: Any) -> None:
    project.declare(
        (
            "DnsRecord",
            "www",
            {
                **{"zoneId": zone["id"], "name": "www", "type": "A", "ttl": "300"},
                **{"contents": "x", "settings": {"flattenCnames": True}},
            },
        )
    )
    status, output = project.run("preview")
    assert status != 0
    assert "ttl" in output and "must be a number, found a string" in output
    assert "is no property of this resource: did you mean content?" in output
    assert "is no property of this resource: did you mean flattenCname?" in output
    assert proxy.take() == []


def test_the_apis_words_are_shown_with_the_resources_name(
    project: Any, emulator: Any, zone: Any
) -> None:
    emulator.call(
        "POST",
        f"/zones/{zone['id']}/dns_records",
        json={"name": "www", "type": "A", "content": "192.0.2.1", "ttl": 300, "comment": "theirs"},
    )
    project.declare(
        ("DnsRecord", "mine", record(zone)),
        ("DnsRecord", "bad", record(zone, content="not an address")),
        (
            "WorkersRoute",
            "route",
            {"zoneId": zone["id"], "pattern": f"{zone['name']}/*", "script": "no-such-script"},
        ),
    )
    status, output = project.run("up", "--yes", "--skip-preview", "--continue-on-error")
    assert status != 0
    assert "DnsRecord (mine)" in output
    assert (
        "creating the DNS record www: An identical record already exists. (81058) "
        "(HTTP status 400, POST /zones/" in output
    )
    assert "DnsRecord (bad)" in output
    assert "Content for A record must be a valid IPv4 address. (9005)" in output
    assert "workers.api.error.invalid_route_script_missing (10019)" in output


def test_credentials_are_asked_for(project: Any, zone: Any) -> None:
    project.declare(("DnsRecord", "www", record(zone)))
    resources = project.folder / "program" / "resources.json"
    document = json.loads(resources.read_text())
    resources.write_text(json.dumps({**document, "token": "wrong"}))
    output = project.fail()
    assert "creating the DNS record www: " in output
    assert "(HTTP status 40" in output
    assert "wrong" not in output.replace("went wrong", "")


def test_an_unreachable_api_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MAX_RETRIES", 0)
    nowhere = api.Api(api.Credentials(base_url="http://127.0.0.1:9/client/v4", api_token="t"))
    with pytest.raises(api.ApiError, match=r"at http://127\.0\.0\.1:9/client/v4 cannot be reached"):
        nowhere.call("GET", "/zones")


def test_throttling_and_server_errors_are_repeated(
    project: Any, proxy: Any, emulator: Any, zone: Any
) -> None:
    spoilt = [
        (429, {"retry-after": "1", "content-type": "application/json"}, b'{"errors": []}'),
        (500, {"content-type": "application/json"}, b'{"errors": []}'),
        (502, {"content-type": "text/html"}, b"<html>Bad gateway</html>"),
    ]

    def spoil(method: str, path: str) -> Any:
        del path
        return spoilt.pop(0) if method == "POST" and spoilt else None

    proxy.before = spoil
    project.declare(("DnsRecord", "www", record(zone)))
    project.up()
    assert spoilt == []
    assert [method for method, _ in proxy.take()] == ["POST"] * 4
    assert len(emulator.call("GET", f"/zones/{zone['id']}/dns_records")) == 1


def test_a_lost_answer_leads_to_no_second_object(
    project: Any, proxy: Any, emulator: Any, zone: Any, unique: str
) -> None:
    lost: set[str] = set()

    def lose(method: str, path: str) -> None:
        if method == "POST" and path not in lost:
            lost.add(path)
            raise ConnectionResetError  # the connection breaks after the work is done

    proxy.after = lose
    declared = [
        ("DnsRecord", "www", record(zone)),
        ("WorkersKvNamespace", "namespace", {"accountId": ACCOUNT, "title": f"lost-{unique}"}),
        ("WorkersRoute", "route", {"zoneId": zone["id"], "pattern": f"{zone['name']}/*"}),
    ]
    project.declare(*declared)
    output = project.up()
    assert len(lost) == 3
    assert output.count("took over the existing") >= 3
    assert len(emulator.call("GET", f"/zones/{zone['id']}/dns_records")) == 1
    assert len(emulator.call("GET", f"/zones/{zone['id']}/workers/routes")) == 1
    proxy.after = None
    assert "5 unchanged" in project.up()
    project.succeed("refresh", "--yes", "--expect-no-changes")


def test_an_engine_killed_before_it_could_note_the_creation_goes_on(
    project: Any, proxy: Any, emulator: Any, zone: Any, unique: str
) -> None:
    collections = {
        "/dns_records": f"/zones/{zone['id']}/dns_records",
        "/namespaces": f"/accounts/{ACCOUNT}/storage/kv/namespaces",
        "/rulesets": f"/zones/{zone['id']}/rulesets",
    }
    project.declare(
        ("DnsRecord", "www", record(zone)),
        (
            "WorkersKvNamespace",
            "namespace",
            {"accountId": ACCOUNT, "title": f"kill-{unique}"},
            {"depends_on": ["www"]},
        ),
        (
            "Ruleset",
            "ruleset",
            {
                **{"zoneId": zone["id"], "name": "r", "kind": "custom"},
                "phase": "http_request_firewall_custom",
                "rules": [{"action": "block", "expression": "true"}],
            },
            {"depends_on": ["namespace"]},
        ),
    )
    for ending in collections:
        process = project.start("up", "--yes", "--skip-preview")

        def kill(method: str, path: str, ending: str = ending, process: Any = process) -> None:
            if method == "POST" and path.endswith(ending):
                process.send_signal(signal.SIGKILL)
                process.wait()

        proxy.after = kill
        process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, ending
        proxy.after = None
        project.run("cancel", "--yes")
    output = project.up()
    assert "took over the existing" in output
    assert len(emulator.call("GET", collections["/dns_records"])) == 1
    assert len(emulator.call("GET", collections["/rulesets"])) == 1
    titles = [
        n["title"] for n in emulator.call("GET", f"{collections['/namespaces']}?per_page=100")
    ]
    assert titles.count(f"kill-{unique}") == 1
    project.succeed("refresh", "--yes", "--expect-no-changes")


def test_two_declarations_of_one_object_are_an_error(project: Any, zone: Any) -> None:
    project.declare(
        ("DnsRecord", "one", record(zone)),
        ("DnsRecord", "two", record(zone), {"depends_on": ["one"]}),
    )
    output = project.fail()
    assert "DnsRecord (two)" in output
    assert "An identical record already exists. (81058)" in output
