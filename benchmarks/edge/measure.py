"""Wall-clock and processor time of requests, one after the other."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median, quantiles

from benchmarks.edge.contestants import (
    BARE,
    CROWDED,
    KINDS,
    LAST_OF_CROWD,
    SIZES,
    TODAY,
    Contestant,
    kinds_for,
)
from tests.rehearsal.edge_load.wire import Message

BLOCK = 25
"""Requests of one kind at one contestant before it is another's turn."""
WARM_UP = 20
"""Rounds before the first one that counts: the engine compiles what is used often."""


class BenchmarkError(Exception):
    """A contestant does not do what is to be measured."""


@dataclass
class Samples:
    """Of one kind of request at one contestant: seconds, of each request and of each block."""

    latencies: list[float] = field(default_factory=list[float])
    processor: list[float] = field(default_factory=list[float])

    @property
    def median(self) -> float:
        """Milliseconds."""
        return median(self.latencies) * 1e3

    @property
    def slowest(self) -> float:
        """Milliseconds that 99 of 100 requests do not take."""
        return quantiles(self.latencies, n=100)[98] * 1e3

    @property
    def processor_per_request(self) -> float:
        """Milliseconds, the world's part included; of the block in the middle.

        Compilation and garbage collection of an isolate's whole memory hit few blocks, and hard.
        """
        return median(self.processor) / BLOCK * 1e3


Results = dict[tuple[str, str], Samples]
"""By contestant and kind of request."""


def rounds(
    contestants: dict[str, Contestant], count: int, progress: Callable[[str], None]
) -> Results:
    """Measure everything in turn, `count` times a block, so that a busy moment hits all alike."""
    plan: list[tuple[Contestant, str, Message]] = []
    for name in (BARE, TODAY):
        plan += [(contestants[name], kind, message) for kind, message in KINDS.items()]
    for size in SIZES:
        contestant = contestants[str(size)]
        plan += [(contestant, kind, message) for kind, message in kinds_for(size).items()]
    for kind, message in (kinds_for(SIZES[0]) | LAST_OF_CROWD).items():
        plan.append((contestants[BARE], kind, message))
    for kind, message in LAST_OF_CROWD.items():
        plan.append((contestants[CROWDED], kind, message))
    warm: Results = {}
    for _ in range(WARM_UP):
        _round(plan, warm)
    results: Results = {}
    for number in range(count):
        _round(plan, results)
        plan.append(plan.pop(0))
        if (number + 1) % 20 == 0:
            progress(f"{number + 1} of {count} rounds")
    return results


def _round(plan: list[tuple[Contestant, str, Message]], results: Results) -> None:
    for contestant, kind, message in plan:
        samples = results.setdefault((contestant.name, kind), Samples())
        clock = _processor_clock(contestant.runtime.pid)
        before = time.clock_gettime(clock)
        for _ in range(BLOCK):
            began = time.perf_counter()
            reply = contestant.connection.ask(message)
            samples.latencies.append(time.perf_counter() - began)
            if reply.status >= 400:
                raise BenchmarkError(f"{kind}: {contestant.name} answered {reply.status}")
        samples.processor.append(time.clock_gettime(clock) - before)


def _processor_clock(pid: int) -> int:
    """The kernel's clock of the time that a process has run: /proc has the same in steps of 10 ms.

    Linux; the number is made as clock_getcpuclockid(3) makes it.
    """
    return (~pid << 3) | 2
