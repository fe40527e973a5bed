"""A change, made for real and taken back; and what `serlo drift` finds afterwards."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from operations.declared.snapshot import take
from operations.rehearsed.change import RehearsalResult, Stage, stage
from operations.rehearsed.project import DerivedProject
from operations.review.samples import samples
from rehearsal.control_plane.credentials import CONTEXT
from rehearsal.supervisor import read_endpoints
from tests.review.scenario import Edit
from tests.review.scenario import stack as edited
from tests.stack_files import copy_declarations, stack_file
from toolchain.resolver import resolve

pytestmark = [pytest.mark.xdist_group("review-rehearsed"), pytest.mark.timeout(600)]

CHECKOUT = Path(__file__).resolve().parents[2]
SERLO = Path(sys.prefix) / "bin" / "serlo"
_EDITOR = """
import sys
from pathlib import Path
import yaml

file = Path(sys.argv[1])
deployment = yaml.safe_load(file.read_text())
(container,) = deployment["spec"]["template"]["spec"]["containers"]
assert container["env"][0] == {"name": "ENVIRONMENT", "value": "local"}
container["env"][0]["value"] = "elsewhere"
container["env"].append({"name": "EDITED", "value": "1"})
del container["resources"]["limits"]["cpu"]
file.write_text(yaml.safe_dump(deployment))
"""
_BUMP = edited("local", ("    server: 0.52.1\n", "    server: 0.53.0\n"))
_REFUSED = """
import pulumi

pulumi.CustomResource(
    "kubernetes:core/v1:ConfigMap",
    "refused",
    {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "refused",
            "namespace": "api",
            "labels": {"app.kubernetes.io/name": "server"},
        },
        "dataa": {},
    },
    pulumi.ResourceOptions(provider=cluster.provider),
)
"""
_LAST = "Edge(environment, secrets, cluster)\n"


@pytest.fixture(scope="module")
def performed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, list[str]]]:
    """The base of `local`, and what was said while it came up."""
    said: list[str] = []
    base = _checkout(tmp_path_factory.mktemp("base"))
    with stage("local", base, said.append) as there:
        assert there.problem is None, there.problem
        yield there, said
        folder = there.folder
    assert not folder.exists()
    assert not _processes_of(folder)


def test_a_change_is_made_and_taken_back_without_losing_a_request(
    performed: tuple[Stage, list[str]], tmp_path: Path
) -> None:
    there, said = performed
    head = _checkout(tmp_path, *_BUMP)

    change, back = there.change(head, _samples())

    assert (change.problem, back.problem) == (None, None)
    # The API's server, and the worker that runs the same code.
    assert change.changes["update"] == back.changes["update"] == 2
    assert set(change.changes) == {"update", "same"}
    assert set(change.replaced_pods) == {"api/server", "api/swr-queue-worker"}
    assert change.sent > 20
    assert (change.lost, back.lost) == ({}, {})
    assert set(change.answers) == {str(sample) for sample in _samples()}
    assert RehearsalResult("local", there.seconds, (change, back)).way_back_is_free
    assert said == [
        "local: bringing the base up",
        "local: making the change",
        "local: going back",
    ]


def test_a_change_that_fails_is_told_and_taken_back(
    performed: tuple[Stage, list[str]], tmp_path: Path
) -> None:
    there, said = performed
    program = Edit("infra/__main__.py", _LAST, _LAST + _REFUSED)
    head = _checkout(tmp_path, *_BUMP, program)

    change, back = there.change(head, _samples())

    assert change.problem is not None
    assert 'ConfigMap api/refused: unknown field "dataa"' in change.problem
    assert "so nothing was changed" in change.problem
    assert change.replaced_pods == {}
    assert str(there.folder) not in change.problem
    assert change.lost == {}
    assert back.problem is None
    assert back.lost == {}
    assert said[-1] == "local: it failed; going back"


def test_nothing_has_drifted_after_the_way_back(performed: tuple[Stage, list[str]]) -> None:
    found = _drift(performed[0])

    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout == "local is as it was deployed.\n"


def test_what_was_changed_by_hand_is_found_with_who_did_it(
    performed: tuple[Stage, list[str]],
) -> None:
    there, _ = performed
    image = "server=ghcr.io/serlo/api.serlo.org/server:0.99.9"
    by_hand = "--field-manager=by-hand"
    _kubectl(there, "--namespace", "api", "set", "image", "deployment/server", image, by_hand)
    _kubectl(there, "--namespace", "api", "delete", "poddisruptionbudget", "server")
    _change_record(there, "de.serlo.localhost", "elsewhere.example")
    before = _state(there)

    as_json = _drift(there, "--json")
    as_markdown = _drift(there, "--markdown")

    assert (as_json.returncode, as_markdown.returncode) == (2, 2), as_json.stderr
    found = {one["resource"]: one for one in json.loads(as_json.stdout)}
    assert set(found) == {
        "Deployment api/server",
        "DnsRecord de",
        "PodDisruptionBudget api/server",
    }
    assert found["PodDisruptionBudget api/server"]["gone"]
    (field,) = found["Deployment api/server"]["fields"]
    assert field["path"] == "spec.template.spec.containers[0].image"
    assert field["deployed"].endswith(":0.52.1")
    assert field["found"].endswith(":0.99.9")
    assert [change["manager"] for change in field["by"]] == ["by-hand"]
    assert field["by"][0]["time"].endswith("Z")
    (content,) = found["DnsRecord de"]["fields"]
    assert (content["path"], content["found"]) == ("content", "elsewhere.example")
    assert found["DnsRecord de"]["modified"]
    for text in ("## Drift in local", "3 resources are not as deployed", "set by by-hand (Update"):
        assert text in as_markdown.stdout
    assert "- `PodDisruptionBudget api/server` is gone" in as_markdown.stdout
    assert _state(there) == before


def test_the_commands_that_drift_prints_take_it_all_back(
    performed: tuple[Stage, list[str]], tmp_path: Path
) -> None:
    """After the test before: an image and a record by hand, and a disruption budget deleted."""
    there, _ = performed
    queue_worker = ("--namespace", "api", "edit", "deployment/swr-queue-worker")
    _kubectl(there, "--namespace", "auth", "scale", "deployment/kratos-courier", "--replicas=2")
    _kubectl(there, "--namespace", "api", "set", "env", "deployment/database-layer", "ADDED=1")
    _kubectl(there, *queue_worker, EDITOR=str(_editor(tmp_path)))

    found = _drift(there)
    text, _, commands = found.stdout.partition("Take it back:\n")

    assert found.returncode == 2, found.stderr
    assert "spec.replicas: deployed 1, found 2; set by kubectl scale (Update" in text
    assert "(ADDED): not declared, added by hand; set by kubectl-set (Update" in text
    assert "(EDITED): not declared, added by hand; set by kubectl-edit (Update" in text
    assert ".env[0].value: deployed local, found elsewhere; set by kubectl-edit" in text
    assert "metadata.annotations" not in text  # what the controllers have written
    _type(commands)
    again = _drift(there)
    assert again.stdout == "local is as it was deployed.\n", again.stderr
    variables, *_ = commands.splitlines()
    _type(f"{variables}; pulumi preview --expect-no-changes")


def _editor(folder: Path) -> Path:
    """A program that edits as a person does: it changes, adds and removes something."""
    program = folder / "editor"
    program.write_text(f"#!{sys.executable}\n{_EDITOR}")
    program.chmod(0o755)
    return program


def _type(commands: str) -> None:
    """Type lines into a shell of this checkout, and say yes."""
    done = subprocess.run(
        ["/bin/sh", "-e"],
        input=commands,
        cwd=CHECKOUT,
        env={
            **os.environ,
            "PATH": f"{SERLO.parent}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_SKIP_CONFIRMATIONS": "true",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _checkout(folder: Path, *edits: Edit) -> Path:
    copy_declarations(folder, "Pulumi.yaml")
    for edit in edits:
        edit.make(folder)
    return folder


def _samples() -> list[Any]:
    return samples(take("local", stack_file("local")))


def _drift(there: Stage, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [SERLO, "drift", "--stack", there.stack, "--rehearsal", there.folder, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def _kubectl(there: Stage, *arguments: str, **variables: str) -> None:
    kubeconfig = str(there.folder / "kubeconfig")
    place = ["--kubeconfig", kubeconfig, "--context", CONTEXT]
    subprocess.run(
        [resolve("kubectl").path, *place, *arguments],
        env={**os.environ, **variables},
        check=True,
        capture_output=True,
        text=True,
    )


def _change_record(there: Stage, name: str, content: str) -> None:
    endpoints = read_endpoints(there.folder)
    assert endpoints is not None
    token = (there.folder / "cloudflare" / "token").read_text().strip()
    with httpx.Client(
        base_url=endpoints.cloudflare_api,
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    ) as client:
        zone = client.get("/zones").json()["result"][0]["id"]
        place = f"/zones/{zone}/dns_records"
        (record,) = client.get(place, params={"name": name}).json()["result"]
        answer = client.patch(f"{place}/{record['id']}", json={"content": content})
        assert answer.status_code == 200, answer.text


def _state(there: Stage) -> Mapping[str, Any]:
    project = DerivedProject(there.folder, there.stack)
    done = subprocess.run(
        [resolve("pulumi").path, "stack", "export", "--non-interactive"],
        cwd=project.folder,
        env=dict(project.environment()),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)["deployment"]["resources"]


def _processes_of(folder: Path) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(folder) in command:
                found.append(int(entry.name))
    return found
