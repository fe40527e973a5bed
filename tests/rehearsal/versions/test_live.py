"""Commands that look at pods, against a real API server: by kubectl, and in a rehearsal."""

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from k8s import AlreadyExists, Cluster, NotFound
from operations.commands.unready import unready
from operations.commands.versions import versions
from rehearsal.control_plane.credentials import READER_USER
from tests.rehearsal.conftest import ControlPlane
from tests.stack_files import stack_file

NO_UID = "00000000-0000-0000-0000-000000000000"
API = "ghcr.io/serlo/api.serlo.org"
DIGEST = f"sha256:{'ab' * 32}"


def pod(name: str, service: str, image: str, *, namespace: str = "api") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/name": service},
        },
        "spec": {
            "automountServiceAccountToken": False,
            "containers": [{"name": "main", "image": image}, {"name": "proxy", "image": "proxy:9"}],
        },
    }


@pytest.fixture
def pods(cluster: Cluster, eventually: Callable[..., object]) -> Iterator[None]:
    """Some of what staging declares, some of it in other versions."""

    def ready() -> bool:
        with suppress(AlreadyExists):
            cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "api"}})
        try:
            namespace = cluster.get("v1", "Namespace", "api")
            cluster.get("v1", "ServiceAccount", "default", "api")
        except NotFound:
            return False
        # Another test may have left one that is on its way out.
        return "deletionTimestamp" not in namespace["metadata"]

    eventually(ready)
    made = [
        pod("server-1", "server", f"{API}/server:0.52.1"),
        pod("server-2", "server", f"{API}/server:0.53.0"),
        pod("swr", "swr-queue-worker", f"{API}/swr-queue-worker:0.52.1@{DIGEST}"),
        pod("stranger", "frontend", "ghcr.io/serlo/frontend:1"),
    ]
    for one in made:
        cluster.create(one)
    yield
    for one in made:
        cluster.delete("v1", "Pod", one["metadata"]["name"], "api")


@pytest.fixture
def stack(control_plane: ControlPlane, cluster: Cluster, tmp_path: Path) -> Path:
    """Staging's file, filled in for the tests' cluster."""
    uid = cluster.get("v1", "Namespace", "kube-system")["metadata"]["uid"]
    kubeconfig = json.dumps(str(control_plane.kubeconfig))
    file = tmp_path / "Pulumi.staging.yaml"
    text = stack_file("staging").read_text().replace(NO_UID, uid)
    text = text.replace("kubeconfig: ~/.kube/config", f"kubeconfig: {kubeconfig}")
    file.write_text(text.replace("context: serlo-staging", "context: rehearsal"))
    return file


def shown(
    capsys: pytest.CaptureFixture[str], stack: Path, **options: Any
) -> Mapping[str, Mapping[str, Any]]:
    versions(str(stack), live=True, json=True, **options)
    rows = json.loads(capsys.readouterr().out)
    return {row["service"]: row["live"].get("staging") for row in rows}


def judged(live: Mapping[str, Mapping[str, Any]]) -> None:
    assert live["server"] == {"versions": ["0.52.1", "0.53.0"], "differs": True}
    assert live["swr-queue-worker"] == {"versions": [f"0.52.1@{DIGEST}"], "differs": False}
    # A pod of another namespace does not count, and a service without pods does not run.
    assert live["frontend"] == {"versions": [], "differs": True}
    # What runs to its end has no pods most of the time.
    assert live["db-migration"] == {"versions": [], "differs": False}


@pytest.mark.usefixtures("pods")
def test_the_cluster_that_the_file_names(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judged(shown(capsys, stack))
    versions(str(stack), live=True)
    lines = capsys.readouterr().out.splitlines()
    (server,) = (line for line in lines if line.startswith("server "))
    assert "≠ runs 0.52.1, 0.53.0" in server
    (worker,) = (line for line in lines if line.startswith("swr-queue-worker "))
    assert "≠" not in worker


@pytest.mark.usefixtures("pods")
def test_a_rehearsal(
    stack: Path,
    control_plane: ControlPlane,
    cluster: Cluster,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "rehearsal"
    folder.mkdir()
    (folder / "kubeconfig").symlink_to(control_plane.kubeconfig)
    with pytest.raises(SystemExit):
        versions(str(stack), live=True, rehearsal=folder)
    assert "serlo rehearse --stack staging" in capsys.readouterr().err
    (folder / "stack").write_text("staging\n")
    with may_list_pods(cluster, READER_USER):
        judged(shown(capsys, stack, rehearsal=folder))


@pytest.mark.usefixtures("pods")
def test_what_is_not_ready_is_told_with_the_reason(
    stack: Path,
    cluster: Cluster,
    capsys: pytest.CaptureFixture[str],
    eventually: Callable[..., object],
) -> None:
    greedy = pod("greedy", "server", f"{API}/server:0.53.0")
    greedy["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1000"}}
    cluster.create(greedy)

    def told() -> list[str]:
        with suppress(SystemExit):
            unready(stack=str(stack))
        lines = capsys.readouterr().out.splitlines()
        # The cluster may have pods of other tests.
        return [line for line in lines if "api/greedy" in line]

    def scheduler_says() -> list[str]:
        conditions = cluster.get("v1", "Pod", "greedy", "api").get("status", {}).get("conditions")
        return [
            f"  api/greedy: not scheduled: Unschedulable: {one['message']}"
            for one in conditions or ()
            if (one["type"], one.get("reason")) == ("PodScheduled", "Unschedulable")
        ]

    try:
        eventually(scheduler_says, seconds=60)
        eventually(lambda: told() == scheduler_says(), seconds=60)
        (line,) = told()
        assert line.startswith("  api/greedy: not scheduled: Unschedulable: 0/")
        assert "Insufficient cpu" in line
        with pytest.raises(SystemExit) as caught:
            unready(stack=str(stack))
        assert caught.value.code == 2
    finally:
        cluster.delete("v1", "Pod", "greedy", "api")
    eventually(lambda: not told())


@contextmanager
def may_list_pods(cluster: Cluster, user: str) -> Generator[None]:
    group = "rbac.authorization.k8s.io"
    metadata = {"name": "lists-pods"}
    made: list[dict[str, Any]] = [
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRole",
            "metadata": metadata,
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}],
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": metadata["name"]},
            "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
        },
    ]
    for thing in made:
        cluster.create(thing)
    try:
        yield
    finally:
        for thing in made:
            cluster.delete(thing["apiVersion"], thing["kind"], metadata["name"])


@pytest.mark.parametrize(
    ("uid", "reason"),
    [
        (NO_UID, "does not say yet which cluster this is"),
        ("11111111-2222-3333-4444-555555555555", "this is not the cluster of staging"),
    ],
)
def test_another_cluster_is_not_asked(
    stack: Path, cluster: Cluster, capsys: pytest.CaptureFixture[str], uid: str, reason: str
) -> None:
    real = cluster.get("v1", "Namespace", "kube-system")["metadata"]["uid"]
    stack.write_text(stack.read_text().replace(real, uid))
    with pytest.raises(SystemExit) as caught:
        versions(str(stack), live=True)
    assert caught.value.code == 1
    told = capsys.readouterr()
    assert reason in told.err
    assert "0.52.1" in told.out


def test_a_cluster_that_does_not_answer(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack.write_text(stack.read_text().replace("context: rehearsal", "context: elsewhere"))
    with pytest.raises(SystemExit) as caught:
        versions(str(stack), live=True)
    assert caught.value.code == 1
    assert "what runs is not known" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        unready(stack=str(stack))
    assert caught.value.code == 1
    assert "is not known" in capsys.readouterr().err
