"""`serlo review --rehearse`: the change is made for real, on this machine, and taken back.

The base is brought up, then the head on top of it, then the base again, each by `pulumi up`, while
requests are sent to the edge.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from k8s import Cluster
from operations.declared.checkouts import reading
from operations.rehearsed.load import Outcome, Sample, Stream
from rehearsal.control_plane.credentials import CONTEXT
from rehearsal.supervisor import read_endpoints, stop
from rehearsal.supervisor.processes import MARK, environment

_LAST_LINES = 30


@dataclass(frozen=True)
class RehearsedUpdate:
    """One `pulumi up` under load: what it did, and what visitors noticed."""

    name: str
    seconds: float
    changes: dict[str, int]
    sent: int
    lost: dict[str, int]
    replaced_pods: dict[str, int]
    """How many pods of a workload gave way to others."""
    restarts: int
    """How often containers that are there afterwards were started again."""
    answers: dict[str, list[int]]
    problem: str | None = None


@dataclass(frozen=True)
class RehearsalResult:
    """What really happened: bringing the base up, the change, and the way back."""

    stack: str
    base_seconds: float
    steps: Sequence[RehearsedUpdate]
    problem: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the base did not come up, or the change or the way back failed."""
        return self.problem is not None or any(step.problem is not None for step in self.steps)

    @property
    def way_back_is_free(self) -> bool:
        """Whether going back worked and lost no request."""
        back = self.steps[-1] if len(self.steps) == 2 else None
        return back is not None and back.problem is None and not back.lost


def perform(
    stack: str,
    base: Path,
    head: Path,
    samples: Sequence[Sample],
    progress: Callable[[str], None],
) -> RehearsalResult:
    """Rehearse the change from one checkout to another; raises nothing that a change can cause."""
    with stage(stack, base, progress) as there:
        if there.problem is not None:
            problem = f"the base does not come up:\n{there.problem}"
            return RehearsalResult(stack, there.seconds, (), problem)
        return RehearsalResult(stack, there.seconds, there.change(head, samples))


@dataclass(frozen=True)
class Stage:
    """A rehearsal with the base in it, or the `problem` for which it is not."""

    stack: str
    base: Path
    folder: Path
    seconds: float
    problem: str | None
    progress: Callable[[str], None]

    def change(
        self, head: Path, samples: Sequence[Sample]
    ) -> tuple[RehearsedUpdate, RehearsedUpdate]:
        """Make the change, then go back, even if it failed."""
        self.progress(f"{self.stack}: making the change")
        change = _step("change", self.stack, head, self.folder, samples)
        failed = "it failed; " if change.problem is not None else ""
        self.progress(f"{self.stack}: {failed}going back")
        return change, _step("way back", self.stack, self.base, self.folder, samples)


@contextmanager
def stage(stack: str, base: Path, progress: Callable[[str], None]) -> Generator[Stage]:
    """Bring the base up in a folder of its own; nothing of it is left afterwards.

    The servers end with this process, however that ends; a folder is left if it is killed.
    """
    with _ended_like_interrupted():
        yield from _stage(stack, base, progress)


def _stage(stack: str, base: Path, progress: Callable[[str], None]) -> Generator[Stage]:
    folder = Path(tempfile.mkdtemp(prefix="serlo-review-"))
    try:
        progress(f"{stack}: bringing the base up")
        began = time.monotonic()
        _, problem = _rehearse(stack, base, folder)
        yield Stage(stack, base, folder, round(time.monotonic() - began, 1), problem, progress)
    finally:
        stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _ended_like_interrupted() -> Generator[None]:
    """Clean up also when told to end, by a runner that cancels or a terminal that is closed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = {
        number: signal.signal(number, end)
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN  # as nohup asks
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _step(
    name: str, stack: str, checkout: Path, folder: Path, samples: Sequence[Sample]
) -> RehearsedUpdate:
    endpoints = read_endpoints(folder)
    if endpoints is None:
        raise RuntimeError(f"the servers of the rehearsal in {folder} ended")
    before = _pods(folder)
    began = time.monotonic()
    with Stream(endpoints.edge, samples) as stream:
        document, problem = _rehearse(stack, checkout, folder)
    outcome: Outcome = stream.outcome()
    after = _pods(folder)
    return RehearsedUpdate(
        name=name,
        seconds=round(time.monotonic() - began, 1),
        changes={k: v for k, v in document.get("changes", {}).items() if v},
        sent=outcome.sent,
        lost=outcome.lost,
        replaced_pods=_replaced(before, after),
        restarts=sum(
            pod["restarts"] - before.get(uid, {"restarts": 0})["restarts"]
            for uid, pod in after.items()
        ),
        answers=outcome.answers,
        problem=problem,
    )


def _rehearse(stack: str, checkout: Path, folder: Path) -> tuple[dict[str, Any], str | None]:
    file = checkout / "stacks" / f"Pulumi.{stack}.yaml"
    done = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "operations.command", "rehearse", "--json"),
            *("--stack", str(file), "--folder", str(folder), "--owner", str(os.getpid())),
        ],
        cwd=folder,  # whichever checkout the review runs in
        # Marked, so that `stop` finds this process and all that it has started.
        env=reading(checkout) | {MARK: environment(folder)[MARK]},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).replace(str(folder), "the rehearsal")
        return {}, "\n".join(said.strip().splitlines()[-_LAST_LINES:])
    return json.loads(done.stdout), None


def _pods(folder: Path) -> dict[str, dict[str, Any]]:
    """Every pod by its UID: the workload that it belongs to, and how often it was restarted."""
    cluster = Cluster.from_kubeconfig(str(folder / "kubeconfig"), CONTEXT)
    found: dict[str, dict[str, Any]] = {}
    for pod in cluster.list("v1", "Pod"):
        metadata = pod["metadata"]
        name = metadata.get("labels", {}).get("app.kubernetes.io/name")
        if name is None or metadata.get("deletionTimestamp"):
            continue
        statuses = pod.get("status", {}).get("containerStatuses", [])
        found[metadata["uid"]] = {
            "workload": f"{metadata['namespace']}/{name}",
            "restarts": sum(status["restartCount"] for status in statuses),
        }
    return found


def _replaced(
    before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]
) -> dict[str, int]:
    counts: dict[str, int] = {}
    for uid, pod in before.items():
        if uid not in after:
            counts[pod["workload"]] = counts.get(pod["workload"], 0) + 1
    return dict(sorted(counts.items()))
