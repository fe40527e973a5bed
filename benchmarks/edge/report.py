"""The results of `make bench-edge` in Markdown, and which goals were met."""

from benchmarks.edge.contestants import (
    BARE,
    CROWDED,
    KINDS,
    LAST_OF_CROWD,
    SIZES,
    TODAY,
    kinds_for,
)
from benchmarks.edge.measure import Results, Samples

ALLOWED_MILLISECONDS = 0.3
"""More than the bare worker, at the median."""
ALLOWED_GROWTH = 2.0
"""For a hundred times as many rules."""

_HEADER = (
    "| request | bare: median ms | 99 % | CPU ms | worker: median ms | 99 % | CPU ms"
    " | more: median ms | CPU ms |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|"
)


def tables(results: Results) -> str:
    """Today's table, and how it grows."""
    today = [_row(kind, results[BARE, kind], results[TODAY, kind]) for kind in KINDS]
    grown: list[str] = []
    for kind in kinds_for(SIZES[0]):
        for size in SIZES:
            row = _row(f"{size:,} rules, {kind}", results[BARE, kind], results[str(size), kind])
            grown.append(row)
    crowd = [_row(kind, results[BARE, kind], results[CROWDED, kind]) for kind in LAST_OF_CROWD]
    return "\n".join((_HEADER, *today, *grown, *crowd))


def goals(results: Results) -> str:
    """Each goal with what was measured."""
    lines: list[str] = []
    for kind in KINDS:
        more = results[TODAY, kind].median - results[BARE, kind].median
        lines.append(
            _verdict(
                more <= ALLOWED_MILLISECONDS, f"{kind}: {more:.2f} ms", f"{ALLOWED_MILLISECONDS}"
            )
        )
    for kind in kinds_for(SIZES[0]):
        few, many = (results[str(size), kind] for size in (SIZES[0], SIZES[-1]))
        bare = results[BARE, kind]
        for what, growth in (
            ("median", (many.median - bare.median) / (few.median - bare.median)),
            (
                "CPU",
                (many.processor_per_request - bare.processor_per_request)
                / (few.processor_per_request - bare.processor_per_request),
            ),
        ):
            text = f"{SIZES[0]} to {SIZES[-1]:,} rules, {kind}: {what} x {growth:.2f}"
            lines.append(_verdict(growth < ALLOWED_GROWTH, text, f"{ALLOWED_GROWTH}"))
    return "\n".join(lines)


def _verdict(met: bool, what: str, limit: str) -> str:
    return f"- {'met' if met else 'MISSED'}: {what} ({limit} allowed)"


def _row(name: str, bare: Samples, worker: Samples) -> str:
    cells = [f"{value:.2f}" for value in (*_values(bare), *_values(worker))]
    cells.append(f"{worker.median - bare.median:.2f}")
    cells.append(f"{worker.processor_per_request - bare.processor_per_request:.2f}")
    return f"| {name} | {' | '.join(cells)} |"


def _values(samples: Samples) -> tuple[float, float, float]:
    return samples.median, samples.slowest, samples.processor_per_request
