"""Fifty thousand requests with random bytes everywhere: no failure, no exception, no leak."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import SystemRandom

import pytest

from tests.rehearsal.edge_load import sites
from tests.rehearsal.edge_load.noise import requests
from tests.rehearsal.edge_load.wire import Message, exchange
from tests.rehearsal.edge_worker.runtime import EdgeRuntime, Site

REQUESTS = 50_000
CHUNK = 2_500
WARM = 25_000
"""Requests after which the runtime has compiled and reserved what it needs."""
HALF_THE_MEMORY = ("--max-old-space-size=64", "--max-semi-space-size=2")
"""Cloudflare allows an isolate 128 MB; without any limit garbage is hardly ever collected."""
ALLOWED_BYTES = 500
"""Of growth for each request after that: half of what would be called a leak."""

_CONTROL = 'export default { fetch() { return new Response("reached"); } };\n'
_LEAK = """
const kept = [];
export default {
  fetch(request) {
    kept.push(new Array(128).fill(Math.random()));
    return fetch(request);
  },
};
"""


@pytest.fixture
def control(tmp_path: Path) -> Iterator[int]:
    """The port of a worker that answers whatever reaches it."""
    with EdgeRuntime(
        tmp_path / "control", {"control": Site({}, code=_CONTROL, store=False)}
    ) as runtime:
        yield runtime.port("control")


@pytest.fixture
def seed() -> int:
    """Printed with a failure; `EDGE_SEED` repeats a run."""
    chosen = int(os.environ.get("EDGE_SEED", SystemRandom().randrange(2**32)))
    print(f"EDGE_SEED={chosen}")
    return chosen


@pytest.mark.timeout(900)
def test_the_worker_answers_whatever_comes(tmp_path: Path, control: int, seed: int) -> None:
    table = sites.table(50, types=("Article",))
    stream = requests(seed, sites.vocabulary(sites.DOMAINS["production"], table))
    arriving = _arriving(control, stream)
    failures: list[str] = []
    rules: set[bytes] = set()
    edge = {"edge": sites.site("production", table)}
    with EdgeRuntime(tmp_path / "edge", edge, v8_flags=HALF_THE_MEMORY) as runtime:
        memory: list[int] = []
        for _ in range(REQUESTS // CHUNK):
            runtime.reset()
            runtime.record(False)
            runtime.answer("https://api.serlo.org/graphql", body='{"data":{"uuid":null}}')
            for message, reply in exchange(runtime.port("edge"), islice(arriving, CHUNK)):
                if reply is None or reply.status >= 500 or reply.first(b"x-request-id") is None:
                    what = "no answer" if reply is None else f"{reply.status} {reply.body[:300]!r}"
                    failures.append(f"{what}\n  to {message.encoded()!r}")
                elif reply.status not in (400, 421):  # hosts that are none, or not ours
                    rules.add(reply.first(b"x-serlo-rule") or b"no rule")
            memory.append(_resident(runtime.pid))
        log = runtime.log()

    assert not failures, f"{len(failures)} failures, the first ones:\n" + "\n".join(failures[:5])
    # Not one uncaught exception, and nothing that the worker itself calls an error.
    assert "exception" not in log.lower(), log[:3000]
    assert '"level":"error"' not in log, log[:3000]
    # Otherwise all of it might have ended at the first rule.
    assert len(rules) > len(table["rules"]) * 0.6, rules
    assert b"no rule" not in rules
    assert _growth(memory) < ALLOWED_BYTES, [f"{size / 1e6:.1f} MB" for size in memory]


def test_a_leak_would_be_seen(tmp_path: Path) -> None:
    """A kilobyte for each request, which the test above must be able to tell from noise."""
    message = Message(b"de.serlo.org")
    leak = {"leak": Site({}, code=_LEAK, store=False)}
    with EdgeRuntime(tmp_path / "leak", leak, v8_flags=HALF_THE_MEMORY) as runtime:
        memory: list[int] = []
        for _ in range((WARM + 10_000) // CHUNK):
            runtime.reset()
            runtime.record(False)
            for _, reply in exchange(runtime.port("leak"), (message for _ in range(CHUNK))):
                assert reply is not None
                assert reply.status == 200
            memory.append(_resident(runtime.pid))
    assert _growth(memory) > ALLOWED_BYTES, [f"{size / 1e6:.1f} MB" for size in memory]


def _arriving(port: int, stream: Iterator[Message]) -> Iterator[Message]:
    """Those requests that the runtime hands to a worker: others it refuses by itself."""
    for message, reply in exchange(port, stream):
        if reply is not None and reply.status == 200:
            yield message


def _resident(pid: int) -> int:
    """Bytes of memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _growth(memory: list[int]) -> float:
    """Bytes for each request, after the first ones: a line through the lowest values.

    Garbage lies around until it is collected, so a single value says little, but the lowest of
    several in a row comes near to what is really held.
    """
    warm = memory[WARM // CHUNK :]
    quarter = len(warm) // 4
    first, last = min(warm[:quarter]), min(warm[-quarter:])
    return (last - first) / (CHUNK * (len(warm) - quarter))
