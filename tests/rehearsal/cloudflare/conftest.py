"""One emulator per file, a zone per test."""

from collections.abc import Iterator

import pytest

from tests.rehearsal.cloudflare.emulator import ACCOUNT, Emulator, Origin, Zone


@pytest.fixture(scope="session")
def origin() -> Iterator[Origin]:
    origin = Origin()
    yield origin
    origin.close()


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory, origin: Origin) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path_factory.mktemp("cloudflare"), origin.url, "--account", ACCOUNT)
    yield emulator
    emulator.end()


@pytest.fixture
def zone(emulator: Emulator) -> Zone:
    return Zone(emulator)
