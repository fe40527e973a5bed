"""One workerd for the session, with the sites of the conformance suite."""

from collections.abc import Iterator
from functools import cache

import pytest

from tests.rehearsal.edge_worker.runtime import EdgeRuntime, Site
from tests.rehearsal.edge_worker.sites import sites

NAMES = ("production", "staging", "split", "split-types", "split-switches")


@cache
def chosen() -> dict[str, Site]:
    """The sites that requests are sent to, by name."""
    return {name: site for name, site in sites().items() if name in NAMES}


@pytest.fixture(scope="session")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeRuntime]:
    with EdgeRuntime(tmp_path_factory.mktemp("trace-edge"), chosen()) as runtime:
        yield runtime
