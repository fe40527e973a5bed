"""`serlo render` and `serlo versions`: what people see of the declarations."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.services import declared
from operations.commands.render import render
from operations.commands.versions import versions
from operations.declared.program import run_program
from tests.stack_files import ROOT, STACKS, copy_declarations, stack_file

from .conftest import ChangedStack, of_kind, program_of

NEW_SERVICE = '''
"""A service that a test adds, with every word there is, and a Job that it needs."""

from infra.declaration.release import Channel
from infra.declaration.service import (
    GATEWAY, Amount, Container, CronJob, Deployment, EgressTarget, Hardening, Job, Port, Probes,
    Replicas, Resources, Schedule, Service, StatefulSet, Storage,
)
from infra.declaration.values import (
    Address, ConfigFile, EnvironmentValue, SecretFile, SecretRef, Setting,
)

_RESOURCES = Resources(requests=Amount("10m", "32Mi"), limits=Amount("50m", "64Mi"))
_STAGING = frozenset({"staging"})
_SHARED = {"TOKEN": SecretRef("notifier-token"), "VERSION": EnvironmentValue.VERSION}
_COMMON = dict(
    namespace="notifications",
    source="serlo/notifier",
    channel=Channel.SEMANTIC,
    third_party=True,
    resources=_RESOURCES,
    image="ghcr.io/serlo/notifier",
)

services = (
    Service(
        name="notifier",
        target_port=80,
        port=8080,
        service_name="notify",
        ports=(Port(name="metrics", port=9090, allowed_clients=("notifier-store",)),),
        command=("/notifier",),
        args=("--verbose",),
        probes=Probes(readiness_path="/ready", liveness_path="/alive", startup_seconds=120),
        kind=Deployment(replicas=Replicas(min=2, max=4), target_cpu=60),
        allowed_clients=(GATEWAY,),
        egress=(EgressTarget("push services"), EgressTarget("a mail server", 587)),
        depends_on=("notifier-setup", "notifier-store"),
        host="notifier",
        path="/notify",
        run_as_user=10001,
        empty_dirs=("/tmp", "/var/cache"),
        termination_grace_seconds=60,
        **_COMMON,
        env={
            **_SHARED,
            "ENVIRONMENT": EnvironmentValue.ENVIRONMENT,
            "LEVEL": Setting(default="info"),
            "STORE": Address("notifier-store", scheme="redis"),
            "STAGING_ONLY": SecretRef("notifier-staging-token", environments=_STAGING),
        },
        files=(
            SecretFile("/etc/notifier/key.pem", SecretRef("notifier-key")),
            ConfigFile(path="/etc/notifier/open.json", content={"host": "https://${domain}"}),
            ConfigFile(
                path="/etc/notifier/secret.ini",
                content="token=${TOKEN}",
                values={"TOKEN": SecretRef("notifier-token")},
            ),
        ),
        init_containers=(
            Container(name="prepare", image="ghcr.io/serlo/prepare", resources=_RESOURCES),
        ),
        sidecars=(
            Container(
                name="agent",
                image="ghcr.io/serlo/agent",
                port=7000,
                probes=Probes(),
                resources=_RESOURCES,
                exempt={Hardening.READ_ONLY_ROOT: "It updates its rules beside itself."},
            ),
        ),
    ),
    Service(
        name="notifier-store",
        kind=StatefulSet(storage=Storage("/data", "1Gi")),
        version_of="notifier",
        port=6379,
        probes=Probes(command=("check",)),
        allowed_clients=("notifier",),
        **_COMMON,
    ),
    Service(
        name="notifier-setup",
        kind=Job(
            schedule=Schedule("0 4 * * *", environments=_STAGING), active_deadline_seconds=600
        ),
        version_of="notifier",
        env=_SHARED,
        **_COMMON,
    ),
    Service(
        name="notifier-report",
        kind=CronJob(schedule=Schedule("0 5 * * *")),
        version_of="notifier",
        environments=_STAGING,
        node_pool="preemptible",
        **_COMMON,
    ),
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
    render(stack=str(stack_file(stack)))
    text = capsys.readouterr().out
    documents = _documents(text)
    assert len({_identity(document) for document in documents}) == len(documents)
    kinds = [document["kind"] for document in documents if "kind" in document]
    program = program_of(stack)
    namespaces = kinds.count("Namespace")
    assert kinds[:namespaces] == ["Namespace"] * namespaces
    for kind in ("Deployment", "StatefulSet", "Job", "CronJob", "Service", "ConfigMap"):
        assert kinds.count(kind) == len(of_kind(program, kind))
    for document in documents:
        if "kind" in document:
            assert list(document)[:3] == ["apiVersion", "kind", "metadata"]
    at_cloudflare = [e for e in program.registrations if e.type.startswith("cloudflare:")]
    assert sum("properties" in document for document in documents) == len(at_cloudflare)


def test_kubernetes_objects_alone_are_what_kubectl_reads(
    capsys: pytest.CaptureFixture[str],
) -> None:
    render(stack="local")
    everything = [*yaml.safe_load_all(capsys.readouterr().out)]
    render(stack="local", kubernetes=True)
    objects = [*yaml.safe_load_all(capsys.readouterr().out)]
    assert objects == [document for document in everything if "apiVersion" in document]
    assert len(objects) < len(everything)


def test_rendering_is_stable(capsys: pytest.CaptureFixture[str]) -> None:
    render(stack=str(stack_file("staging")))
    first = capsys.readouterr().out
    render(stack=str(stack_file("staging")))
    assert capsys.readouterr().out == first


def test_secrets_are_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    render(stack=str(stack_file("production")))
    text = capsys.readouterr().out
    secrets = [d for d in _documents(text) if d.get("kind") == "Secret"]
    assert len(secrets) == len(of_kind(program_of("production"), "Secret"))
    for secret in secrets:
        assert set(secret["stringData"].values()) == {"[secret]"}
    # The stand-ins of a rendering are "[<name of the secret>]".
    assert "[mysql-uri]" not in text
    assert "W215c3FsLXVyaV0" not in text


def test_a_stack_file_may_be_named_by_its_path(
    changed_stack: ChangedStack, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed_stack("staging", ("database-layer: 0.3.66", "database-layer: 0.3.67-rc.1"))
    render(stack=str(file))
    assert "serlo-org-database-layer:0.3.67-rc.1\n" in capsys.readouterr().out


def test_a_bad_stack_file_is_refused_without_a_traceback(changed_stack: ChangedStack) -> None:
    file = changed_stack("staging", ("server: 0.52.1", "server: latest"))
    done = _serlo(ROOT, "render", "--stack", str(file))
    assert done.returncode == 1
    assert done.stdout == ""
    assert 'serlo:versions.server: found "latest"' in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_stack_names_those_there_are() -> None:
    done = _serlo(ROOT, "render", "--stack", "stagging")
    assert done.returncode == 1
    assert "Pulumi.staging.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_who_leaves_early_is_no_error() -> None:
    command = (
        f"{sys.executable} -m operations.command render --stack {stack_file('staging')} | head -1"
    )
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


def _checkout(folder: Path) -> Path:
    """A copy of what declares and renders, free to be changed."""
    return copy_declarations(folder, "operations")


def _rendered(folder: Path, stack: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """Every document of a stack, by its identity."""
    done = _serlo(folder, "render", "--stack", stack)
    assert done.returncode == 0, done.stderr
    return {_identity(document): document for document in _documents(done.stdout)}


def test_a_new_service_is_one_file_and_its_versions(tmp_path: Path) -> None:
    before = _rendered(_checkout(tmp_path), "staging")
    (tmp_path / "infra" / "services" / "notifier.py").write_text(NEW_SERVICE)
    refused = _serlo(tmp_path, "render", "--stack", "staging")
    assert "serlo:versions.notifier: found nothing" in refused.stderr
    for stack in STACKS:
        file = tmp_path / "stacks" / f"Pulumi.{stack}.yaml"
        text = file.read_text()
        file.write_text(text.replace("    redis: ", "    notifier: v1.0.0\n    redis: "))
    local = _rendered(tmp_path, "local")
    assert ("CronJob", "notifications", "notifier-report") not in local
    after = _rendered(tmp_path, "staging")
    assert {name: after[name] for name in before} == before
    added = sorted(name[0] for name in after.keys() - before.keys() if name[1] == "notifications")
    assert added == sorted(
        [
            *("ConfigMap", "CronJob", "CronJob", "Deployment", "HTTPRoute", "Job", "LimitRange"),
            *("HorizontalPodAutoscaler", "PodDisruptionBudget", "ResourceQuota", "StatefulSet"),
            *("HealthCheckPolicy", "GCPBackendPolicy"),
            *(["Secret"] * 2 + ["Service"] * 3 + ["ServiceAccount"] * 4 + ["NetworkPolicy"] * 6),
        ]
    )
    _check_every_feature(after)
    listed = json.loads(_serlo(tmp_path, "versions", "--json").stdout)
    (row,) = (row for row in listed if row["service"] == "notifier")
    assert row["versions"] == dict.fromkeys(STACKS, "v1.0.0")


def _check_every_feature(documents: dict[tuple[str, ...], dict[str, Any]]) -> None:
    deployment = documents["Deployment", "notifications", "notifier"]
    pod = deployment["spec"]["template"]["spec"]
    main, agent = pod["containers"]
    assert (main["command"], main["args"]) == (["/notifier"], ["--verbose"])
    assert [port["containerPort"] for port in main["ports"]] == [80, 9090]
    assert main["livenessProbe"]["httpGet"]["path"] == "/alive"
    assert main["startupProbe"]["failureThreshold"] * main["startupProbe"]["periodSeconds"] == 120
    assert agent["readinessProbe"]["tcpSocket"] == {"port": "agent"}
    assert agent["securityContext"]["readOnlyRootFilesystem"] is False
    assert [c["image"] for c in pod["initContainers"]] == ["ghcr.io/serlo/prepare:v1.0.0"]
    assert pod["securityContext"]["runAsUser"] == 10001
    env = {variable["name"]: variable.get("value") for variable in main["env"]}
    assert env["STORE"] == "redis://notifier-store.notifications:6379"
    assert env["VERSION"] == "v1.0.0"
    mounts = {mount["mountPath"]: mount for mount in main["volumeMounts"]}
    assert mounts["/etc/notifier/open.json"]["name"] == "config-files"
    assert mounts["/etc/notifier/secret.ini"]["name"] == "secret-files"
    assert {"/tmp", "/var/cache"} <= mounts.keys()
    route = documents["HTTPRoute", "notifications", "notifier"]["spec"]
    assert route["hostnames"] == ["notifier.serlo-staging.dev"]
    assert route["rules"][0]["matches"][0]["path"]["value"] == "/notify"
    assert route["rules"][0]["backendRefs"] == [{"name": "notify", "port": 8080}]
    (config,) = (d for k, d in documents.items() if k[0] == "ConfigMap" and k[1] == "notifications")
    assert json.loads(config["data"]["etc.notifier.open.json"]) == {
        "host": "https://serlo-staging.dev"
    }
    report = documents["CronJob", "notifications", "notifier-report"]["spec"]
    pool = report["jobTemplate"]["spec"]["template"]["spec"]["nodeSelector"]
    assert list(pool.values()) == ["serlo-staging-cluster-preemptible"]


def test_legacy_goes_with_its_file_and_its_lines_in_the_stacks(tmp_path: Path) -> None:
    before = _rendered(_checkout(tmp_path), "production")
    (tmp_path / "infra" / "services" / "legacy.py").unlink()
    refused = _serlo(tmp_path, "render", "--stack", "production")
    assert "serlo:features.legacy" in refused.stderr
    legacy = ("editor-renderer", "legacy-editor-renderer", "serlo-org", "varnish")
    for stack in STACKS:
        file = tmp_path / "stacks" / f"Pulumi.{stack}.yaml"
        stack_file = yaml.safe_load(file.read_text())
        config = stack_file["config"]
        del config["serlo:features"]
        config["serlo:edge"].pop("splits", None)
        for name in legacy:
            del config["serlo:versions"][name]
            config["serlo:services"].pop(name, None)
        file.write_text(yaml.safe_dump(stack_file, sort_keys=False))
    after = _rendered(tmp_path, "production")
    gone = before.keys() - after.keys()
    # The worker's routing table has no percentages any more.
    different = {name for name, document in after.items() if document != before[name]}
    assert {name[-1] for name in different} == {"worker"}
    assert all("serlo-org" in name for name in gone), gone
    for stack in ("local", "staging"):
        assert not any("serlo-org" in name for name in _rendered(tmp_path, stack))


@pytest.mark.parametrize(("stack", "switched"), [("production", "false"), ("local", "true")])
def test_legacy_is_switched_by_a_word_and_percentages(
    changed_stack: ChangedStack, stack: str, switched: str
) -> None:
    word = {"true": "false", "false": "true"}[switched]
    settings = ("  # Where.", "    serlo-org: {settings: {DATABASE_HOST: db}}\n  # Where.")
    percentages = "    splits:\n      content: {mobile: 100, authenticated: 100, desktop: 100}\n"
    edits = [(f"    legacy: {word}", f"    legacy: {switched}")]
    if switched == "true":
        edits += [settings, ("  serlo:edge:\n", f"  serlo:edge:\n{percentages}")]
    else:
        edits.append((percentages, ""))
    file = changed_stack(stack, *edits)
    names = {registration.name for registration in of_kind(run_program(file), "Deployment")}
    assert ("serlo-org" in names) == ("varnish" in names) == (switched == "true")


def test_versions_are_listed_per_stack_with_their_changes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    versions(*map(str, map(stack_file, STACKS)), json=True)
    rows = {row["service"]: row for row in json.loads(capsys.readouterr().out)}
    server = rows["server"]
    assert (server["service"], server["channel"]) == ("server", "semantic")
    assert server["versions"] == {"local": "0.52.1", "staging": "0.52.1", "production": "0.52.1"}
    assert server["changes"].startswith("https://github.com/serlo/api.serlo.org/")
    assert rows["frontend"]["channel"] == "continuous"
    assert rows["frontend"]["changes"].startswith("https://github.com/serlo/frontend/pulls")


def test_the_table_of_versions_shows_every_service(capsys: pytest.CaptureFixture[str]) -> None:
    versions(*map(str, map(stack_file, ("staging", "production"))))
    text = capsys.readouterr().out
    heading, *lines = text.partition("\n\n")[0].splitlines()
    headings = re.split(r" {2,}", heading.strip())
    by_stack = [name for stack in ("staging", "production") for name in (stack, "since", "commit")]
    assert headings == ["service", "channel", *by_stack, "production is"]
    starts = [heading.index(word) for word in ("staging", "production")]
    listed = {line.split()[0]: [line[at:].split()[0] for at in starts] for line in lines}
    assert list(listed) == sorted(service.name for service in declared())
    assert listed["server"] == ["0.52.1", "0.52.1"]
    assert listed["editor-renderer"] == ["13.5.0", "13.4.4"]
    assert listed["hydra"] == ["-", "v2.1.2"]


def test_versions_refuse_a_bad_stack_file(
    changed_stack: ChangedStack, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed_stack("staging", ("server: 0.52.1", "server: next"))
    with pytest.raises(SystemExit) as refused:
        versions(str(file))
    assert refused.value.code == 1
    assert 'found "next"' in capsys.readouterr().err


def test_versions_start_without_pulumi() -> None:
    code = "import operations.commands.versions, sys; assert 'pulumi' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def _serlo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `serlo` with the packages of a folder."""
    env = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "operations.command", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
