"""`python -m benchmarks`: Pulumi against kubectl on the real stacks, and our commands."""

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.commands import commands
from benchmarks.commands import table as commands_table
from benchmarks.commands import targets as commands_targets
from benchmarks.measure import CommandFailedError, Measurement
from benchmarks.report import table, targets
from benchmarks.stacks import STACKS, measured
from toolchain.errors import ToolError
from toolchain.resolver import resolve

RESULTS = Path(__file__).parent / "results"
COMMANDS = "commands"
TOOLS = ("pulumi", "pulumi-resource-kubernetes", "kube-apiserver", "kubectl")


def main() -> None:
    """Run the benchmark, print tables in Markdown and keep them."""
    parts = (*STACKS, COMMANDS)
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each command, by default 3")
    parser.add_argument("--only", nargs="*", choices=parts, default=parts, help="by default all")
    arguments = parser.parse_args()
    busy = os.getloadavg()[0]
    folder = Path(tempfile.mkdtemp(prefix="serlo-bench-"))
    try:
        stacks = [stack for stack in STACKS if stack in arguments.only]
        runs = {stack: _repeated(stack, folder, arguments.runs) for stack in stacks}
        rows = commands(folder, arguments.runs) if COMMANDS in arguments.only else []
    except (CommandFailedError, ToolError) as error:
        sys.exit(f"benchmarks: {error}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    versions = ", ".join(f"{name} {resolve(name).version}" for name in TOOLS)
    text = (
        f"Medians of {arguments.runs}; {versions}; Python {platform.python_version()};"
        f" {os.cpu_count()} processors, load {busy:.1f} before the start.\n\n"
        + (f"{table(runs)}\n\n{targets(runs)}\n\n" if runs else "")
        + (f"{commands_table(rows)}\n\n{commands_targets(rows)}\n" if rows else "")
    )
    print(text)
    RESULTS.mkdir(exist_ok=True)
    kept = RESULTS / f"{time.strftime('%Y-%m-%d-%H%M%S')}.md"
    kept.write_text(text)
    _say(f"kept in benchmarks/results/{kept.name}")


def _repeated(stack: str, folder: Path, runs: int) -> dict[str, list[Measurement]]:
    found: dict[str, list[Measurement]] = {}
    for _ in range(runs):
        for command, measurement in measured(stack, folder):
            found.setdefault(command, []).append(measurement)
            _say(f"  {stack}: {command}: {measurement.seconds:.1f} s")
    return found


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
