"""The offline Kubernetes plugin against a real API server."""

from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.kubernetes_api import Cluster
from tests.rehearsal.kubernetes_plugin.plugin import Plugin, running_plugin


@pytest.fixture(scope="session")
def shared_plugin(control_plane: Any) -> Iterator[Plugin]:
    """One plugin process for all tests, as one engine run has for all resources."""
    with running_plugin() as plugin:
        plugin.configure(kubeconfig=str(control_plane.kubeconfig))
        yield plugin


@pytest.fixture
def plugin(shared_plugin: Plugin) -> Plugin:
    """The plugin, having heard nothing yet."""
    shared_plugin.ear.messages.clear()
    return shared_plugin


@pytest.fixture
def fresh_plugin(control_plane: Any) -> Iterator[Plugin]:
    """A plugin process that a test may cancel or kill."""
    with running_plugin() as plugin:
        plugin.configure(kubeconfig=str(control_plane.kubeconfig))
        yield plugin


@pytest.fixture
def objects(cluster: Cluster, namespace: str) -> Any:
    """The names of the objects of a kind in the test's namespace, with their versions."""

    def versions(api_version: str, kind: str) -> dict[str, str]:
        return {
            found["metadata"]["name"]: found["metadata"]["resourceVersion"]
            for found in cluster.list(api_version, kind, namespace)
        }

    return versions
