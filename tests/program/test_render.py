"""`serlo render` and `serlo versions`: what people see of the declarations."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations.render import render
from operations.versions import versions

from .conftest import ROOT, STACKS, ChangedStack

NEW_SERVICE = '''
"""A service that a test adds."""

from infra.release import Channel
from infra.service import GATEWAY, Address, Amount, Health, Resources, Secret, Service, Setting

service = Service(
    name="notifier",
    namespace="notifications",
    source="serlo/notifier",
    image="ghcr.io/serlo/notifier",
    channel=Channel.SEMANTIC,
    port=4000,
    health=Health(path="/health"),
    resources=Resources(requests=Amount("10m", "32Mi"), limits=Amount("50m", "64Mi")),
    callers=(GATEWAY,),
    host="notifier",
    env={"TOKEN": Secret("notifier-token"), "LEVEL": Setting(default="info")},
)
'''


def _documents(text: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text))


def _identity(document: dict[str, Any]) -> tuple[str, ...]:
    if "kind" in document:
        metadata = document["metadata"]
        return (document["kind"], metadata.get("namespace", ""), metadata["name"])
    return (document["type"], document["name"])


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_renders_as_yaml_that_people_can_read(
    stack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    render(stack)
    text = capsys.readouterr().out
    documents = _documents(text)
    assert len({_identity(document) for document in documents}) == len(documents)
    kinds = [document["kind"] for document in documents if "kind" in document]
    assert kinds.count("Deployment") == 3
    assert kinds[:3] == ["Namespace"] * 3
    for document in documents:
        if "kind" in document:
            assert list(document)[:3] == ["apiVersion", "kind", "metadata"]
    assert sum("type" in d and "properties" in d for d in documents) == 16 + 3


def test_rendering_is_stable(capsys: pytest.CaptureFixture[str]) -> None:
    render("staging")
    first = capsys.readouterr().out
    render("staging")
    assert capsys.readouterr().out == first


def test_secrets_are_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    render("production")
    text = capsys.readouterr().out
    secrets = [d for d in _documents(text) if d.get("kind") == "Secret"]
    assert len(secrets) == 3
    for secret in secrets:
        assert set(secret["stringData"].values()) == {"[secret]"}
    # The stand-ins of a rendering are "[<name of the secret>]".
    assert "[mysql-uri]" not in text
    assert "W215c3FsLXVyaV0" not in text


def test_a_stack_file_may_be_named_by_its_path(
    changed_stack: ChangedStack, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed_stack("staging", ("database-layer: 0.3.66", "database-layer: 0.3.67-rc.1"))
    render(str(file))
    assert "serlo-org-database-layer:0.3.67-rc.1\n" in capsys.readouterr().out


def test_a_bad_stack_file_is_refused_without_a_traceback(changed_stack: ChangedStack) -> None:
    file = changed_stack("staging", ("server: 0.52.1", "server: latest"))
    done = _serlo(ROOT, "render", str(file))
    assert done.returncode == 1
    assert done.stdout == ""
    assert 'serlo:versions.server: found "latest"' in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_stack_names_those_there_are() -> None:
    done = _serlo(ROOT, "render", "stagging")
    assert done.returncode == 1
    assert "Pulumi.staging.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_who_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m operations.command render staging | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "---\n"
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_a_new_service_is_one_file_and_its_versions(tmp_path: Path) -> None:
    for folder in ("infra", "operations", "stacks"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    before = {_identity(d): d for d in _documents(_serlo(tmp_path, "render", "staging").stdout)}
    (tmp_path / "infra" / "services" / "notifier.py").write_text(NEW_SERVICE)
    refused = _serlo(tmp_path, "render", "staging")
    assert "serlo:versions.notifier: found nothing" in refused.stderr
    for stack in STACKS:
        file = tmp_path / "stacks" / f"Pulumi.{stack}.yaml"
        file.write_text(
            file.read_text().replace(
                "    server: 0.52.1", "    notifier: 1.0.0\n    server: 0.52.1"
            )
        )
    for stack in STACKS:
        assert _serlo(tmp_path, "render", stack).returncode == 0
    after = {_identity(d): d for d in _documents(_serlo(tmp_path, "render", "staging").stdout)}
    assert {name: after[name] for name in before} == before
    added = sorted(name[0] for name in after.keys() - before.keys())
    assert added == [
        *("Deployment", "HTTPRoute", "HorizontalPodAutoscaler", "Namespace"),
        *("PodDisruptionBudget", "Secret", "Service", "ServiceAccount"),
        "cloudflare:index/dnsRecord:DnsRecord",
    ]
    listed = json.loads(_serlo(tmp_path, "versions", "--json").stdout)
    (row,) = (row for row in listed if row["service"] == "notifier")
    assert row["versions"] == dict.fromkeys(STACKS, "1.0.0")


def test_versions_are_listed_per_stack_with_their_changes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    versions(json=True)
    rows = {row["service"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["server"] == {
        "service": "server",
        "channel": "semantic",
        "versions": {"local": "0.52.1", "staging": "0.52.1", "production": "0.52.1"},
        "changes": "https://github.com/serlo/api.serlo.org/blob/main/CHANGELOG.md",
    }
    assert rows["frontend"]["channel"] == "continuous"
    assert rows["frontend"]["changes"].startswith("https://github.com/serlo/frontend/pulls")


def test_the_table_of_versions_shows_every_service(capsys: pytest.CaptureFixture[str]) -> None:
    versions("staging", "production")
    text = capsys.readouterr().out
    heading, *lines = text.splitlines()
    assert heading.split() == ["service", "channel", "staging", "production", "changes"]
    assert [line.split()[0] for line in lines] == ["database-layer", "frontend", "server"]
    assert "0.52.1" in text


def test_versions_refuse_a_bad_stack_file(
    changed_stack: ChangedStack, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed_stack("staging", ("server: 0.52.1", "server: next"))
    with pytest.raises(SystemExit) as refused:
        versions(str(file))
    assert refused.value.code == 1
    assert 'found "next"' in capsys.readouterr().err


def test_versions_start_without_pulumi() -> None:
    code = "import operations.versions, sys; assert 'pulumi' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def _serlo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `serlo` with the packages of a folder."""
    env = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "operations.command", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
