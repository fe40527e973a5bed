"""What `serlo worker` writes runs in miniflare and passes wrangler, as it is."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.edge.cloudflare.worker_script import script
from infra.stack.environment import Environment
from operations.commands.worker import worker
from operations.routing.worker_folder import settings
from tests.stack_files import stack_file
from toolchain.resolver import resolve

_RUN = Path(__file__).with_name("run_miniflare.mjs")
_REDIRECT = "https://de.serlo.org/impressum"
_FRONTEND = "https://de.serlo.org/mathe"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    worker(output=tmp_path / "worker", stack="production")
    return tmp_path / "worker"


def _run(folder: Path, how: str, *urls: str) -> list[dict[str, Any]]:
    node, modules = resolve("node").path, resolve("miniflare").path
    done = subprocess.run(
        [node, _RUN, modules, folder, how, *urls],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("how", ["settings", "bare"])
def test_it_runs_in_miniflare(folder: Path, how: str) -> None:
    redirect, frontend = _run(folder, how, _REDIRECT, _FRONTEND)
    assert redirect["status"] == 301
    assert redirect["headers"]["location"] == "https://de.serlo.org/legal"
    assert redirect["headers"]["x-serlo-rule"] == "impressum"
    assert frontend["status"] == 200
    assert json.loads(frontend["text"])["url"] == "https://frontend.serlo.org/mathe"


def test_wrangler_builds_it(folder: Path, tmp_path: Path) -> None:
    node, modules = resolve("node").path, resolve("miniflare").path
    done = subprocess.run(
        [
            *(node, modules / "wrangler" / "bin" / "wrangler.js", "deploy", "--dry-run"),
            *("--config", folder / "wrangler.json", "--outdir", tmp_path / "built"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"HOME": str(tmp_path), "WRANGLER_SEND_METRICS": "false", "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PATH_INFO_KV" in done.stdout
    assert (tmp_path / "built" / "index.js").is_file()


@pytest.mark.parametrize("stack", ["local", "staging", "production"])
def test_secrets_are_named_and_not_contained(stack: str) -> None:
    environment = Environment.load(stack_file(stack))
    told = json.loads(settings(environment, script(environment))["miniflare.json"])
    assert told["secrets"] == ["API_SECRET", "ORIGIN_SECRET"]
    assert not {"API_SECRET", "ORIGIN_SECRET"} & told["bindings"].keys()
    assert told["bindings"]["ENVIRONMENT"] == stack
