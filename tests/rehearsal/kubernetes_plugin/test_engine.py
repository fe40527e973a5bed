"""The plugin in the hands of the real engine: programs in, objects out."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.kubernetes_api import Cluster, NotFound, items, section
from tests.rehearsal.language_host.conftest import Project

BEFORE = """
    import os

    import pulumi
    import pulumi_kubernetes as k8s
    from pulumi_kubernetes import apps, core

    settings = os.environ
    namespace = settings["PROBE_NAMESPACE"]
    image = settings.get("PROBE_IMAGE", "example.org/server:1.0.0")
    fault = settings.get("PROBE_FAULT", "none")
    provider = k8s.Provider(
        "cluster",
        kubeconfig=settings["PROBE_KUBECONFIG"],
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
    )
    options = pulumi.ResourceOptions(provider=provider)
    meta = {"namespace": namespace}
"""
SERVER = """
    labels = {"app": "server"}
    server = apps.v1.Deployment(
        "server",
        metadata={**meta, "name": "server"},
        spec={
            "replicas": 2,
            "selector": {"match_labels": labels},
            "template": {
                "metadata": {
                    "labels": labels,
                    "annotations": {"rehearsal.serlo.org/fault": fault},
                },
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
        opts=options,
    )
"""
PLATFORM = (
    BEFORE
    + SERVER
    + """
    secret = core.v1.Secret(
        "secret",
        metadata={**meta, "name": "passwords"},
        string_data={
            "password": pulumi.Config().require_secret("password"),
            "plain": "in-the-open",
        },
        opts=options,
    )
    config_map = core.v1.ConfigMap(
        "settings", metadata=meta, data={"LEVEL": settings.get("PROBE_LEVEL", "info")}, opts=options
    )
    service = core.v1.Service(
        "service",
        metadata={**meta, "name": "server"},
        spec={"selector": labels, "ports": [{"port": 80, "target_port": 3000}]},
        opts=options,
    )
    pulumi.export("settings", config_map.metadata["name"])
    pulumi.export("address", service.spec.cluster_ip)
"""
)


class Stack(Project):
    """A stack whose program declares objects in one namespace."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        process = super().start(*arguments)
        self.started.append(process)
        return process

    def set(self, **settings: str) -> None:
        """Settings for the program; a configuration file would take a run of the CLI each."""
        self.environment.update({f"PROBE_{key.upper()}": text for key, text in settings.items()})

    def ok(self, *arguments: str) -> str:
        status, output = self.run(*arguments)
        assert status == 0, output
        assert "Traceback" not in output, output
        return output

    def up(self) -> str:
        return self.ok("up", "--yes", "--skip-preview")

    def state(self) -> str:
        (path,) = (self.folder / "state" / ".pulumi" / "stacks" / "probe").glob("*.json")
        return path.read_text()

    def resources(self) -> dict[str, Any]:
        document = json.loads(self.state())
        return {
            entry["urn"].rsplit("::", 1)[1]: entry
            for entry in document["checkpoint"]["latest"]["resources"]
        }


@pytest.fixture
def stack(tmp_path: Path, control_plane: Any, namespace: str) -> Iterator[Stack]:
    made = Stack(tmp_path / "project")
    made.program("import pulumi\n")
    made.ok("stack", "init", "dev")
    made.set(namespace=namespace, kubeconfig=str(control_plane.kubeconfig))
    yield made
    for process in made.started:
        process.kill()
        process.communicate()


def test_a_platform_comes_up_changes_drifts_and_goes(
    stack: Stack, cluster: Cluster, namespace: str, objects: Callable[..., dict[str, str]]
) -> None:
    stack.program(PLATFORM)
    stack.ok("config", "set", "--secret", "password", "hunter2")

    stack.ok("preview")
    assert objects("apps/v1", "Deployment") == {}, "a preview writes nothing"

    output = stack.up()
    assert "6 created" in output, output
    assert "hunter2" not in stack.state()
    assert "in-the-open" not in stack.state(), "all of a Secret is secret"
    assert "managedFields" not in stack.state()
    name = json.loads(stack.ok("stack", "output", "--json"))["settings"]
    assert name.startswith("settings-")

    assert "6 unchanged" in stack.ok("up", "--yes", "--skip-preview", "--expect-no-changes")

    stack.set(level="debug", image="example.org/server:1.1.0")
    preview = stack.ok("preview", "--diff")
    assert "example.org/server:1.0.0" in preview
    assert "example.org/server:1.1.0" in preview
    output = stack.up()
    assert "2 updated" in output, output
    assert cluster.get("v1", "ConfigMap", name, namespace)["data"] == {"LEVEL": "debug"}

    cluster.request(
        "PATCH",
        cluster.path("apps/v1", "Deployment", namespace, "server") + "/scale",
        body={"spec": {"replicas": 4}},
        query={"fieldManager": "kubectl"},
        content_type="application/merge-patch+json",
    )
    output = stack.ok("refresh", "--yes", "--skip-preview", "--diff")
    assert "replicas: 2 => 4" in output, output
    output = stack.up()
    assert "1 updated" in output, output
    assert cluster.get("apps/v1", "Deployment", "server", namespace)["spec"]["replicas"] == 2
    assert "unchanged" in stack.ok("refresh", "--yes", "--skip-preview", "--expect-no-changes")

    stack.ok("destroy", "--yes", "--skip-preview")
    for api_version, kind in (("apps/v1", "Deployment"), ("v1", "Secret"), ("v1", "Service")):
        assert objects(api_version, kind) == {}, kind
    assert set(objects("v1", "ConfigMap")) == {"kube-root-ca.crt"}


def test_a_bad_release_fails_keeps_its_state_and_the_next_recovers(stack: Stack) -> None:
    stack.program(BEFORE + SERVER)
    stack.up()
    stack.set(image="example.org/server:9.9.9", fault="pull-error")
    status, output = stack.run("up", "--yes", "--skip-preview")
    assert status != 0
    assert "ImagePull" in output or "ErrImagePull" in output, output
    assert "Traceback" not in output
    assert stack.resources()["server"]["initErrors"]

    status, output = stack.run("up", "--yes", "--skip-preview")
    assert status != 0, "what is not ready is not forgotten by the next run"
    stack.set(image="example.org/server:1.1.0", fault="none")
    assert "1 updated" in stack.up()
    assert "initErrors" not in stack.resources()["server"]


def test_a_replaced_object_of_fixed_name_is_deleted_first(
    stack: Stack, cluster: Cluster, namespace: str
) -> None:
    program = BEFORE + SERVER
    stack.program(program)
    stack.up()
    before = cluster.get("apps/v1", "Deployment", "server", namespace)["metadata"]["uid"]
    stack.program(program.replace('{"app": "server"}', '{"app": "server", "part": "api"}'))
    assert "1 replaced" in stack.up()
    after = cluster.get("apps/v1", "Deployment", "server", namespace)["metadata"]["uid"]
    assert after != before


def test_an_existing_object_is_imported_and_one_of_others_refused(
    stack: Stack, cluster: Cluster, namespace: str
) -> None:
    cluster.create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "theirs", "namespace": namespace},
            "data": {"a": "1"},
        },
        field_manager="somebody",
    )
    declaration = """
    theirs = core.v1.ConfigMap(
        "theirs", metadata={**meta, "name": "theirs"}, data={"a": "1"}, opts=options
    )
    """
    stack.program(BEFORE + declaration)
    status, output = stack.run("up", "--yes", "--skip-preview")
    assert status != 0
    assert "already exists" in output
    assert "somebody" in output
    imported = declaration.replace(
        "opts=options",
        'opts=pulumi.ResourceOptions(provider=provider, import_=f"{namespace}/theirs")',
    )
    stack.program(BEFORE + imported)
    output = stack.up()
    assert "imported" in output, output
    found = """
    got = core.v1.ConfigMap.get("got", f"{namespace}/theirs", opts=options)
    pulumi.export("a", got.data["a"])
    """
    stack.program(BEFORE + declaration + found)
    stack.up()
    assert json.loads(stack.ok("stack", "output", "--json"))["a"] == "1"
    stack.ok("destroy", "--yes", "--skip-preview")
    with pytest.raises(NotFound):
        cluster.get("v1", "ConfigMap", "theirs", namespace)


def test_a_killed_engine_leaves_nothing_that_the_next_run_cannot_finish(
    stack: Stack,
    cluster: Cluster,
    namespace: str,
    objects: Callable[..., dict[str, str]],
    eventually: Callable[..., Any],
) -> None:
    stack.program(PLATFORM)
    stack.ok("config", "set", "--secret", "password", "hunter2")
    stack.set(fault="never-ready")
    process = stack.start("up", "--yes", "--skip-preview")
    # The Deployment is written and waited for: not yet in the engine's state. Let everything else
    # be over, because the CLI's own back end can be caught half-way through writing its file.
    eventually(lambda: objects("apps/v1", "Deployment"), seconds=60)
    eventually(lambda: _waits_for(stack, {"server", "service"}), seconds=60)
    process.kill()
    process.wait()
    before = cluster.get("apps/v1", "Deployment", "server", namespace)["metadata"]["uid"]

    stack.ok("cancel", "--yes")
    stack.set(fault="none")
    stack.up()
    assert cluster.get("apps/v1", "Deployment", "server", namespace)["metadata"]["uid"] == before
    assert len(objects("apps/v1", "Deployment")) == 1
    stack.ok("destroy", "--yes", "--skip-preview")
    assert objects("apps/v1", "Deployment") == {}


def test_ctrl_c_ends_the_wait_and_keeps_the_state(
    stack: Stack, objects: Callable[..., dict[str, str]], eventually: Callable[..., Any]
) -> None:
    stack.program(BEFORE + SERVER)
    stack.set(fault="never-ready")
    process = stack.start("up", "--yes", "--skip-preview")
    eventually(lambda: objects("apps/v1", "Deployment"), seconds=60)
    eventually(lambda: _waits_for(stack, {"server"}), seconds=30)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert "Traceback" not in output, output
    server = stack.resources()["server"]
    assert "cancelled" in server["initErrors"][0]
    assert server["outputs"]["metadata"]["uid"]
    stack.set(fault="none")
    assert "1 updated" in stack.up()


def _waits_for(stack: Stack, names: set[str]) -> bool:
    """Whether exactly these resources are under way, and all others are done."""
    try:
        latest = section(json.loads(stack.state()), "checkpoint", "latest")
    except ValueError:
        return False  # being written
    pending = items(latest, "pending_operations")
    waiting = {str(entry["resource"]["urn"]).rsplit("::", 1)[1] for entry in pending}
    done = {str(entry["urn"]).rsplit("::", 1)[1] for entry in items(latest, "resources")}
    return waiting == names and (names == {"server"} or {"secret", "settings"} <= done)
