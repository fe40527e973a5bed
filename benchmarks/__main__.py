"""`python -m benchmarks`: measure everything on one control plane, print and keep a table."""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.commands import ALLOWED, Row, commands
from benchmarks.commands import table as commands_table
from benchmarks.commands import targets as commands_targets
from benchmarks.contestants import Backend, Bench, Record, helm, kubectl, pulumi
from benchmarks.measure import CommandFailedError, Measurement
from benchmarks.report import Results, table, targets, to_json
from rehearsal.supervisor import CONTROL_PLANE, StartFailed, start, stop
from toolchain import ToolError, resolve, resolve_all

RESULTS = Path(__file__).parent / "results"
TOOLS = ("pulumi", "kubectl", "helm")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--services", default="15,100", help="sizes, by default 15,100")
    parser.add_argument("--runs", type=int, default=3, help="runs of each command, by default 3")
    parser.add_argument("--quick", action="store_true", help="one run of each command")
    parser.add_argument(
        "--only", default="", help="only contestants with one of these words in their names: a,b"
    )
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.services.split(",")]
    runs = 1 if arguments.quick else arguments.runs
    folder = Path(tempfile.mkdtemp(prefix="serlo-bench-"))
    results = Results({})
    try:
        resolve_all(TOOLS)
        busy = os.getloadavg()[0]
        rows = _commands(folder, runs, arguments.only.split(","))
        if any(not word or word not in ",".join(ALLOWED) for word in arguments.only.split(",")):
            start(folder / "rehearsal", components=CONTROL_PLANE, bound=True, progress=_say)
            _run(folder, sizes, runs, arguments.only.split(","), results)
    except (CommandFailedError, StartFailed, ToolError, TimeoutError) as error:
        sys.exit(f"benchmarks: {error}")
    finally:
        stop(folder / "rehearsal")
        shutil.rmtree(folder, ignore_errors=True)
    _keep(results, rows, runs, busy)


def _commands(folder: Path, runs: int, only: list[str]) -> list[Row]:
    if not any(word in ",".join(ALLOWED) for word in only):
        return []
    rows = commands(folder, runs)
    for row in rows:
        _say(f"  {row.name}: {row.seconds:.2f} s, of these {row.importing:.2f} s for imports")
    return rows


def _run(folder: Path, sizes: list[int], runs: int, only: list[str], results: Results) -> None:
    (folder / "home").mkdir()
    (folder / "states").mkdir()
    on_file = Backend("file", {"PULUMI_BACKEND_URL": f"file://{folder / 'states'}"})
    contestants: dict[str, Callable[[Bench, Record], None]] = {
        "kubectl": kubectl,
        "helm": helm,
        "pulumi, file": partial(pulumi, backend=on_file),
        "pulumi, file, empty plugin": partial(pulumi, backend=on_file, empty_plugin=True),
    }
    for size in sizes:
        bench = Bench(folder, folder / "rehearsal" / "kubeconfig", size)
        _say(f"{size} services: {bench.write_objects()} objects")
        for _ in range(runs):
            for name, contestant in contestants.items():
                wanted = any(word in name for word in only)
                if wanted:
                    contestant(bench, _recorder(results, size))


def _recorder(results: Results, size: int) -> Record:
    def record(name: str, measurement: Measurement) -> None:
        results.record(size, name, measurement)
        memory = "" if measurement.megabytes is None else f", {measurement.megabytes:.0f} MB"
        _say(f"  {name}: {measurement.seconds:.1f} s{memory}")

    return record


def _keep(results: Results, rows: list[Row], runs: int, busy: float) -> None:
    versions = ", ".join(f"{name} {resolve(name).version}" for name in TOOLS)
    text = (
        f"Medians of {runs}; {versions}; Python {platform.python_version()};"
        f" {os.cpu_count()} processors, load {busy:.1f} before the start.\n\n"
        + (f"{table(results)}\n\n{targets(results)}\n\n" if results.runs else "")
        + (f"{commands_table(rows)}\n\n{commands_targets(rows)}\n" if rows else "")
    )
    print(text)
    RESULTS.mkdir(exist_ok=True)
    stem = time.strftime("%Y-%m-%d-%H%M%S")
    (RESULTS / f"{stem}.md").write_text(text)
    (RESULTS / f"{stem}.json").write_text(json.dumps(to_json(results), indent=1))
    _say(f"kept in benchmarks/results/{stem}.md and .json")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
