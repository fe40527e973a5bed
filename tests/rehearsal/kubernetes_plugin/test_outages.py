"""The API server dies and comes back in the middle of an update."""

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

from rehearsal.supervisor import read_status
from tests.rehearsal.kubernetes_plugin.declarations import config_map, deployment
from tests.rehearsal.kubernetes_plugin.plugin import Plugin, Resource, urn


def kill_api_server(folder: Any) -> None:
    status = read_status(folder)
    process = status.process("kube-apiserver") if status else None
    assert process is not None
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)


def test_writes_and_waits_go_on_when_the_server_is_back(
    plugin: Plugin,
    control_plane: Any,
    namespace: str,
    objects: Callable[[str, str], dict[str, str]],
    eventually: Callable[..., Any],
) -> None:
    made: list[Resource] = []

    def write() -> None:
        for number in range(40):
            name = f"settings-{number}"
            made.append(plugin.create(urn("ConfigMap", name), config_map(namespace, name, a="1")))

    def roll_out() -> None:
        declared = deployment(namespace, fault="never-ready")
        declared["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
        waiting = plugin.create(urn("Deployment", "server", "apps/v1"), declared)
        made.append(plugin.update(waiting, deployment(namespace)))

    threads = [threading.Thread(target=write), threading.Thread(target=roll_out)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(made) >= 5)
    kill_api_server(control_plane.folder)
    for thread in threads:
        thread.join(90)
        assert not thread.is_alive()
    assert len(made) == 41
    assert len(objects("v1", "ConfigMap")) == 41, "each once, beside the cluster's own"
    (server,) = (found for found in made if "Deployment" in found.urn)
    assert server.state["status"]["availableReplicas"] == 2
