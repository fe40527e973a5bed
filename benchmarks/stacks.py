"""Pulumi and kubectl in turn, with the objects of a real stack, on one rehearsed cluster."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from benchmarks.measure import Measurement, measure
from operations.declared.program import run_program
from operations.declared.rendering import kubernetes_objects
from operations.declared.stack_files import stack_file
from operations.rehearsed.project import CHECKOUT, DerivedProject

STACKS = ("local", "production")
SERLO = Path(sys.prefix) / "bin" / "serlo"

KUBECTL_CREATES = "kubectl apply, from nothing, and wait"
KUBECTL_REPEATS = "kubectl apply, again"
KUBECTL_DIFF = "kubectl diff"
PEERS = {
    "pulumi up, from nothing": KUBECTL_CREATES,
    "pulumi up, no change": KUBECTL_REPEATS,
    "pulumi preview, no change": KUBECTL_DIFF,
}
"""What each command of Pulumi is held against: the one that does the same with kubectl."""
ALLOWED = {
    ("local", "serlo rehearse, from nothing"): 30.0,
    ("local", "serlo rehearse, no change"): 10.0,
}
"""Seconds, with the tools built, on two processors with nothing else to do."""

_UP = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive")
_DESTROY = ("pulumi", "destroy", "--yes", "--skip-preview", "--ignore-protect", "--non-interactive")
# As Pulumi does, which waits for what it creates.
_WAIT = (
    " && kubectl wait --for=condition=Available deployment --all --all-namespaces --timeout=300s"
    " && kubectl wait --for=condition=Complete job --all --all-namespaces --timeout=300s"
)


def measured(stack: str, folder: Path) -> Iterator[tuple[str, Measurement]]:
    """Measure every command once for a stack, in a new rehearsal in `folder`, which it ends.

    Raises CommandFailedError.
    """
    own = folder / "rehearsal"
    rehearse = [SERLO, "rehearse", "--stack", stack, "--folder", own]
    plain = _environment()
    try:
        for name in ("serlo rehearse, from nothing", "serlo rehearse, no change"):
            yield name, measure(rehearse, environment=plain, folder=folder, place=CHECKOUT)
        yield from _by_hand(DerivedProject(own, stack), folder)
    finally:
        down = [SERLO, "down", "--purge", "--folder", own]
        measure(down, environment=plain, folder=folder, place=CHECKOUT)


def _by_hand(project: DerivedProject, folder: Path) -> Iterator[tuple[str, Measurement]]:
    environment = project.environment()
    manifest = folder / "objects.yaml"
    manifest.write_text(_created(project.stack))

    def run(*words: str) -> Measurement:
        return measure(words, environment=environment, folder=folder)

    def kubectl(command: str, after: str = "") -> Measurement:
        line = f"kubectl {command} --server-side --filename {manifest}{after}"
        return run("/bin/sh", "-c", line)

    preview = ("pulumi", "preview", "--expect-no-changes", "--non-interactive")
    yield "pulumi preview, no change", run(*preview)
    yield "pulumi up, no change", run(*_UP, "--expect-no-changes")
    run(*_DESTROY)
    yield "pulumi up, from nothing", run(*_UP)
    run(*_DESTROY)
    yield KUBECTL_CREATES, kubectl("apply", after=_WAIT)
    yield KUBECTL_REPEATS, kubectl("apply")
    yield KUBECTL_DIFF, kubectl("diff", after=" || test $? = 1")


def _created(stack: str) -> str:
    """The objects that an update creates, as YAML: the namespaces are an administrator's."""
    objects = kubernetes_objects(run_program(stack_file(stack)).registrations)
    return yaml.safe_dump_all(thing for thing in objects if thing["kind"] != "Namespace")


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
