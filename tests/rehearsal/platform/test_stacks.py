"""Every stack comes up, again without changes, and goes without leaving anything."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rehearsal.platform.conftest import Rehearsal, exists

SERVICES = {"server", "database-layer", "frontend"}


@pytest.mark.parametrize(
    "stack",
    [
        pytest.param(stack, marks=pytest.mark.xdist_group(f"platform-{stack}"))
        for stack in ("local", "staging", "production")
    ],
)
def test_a_stack_comes_up_twice_and_goes(
    new_rehearsal: Callable[[str], Rehearsal], stack: str
) -> None:
    rehearsal = new_rehearsal(stack)

    first, _ = rehearsal.rehearse()
    assert {row["name"] for row in first["workloads"]} >= SERVICES
    assert all(row["ready"] == row["desired"] > 0 for row in first["workloads"])
    assert {(row["pattern"], row["script"]) for row in first["routes"]} == {
        (f"*{rehearsal.domain}/*", f"serlo-{stack}")
    }
    assert {row["name"] for row in first["records"]} >= {
        rehearsal.domain,
        f"api.{rehearsal.domain}",
    }
    answers = [(row["status"], row["service"]) for row in first["answers"]]
    assert answers == [(200, "server"), (200, "frontend"), (200, "server")]
    rehearsal.assert_consistent()
    said = (rehearsal.folder / "logs" / "pulumi.log").read_text()
    assert "serlo@v" in said, "the policy pack did not judge this"
    assert "[mandatory]" not in said
    assert "[advisory]" not in said

    second, _ = rehearsal.rehearse()
    assert set(second["changes"]) == {"same"}
    assert second["workloads"] == first["workloads"]

    assert_no_secret_leaks(rehearsal.folder, rehearsal.pulumi("stack", "export").stdout)

    destroyed = rehearsal.pulumi("destroy", "--yes", "--skip-preview", "--ignore-protect")
    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    for kind in ("Deployment", "Service", "Secret", "HTTPRoute"):
        assert rehearsal.ours(kind) == set()
    for namespace in ("api", "frontend", "gateway"):
        assert not exists(rehearsal.cluster, "v1", "Namespace", namespace)
    zone = rehearsal.zone
    assert rehearsal.cloudflare("GET", f"/zones/{zone['id']}/dns_records") == []
    assert rehearsal.cloudflare("GET", f"/zones/{zone['id']}/workers/routes") == []
    account = f"/accounts/{zone['account']['id']}"
    assert rehearsal.cloudflare("GET", f"{account}/workers/scripts") == []
    assert rehearsal.cloudflare("GET", f"{account}/storage/kv/namespaces") == []


def assert_no_secret_leaks(folder: Path, state: str) -> None:
    """No stand-in stands in the state, its backups, or any log, in plain text or base64."""

    values: dict[str, str] = json.loads((folder / "secrets.json").read_text())["values"]
    texts = {"the exported state": state}
    for path in [*(folder / "state").rglob("*"), *(folder / "logs").rglob("*")]:
        if path.is_file():
            texts[str(path)] = path.read_text(errors="replace")
    for name, value in values.items():
        encoded = base64.b64encode(value.encode()).decode()
        for place, text in texts.items():
            assert value not in text, f"{name} stands in {place}"
            assert encoded not in text, f"{name} stands in {place}"
