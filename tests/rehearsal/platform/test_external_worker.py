"""A worker that others publish, with the real wrangler: the stack leads requests to it, no more."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.rehearsal.platform.conftest import Rehearsal

NAME = "published-elsewhere"
WORKER = """
export interface Env { ORIGIN_SECRET: string; GREETING: string }
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/hello") return new Response(env.GREETING);
    const headers = new Headers(request.headers);
    if (pathname !== "/without") headers.set("x-serlo-edge", env.ORIGIN_SECRET);
    return fetch(new Request(request, { headers }));
  },
};
"""
SETTINGS = f"""
name = "{NAME}"
main = "index.ts"
compatibility_date = "2024-09-23"
workers_dev = false
vars = {{ GREETING = "from elsewhere" }}
"""
SECRET = """
secret="$(pulumi config get --path serlo:secrets.origin-secret)"
echo "$secret" | wrangler secret put ORIGIN_SECRET
"""


@pytest.fixture(scope="module")
def rehearsal(new_rehearsal: Callable[[str], Rehearsal]) -> Iterator[Rehearsal]:
    rehearsal = new_rehearsal("local")
    text = rehearsal.stack_file.read_text()
    edge = "  serlo:edge:\n"
    assert edge in text
    rehearsal.stack_file.write_text(text.replace(edge, f"{edge}    script: {NAME}\n"))
    yield rehearsal


def run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def ask(rehearsal: Rehearsal, path: str, host: str = "api") -> httpx.Response:
    url = f"{rehearsal.endpoints['edge']}{path}"
    return httpx.get(url, headers={"Host": f"{host}.{rehearsal.domain}"}, trust_env=False)


@pytest.mark.xdist_group("platform-releases")
def test_a_worker_published_elsewhere(rehearsal: Rehearsal, tmp_path: Path) -> None:
    stack = ["rehearse", "--stack", str(rehearsal.stack_file)]
    started = run([*rehearsal.serlo(*stack), "--servers-only"])
    assert started.returncode == 0, started.stdout + started.stderr

    # Too early: the message says what to do, and doing it helps.
    _, complaint = rehearsal.rehearse(check=False)
    assert f"names the worker {NAME}, which is not published" in complaint
    (advice,) = re.findall(r"wrangler deploy .+", complaint)
    (tmp_path / "index.ts").write_text(WORKER)
    (tmp_path / "wrangler.toml").write_text(SETTINGS)
    home = {"HOME": str(tmp_path / "home"), "CI": "1"}
    for command in (advice, SECRET):
        done = rehearsal.by_hand(command, folder=tmp_path, **home)
        assert done.returncode == 0, done.stdout + done.stderr

    result, _ = rehearsal.rehearse()
    assert {row["script"] for row in result["routes"]} == {NAME}
    assert {answer["rule"] for answer in result["answers"]} == {None}
    hello = ask(rehearsal, "/hello")
    assert (hello.text, hello.headers["x-rehearsal-script"]) == ("from elsewhere", NAME)
    assert ask(rehearsal, "/health").json()["service"] == "server"
    assert ask(rehearsal, "/without").status_code == 404

    # The stack manages routes only: what others publish later is left alone.
    (tmp_path / "index.ts").write_text(WORKER.replace("env.GREETING", '"published again"'))
    done = rehearsal.by_hand("wrangler deploy", folder=tmp_path, **home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ask(rehearsal, "/hello").text == "published again"
    assert ask(rehearsal, "/health").json()["service"] == "server"
    second, _ = rehearsal.rehearse()
    assert set(second["changes"]) == {"same"}
    assert ask(rehearsal, "/hello").text == "published again"
    kinds = {resource["type"].rpartition(":")[2] for resource in rehearsal.state()}
    assert not kinds & {"WorkersScript", "WorkersKvNamespace"}
    destroyed = rehearsal.pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    account = f"/accounts/{rehearsal.zone['account']['id']}"
    scripts: list[dict[str, Any]] = rehearsal.cloudflare("GET", f"{account}/workers/scripts")
    assert [script["id"] for script in scripts] == [NAME]
    assert json.dumps(scripts).count("secret") == 0
