"""Programs written with the official SDK, and what becomes of their secrets."""

import json
from typing import Any

ACCOUNT = "0123456789abcdef0123456789abcdef"

SDK_PROGRAM = """
import pulumi
import pulumi_cloudflare as cloudflare

provider = cloudflare.Provider("cloudflare", base_url="{base_url}", api_token="{token}")
alone = pulumi.ResourceOptions(provider=provider)
look_up = pulumi.InvokeOptions(provider=provider)

zone = cloudflare.get_zone(filter={{"name": "{zone}"}}, opts=look_up)
zones = cloudflare.get_zones(name="{zone}", opts=look_up)
pulumi.export("zone", zone.zone_id)
pulumi.export("servers", zone.name_servers)
pulumi.export("zones", [found.id for found in zones.results])

record = cloudflare.DnsRecord(
    "record", zone_id=zone.zone_id, name="@", type="A", content="192.0.2.1", ttl=1, proxied=True,
    settings={{"ipv4_only": True}}, opts=alone,
)
namespace = cloudflare.WorkersKvNamespace(
    "namespace", account_id="{account}", title="sdk-{unique}", opts=alone
)
pair = cloudflare.WorkersKv(
    "pair", account_id="{account}", namespace_id=namespace.id, key_name="k",
    value=pulumi.Output.secret("value-that-is-secret"), opts=alone,
)
script = cloudflare.WorkersScript(
    "script",
    account_id="{account}",
    script_name="sdk-{unique}",
    content="export default {{ fetch() {{ return new Response('x') }} }}",
    main_module="worker.js",
    compatibility_date="2024-09-23",
    bindings=[
        {{"name": "PATHS", "type": "kv_namespace", "namespace_id": namespace.id}},
        {{"name": "A", "type": "secret_text", "text": pulumi.Output.secret("first-secret-text")}},
        {{"name": "B", "type": "secret_text", "text": "second-secret-text"}},
    ],
    opts=alone,
)
route = cloudflare.WorkersRoute(
    "route", zone_id=zone.zone_id, pattern="{zone}/*", script=script.script_name, opts=alone
)
setting = cloudflare.ZoneSetting(
    "setting", zone_id=zone.zone_id, setting_id="min_tls_version", value="1.2", opts=alone
)
ruleset = cloudflare.Ruleset(
    "ruleset", zone_id=zone.zone_id, name="rules", kind="zone",
    phase="http_request_firewall_custom",
    rules=[{{"action": "block", "expression": "true", "description": "d"}}],
    opts=alone,
)
pulumi.export("script", script.script_name)
pulumi.export("etag", script.etag)
pulumi.export("record", record.created_on)
pulumi.export("version", ruleset.version)
"""


def test_the_official_sdk_works_and_its_secrets_stay_secret(
    project: Any, proxy: Any, emulator: Any, zone: Any, unique: str
) -> None:
    project.program(
        SDK_PROGRAM.format(
            base_url=proxy.url,
            token=emulator.token,
            zone=zone["name"],
            account=ACCOUNT,
            unique=unique,
        )
    )
    secret = ("value-that-is-secret", "first-secret-text", "second-secret-text", emulator.token)
    written = project.succeed("preview", "--diff")
    written += project.succeed("up", "--yes", "--skip-preview", "--diff")
    proxy.take()
    again = project.up()
    assert "9 unchanged" in again
    assert {path.partition("?")[0].rpartition("/")[2] for _, path in proxy.take()} == {"zones"}
    written += again + project.succeed("refresh", "--yes", "--expect-no-changes", "--diff")

    outputs = json.loads(project.succeed("stack", "output", "--json"))
    assert outputs["zone"] == zone["id"]
    assert outputs["zones"] == [zone["id"]]
    assert outputs["servers"] == zone["name_servers"]
    assert outputs["etag"]
    resources = project.exported()
    bindings = resources["script"]["outputs"]["bindings"]
    assert "second-secret-text" in json.dumps(bindings)
    stored = project.state_text() + project.succeed("stack", "export")
    for text in secret:
        assert text not in written
        assert text not in stored
    bound = {
        b["name"]: b
        for b in emulator.call("GET", f"/accounts/{ACCOUNT}/workers/scripts/sdk-{unique}/settings")[
            "bindings"
        ]
    }
    assert bound["PATHS"]["namespace_id"] == resources["namespace"]["id"]

    # A changed secret is a change, although Cloudflare never says what it has.
    text = (project.folder / "program" / "__main__.py").read_text()
    project.program(text.replace("first-secret-text", "another-secret-text"))
    changed = project.succeed("up", "--yes", "--skip-preview", "--diff")
    assert "~ 1 updated" in changed
    assert "another-secret-text" not in changed + project.state_text()


def test_a_look_up_that_finds_nothing_says_so(project: Any, proxy: Any, emulator: Any) -> None:
    project.program(
        f"""
import pulumi
from pulumi import InvokeOptions, ProviderResource

provider = ProviderResource(
    "cloudflare", "cloudflare", {{"baseUrl": "{proxy.url}", "apiToken": "{emulator.token}"}}
)
pulumi.runtime.invoke(
    "cloudflare:index/getZone:getZone",
    {{"filter": {{"name": "no-such-zone.example"}}}},
    InvokeOptions(provider=provider),
)
"""
    )
    status, output = project.run("up", "--yes", "--skip-preview")
    assert status != 0
    assert "getZone: failed to find exactly one zone: found 0" in output
    # The token was not marked as secret by the program.
    assert emulator.token not in output + project.state_text()
