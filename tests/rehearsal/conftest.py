"""What tests against real servers share: one control plane per worker, a namespace per test."""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from k8s import Cluster
from rehearsal.control_plane.nodes import NodePool
from rehearsal.supervisor import CONTROL_PLANE, Endpoints, start, stop

T = TypeVar("T")

POOL = NodePool("pool", 6, "n1-standard-1", ["zone-a", "zone-b", "zone-c"], "940m", "2768Mi")
"""The simulated nodes that tests share."""


@dataclass(frozen=True)
class ControlPlane:
    """A running control plane."""

    folder: Path
    endpoints: Endpoints
    kubeconfig: Path


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane with simulated nodes (POOL), shared by the whole session."""
    folder = tmp_path_factory.mktemp("rehearsal")
    endpoints = start(folder, pools=[POOL], components=CONTROL_PLANE, bound=True)
    yield ControlPlane(folder, endpoints, folder / "kubeconfig")
    stop(folder)


@pytest.fixture(scope="session")
def cluster(control_plane: ControlPlane) -> Iterator[Cluster]:
    """The administrator's client for the shared control plane."""
    client = Cluster.from_kubeconfig(str(control_plane.kubeconfig))
    yield client
    client.close()


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A fresh namespace, deleted (without waiting) after the test."""
    name = f"test-{secrets.token_hex(4)}"
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    cluster.delete("v1", "Namespace", name)


@pytest.fixture
def eventually() -> Callable[..., object]:
    """`eventually(probe, seconds=15)` calls `probe` until its answer is true, and returns it."""

    def wait(probe: Callable[[], T], seconds: float = 15.0) -> T:
        deadline = time.monotonic() + seconds
        while not (answer := probe()):
            assert time.monotonic() < deadline, f"not so after {seconds} s; last answer: {answer!r}"
            time.sleep(0.05)
        return answer

    return wait


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests that rehearse a whole stack several times the time that this takes."""
    for item in items:
        if {"platform", "adopt"} & set(item.path.parts) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(900))
