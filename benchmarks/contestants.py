"""Who is measured and with which commands: Pulumi, kubectl and helm on the same objects.

Every contestant starts with an empty cluster, and the cluster is at rest before each command:
controllers that still roll out the last one would take processor time from the next.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

import rehearsal.plugins
from benchmarks.measure import Measurement, measure
from benchmarks.platform import NAMESPACE, objects
from k8s import Cluster, NotFound
from rehearsal.engine import engine_variables
from toolchain import resolve

HERE = Path(__file__).parent
REAL_PLUGINS = Path(rehearsal.plugins.__file__).parent / "bin"
EMPTY_PLUGIN = HERE / "empty_plugin" / "bin"
REST_SECONDS = 300.0

Record = Callable[[str, Measurement], None]


@dataclass(frozen=True)
class Bench:
    """What all contestants work with: a folder for files, a cluster, a number of services."""

    folder: Path
    kubeconfig: Path
    services: int

    @property
    def manifest(self) -> Path:
        """The objects as YAML documents, for kubectl and helm."""
        return self.folder / f"objects-{self.services}.yaml"

    @property
    def objects(self) -> Path:
        """The objects as a JSON list, for the Pulumi program."""
        return self.folder / f"objects-{self.services}.json"

    def write_objects(self) -> int:
        """Write the objects; how many there are."""
        every = objects(self.services)
        self.manifest.write_text(yaml.safe_dump_all(every, sort_keys=False))
        self.objects.write_text(json.dumps(every))
        return len(every)

    def environment(self, *folders: Path, **variables: str) -> dict[str, str]:
        """A clean environment with `folders` first on PATH."""
        path = [*map(str, folders), *os.environ.get("PATH", os.defpath).split(os.pathsep)]
        return {
            "HOME": str(self.folder / "home"),
            "PATH": os.pathsep.join(path),
            "KUBECONFIG": str(self.kubeconfig),
            **variables,
        }


def kubectl(bench: Bench, record: Record) -> None:
    """`kubectl apply` and `diff`, server-side, of one file of YAML documents."""
    environment = bench.environment()
    program = resolve("kubectl").path

    def run(words: Sequence[str], allowed: Sequence[int] = (0,)) -> Measurement:
        command = [program, *words, "--server-side", "--filename", bench.manifest]
        return measure(command, environment=environment, folder=bench.folder, allowed=allowed)

    with empty_cluster(bench) as rest:
        record("kubectl apply, from nothing", run(["apply"]))
        rest()
        record("kubectl apply, again", run(["apply"]))
        rest()
        record("kubectl diff", run(["diff"]))


def helm(bench: Bench, record: Record) -> None:
    """`helm install` and `upgrade` of a chart with the same documents, not waiting for pods."""
    chart = bench.folder / f"chart-{bench.services}"
    (chart / "templates").mkdir(parents=True, exist_ok=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: bench\nversion: 1.0.0\n")
    shutil.copy(bench.manifest, chart / "templates" / "all.yaml")
    environment = bench.environment()
    program = resolve("helm").path

    def run(*words: str) -> Measurement:
        command = [program, *words, "--namespace", "default"]
        return measure(command, environment=environment, folder=bench.folder)

    with empty_cluster(bench) as rest:
        record("helm install", run("install", "bench", str(chart)))
        rest()
        record("helm upgrade, no change", run("upgrade", "bench", str(chart)))
        rest()
        record(
            "helm upgrade --dry-run=server", run("upgrade", "bench", str(chart), "--dry-run=server")
        )
        run("uninstall", "bench")


@dataclass(frozen=True)
class Backend:
    """Where Pulumi keeps its state: the variables that tell the CLI."""

    name: str
    variables: dict[str, str]


def pulumi(bench: Bench, record: Record, *, backend: Backend, empty_plugin: bool = False) -> None:
    """`pulumi up` and `preview` of a program with the same objects as typed resources."""
    title = f"pulumi {{}}, {backend.name}" + (", empty plugin" if empty_plugin else "")
    plugins = [EMPTY_PLUGIN] if empty_plugin else []
    folder = bench.folder / "project"
    shutil.copytree(HERE / "program", folder / "program", dirs_exist_ok=True)
    virtualenv = Path(sys.executable).parent.parent
    (folder / "Pulumi.yaml").write_text(
        "name: bench\nmain: program/\n"
        f"runtime: {{name: python, options: {{virtualenv: {virtualenv}}}}}\n"
    )
    environment = bench.environment(
        *plugins,
        resolve("pulumi-resource-kubernetes").path.parent,
        REAL_PLUGINS,
        SERLO_PYTHON=sys.executable,
        PULUMI_CONFIG_PASSPHRASE="nothing here is secret",  # noqa: S106
        **engine_variables(bench.folder / "pulumi-home"),
        **backend.variables,
    )
    stack = f"organization/bench/{'empty' if empty_plugin else 'real'}-{bench.services}"
    stack += f"-{time.time_ns()}"

    def run(*words: str) -> Measurement:
        command = [resolve("pulumi").path, *words, "--stack", stack, "--non-interactive"]
        return measure(command, environment=environment, folder=folder)

    def initialise() -> None:
        command = [
            resolve("pulumi").path,
            "stack",
            "init",
            stack,
            "--secrets-provider",
            "passphrase",
        ]
        measure(command, environment=environment, folder=folder)
        run("config", "set", "--secret", "bench:kubeconfig", bench.kubeconfig.read_text())
        run("config", "set", "bench:objects", str(bench.objects))

    with empty_cluster(bench) as rest:
        initialise()
        up = ("up", "--yes", "--skip-preview")
        record(title.format("up, from nothing"), run(*up))
        rest()
        record(title.format("preview, no change"), run("preview", "--expect-no-changes"))
        record(title.format("up, no change"), run(*up, "--expect-no-changes"))
        if empty_plugin:
            return
        run("destroy", "--yes", "--skip-preview")


@contextmanager
def empty_cluster(bench: Bench) -> Generator[Callable[[], None]]:
    """The cluster without the objects; yields what waits for it to be at rest."""
    cluster = Cluster.from_kubeconfig(str(bench.kubeconfig))
    try:
        _remove(cluster)
        yield lambda: _rest(cluster)
        _remove(cluster)
    finally:
        cluster.close()


def _remove(cluster: Cluster) -> None:
    try:
        cluster.delete("v1", "Namespace", NAMESPACE)
    except NotFound:
        return
    _until(lambda: _is_gone(cluster), "the namespace's end")


def _is_gone(cluster: Cluster) -> bool:
    try:
        cluster.get("v1", "Namespace", NAMESPACE)
    except NotFound:
        return True
    return False


def _rest(cluster: Cluster) -> None:
    def at_rest() -> bool:
        deployments = cluster.list("apps/v1", "Deployment", NAMESPACE)
        return all(
            deployment.get("status", {}).get("availableReplicas") for deployment in deployments
        )

    _until(at_rest, "the deployments")


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + REST_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {REST_SECONDS:.0f} s for {what}")
        time.sleep(0.2)
