"""Servers that answer as they are told; no cache and no credentials but a test's own."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from operations.releases.registry import Registry
from operations.releases.registry.cache import Cache
from operations.releases.registry.names import ELSEWHERE
from operations.support.http import Limits
from tests.unit.operations.releases.registry.stub import Call, Reply, Stub


@pytest.fixture(autouse=True)
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of Docker's configuration, empty."""
    folder = tmp_path / "docker"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    monkeypatch.delenv(ELSEWHERE, raising=False)
    return folder


@pytest.fixture
def stub() -> Iterator[Callable[[Callable[[Call], Reply]], Stub]]:
    """Starts servers, which end with the test."""
    servers: list[Stub] = []

    def start(answer: Callable[[Call], Reply]) -> Stub:
        servers.append(Stub(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A client that does not wait for long."""
    return Registry(cache=Cache(tmp_path / "cache"), limits=Limits(1, 1, 3))


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """What a server that hangs is waiting for; set at the end."""
    event = threading.Event()
    yield event
    event.set()
