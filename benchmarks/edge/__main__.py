"""Measure the worker; `--write` puts the results into docs/reference/benchmarks.md."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.edge.contestants import running
from benchmarks.edge.measure import BLOCK, BenchmarkError, rounds
from benchmarks.edge.report import goals, tables
from rehearsal.cloudflare.runtime.workerd import WorkerdError
from toolchain.errors import ToolError
from toolchain.resolver import resolve

RESULTS = Path(__file__).parents[1] / "results"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "benchmarks.md"
BEGIN, END = "<!-- written by make bench-edge -->", "<!-- until here -->"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="benchmarks.edge", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="by default 200")
    parser.add_argument("--write", action="store_true", help="renew the section of the page")
    arguments = parser.parse_args()
    busy = os.getloadavg()[0]
    folder = Path(tempfile.mkdtemp(prefix="serlo-bench-edge-"))
    try:
        with running(folder) as contestants:
            results = rounds(contestants, arguments.rounds, _say)
    except (BenchmarkError, ToolError, WorkerdError) as error:
        sys.exit(f"benchmarks.edge: {error}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = (
        f"{time.strftime('%Y-%m-%d')}, miniflare's workerd {resolve('miniflare').version},"
        f" {arguments.rounds * BLOCK:,} requests of each kind, {os.cpu_count()} processors,"
        f" load {busy:.1f} before the start.\n\n{tables(results)}\n\n{goals(results)}\n"
    )
    print(text)
    RESULTS.mkdir(exist_ok=True)
    kept = RESULTS / f"edge-{time.strftime('%Y-%m-%d-%H%M%S')}.md"
    kept.write_text(text)
    _say(f"kept in benchmarks/results/{kept.name}")
    if arguments.write:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{text}{END}{rest.partition(END)[2]}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
