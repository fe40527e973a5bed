"""One emulator per file, a zone per test."""

from collections.abc import Iterator

import pytest

from operations.rehearsed.steps import THIRD_PARTIES
from tests.rehearsal.cloudflare.emulator import ACCOUNT, Emulator, Origin, Zone


@pytest.fixture(scope="session")
def origin() -> Iterator[Origin]:
    origin = Origin()
    yield origin
    origin.close()


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory, origin: Origin) -> Iterator[Emulator]:
    arguments = ("--account", ACCOUNT, "--recordings", str(THIRD_PARTIES))
    emulator = Emulator(tmp_path_factory.mktemp("cloudflare"), origin.url, *arguments)
    yield emulator
    emulator.end()


@pytest.fixture
def zone(emulator: Emulator) -> Zone:
    return Zone(emulator)
