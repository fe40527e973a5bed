"""How long `serlo review` and `serlo versions` take, and how much of that is importing."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.measure import Measurement, measure

CHECKOUT = Path(__file__).parents[1]
ALLOWED = {"serlo review": 5.0, "serlo versions": 0.5}
"""Seconds, with warm bytecode."""

_SERLO = Path(sys.prefix) / "bin" / "serlo"
_DESCRIBE = ["-P", "-m", "infra.describe", "local", "staging", "production"]
_IMPORTED = re.compile(r"^import time: +(\d+) \|", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """A command: its runs, and the seconds that importing takes in one of them."""

    name: str
    runs: tuple[Measurement, ...]
    importing: float

    @property
    def seconds(self) -> float:
        """The median on the wall."""
        return median(run.seconds for run in self.runs)

    @property
    def processor_seconds(self) -> float:
        """The median of the processor time."""
        return median(run.processor_seconds for run in self.runs)


def commands(folder: Path, runs: int) -> list[Row]:
    """Measure both, the review of the working tree against the commit that is checked out.

    `folder` keeps the last output, and the cache of the reviews. Raises CommandFailedError.
    """
    environment = {
        **{k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    rows: list[Row] = []
    for name, arguments, parts in (
        # The base is described once and kept; the working tree is described each time.
        ("serlo review", ["review", "--base", "HEAD"], [_DESCRIBE]),
        ("serlo versions", ["versions"], []),
    ):
        command = [str(_SERLO), *arguments]
        measure(command, environment=environment, folder=folder, place=CHECKOUT)
        found = [
            measure(command, environment=environment, folder=folder, place=CHECKOUT)
            for _ in range(runs)
        ]
        processes = [[sys.executable, *command], *([sys.executable, *part] for part in parts)]
        importing = sum(_importing(process, environment) for process in processes)
        rows.append(Row(name, tuple(found), importing))
    return rows


def _importing(command: Sequence[str], environment: dict[str, str]) -> float:
    """Seconds that a Python process spends on importing."""
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env={**environment, "PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return sum(int(found) for found in _IMPORTED.findall(done.stderr)) / 1e6


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown. The share is of the processor time: both sides are taken at once."""
    lines = ["| command | s | CPU s | imports: s | share |", "|---|--:|--:|--:|--:|"]
    for row in rows:
        share = row.importing / row.processor_seconds
        lines.append(
            f"| {row.name} | {row.seconds:.2f} | {row.processor_seconds:.2f} "
            f"| {row.importing:.2f} | {share:.0%} |"
        )
    return "\n".join(lines)


def targets(rows: Sequence[Row]) -> str:
    """Whether each is as quick as it has to be, in Markdown."""
    return "\n".join(
        f"- {'met' if row.seconds <= ALLOWED[row.name] else 'MISSED'}: {row.name}: "
        f"{row.seconds:.2f} s; {ALLOWED[row.name]:.1f} s allowed"
        for row in rows
    )
