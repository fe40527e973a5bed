"""One registry for all, an empty cache and no credentials for each test."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from operations.releases.registry.names import ELSEWHERE
from tests.rehearsal.registry.server import RegistryServer, docker_config, registry_server
from toolchain.resolver import resolve


@cache
def _crane() -> Path:
    """Had once: tests move the cache that it is kept in, and find it on PATH."""
    return resolve("crane").path


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    with registry_server(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture(autouse=True)
def clean(server: RegistryServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.url  # so that the program is there before its cache is moved
    monkeypatch.setenv("PATH", f"{_crane().parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_CONFIG", str(docker_config(tmp_path / "docker")))
    monkeypatch.delenv(ELSEWHERE, raising=False)


@pytest.fixture
def elsewhere(server: RegistryServer, monkeypatch: pytest.MonkeyPatch) -> RegistryServer:
    """The registry, asked for all images."""
    monkeypatch.setenv(ELSEWHERE, server.url)
    return server
