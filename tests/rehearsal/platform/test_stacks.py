"""The whole life of every real stack, as its deployer and its reader live it.

It comes up, again without changes; one version is raised; somebody changes things behind its back,
which the reader sees and the deployer takes back; it goes without leaving anything. At the end the
API server's audit log says whether the rights were what all this takes.
"""

import base64
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.cluster.origin_auth import HEADER
from infra.stack.environment import Environment
from rehearsal.control_plane.credentials import CONTEXT
from tests.rehearsal.platform.conftest import SERLO, Rehearsal, exists
from tests.rehearsal.platform.rights import assert_rights_are_what_it_takes
from tests.stack_files import STACKS

# Shorter lines of a secret, such as those that begin and end a key, tell nothing.
_TELLING = 32

RAISED = "database-layer"
UNCHANGED = {"same", "read"}
SERVICES = {"server", "swr-queue-worker", "database-layer", "frontend", "redis", "kratos"}
KINDS = ("Deployment", "StatefulSet", "CronJob", "Service", "Secret", "HTTPRoute")


@pytest.mark.real_stacks
@pytest.mark.parametrize(
    "stack",
    [pytest.param(stack, marks=pytest.mark.xdist_group(f"platform-{stack}")) for stack in STACKS],
)
def test_the_life_of_a_stack(new_rehearsal: Callable[..., Rehearsal], stack: str) -> None:
    rehearsal = new_rehearsal(stack, real=True)

    first, _ = rehearsal.rehearse()
    assert {row["name"] for row in first["workloads"]} >= SERVICES
    # Those that run by the clock have nothing to do until their hour.
    at_work = [row for row in first["workloads"] if row["schedule"] is None]
    assert all(row["ready"] == row["desired"] > 0 for row in at_work)
    assert [row["kind"] for row in at_work].count("Job") >= 2
    answered = {row["pattern"] for row in first["routes"] if row["script"] == f"serlo-{stack}"}
    assert answered == {f"*{rehearsal.domain}/*"}
    assert {row["name"] for row in first["records"]} >= {
        rehearsal.domain,
        f"api.{rehearsal.domain}",
    }
    answers = [
        (row["rule"], row["status"], row["service"] or row["recorded"] or row["location"])
        for row in first["answers"]
    ]
    assert answers == expected_answers(Environment.load(rehearsal.stack_file))
    rehearsal.assert_consistent()
    assert_the_gateway_answers_only_the_edge(rehearsal)
    assert_files_are_there(rehearsal)
    said = (rehearsal.folder / "logs" / "pulumi.log").read_text()
    assert "serlo@v" in said, "the policy pack did not judge this"
    assert "[mandatory]" not in said
    assert "[advisory]" not in said

    rendered = f"{SERLO} render --stack {rehearsal.stack_file} --kubernetes"
    tried = rehearsal.by_hand(
        f"{rendered} | kubectl --context {CONTEXT} apply --dry-run=server --filename -"
    )
    assert tried.returncode == 0, tried.stdout + tried.stderr

    second, _ = rehearsal.rehearse()
    assert set(second["changes"]) == {"same"}
    # Not the numbers of pods: the autoscalers may have begun only after the first time.
    assert identities(second) == identities(first)

    raise_one_version(rehearsal)
    change_behind_its_back_and_take_back(rehearsal, stack)

    destroyed = rehearsal.pulumi("destroy", "--yes", "--skip-preview", "--ignore-protect")
    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    for kind in KINDS:
        assert rehearsal.ours(kind) == set()
    # They are an administrator's.
    for namespace in ("api", "frontend", "gateway"):
        assert exists(rehearsal.cluster, "v1", "Namespace", namespace)
    zone = rehearsal.zone
    assert rehearsal.records() == []
    for kind in ("workers/routes", "rulesets"):
        assert rehearsal.cloudflare("GET", f"/zones/{zone['id']}/{kind}") == []
    account = f"/accounts/{zone['account']['id']}"
    assert rehearsal.cloudflare("GET", f"{account}/workers/scripts") == []
    assert rehearsal.cloudflare("GET", f"{account}/storage/kv/namespaces") == []

    assert_rights_are_what_it_takes(rehearsal.stack_file, rehearsal.folder / "logs" / "audit.log")
    assert_no_secret_leaks(rehearsal.folder, rehearsal.said)


def raise_one_version(rehearsal: Rehearsal) -> None:
    """The reader's preview shows it before; of all Deployments only its own is rolled."""
    before = rehearsal.replica_sets()
    version = re.findall(
        rf"(?m)^    {RAISED}: (\d+)\.(\d+)\.(\d+)", rehearsal.stack_file.read_text()
    )
    major, minor, patch = version[0]
    raised = f"{major}.{minor}.{int(patch) + 1}"
    rehearsal.release(RAISED, raised)

    with rehearsal.as_reader():
        preview = rehearsal.pulumi("preview", "--json")
        assert preview.returncode == 0, preview.stdout + preview.stderr
        steps = json.loads(preview.stdout)["steps"]
    changed = {s["urn"].rpartition("::")[2]: s["op"] for s in steps if s["op"] not in UNCHANGED}
    assert changed == {RAISED: "update"}

    result, _ = rehearsal.rehearse()
    assert {op: count for op, count in result["changes"].items() if op != "same"} == {"update": 1}
    assert {row["version"] for row in result["workloads"] if row["name"] == RAISED} == {raised}
    after = rehearsal.replica_sets()
    assert {name for name in after if after[name] != before[name]} == {RAISED}


def change_behind_its_back_and_take_back(rehearsal: Rehearsal, stack: str) -> None:
    """A record is led elsewhere, an object deleted."""
    zone = f"/zones/{rehearsal.zone['id']}"
    file = str(rehearsal.stack_file)
    budget = ("policy/v1", "PodDisruptionBudget", "server", "api")
    (record,) = (row for row in rehearsal.records() if row["name"] == f"de.{rehearsal.domain}")
    with rehearsal.as_reader():
        live = rehearsal.ask_serlo("versions", file, "--json", "--rehearsal", rehearsal.folder)
        assert live.returncode == 0, live.stderr
        assert not [r for r in json.loads(live.stdout) if r["live"][stack]["differs"]]

        elsewhere = {"content": "elsewhere.example"}
        rehearsal.cloudflare("PATCH", f"{zone}/dns_records/{record['id']}", json=elsewhere)
        rehearsal.cluster.delete(*budget)

        drift = rehearsal.ask_serlo(
            "drift", "--stack", stack, "--json", "--rehearsal", rehearsal.folder
        )
        assert drift.returncode == 2, drift.stderr
        found = {one["resource"]: one["gone"] for one in json.loads(drift.stdout)}
        assert found == {"DnsRecord de": False, "PodDisruptionBudget api/server": True}

    taken_back = rehearsal.pulumi("up", "--refresh", "--yes", "--skip-preview", "--json")
    assert taken_back.returncode == 0, taken_back.stdout + taken_back.stderr
    (after,) = (row for row in rehearsal.records() if row["name"] == record["name"])
    assert after["content"] == record["content"]
    assert rehearsal.cluster.get(*budget)
    rehearsal.assert_consistent()


def expected_answers(environment: Environment) -> list[tuple[str, int, str | None]]:
    """Which rule answers each of the sample requests, with which status, and who is behind it."""
    german = f"https://{environment.host('de')}"
    return [
        ("german-first", 301, f"{german}/"),
        ("alias", 301, f"{german}/mathe/1855/addition"),
        ("subject-mathe", 200, "frontend"),
        *([("legacy-organize", 200, "varnish")] if environment.has_legacy else []),
        ("robots-with-sitemap" if environment.is_production else "no-robots", 200, None),
        ("quickbar", 200, "serlo.github.io"),
        ("graphql", 200, "server"),
        ("everything-else", 200, "server"),
    ]


def identities(rehearsed: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """What runs, and in which version."""
    return [(w["namespace"], w["kind"], w["name"], w["version"]) for w in rehearsed["workloads"]]


def assert_the_gateway_answers_only_the_edge(rehearsal: Rehearsal) -> None:
    """Who talks to the gateway past Cloudflare, or with a secret of his own, gets no service."""
    url = f"{rehearsal.endpoints['origin']}/health"
    for more in ({}, {HEADER: "a guess"}):
        headers = {"Host": f"api.{rehearsal.domain}", **more}
        assert httpx.get(url, headers=headers, trust_env=False).status_code == 404
    assert HEADER not in rehearsal.ask("api", "/health")["request"]["headers"]


def assert_files_are_there(rehearsal: Rehearsal) -> None:
    """Production's store of files, which all stacks show: its record is made by hand."""
    headers = {"Host": f"assets.{rehearsal.domain}"}
    url = f"{rehearsal.endpoints['edge']}/5f0f/name.png"
    answer = httpx.get(url, headers=headers, trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")


def assert_no_secret_leaks(folder: Path, said: Sequence[str]) -> None:
    """No stand-in stands in output, state, its backups, or any log, in plain text or base64."""

    values: dict[str, str] = json.loads((folder / "secrets.json").read_text())["values"]
    texts = {f"output {number}": text for number, text in enumerate(said)}
    for path in [*(folder / "state").rglob("*"), *(folder / "logs").rglob("*")]:
        if path.is_file():
            texts[str(path)] = path.read_text(errors="replace")
    for name, value in values.items():
        encoded = base64.b64encode(value.encode()).decode()
        for place, text in texts.items():
            assert value not in text, f"{name} stands in {place}"
            assert encoded not in text, f"{name} stands in {place}"
            # A certificate or key of several lines must not stand there indented either.
            for line in value.splitlines():
                assert len(line) < _TELLING or line not in text, f"{name} stands in {place}"
