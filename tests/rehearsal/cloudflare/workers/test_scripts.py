"""Worker scripts: upload, bindings, secrets, versions, and what the runtime says about bad code."""

import json
import os
from typing import Any

import cloudflare
import pytest
from cloudflare.types.workers.scripts import Deployment

from tests.rehearsal.cloudflare.emulator import ACCOUNT, Zone

HELLO = 'export default { fetch() { return new Response("hello"); } };'
MODULE = "application/javascript+module"


def refusal(zone: Zone, **change: Any) -> tuple[int, int, str]:
    """Upload with something wrong; the answer's status, code and message."""
    metadata = {"main_module": "index.mjs", **change.pop("metadata", {})}
    files = change.pop("files", [("index.mjs", HELLO.encode(), MODULE)])
    with pytest.raises(cloudflare.APIStatusError) as caught:
        zone.client.workers.scripts.update(
            change.pop("name", "wrong"),
            account_id=ACCOUNT,
            metadata=metadata,  # pyright: ignore[reportArgumentType]
            files=files,
            **change,
        )
    error = caught.value.response.json()["errors"][0]
    return caught.value.status_code, error["code"], error["message"]


def test_a_script_lives_through_the_official_client(zone: Zone) -> None:
    scripts = zone.client.workers.scripts
    name = zone.script(HELLO, {"type": "plain_text", "name": "A", "text": "1"}, logpush=True)
    listed = {script.id: script for script in scripts.list(account_id=ACCOUNT)}[name]
    assert (listed.handlers, listed.has_modules, listed.logpush) == (["fetch"], True, True)
    assert HELLO in scripts.get(name, account_id=ACCOUNT)
    content = scripts.content.get(name, account_id=ACCOUNT)
    assert content.headers["cf-entrypoint"] == "index.mjs"
    assert HELLO.encode() in content.read()
    again = zone.script(HELLO + "\n", name=name)
    updated = {script.id: script for script in scripts.list(account_id=ACCOUNT)}[again]
    assert (updated.tag, updated.created_on) == (listed.tag, listed.created_on)
    assert updated.etag != listed.etag
    scripts.delete(name, account_id=ACCOUNT)
    with pytest.raises(cloudflare.NotFoundError) as caught:
        scripts.get(name, account_id=ACCOUNT)
    assert caught.value.response.json()["errors"][0]["code"] == 10007


def test_named_handlers_and_several_modules(zone: Zone) -> None:
    main = """
        import { WorkerEntrypoint } from "cloudflare:workers";
        import text from "./text.txt";
        import { other } from "./lib/other.mjs";
        export class Api extends WorkerEntrypoint { ping() { return "pong"; } }
        export default { fetch() { return new Response(text + other); }, scheduled() {} };
    """
    made = zone.client.workers.scripts.update(
        "several",
        account_id=ACCOUNT,
        metadata={"main_module": "main.mjs", "compatibility_date": "2024-09-23"},
        files=[
            ("lib/other.mjs", b"export const other = 'b';", MODULE),
            ("main.mjs", main.encode(), MODULE),
            ("text.txt", b"a", "text/plain"),
        ],
    )
    assert made.handlers == ["fetch", "scheduled"]
    assert [(one.name, one.handlers) for one in made.named_handlers or []] == [("Api", ["ping"])]
    zone.record("several")
    zone.route(f"several.{zone.name}/*", "several")
    assert zone.get(zone.host("several")).text == "ab"


def test_a_service_worker_may_be_sent_as_it_is(zone: Zone) -> None:
    path = f"/accounts/{ACCOUNT}/workers/scripts/old-style"
    code = 'addEventListener("fetch", (event) => event.respondWith(new Response("old")));'
    answer = zone.emulator.raw.put(
        path, content=code, headers={"content-type": "application/javascript"}
    )
    assert answer.json()["result"]["has_modules"] is False
    assert zone.client.workers.scripts.get("old-style", account_id=ACCOUNT) == code
    zone.record("old")
    zone.route(f"old.{zone.name}/*", "old-style")
    assert zone.get(zone.host("old")).text == "old"


@pytest.mark.parametrize(
    ("code", "number", "message"),
    [
        ("export default { fetch( {", 10021, "Uncaught SyntaxError"),
        ('throw new Error("at the start");', 10021, "Uncaught Error: at the start"),
        ('import "./absent.mjs"; export default {};', 10021, 'No such module "absent.mjs"'),
        ('import "node:fs"; export default {};', 10021, 'No such module "node:fs"'),
        ("export default {};", 10068, "no registered event handlers"),
    ],
)
def test_bad_code_is_refused_in_the_runtimes_words(
    zone: Zone, code: str, number: int, message: str
) -> None:
    found = refusal(zone, files=[("index.mjs", code.encode(), MODULE)])
    assert found[:2] == (400, number)
    assert message in found[2]
    assert "wrong" not in {
        script.id for script in zone.client.workers.scripts.list(account_id=ACCOUNT)
    }


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"metadata": {"main_module": "absent.mjs"}}, 10021, 'No such module "absent.mjs"'),
        ({"metadata": {"main_module": None}}, 10021, "main_module or body_part"),
        ({"metadata": {"compatibility_date": "yesterday"}}, 10021, "Invalid compatibility date"),
        ({"metadata": {"compatibility_date": "2999-01-01"}}, 10021, "in the future: 2999-01-01"),
        ({"metadata": {"compatibility_flags": ["absent"]}}, 10021, "No such compatibility flag"),
        ({"name": "Wrong Name"}, 10016, "Invalid Worker name"),
        ({"files": [("index.mjs", b"x", "image/png")]}, 10021, "Unsupported content type"),
    ],
)
def test_bad_metadata_is_refused(
    zone: Zone, change: dict[str, Any], code: int, message: str
) -> None:
    found = refusal(zone, **change)
    assert found[:2] == (400, code)
    assert message in found[2]


@pytest.mark.parametrize(
    ("binding", "code", "message"),
    [
        ({"type": "kv_namespace", "name": "A", "namespace_id": "0" * 32}, 10041, "not found"),
        ({"type": "service", "name": "A", "service": "absent"}, 10143, "'absent'"),
        ({"type": "plain_text", "name": "A"}, 10021, "valid `text`"),
        ({"type": "plain_text", "name": "not a name", "text": ""}, 10021, "valid name"),
        ({"type": "d1", "name": "A", "id": "x"}, 10021, "cannot be run in a rehearsal"),
        ({"type": "plain_text", "name": "B", "text": ""}, 10021, "bound more than once"),
        ({"type": "plain_text", "name": "A", "text": "x" * 5121}, 10021, "more than 5120 bytes"),
        ({"type": "json", "name": "A", "json": ["x" * 5120]}, 10021, "more than 5120 bytes"),
    ],
)
def test_bad_bindings_are_refused(
    zone: Zone, binding: dict[str, Any], code: int, message: str
) -> None:
    first = {"type": "plain_text", "name": "B", "text": ""}
    found = refusal(zone, metadata={"bindings": [first, binding]})
    assert found[:2] == (400, code)
    assert message in found[2]


def test_variables_have_their_limits(zone: Zone) -> None:
    variables = [
        {"type": "plain_text", "name": f"V{number}", "text": "x" * 5120} for number in range(129)
    ]
    zone.script(HELLO, *variables[:128])
    found = refusal(zone, metadata={"bindings": variables})
    assert found[:2] == (400, 10021)
    assert "at most 128 variables" in found[2]


def test_wrong_kinds_of_upload(zone: Zone) -> None:
    path = f"/accounts/{ACCOUNT}/workers/scripts/wrong"
    raw = zone.emulator.raw
    wrong_type = raw.put(path, content="x", headers={"content-type": "text/html"})
    assert (wrong_type.status_code, wrong_type.json()["errors"][0]["code"]) == (415, 10001)
    no_metadata = raw.put(path, files={"index.mjs": ("index.mjs", HELLO, MODULE)})
    assert (no_metadata.status_code, no_metadata.json()["errors"][0]["code"]) == (400, 10021)
    broken = raw.put(path, files={"metadata": (None, "{")})
    assert (broken.status_code, broken.json()["errors"][0]["code"]) == (400, 10026)


def test_a_script_can_be_too_large(zone: Zone) -> None:
    noise = os.urandom(10 * 1024 * 1024 + 1)
    found = refusal(
        zone,
        files=[
            ("index.mjs", HELLO.encode(), MODULE),
            ("noise.bin", noise, "application/octet-stream"),
        ],
    )
    assert found[:2] == (413, 10027)


def test_bindings_are_kept_inherited_or_dropped(zone: Zone) -> None:
    name = zone.script(
        HELLO,
        {"type": "plain_text", "name": "PLAIN", "text": "1"},
        {"type": "secret_text", "name": "SECRET", "text": "hidden"},
        {"type": "json", "name": "JSON", "json": {"a": [1]}},
    )

    def bindings() -> dict[str, str]:
        # Read raw: the client's schema knows no `placement: {}`, which Cloudflare answers.
        settings = zone.client.workers.scripts.script_and_version_settings.with_raw_response
        answer = settings.get(name, account_id=ACCOUNT).http_response
        assert "hidden" not in answer.text
        return {binding["name"]: binding["type"] for binding in answer.json()["result"]["bindings"]}

    assert bindings() == {"PLAIN": "plain_text", "SECRET": "secret_text", "JSON": "json"}
    zone.script(HELLO, name=name, keep_bindings=["json", "secret_text"])
    assert bindings() == {"SECRET": "secret_text", "JSON": "json"}
    zone.script(HELLO, name=name)
    assert bindings() == {"SECRET": "secret_text"}
    inherit = {"type": "inherit", "name": "TOKEN", "old_name": "SECRET"}
    zone.script(HELLO, inherit, name=name, keep_bindings=[])
    assert bindings() == {"TOKEN": "secret_text"}
    absent = {"type": "inherit", "name": "ABSENT"}
    strict = refusal(zone, name=name, metadata={"bindings": [absent]}, bindings_inherit="strict")
    assert strict[:2] == (400, 10021)
    zone.script(HELLO, absent, name=name, keep_bindings=[])
    assert bindings() == {}


def test_secrets_are_named_but_never_shown(zone: Zone) -> None:
    name = zone.script(HELLO, {"type": "plain_text", "name": "TAKEN", "text": "1"})
    secrets = zone.client.workers.scripts.secrets
    put = secrets.update(name, account_id=ACCOUNT, name="KEY", text="hidden", type="secret_text")
    assert put is not None
    assert put.name == "KEY"
    assert [secret.name for secret in secrets.list(name, account_id=ACCOUNT)] == ["KEY"]
    bulk = secrets.bulk_update(
        name,
        account_id=ACCOUNT,
        secrets={"KEY": None, "OTHER": {"name": "OTHER", "text": "h", "type": "secret_text"}},
    )
    assert list(bulk or {}) == ["OTHER"]
    assert secrets.get("OTHER", account_id=ACCOUNT, script_name=name) is not None
    with pytest.raises(cloudflare.NotFoundError) as caught:
        secrets.delete("KEY", account_id=ACCOUNT, script_name=name)
    assert caught.value.response.json()["errors"][0]["code"] == 10056
    with pytest.raises(cloudflare.BadRequestError):
        secrets.update(name, account_id=ACCOUNT, name="TAKEN", text="x", type="secret_text")
    secrets.delete("OTHER", account_id=ACCOUNT, script_name=name)
    assert list(secrets.list(name, account_id=ACCOUNT)) == []
    assert "hidden" not in json.dumps(zone.emulator.audit())


def test_versions_and_a_rollback(zone: Zone) -> None:
    scripts = zone.client.workers.scripts
    name = zone.script(HELLO)
    zone.record("v")
    zone.route(f"v.{zone.name}/*", name)
    assert zone.get(zone.host("v")).text == "hello"

    def deployed() -> list[Deployment]:
        # The client's own model of this list does not fit Cloudflare's documented answer.
        path = f"/accounts/{ACCOUNT}/workers/scripts/{name}/deployments"
        listed = zone.emulator.raw.get(path).json()["result"]["deployments"]
        return [Deployment.model_validate(deployment) for deployment in listed]

    (first,) = deployed()
    assert scripts.deployments.get(first.id, account_id=ACCOUNT, script_name=name) == first
    # The client cannot build its own strict model of a version: asked for by hand.
    path = f"/accounts/{ACCOUNT}/workers/scripts/{name}/versions"
    code = HELLO.replace("hello", "second")
    metadata = json.dumps({"main_module": "index.mjs"})
    uploaded = zone.emulator.raw.post(
        path, files={"metadata": (None, metadata), "index.mjs": ("index.mjs", code, MODULE)}
    )
    second = uploaded.json()["result"]["id"]
    assert zone.get(zone.host("v")).text == "hello"
    versions = list(scripts.versions.list(name, account_id=ACCOUNT))
    assert [version.number for version in versions] == [2, 1]
    got = zone.emulator.raw.get(f"{path}/{second}").json()["result"]
    assert (got["number"], got["resources"]["script"]["handlers"]) == (2, ["fetch"])
    for version, text in ((second, "second"), (first.versions[0].version_id, "hello")):
        scripts.deployments.create(
            name,
            account_id=ACCOUNT,
            strategy="percentage",
            versions=[{"version_id": version, "percentage": 100}],
        )
        assert zone.get(zone.host("v")).text == text
    assert len(deployed()) == 3
    missing = zone.emulator.raw.get(f"{path}/absent")
    assert (missing.status_code, missing.json()["errors"][0]["code"]) == (404, 100146)
    with pytest.raises(cloudflare.BadRequestError):
        scripts.deployments.create(
            name,
            account_id=ACCOUNT,
            strategy="percentage",
            versions=[
                {"version_id": second, "percentage": 50},
                {"version_id": first.versions[0].version_id, "percentage": 50},
            ],
        )


def test_settings_and_switches(zone: Zone) -> None:
    scripts = zone.client.workers.scripts
    name = zone.script(HELLO)
    # Read raw: the client's schema knows no `placement: {}`, which Cloudflare answers.
    answer = scripts.script_and_version_settings.with_raw_response.edit(
        name,
        account_id=ACCOUNT,
        settings={
            "bindings": [{"type": "plain_text", "name": "A", "text": "1"}],
            "compatibility_date": "2024-01-01",
            "logpush": True,
        },
    )
    edited = answer.http_response.json()["result"]
    assert (edited["compatibility_date"], edited["logpush"]) == ("2024-01-01", True)
    assert scripts.settings.get(name, account_id=ACCOUNT).logpush is True
    assert scripts.settings.edit(name, account_id=ACCOUNT, tags=["a"]).tags == ["a"]
    assert scripts.subdomain.get(name, account_id=ACCOUNT).enabled is False
    assert scripts.subdomain.create(name, account_id=ACCOUNT, enabled=True).enabled is True
    assert scripts.subdomain.delete(name, account_id=ACCOUNT).enabled is False
    scripts.schedules.update(name, account_id=ACCOUNT, body=[{"cron": "0 3 * * *"}])
    schedules = scripts.schedules.get(name, account_id=ACCOUNT).schedules
    assert [schedule.cron for schedule in schedules] == ["0 3 * * *"]
    assert zone.client.workers.subdomains.get(account_id=ACCOUNT).subdomain


def test_deleting_what_others_need(zone: Zone) -> None:
    target = zone.script(HELLO)
    caller = zone.script(
        "export default { fetch(request, env) { return env.TARGET.fetch(request); } };",
        {"type": "service", "name": "TARGET", "service": target},
    )
    zone.record("s")
    route = zone.route(f"s.{zone.name}/*", caller)
    assert zone.get(zone.host("s")).text == "hello"
    scripts = zone.client.workers.scripts
    with pytest.raises(cloudflare.ConflictError) as caught:
        scripts.delete(target, account_id=ACCOUNT)
    error = caught.value.response.json()["errors"][0]
    assert error["code"] == 10142
    assert caller in error["message"]
    scripts.delete(target, account_id=ACCOUNT, force=True)
    assert zone.get(zone.host("s")).status_code == 503
    scripts.delete(caller, account_id=ACCOUNT)
    with pytest.raises(cloudflare.NotFoundError):
        zone.client.workers.routes.get(route, zone_id=zone.id)
