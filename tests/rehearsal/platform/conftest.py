"""A whole rehearsal, driven as an operator drives it: through `serlo`, `pulumi` and HTTP."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from k8s import Cluster, NotFound
from rehearsal.control_plane.credentials import DEPLOYER, READER_USER
from rehearsal.files import write_private
from rehearsal.supervisor import stop
from tests.stack_files import changed_stack_file, real_stack_file

CHECKOUT = Path(__file__).resolve().parents[3]
SERLO = Path(sys.prefix) / "bin" / "serlo"


@dataclass
class Rehearsal:
    """One state folder and a private copy of a stack file that tests may change."""

    folder: Path
    stack_file: Path
    said: list[str] = field(default_factory=list[str])
    """All that the commands wrote, for tests that look for what must not be in it."""

    def serlo(self, *arguments: str) -> list[str]:
        return [str(SERLO), *arguments, "--folder", str(self.folder)]

    def rehearse(self, *, check: bool = True) -> tuple[dict[str, Any], str]:
        """Run `serlo rehearse --json`; answers its document (empty if it failed) and stderr."""
        command = self.serlo("rehearse", "--stack", str(self.stack_file), "--json")
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        self.said += [done.stdout, done.stderr]
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        else:
            assert done.returncode == 1, done.stdout + done.stderr
        return (json.loads(done.stdout) if done.stdout else {}), done.stderr

    def ask_serlo(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run a `serlo` command that only looks."""
        done = subprocess.run(
            [str(SERLO), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        self.said += [done.stdout, done.stderr]
        return done

    def start(self) -> "subprocess.Popen[str]":
        """Start `serlo rehearse` in a process group of its own."""
        return subprocess.Popen(
            self.serlo("rehearse", "--stack", str(self.stack_file)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )

    def pulumi(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run pulumi by hand, as after `eval "$(serlo env)"`, with more variables if wanted."""
        command = shlex.join(["pulumi", "--non-interactive", *arguments])
        return self.by_hand(command, folder=CHECKOUT, **more)

    def by_hand(
        self, command: str, *, folder: Path = CHECKOUT, **more: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command line after `eval "$(serlo env)"`."""
        variables = shlex.join(self.serlo("env"))
        done = subprocess.run(
            ["/bin/sh", "-ec", f'eval "$({variables})"; {command}'],
            cwd=folder,
            env=os.environ | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        self.said += [done.stdout, done.stderr]
        return done

    @contextmanager
    def as_reader(self) -> Generator[None]:
        """Let Pulumi act as the reader, by a kubeconfig of the reader's own."""
        file = self.folder / "kubeconfig"
        before = file.read_text()
        kubeconfig = json.loads(before)
        for context in kubeconfig["contexts"]:
            if context["name"] == DEPLOYER:
                context["context"]["user"] = READER_USER
        write_private(file, json.dumps(kubeconfig))
        try:
            yield
        finally:
            write_private(file, before)

    def release(self, service: str, version: str) -> None:
        """Change a version in the stack file."""
        text = self.stack_file.read_text()
        changed = re.sub(rf"(?m)^(    {service}: ).*$", rf"\g<1>{version}", text)
        assert changed != text
        self.stack_file.write_text(changed)

    @property
    def cluster(self) -> Cluster:
        return Cluster.from_kubeconfig(str(self.folder / "kubeconfig"))

    @property
    def endpoints(self) -> dict[str, str]:
        return json.loads((self.folder / "endpoints.json").read_text())

    @property
    def domain(self) -> str:
        return re.findall(r"(?m)^  serlo:domain: (\S+)", self.stack_file.read_text())[0]

    def cloudflare(self, method: str, path: str, **keywords: Any) -> Any:
        """Ask the Cloudflare API; answers the result."""
        token = (self.folder / "cloudflare" / "token").read_text().strip()
        answer = httpx.request(
            method,
            f"{self.endpoints['cloudflare_api']}{path}",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            **keywords,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    @property
    def zone(self) -> dict[str, Any]:
        return self.cloudflare("GET", "/zones")[0]

    def records(self) -> list[dict[str, Any]]:
        """The DNS records, without those that no stack declares."""
        path = f"/zones/{self.zone['id']}/dns_records"
        found: list[dict[str, Any]] = self.cloudflare("GET", path, params={"per_page": 100})
        return [record for record in found if record.get("comment") != "Kept by hand"]

    def ask(self, host: str, path: str = "/") -> dict[str, Any]:
        """Send a request through the edge; answers the origin's JSON."""
        url = f"{self.endpoints['edge']}{path}"
        answer = httpx.get(url, headers={"Host": f"{host}.{self.domain}"}, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def replica_sets(self) -> dict[str, set[str]]:
        """Deployment to the names of its ReplicaSets, old ones included."""
        found: dict[str, set[str]] = {}
        for item in self.cluster.list("apps/v1", "ReplicaSet"):
            owner = item["metadata"]["ownerReferences"][0]["name"]
            found.setdefault(owner, set()).add(item["metadata"]["name"])
        return found

    def state(self) -> list[dict[str, Any]]:
        """The resources in Pulumi's state."""
        done = self.pulumi("stack", "export")
        assert done.returncode == 0, done.stderr
        deployment = json.loads(done.stdout)["deployment"]
        assert not deployment.get("pending_operations")
        return deployment["resources"]

    def assert_consistent(self) -> None:
        """Everything that we declare exists once, and everything that exists is in the state."""
        resources = self.state()
        urns = [resource["urn"] for resource in resources]
        assert len(urns) == len(set(urns))
        records = [r for r in resources if r["type"].endswith(":DnsRecord")]
        assert len(self.records()) == len(records)
        routes = self.cloudflare("GET", f"/zones/{self.zone['id']}/workers/routes")
        assert len(routes) == len([r for r in resources if r["type"].endswith(":WorkersRoute")])
        for kind in ("Deployment", "StatefulSet", "CronJob", "Service", "Secret", "HTTPRoute"):
            ids = {
                resource["id"]
                for resource in resources
                if resource["type"].startswith("kubernetes:")
                and resource["type"].endswith(f":{kind}")
            }
            assert self.ours(kind) == ids

    def ours(self, kind: str) -> set[str]:
        """`namespace/name` of every object of a kind outside the system's namespaces."""
        groups = {
            **dict.fromkeys(("Deployment", "StatefulSet"), "apps/v1"),
            "CronJob": "batch/v1",
            "HTTPRoute": "gateway.networking.k8s.io/v1",
        }
        return {
            f"{item['metadata']['namespace']}/{item['metadata']['name']}"
            for item in self.cluster.list(groups.get(kind, "v1"), kind)
            if not item["metadata"]["namespace"].startswith("kube-")
            and item["metadata"]["namespace"] != "default"
        }


@pytest.fixture(scope="package")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """One rehearsal of the stack local for all modules of the group platform-local."""
    with rehearsals(tmp_path_factory) as make:
        rehearsal = make("local")
        rehearsal.rehearse()
        yield rehearsal


@pytest.fixture(scope="module")
def new_rehearsal(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Rehearsal]]:
    """Makes rehearsals of a stack in folders of their own; ends them all afterwards.

    `real`: with the file in stacks/, whatever versions and settings it has.
    """
    with rehearsals(tmp_path_factory) as make:
        yield make


@contextmanager
def rehearsals(tmp_path_factory: pytest.TempPathFactory) -> Generator[Callable[..., Rehearsal]]:
    made: list[Rehearsal] = []

    def make(stack: str, *, real: bool = False) -> Rehearsal:
        base = tmp_path_factory.mktemp(stack)
        file = changed_stack_file(base, stack)
        if real:
            shutil.copy(real_stack_file(stack), file)
        made.append(Rehearsal(base / ".rehearsal", file))
        return made[-1]

    yield make
    for rehearsal in made:
        stop(rehearsal.folder)
        assert not processes_of(rehearsal.folder)


def processes_of(folder: Path) -> list[int]:
    """Processes whose command line names the folder (Linux only)."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(folder) in command:
                found.append(int(entry.name))
    return found


def wait_for_text(process: "subprocess.Popen[str]", text: str) -> None:
    """Read the output of a process until it has `text`."""
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    pytest.fail(f"the process ended without {text!r}")


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def exists(cluster: Cluster, api_version: str, kind: str, name: str) -> bool:
    try:
        cluster.get(api_version, kind, name)
    except NotFound:
        return False
    return True


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.1)
