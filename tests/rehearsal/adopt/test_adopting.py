"""Objects made with kubectl and the official client become the stack's, and stay what they are."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.rehearsal.adopt.before import LEFT_OVER, OLD_IMAGE, OLD_PASSWORD, REPLICAS, Before
from tests.rehearsal.platform.conftest import SERLO, Rehearsal

pytestmark = pytest.mark.xdist_group("adopt")


@pytest.fixture(scope="module")
def servers(new_rehearsal: Callable[[str], Rehearsal]) -> Rehearsal:
    rehearsal = new_rehearsal("local")
    started = [*rehearsal.serlo("rehearse", "--stack", str(rehearsal.stack_file)), "--servers-only"]
    done = subprocess.run(started, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return rehearsal


def adopt(rehearsal: Rehearsal, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [
        str(SERLO),
        "adopt",
        "--stack",
        "local",
        "--rehearsal",
        str(rehearsal.folder),
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_another_cluster_is_refused(servers: Rehearsal, tmp_path: Path) -> None:
    file = servers.folder / "project" / "stacks" / "Pulumi.local.yaml"
    text = file.read_text()
    uid = servers.cluster.get("v1", "Namespace", "kube-system")["metadata"]["uid"]
    file.write_text(text.replace(uid, "11111111-1111-1111-1111-111111111111"))
    try:
        done = adopt(servers, "--file", str(tmp_path / "adopt.json"))
    finally:
        file.write_text(text)
    assert done.returncode == 1
    assert f"this is not the cluster of local: its kube-system has the UID {uid}" in done.stderr
    assert not list(tmp_path.iterdir())


def test_what_exists_becomes_the_stacks(servers: Rehearsal, tmp_path: Path) -> None:
    before = Before(servers)
    before.make_objects()
    made = before.make_zone()
    file = tmp_path / "adopt.json"

    done = adopt(servers, "--file", str(file))

    assert done.returncode == 2, done.stderr
    assert "Deployment auth/kratos is declared with another spec.selector" in done.stdout
    assert "but de.serlo.localhost has a record A 192.0.2.77" in done.stdout
    assert f"but {servers.domain} has a record A {LEFT_OVER}" in done.stdout
    assert "DnsRecord en leads to before.example, not serlo.localhost" in done.stdout
    assert "route old.serlo.localhost/* to no worker" in done.stdout
    assert file.stat().st_mode & 0o777 == 0o600
    imported = {
        (resource["type"].rpartition(":")[2], resource["id"])
        for resource in json.loads(file.read_text())["resources"]
        if not resource.get("component")
    }
    assert imported >= {
        *(("Deployment", "api/server"), ("StatefulSet", "api/redis")),
        *(("Service", "frontend/frontend"), ("PriorityClass", "serlo-serving")),
        *(("DnsRecord", f"{before.zone}/{made['en']}"), ("ZoneSetting", f"{before.zone}/ssl")),
        ("DnsRecord", f"{before.zone}/{made['apex']}"),
        *(("WorkersRoute", f"{before.zone}/{made['route']}"), ("ZoneDnssec", before.zone)),
        ("WorkersKvNamespace", f"{before.account}/{made['store']}"),
        ("WorkersScript", f"{before.account}/{made['script']}"),
    }
    assert ("Deployment", "auth/kratos") not in imported
    assert ("DnsRecord", f"{before.zone}/{made['de']}") not in imported

    # Somebody clears the way.
    before.kubectl("--namespace auth delete deployment kratos")
    before.client.dns.records.delete(made["de"], zone_id=before.zone)
    before.client.dns.records.delete(made["left over"], zone_id=before.zone)
    follow(servers, done.stdout)

    there = live(servers)
    steps = preview(servers)
    told = json.dumps(steps)
    assert OLD_PASSWORD not in told
    assert OLD_IMAGE in told
    operations = {step["urn"].partition("::serlo::")[2]: step["op"] for step in steps}
    assert set(operations.values()) == {"create", "read", "same", "update"}
    updated = {urn.rpartition("$")[2] for urn, op in operations.items() if op == "update"}
    settings = {urn for urn in updated if "ZoneSetting" in urn or "ZoneDnssec" in urn}
    assert updated - settings == {
        "kubernetes:apps/v1:Deployment::server",
        "kubernetes:core/v1:Service::frontend",
        "cloudflare:index/dnsRecord:DnsRecord::apex",  # its comment
        "cloudflare:index/dnsRecord:DnsRecord::en",
        "cloudflare:index/workersScript:WorkersScript::worker",
    }

    done = servers.pulumi("up", "--yes", "--skip-preview")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "deleted" not in done.stdout
    assert "replaced" not in done.stdout
    after = live(servers)
    assert {key: after.get(key) for key in there} == there
    server = servers.cluster.get("apps/v1", "Deployment", "server", "api")
    container = server["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] != OLD_IMAGE
    assert "OLD" not in {variable["name"] for variable in container["env"]}
    assert server["spec"]["replicas"] == REPLICAS
    frontend = servers.cluster.get("v1", "Service", "frontend", "frontend")
    assert frontend["metadata"]["labels"]["app.kubernetes.io/part-of"] == "serlo"
    assert "old" not in frontend["metadata"]["labels"]
    # Whatever else an administrator has written on a namespace stays.
    namespace = servers.cluster.get("v1", "Namespace", "api")
    assert namespace["metadata"]["labels"]["team"] == "api"
    assert {record["id"] for record in servers.records()} >= {made["en"]}
    assert {step["op"] for step in preview(servers)} <= {"read", "same"}

    # Once more, as on the real platform: with what is on PATH and in the variables.
    derived = servers.folder / "project" / "stacks" / "Pulumi.local.yaml"
    done = servers.by_hand(f"{SERLO} adopt --stack {derived}")
    assert done.returncode == 0, done.stderr
    assert "0 declared resources exist" in done.stdout


def follow(rehearsal: Rehearsal, said: str) -> None:
    """Type what `serlo adopt` says, up to the preview."""
    lines = [line.strip() for line in said.partition("Next, in this order:")[2].splitlines()]
    commands = [line for line in lines if line.startswith(("pulumi ", "serlo "))]
    assert commands[-2:] == ["pulumi preview --diff", "pulumi up"]
    path = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}"
    for command in commands[:-2]:
        agreed = " --yes --skip-preview" if command.startswith("pulumi ") else ""
        done = rehearsal.by_hand(f"{command}{agreed}", PATH=path)
        assert done.returncode == 0, done.stdout + done.stderr


def preview(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    done = rehearsal.pulumi("preview", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)["steps"]


def live(rehearsal: Rehearsal) -> dict[tuple[str, str], str]:
    """Identity of everything that could be replaced by mistake."""
    kinds = {"Namespace": "v1", "Service": "v1", "ServiceAccount": "v1"}
    kinds |= dict.fromkeys(("Deployment", "StatefulSet"), "apps/v1")
    found = {
        (kind, f"{item['metadata'].get('namespace')}/{item['metadata']['name']}"): item["metadata"][
            "uid"
        ]
        for kind, version in kinds.items()
        for item in rehearsal.cluster.list(version, kind)
    }
    zone, account = rehearsal.zone["id"], rehearsal.zone["account"]["id"]
    for path, name in (
        (f"/zones/{zone}/dns_records", "name"),
        (f"/zones/{zone}/workers/routes", "pattern"),
        (f"/accounts/{account}/storage/kv/namespaces", "title"),
    ):
        found |= {(path, one[name]): one["id"] for one in rehearsal.cloudflare("GET", path)}
    return found
