"""The steps of a rehearsal, before and after `pulumi up`."""

import json as json_format
import shlex
import shutil
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from infra.cluster.rbac import Subject
from infra.recorder import Program
from infra.stack.environment import Environment
from k8s import Cluster
from operations.declared.deployer_rights import access_objects
from operations.errors import CommandError
from operations.rehearsed.dry_run import ACCEPTED, DryRun, Verdict
from operations.rehearsed.folder import clear
from operations.rehearsed.project import (
    DerivedProject,
    current_plugins,
    current_stack,
    derive,
    link_tools,
)
from operations.rehearsed.pulumi_cli import checkpoint, dead_locks
from operations.rehearsed.summary import Overview, look
from rehearsal.control_plane.credentials import CONTEXT, DEPLOYER, DEPLOYER_USER, READER_USER
from rehearsal.control_plane.nodes import NodePool
from rehearsal.files import write_public
from rehearsal.plugins.selection import Plugins
from rehearsal.supervisor import Endpoints, start, stop
from toolchain.resolver import resolve

THIRD_PARTIES = Path(__file__).with_name("third_parties.yaml")
"""What hosts outside the zones answer."""
LOOKUPS = Path(__file__).with_name("lookups.yaml")
"""What the API knows of paths."""


def make_room(project: DerivedProject, plugins: Plugins, console: Console) -> None:
    """Replace the folder's rehearsal if it cannot go on from there.

    Another stack has the same namespaces, and other plugins do not understand the state.
    """
    other = current_stack(project.rehearsal)
    before = current_plugins(project)
    if other is None:
        return
    reason = None
    if other != project.stack:
        reason = f"is of the stack {other}"
    elif before is not None and before != plugins.project_settings():
        reason = "was made with other plugins"
    if reason is not None:
        console.print(f"[yellow]replacing the rehearsal in {project.rehearsal.name}/: it {reason}")
        clear(project.rehearsal)


def unfinished(project: DerivedProject) -> str | None:
    """Why a rehearsal cannot go on from where it was left; None if it can.

    A rehearsal's engine writes its state at the end: what a killed one did is not recorded.
    """
    if not (project.folder / "Pulumi.yaml").exists():
        return None
    if checkpoint(project) is None:
        return "its state is lost"
    return "an earlier run was killed" if dead_locks(project) else None


def start_over(rehearsal: Path, reason: str, console: Console) -> None:
    """Forget cluster, zone and state; what was set by hand (faults, answers, secrets) stays."""
    console.print(f"[yellow]{reason}: starting from nothing")
    stop(rehearsal)
    for folder in ("control_plane/etcd", "state"):
        shutil.rmtree(rehearsal / folder, ignore_errors=True)
    for file in (rehearsal / "cloudflare").glob("state.sqlite*"):
        file.unlink()
    # What this cluster accepted, another one may refuse.
    (rehearsal / ACCEPTED).unlink(missing_ok=True)
    (rehearsal / "project" / "Pulumi.yaml").unlink(missing_ok=True)


def start_servers(
    project: DerivedProject, environment: Environment, console: Console, owner: int | None
) -> Endpoints:
    """Start what is not running yet; the emulated account gets the zone of the stack file."""
    zone = {
        "name": environment.domain,
        "id": environment.cloudflare.zone_id,
        "account": environment.cloudflare.account_id,
    }
    zones = project.rehearsal / "cloudflare" / "zones.json"
    content = json_format.dumps([zone], indent=2)
    if not zones.is_file() or zones.read_text() != content:
        write_public(zones, content)
    with console.status("starting the control plane, Cloudflare and the origin") as status:
        return start(
            project.rehearsal,
            pools=node_pools(environment),
            recordings=THIRD_PARTIES,
            lookups=LOOKUPS,
            owner=owner,
            progress=status.update,
        )


def node_pools(environment: Environment) -> list[NodePool]:
    """Return the node pools of the stack file, for the cluster that stands in for its own."""
    return [
        NodePool(
            name=name,
            nodes=pool.nodes,
            machine=pool.machine,
            zones=pool.zones,
            cpu=pool.allocatable.cpu,
            memory=pool.allocatable.memory,
            preemptible=pool.preemptible,
        )
        for name, pool in environment.node_pools.items()
    ]


def grant_access(cluster: Cluster, program: Program) -> None:
    """Do an administrator's part: the namespaces, and the rights in them."""
    deployers, readers = [Subject("User", DEPLOYER_USER)], [Subject("User", READER_USER)]
    for thing in access_objects(program, deployers, readers):
        cluster.apply(thing, field_manager="kubectl")


def try_objects(
    dry_run: DryRun, program: Program, project: DerivedProject, console: Console
) -> Verdict:
    """Ask the API server about all objects that have changed. Raises CommandError if it refuses."""
    resources: list[dict[str, Any]] = (checkpoint(project) or {}).get("resources") or []
    with console.status("asking the API server what it would refuse"):
        verdict = dry_run.judge(program.registrations, resources)
    if verdict.refused:
        raise CommandError(
            *verdict.refused, remedy="The API server refuses this, so nothing was changed."
        )
    for conflict in verdict.conflicts:
        console.print(f"[yellow]somebody else owns it: {escape(conflict)}")
    if verdict.conflicts:
        command = shlex.join(
            ["serlo", "drift", "--stack", project.stack, "--rehearsal", str(project.rehearsal)]
        )
        console.print(f"[yellow]who, and how to take it back: {escape(command)}")
    return verdict


def derive_project(
    project: DerivedProject,
    environment: Environment,
    source: Path,
    endpoints: Endpoints,
    cluster: Cluster,
    *,
    plugins: Plugins,
) -> list[str]:
    """Write the derived project: this cluster, this Cloudflare, stand-ins for the secrets.

    Returns what somebody had set in it by hand and is lost.
    """
    lost = derive(
        project,
        source,
        plugins,
        cluster={
            "kubeconfig": str(project.rehearsal / "kubeconfig"),
            # Not the administrator: missing rights fail here.
            "context": DEPLOYER,
            "uid": cluster.get("v1", "Namespace", "kube-system")["metadata"]["uid"],
        },
        cloudflare=endpoints.cloudflare_api,
        domain=environment.domain,
        secret_names=environment.secrets,
        known_secrets={"cloudflare-api-token": token_of(project)},
    )
    tools = {name: resolve(name).path for name in ("pulumi", "kubectl", "node")}
    wrangler = resolve("miniflare").path / "wrangler" / "bin" / "wrangler.js"
    link_tools(project, tools | {"wrangler": wrangler})
    return lost


def look_at(
    project: DerivedProject, environment: Environment, endpoints: Endpoints, cluster: Cluster
) -> Overview:
    """Read the rehearsal and ask a few addresses through its edge."""
    return look(
        cluster,
        endpoints,
        environment.cloudflare.zone_id,
        token_of(project),
        sample_requests(environment),
    )


def sample_requests(environment: Environment) -> tuple[str, ...]:
    """A request for each kind of answer: what the worker does, and who is behind it."""
    domain = environment.domain
    return (
        f"GET https://{domain}/",  # a redirect
        f"GET https://de.{domain}/1855",  # the API knows where this really is
        f"GET https://de.{domain}/mathe",  # the frontend
        *([f"GET https://de.{domain}/taxonomy/term/organize/5"] if environment.has_legacy else ()),
        f"GET https://de.{domain}/robots.txt",  # the worker itself
        f"GET https://de.{domain}/api/stats/quickbar.json",  # somebody else
        f"POST https://api.{domain}/graphql",  # the API, signed
        f"GET https://api.{domain}/health",  # no rule: what the host's record leads to
    )


def administrators_view(project: DerivedProject) -> Cluster:
    """The rehearsal's cluster, with all rights."""
    return Cluster.from_kubeconfig(str(project.rehearsal / "kubeconfig"), CONTEXT)


def deployers_view(project: DerivedProject) -> Cluster:
    """The rehearsal's cluster, with the rights of those who deploy."""
    return Cluster.from_kubeconfig(str(project.rehearsal / "kubeconfig"), DEPLOYER)


def token_of(project: DerivedProject) -> str:
    """The token for the rehearsal's Cloudflare."""
    return (project.rehearsal / "cloudflare" / "token").read_text().strip()
