"""Review scenarios: one change each, made to a copy of the declarations, and its report.

`python -m tests.review.scenario` writes the reports in `tests/review/golden` again; with names of
scenarios, these alone.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from operations.declared.checkouts import Side
from operations.declared.snapshot import Snapshot, from_json
from operations.review.changes import nothing_read
from operations.review.markdown import markdown
from operations.review.report import Report, report
from tests.stack_files import copy_declarations

GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class Edit:
    """Some text of a file and what takes its place. Without `old` the file is new; without `new`
    it goes.
    """

    path: str
    old: str | None
    new: str | None

    def make(self, root: Path) -> None:
        """Make it; the text has to stand in the file exactly once."""
        file = root / self.path
        if self.new is None:
            file.unlink()
        elif self.old is None:
            assert not file.exists()
            file.write_text(self.new)
        else:
            text = file.read_text()
            assert text.count(self.old) == 1, f"{self.old!r} must stand once in {self.path}"
            file.write_text(text.replace(self.old, self.new))


def stack(name: str, *edits: tuple[str, str]) -> tuple[Edit, ...]:
    """Edits of a stack file."""
    return tuple(Edit(f"stacks/Pulumi.{name}.yaml", old, new) for old, new in edits)


@dataclass(frozen=True)
class Scenario:
    """A change: `edits` lead from the base to the head, `before` from tests/stacks to the base."""

    name: str
    edits: tuple[Edit, ...]
    stack: str = "production"
    before: tuple[Edit, ...] = ()

    @property
    def golden(self) -> Path:
        """Its report."""
        return GOLDEN / f"{self.name}.md"


class Snapshots:
    """Takes snapshots of edited declarations, in a process that has imported everything else.

    What was edited in the same way is taken once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Both sides come from one copy, whatever happens to the checkout meanwhile.
        self._origin = folder / "origin"
        self._origin.mkdir()
        copy_declarations(self._origin)
        self._taken: dict[tuple[tuple[Edit, ...], str], Snapshot] = {}
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Snapshots":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait(30)

    def of(self, edits: Iterable[Edit], stack: str) -> Snapshot:
        """One stack of the checkout with these edits."""
        key = (tuple(edits), stack)
        if key not in self._taken:
            self._taken[key] = self._take(*key)
        return self._taken[key]

    def both(self, scenario: Scenario, stacks: Iterable[str] | None = None) -> tuple[Side, Side]:
        """Base and head of a scenario.

        Of the stacks that are not shown only staging's base matters, to the report on production.
        """
        stacks = tuple(stacks or (scenario.stack,))
        edits = (*scenario.before, *scenario.edits)
        old = {name: self.of(scenario.before, name) for name in {*stacks, "staging"}}
        new = {name: self.of(edits, name) if name in stacks else old[name] for name in old}
        return Side("main", None, old), Side("change", None, new)

    def _take(self, edits: tuple[Edit, ...], stack: str) -> Snapshot:
        root = self._folder / f"checkout-{len(self._taken)}"
        shutil.copytree(self._origin, root)
        try:
            for edit in edits:
                edit.make(root)
            text = self._described(root, stack)
        finally:
            shutil.rmtree(root)
        return from_json(text.replace(f"{root}/", ""))[stack]

    def _described(self, root: Path, stack: str) -> str:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__).parent / "forking.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(root), stack]) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


def reviewed(snapshots: Snapshots, scenario: Scenario) -> Report:
    """The review of a scenario's stack."""
    return report(*snapshots.both(scenario), [scenario.stack], nothing_read)


def text_of(snapshots: Snapshots, scenario: Scenario) -> str:
    """What its golden file holds: the comment, without the picture."""
    return markdown(reviewed(snapshots, scenario), lambda _: "")


def write(scenarios: Sequence[Scenario], names: Sequence[str]) -> None:
    """Write golden files; those of scenarios that are no more go."""
    GOLDEN.mkdir(exist_ok=True)
    known = {scenario.golden for scenario in scenarios}
    for file in GOLDEN.glob("*.md"):
        if file not in known:
            file.unlink()
    with tempfile.TemporaryDirectory() as folder, Snapshots(Path(folder)) as snapshots:
        for scenario in scenarios:
            if not names or scenario.name in names:
                scenario.golden.write_text(text_of(snapshots, scenario))


if __name__ == "__main__":
    from tests.review.scenarios import SCENARIOS

    write(SCENARIOS, sys.argv[1:])
