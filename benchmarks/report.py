"""The table of results, the ratios to the peers, and which targets were met."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from benchmarks.measure import Measurement

# What each row is held against: the peer that does the same, and the engine's own floor.
PEERS = {
    "pulumi up, from nothing": "kubectl apply, from nothing",
    "pulumi up, no change": "kubectl apply, again",
    "pulumi preview, no change": "kubectl diff",
    "helm install": "kubectl apply, from nothing",
    "helm upgrade, no change": "kubectl apply, again",
    "helm upgrade --dry-run=server": "kubectl diff",
}
SECONDS_ALLOWED = {15: 4.0, 100: 12.0}
FLOOR_FACTOR = 1.2


@dataclass
class Results:
    """Measurements by number of services and name of the row, in the order of first recording."""

    runs: dict[int, dict[str, list[Measurement]]]

    def record(self, services: int, name: str, measurement: Measurement) -> None:
        """Add one run."""
        self.runs.setdefault(services, {}).setdefault(name, []).append(measurement)

    def seconds(self, services: int, name: str) -> float | None:
        """The median, if there is any run."""
        found = self.runs.get(services, {}).get(name)
        return median(each.seconds for each in found) if found else None

    def processor_seconds(self, services: int, name: str) -> float | None:
        """The median of the processor time."""
        found = self.runs.get(services, {}).get(name)
        return median(each.processor_seconds for each in found) if found else None

    def megabytes(self, services: int, name: str) -> float | None:
        """The most of any run."""
        found = self.runs.get(services, {}).get(name, [])
        return max((each.megabytes for each in found if each.megabytes), default=None)

    def names(self) -> list[str]:
        """Every row's name."""
        return list({name: None for rows in self.runs.values() for name in rows})


def table(results: Results) -> str:
    """The results in Markdown."""
    sizes = sorted(results.runs)
    header = ["command"]
    for size in sizes:
        header += [f"{size}: s", "CPU s", "MB", "to peer", "to floor"]
    if len(sizes) > 1:
        header.append(f"growth {sizes[0]} to {sizes[-1]}")
    lines = [_row(header), _row(["---"] + ["--:"] * (len(header) - 1))]
    for name in results.names():
        cells = [name]
        for size in sizes:
            seconds = results.seconds(size, name)
            cells += [
                _number(seconds, "{:.1f}"),
                _number(results.processor_seconds(size, name), "{:.1f}"),
                _number(results.megabytes(size, name), "{:.0f}"),
                _ratio(seconds, results.seconds(size, _peer(name))),
                _ratio(seconds, results.seconds(size, _floor(name))),
            ]
        if len(sizes) > 1:
            cells.append(_ratio(results.seconds(sizes[-1], name), results.seconds(sizes[0], name)))
        lines.append(_row(cells))
    return "\n".join(lines)


def targets(results: Results) -> str:
    """Each target with what was measured, in Markdown."""
    lines: list[str] = []
    for size in sorted(results.runs):
        for name in results.names():
            seconds, where = results.seconds(size, name), f"{size} services, {name}"
            if name in ("pulumi preview, no change, file", "pulumi up, no change, file"):
                lines += _verdict(where, seconds, SECONDS_ALLOWED.get(size), "s allowed")
            if name == "pulumi up, from nothing, file":
                peer = _peer(name)
                lines += _verdict(where, seconds, results.seconds(size, peer), f"s of {peer}")
            floor = results.seconds(size, _floor(name))
            limit = None if floor is None else floor * FLOOR_FACTOR
            lines += _verdict(where, seconds, limit, f"s, {FLOOR_FACTOR} of the engine's floor")
    return "\n".join(lines)


def to_json(results: Results) -> Mapping[str, Mapping[str, Sequence[Mapping[str, float | None]]]]:
    """Every run, for later comparison."""
    return {
        str(size): {name: [asdict(run) for run in runs] for name, runs in rows.items()}
        for size, rows in results.runs.items()
    }


def _verdict(where: str, seconds: float | None, limit: float | None, what: str) -> list[str]:
    if seconds is None or limit is None:
        return []
    verdict = "met" if seconds <= limit else "MISSED"
    return [f"- {verdict}: {where}: {seconds:.1f} s; {limit:.1f} {what}"]


def _peer(name: str) -> str:
    if name.endswith("empty plugin"):
        return ""
    return next((peer for prefix, peer in PEERS.items() if name.startswith(prefix)), "")


def _floor(name: str) -> str:
    """The row of the same command and back end with the plugin that does nothing."""
    return f"{name}, empty plugin" if name.startswith("pulumi") else ""


def _ratio(seconds: float | None, other: float | None) -> str:
    return f"{seconds / other:.2f}" if seconds is not None and other else ""


def _number(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
