"""The table of results, their ratios to kubectl's, and which targets were met."""

from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.measure import Measurement
from benchmarks.stacks import ALLOWED, PEERS

Runs = Mapping[str, Mapping[str, Sequence[Measurement]]]
"""Measurements by stack and command."""


def table(runs: Runs) -> str:
    """The results in Markdown: medians, and the most memory of any run."""
    header = ("stack", "command", "s", "CPU s", "MB", "to kubectl")
    lines = [_row(header), _row(("---", "---", *["--:"] * 4))]
    for stack, commands in runs.items():
        for command, found in commands.items():
            peer = commands.get(PEERS.get(command, ""))
            memory = max(run.megabytes or 0 for run in found)
            ratio = f"{_seconds(found) / _seconds(peer):.1f}" if peer else ""
            cpu = f"{median(run.processor_seconds for run in found):.1f}"
            lines.append(
                _row((stack, command, f"{_seconds(found):.1f}", cpu, f"{memory:.0f}", ratio))
            )
    return "\n".join(lines)


def targets(runs: Runs) -> str:
    """Each target with what was measured, in Markdown."""
    return "\n".join(
        f"- {'met' if _seconds(runs[stack][command]) <= allowed else 'MISSED'}: {command}, "
        f"{stack}: {_seconds(runs[stack][command]):.1f} s; {allowed:.0f} s allowed"
        for (stack, command), allowed in ALLOWED.items()
        if command in runs.get(stack, {})
    )


def _seconds(runs: Sequence[Measurement]) -> float:
    return median(run.seconds for run in runs)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
