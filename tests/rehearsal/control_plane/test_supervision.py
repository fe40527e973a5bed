"""Up and down, and every way in which a rehearsal can be killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from k8s import Cluster, JsonObject
from rehearsal.control_plane.nodes import NodePool
from rehearsal.supervisor import CONTROL_PLANE, StartFailed, client, read_status, start, stop
from rehearsal.supervisor.processes import environment, members
from toolchain.resolver import Tool, resolve

Eventually = Callable[..., Any]

STORAGE = ("etcd", "kube-apiserver")
"""Enough to remember something, and up in half the time."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that several tests knock about. Each begins with `up(shared)`."""
    folder = tmp_path_factory.mktemp("shared")
    yield folder
    stop(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for one test."""
    yield tmp_path / "rehearsal"
    stop(tmp_path / "rehearsal")


def up(folder: Path) -> Cluster:
    """Start etcd and the API server, with an object that is to survive."""
    start(folder, components=STORAGE, bound=True)
    cluster = Cluster.from_kubeconfig(str(folder / "kubeconfig"))
    note: JsonObject = {"name": "note", "namespace": "default"}
    cluster.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": note, "data": {"a": "b"}},
        field_manager="test",
    )
    return cluster


def up_again(folder: Path) -> Cluster:
    start(folder, components=STORAGE, bound=True)
    return Cluster.from_kubeconfig(str(folder / "kubeconfig"))


def remembered(cluster: Cluster) -> bool:
    return cluster.get("v1", "ConfigMap", "note", "default")["data"] == {"a": "b"}


def kill_supervisor(folder: Path, eventually: Eventually) -> None:
    os.kill(supervisor_pid(folder), signal.SIGKILL)
    eventually(lambda: not members(folder))


def pid(folder: Path, name: str) -> int:
    status = read_status(folder)
    assert status
    process = status.process(name)
    assert process
    assert process.pid
    return process.pid


def supervisor_pid(folder: Path) -> int:
    status = read_status(folder)
    assert status
    return status.pid


def test_up_again_and_down(shared: Path) -> None:
    said: list[str] = []
    first = start(shared, components=STORAGE, bound=True, progress=said.append)
    assert "kube-apiserver is ready" in said
    assert json.loads((shared / "endpoints.json").read_text()) == {"kubernetes": first.kubernetes}
    supervisor = supervisor_pid(shared)
    up(shared)
    assert start(shared, components=STORAGE) == first
    assert supervisor_pid(shared) == supervisor
    kubeconfig = (shared / "kubeconfig").read_text()

    assert stop(shared)
    assert members(shared) == set()
    assert not (shared / "endpoints.json").exists()
    assert not stop(shared)

    assert start(shared, components=STORAGE, bound=True) == first
    assert (shared / "kubeconfig").read_text() == kubeconfig
    assert remembered(up_again(shared))


def test_a_killed_api_server_comes_back_with_its_data(shared: Path) -> None:
    cluster = up(shared)
    killed = pid(shared, "kube-apiserver")
    os.kill(killed, signal.SIGKILL)
    # The client waits for it: same port, same credentials.
    assert remembered(cluster)
    up_again(shared)
    assert pid(shared, "kube-apiserver") != killed
    status = read_status(shared)
    assert status
    assert {p.name: p.restarts for p in status.processes} == {"etcd": 0, "kube-apiserver": 1}


def test_a_killed_etcd_comes_back_with_its_data(shared: Path) -> None:
    cluster = up(shared)
    os.kill(pid(shared, "etcd"), signal.SIGKILL)
    assert remembered(cluster)


def test_a_killed_supervisor_takes_all_with_it_and_start_recovers(
    shared: Path, eventually: Eventually
) -> None:
    up(shared)
    kill_supervisor(shared, eventually)
    assert remembered(up_again(shared))


def test_a_port_that_was_taken_meanwhile_is_exchanged(shared: Path) -> None:
    before = up(shared).server
    stop(shared)
    with socket.create_server(("127.0.0.1", int(before.rpartition(":")[2]))):
        cluster = up_again(shared)
        assert cluster.server != before
        assert remembered(cluster)


DAMAGED = [
    ("processes.json", "{"),
    ("endpoints.json", "[]"),
    ("settings.json", ""),
    ("supervisor.lock", "1"),
    ("control_plane/ports.json", "null"),
    ("control_plane/tokens.csv", ""),
    ("control_plane/pki/apiserver.crt", "x"),
]


def test_a_folder_with_everything_damaged_is_recovered(
    shared: Path, eventually: Eventually
) -> None:
    up(shared)
    kill_supervisor(shared, eventually)
    for file, content in DAMAGED:
        (shared / file).write_text(content)
    assert remembered(up_again(shared))


@pytest.mark.parametrize(("file", "content"), DAMAGED[:3])
def test_a_damaged_file_is_recovered(
    folder: Path, eventually: Eventually, file: str, content: str
) -> None:
    start(folder, components=("etcd",), bound=True)
    kill_supervisor(folder, eventually)
    (folder / file).write_text(content)
    start(folder, components=("etcd",), bound=True)
    assert pid(folder, "etcd") in members(folder)


def test_what_outlives_its_supervisor_is_replaced(folder: Path) -> None:
    """As on systems whose kernel does not end them: what is found running is ended first."""
    folder.mkdir()
    left = subprocess.Popen(["sleep", "600"], env=environment(folder), start_new_session=True)
    start(folder, components=("etcd",), bound=True)
    assert left.wait(10) == -signal.SIGKILL


def test_a_folder_of_another_boot_is_recovered(folder: Path) -> None:
    """Process ids in the files may belong to other processes by now, which are left alone."""
    start(folder, components=("etcd",), bound=True)
    stop(folder)
    status = json.loads((folder / "processes.json").read_text())
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    status["state"], status["pid"] = "ready", stranger.pid
    for process in status["processes"]:
        process["state"], process["pid"] = "ready", stranger.pid
    (folder / "processes.json").write_text(json.dumps(status))
    (folder / "supervisor.lock").write_text(str(stranger.pid))
    (folder / "endpoints.json").write_text('{"kubernetes": "https://127.0.0.1:1"}')
    assert not stop(folder)
    start(folder, components=("etcd",), bound=True)
    assert pid(folder, "etcd") in members(folder)
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_data_that_etcd_cannot_read_is_replaced(folder: Path) -> None:
    start(folder, components=("etcd",), bound=True)
    stop(folder)
    for path in (folder / "control_plane" / "etcd" / "member").rglob("*"):
        if path.is_file():
            path.write_bytes(b"not a database")
    start(folder, components=("etcd",), bound=True)
    assert pid(folder, "etcd") in members(folder)


def test_several_starts_at_once_are_one(folder: Path) -> None:
    found: list[Any] = []

    def begin() -> None:
        found.append(start(folder, components=("etcd",), bound=True))

    threads = [threading.Thread(target=begin) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len(set(found)) == 1


def test_two_rehearsals_at_once_are_two(shared: Path, folder: Path) -> None:
    first = up(shared)
    second = start(folder, components=("etcd",), bound=True)
    assert second.kubernetes != first.server
    assert members(shared).isdisjoint(members(folder))
    stop(folder)
    assert members(folder) == set()
    assert remembered(first)


def test_other_node_pools_replace_the_nodes(folder: Path) -> None:
    first = NodePool("first", 2, "n1-standard-1", ["zone-a"], "940m", "2768Mi")
    second = NodePool("second", 3, "n1-standard-2", ["zone-a"], "1930m", "5868Mi", preemptible=True)

    def running(*pools: NodePool) -> list[tuple[str, str, str]]:
        start(folder, pools=pools, components=CONTROL_PLANE, bound=True)
        nodes = Cluster.from_kubeconfig(str(folder / "kubeconfig")).list("v1", "Node")
        labels = [node["metadata"]["labels"] for node in nodes]
        preemptible = "cloud.google.com/gke-preemptible"
        return [
            (
                label["cloud.google.com/gke-nodepool"],
                label.get(preemptible, ""),
                node["status"]["allocatable"]["cpu"],
            )
            for label, node in zip(labels, nodes, strict=True)
        ]

    assert running(first) == [("first", "", "940m")] * 2
    assert running(second) == [("second", "true", "1930m")] * 3


def test_a_component_that_cannot_start_is_reported_with_its_words(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho no such luck >&2\nexit 3\n")
    broken.chmod(0o700)

    def resolve_broken(name: str) -> Tool:
        tool = resolve(name)
        return Tool(name, tool.version, broken, "test") if name == "etcd" else tool

    monkeypatch.setattr(client, "resolve", resolve_broken)
    with pytest.raises(StartFailed) as failure:
        start(folder, components=("etcd",), bound=True)
    assert str(failure.value).startswith("etcd ended with status 3")
    assert "no such luck" in str(failure.value)
    assert f"log: {folder}/logs/etcd.log" in str(failure.value)
    assert members(folder) == set()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"components": ("etc",)}, "known are etcd, kube-apiserver"),
    ],
)
def test_what_does_not_exist_is_named(folder: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        start(folder, **options)
    assert not folder.exists()


def test_a_bound_rehearsal_ends_with_its_owner(folder: Path, eventually: Eventually) -> None:
    program = (
        "import sys; from pathlib import Path; from rehearsal.supervisor import start;"
        "start(Path(sys.argv[1]), components=('etcd',), bound=True); print('up', flush=True);"
        "sys.stdin.read()"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert owner.stdout
    assert owner.stdout.readline() == b"up\n"
    assert members(folder)
    owner.kill()
    owner.communicate()
    eventually(lambda: not members(folder))
