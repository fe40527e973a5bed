"""The real wrangler deploys to the emulator, as it does to Cloudflare."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.rehearsal.cloudflare.emulator import ACCOUNT, Emulator, Zone
from toolchain.resolver import resolve

WORKER = """
interface Env { KV: { get(key: string): Promise<string | null> }; NAME: string }
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    return new Response(`${env.NAME} ${await env.KV.get("key")}`);
  },
};
"""


class Wrangler:
    """wrangler in a project folder, pointed at an emulator."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self._folder = folder
        self._modules = resolve("miniflare").path
        node = resolve("node").path
        self._environment = {
            "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder / "home"),
            "CI": "1",
            "CLOUDFLARE_API_BASE_URL": emulator.api_url,
            "CLOUDFLARE_API_TOKEN": emulator.token,
            "CLOUDFLARE_ACCOUNT_ID": ACCOUNT,
            "WRANGLER_HIDE_BANNER": "true",
            "WRANGLER_SEND_METRICS": "false",
            "WRANGLER_SEND_ERROR_REPORTS": "false",
        }
        self._node = node

    def run(self, *arguments: str, given: str = "") -> str:
        script = self._modules / "wrangler" / "bin" / "wrangler.js"
        ended = subprocess.run(
            [str(self._node), str(script), *arguments],
            cwd=self._folder,
            env=self._environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr


@pytest.mark.timeout(400)
def test_deploy_secret_and_delete(tmp_path: Path, zone: Zone) -> None:
    zone.record("@")
    kv = zone.client.kv.namespaces
    namespace = kv.create(account_id=ACCOUNT, title=zone.name)
    assert namespace is not None
    kv.values.update("key", account_id=ACCOUNT, namespace_id=namespace.id, value=b"stored")
    name = f"wrangled-{zone.name.partition('.')[0]}"
    (tmp_path / "index.ts").write_text(WORKER)
    (tmp_path / "wrangler.toml").write_text(
        f"""
        name = "{name}"
        main = "index.ts"
        compatibility_date = "2023-07-14"
        routes = [{{ pattern = "*{zone.name}/*", zone_id = "{zone.id}" }}]
        kv_namespaces = [{{ binding = "KV", id = "{namespace.id}" }}]
        vars = {{ NAME = "wrangled" }}
        """
    )
    wrangler = Wrangler(tmp_path, zone.emulator)
    deployed = wrangler.run("deploy")
    assert f"*{zone.name}/*" in deployed
    assert zone.get(zone.name).text == "wrangled stored"
    wrangler.run("secret", "put", "API_SECRET", given="hidden")
    deployed = wrangler.run("deploy")
    assert "last updated via" not in deployed
    secrets = zone.client.workers.scripts.secrets.list(name, account_id=ACCOUNT)
    assert [secret.name for secret in secrets] == ["API_SECRET"]
    assert [route.pattern for route in zone.client.workers.routes.list(zone_id=zone.id)] == [
        f"*{zone.name}/*"
    ]
    wrangler.run("delete", "--force")
    assert list(zone.client.workers.routes.list(zone_id=zone.id)) == []
    assert "origin" in zone.get(zone.name).json()
