"""One runtime for a session, as if new for every test."""

from collections.abc import Iterator

import pytest

from tests.rehearsal.edge_worker.runtime import EdgeRuntime
from tests.rehearsal.edge_worker.sites import sites


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeRuntime]:
    with EdgeRuntime(tmp_path_factory.mktemp("edge"), sites()) as runtime:
        yield runtime


@pytest.fixture
def edge(running: EdgeRuntime) -> EdgeRuntime:
    running.reset()
    return running
