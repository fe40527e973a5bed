"""`serlo rehearse`: the real program, by the real engine, against servers on this machine."""

import json as json_format
import shlex
import shutil
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape

from infra.cluster.rbac import Subject
from infra.recorder import Program, ProgramError
from infra.stack.environment import Environment, StackFileError
from k8s import ApiError, Cluster
from operations.commands.unready import unready_pods
from operations.declared.deployer_rights import access_objects
from operations.declared.program import run_program
from operations.declared.stack_files import stack_file
from operations.rehearsed.dry_run import ACCEPTED, DryRun, Verdict
from operations.rehearsed.project import (
    DerivedProject,
    current_plugins,
    current_stack,
    derive,
    link_tools,
)
from operations.rehearsed.pulumi_cli import Changes, PulumiCli, PulumiFailed, checkpoint
from operations.rehearsed.readiness import settle
from operations.rehearsed.summary import Overview, look, show
from operations.rehearsed.zone import EmulatedZone, ScriptMissing, folder_option
from operations.support.output import Cell, page, print_text
from rehearsal.control_plane.audit import refused
from rehearsal.control_plane.credentials import CONTEXT, DEPLOYER, DEPLOYER_USER, READER_USER
from rehearsal.control_plane.layout import Layout
from rehearsal.control_plane.nodes import NodePool
from rehearsal.files import write_public
from rehearsal.plugins.selection import Choice, Plugins, obtain_tools, select
from rehearsal.supervisor import Endpoints, StartFailed, start, stop
from toolchain import ToolError, resolve


def rehearse(
    *,
    stack: str = "local",
    folder: Path = Path(".rehearsal"),
    down: bool = False,
    servers_only: bool = False,
    plugins: Choice | None = None,
    owner: int | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Bring a stack up on this machine: real API server, real Workers runtime, real `pulumi up`.

    Again without changes it changes nothing; after a killed run it starts from nothing.

    Parameters
    ----------
    stack
        local, staging or production, or the path of a stack file.
    folder
        The rehearsal's state folder; two rehearsals at once need two folders.
    down
        Destroy everything and stop all servers at the end.
    servers_only
        Start the servers and stop there: to publish a worker that the stack only names, or to run
        `pulumi` by hand.
    plugins
        official: Pulumi's own providers and language host; offline: ours for Cloudflare and Python.
        By default the official ones where they are there (or SERLO_PLUGINS says which).
    owner
        End the servers when the process of this number ends: for programs that rehearse.
    json
        Print one JSON document instead of tables.
    """
    request = _Request(stack, folder, down, servers_only, plugins, owner, json)
    console = Console(stderr=json)
    console.soft_wrap = not console.is_terminal
    began = datetime.now(UTC)
    try:
        try:
            _bring_up(request, console)
        except PulumiFailed as error:
            if not error.met_leftovers:
                raise
            start_over(request.folder, "an interrupted run left objects behind", console)
            _bring_up(request, console)
    except ScriptMissing as error:
        sys.exit(f"serlo rehearse: {error}")
    except PulumiFailed as error:
        told = "\n".join([error.output, *_unready(folder), *_refused(folder, began)])
        sys.exit(f"{told}\nserlo rehearse: {error}. {_still_running(folder)}")
    finally:
        if down:
            stop(request.folder)


@dataclass(frozen=True)
class _Request:
    """The arguments of the command."""

    stack: str
    folder: Path
    down: bool
    servers_only: bool
    plugins: Choice | None
    owner: int | None
    json: bool


def _bring_up(request: _Request, console: Console) -> None:
    """Do it once. Raises PulumiFailed, ScriptMissing, and SystemExit for everything before."""
    source = stack_file(request.stack)
    try:
        environment = Environment.load(source)
        obtain_tools()
        began = time.monotonic()  # Making the tools is no part of a rehearsal.
        selected = select(request.plugins)
        project = DerivedProject(request.folder.resolve(), environment.name)
        make_room(project, selected, console)
        if reason := unfinished(project):
            start_over(project.rehearsal, reason, console)
        endpoints = start_servers(project, environment, console, request.owner)
        cluster = _administrators_view(project)
        program = grant_access(cluster, source)
        for lost in derive_project(
            project, environment, source, endpoints, cluster, plugins=selected
        ):
            console.print(f"[yellow]was set in the rehearsal alone, and is lost: {escape(lost)}")
    except (
        StackFileError,
        FileNotFoundError,
        ProgramError,
        ToolError,
        StartFailed,
        ValueError,
    ) as error:
        sys.exit(str(error))
    pulumi = PulumiCli(project, quiet=request.json or console.is_terminal)
    pulumi.prepare()
    with EmulatedZone(environment, endpoints, _token(project)) as zone:
        zone.add_records_kept_by_hand()
        if request.servers_only:
            console.print(f"The servers run. {_by_hand(request.folder)}")
            return
        zone.require_script(request.folder)
    dry_run = DryRun(_deployers_view(project), project.rehearsal / ACCEPTED)
    verdict = try_objects(dry_run, program, project, console)
    changes = pulumi.up()
    dry_run.remember(verdict)
    if not settle(cluster):
        console.print("[yellow]not all pods became ready: see the table")
    overview = look_at(project, environment, endpoints, cluster)
    seconds = time.monotonic() - began
    report(changes, overview, selected, seconds, as_json=request.json)
    if not (request.json or request.down):
        print_text(_by_hand(request.folder))
    if request.down:
        pulumi.destroy()


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
        stop(project.rehearsal)
        shutil.rmtree(project.rehearsal)


def unfinished(project: DerivedProject) -> str | None:
    """Why a rehearsal cannot go on from where it was left; None if it can.

    What an engine was doing when it was killed may be done or not. Finding out costs more time than
    starting over, and does not always succeed.
    """
    if not (project.folder / "Pulumi.yaml").exists():
        return None
    state = checkpoint(project)
    if state is None:
        return "its state is lost"
    return "an earlier run was killed" if state.get("pending_operations") else None


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
        pools = node_pools(environment)
        return start(project.rehearsal, pools=pools, owner=owner, progress=status.update)


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


def grant_access(cluster: Cluster, source: Path) -> Program:
    """Do an administrator's part: the namespaces, and the rights in them.

    Returns what the program declares. Raises ProgramError.
    """
    deployers, readers = [Subject("User", DEPLOYER_USER)], [Subject("User", READER_USER)]
    program = run_program(source)
    for thing in access_objects(program, deployers, readers):
        cluster.apply(thing, field_manager="kubectl")
    return program


def try_objects(
    dry_run: DryRun, program: Program, project: DerivedProject, console: Console
) -> Verdict:
    """Ask the API server about all objects that have changed. Raises SystemExit if it refuses."""
    resources: list[dict[str, Any]] = (checkpoint(project) or {}).get("resources") or []
    with console.status("asking the API server what it would refuse"):
        verdict = dry_run.judge(program.registrations, resources)
    if verdict.refused:
        lines = "\n".join(f"  {line}" for line in verdict.refused)
        sys.exit(f"serlo rehearse: the API server refuses this, so nothing was changed:\n{lines}")
    for conflict in verdict.conflicts:
        console.print(f"[yellow]somebody else owns it: {escape(conflict)}")
    if verdict.conflicts:
        command = shlex.join(
            ["serlo", "drift", project.stack, "--rehearsal", str(project.rehearsal)]
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
            # Not the administrator: rights that are missing come to light here.
            "context": DEPLOYER,
            "uid": cluster.get("v1", "Namespace", "kube-system")["metadata"]["uid"],
        },
        cloudflare=endpoints.cloudflare_api,
        domain=environment.domain,
        secret_names=environment.secrets,
        known_secrets={"cloudflare-api-token": _token(project)},
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
        _token(project),
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


def report(
    changes: Changes,
    overview: Overview,
    plugins: Plugins,
    seconds: float,
    *,
    as_json: bool,
) -> None:
    """Print what came of it."""
    if as_json:
        document = {
            "changes": changes.counts,
            "seconds": round(seconds, 1),
            "plugins": plugins.to_json(),
            **overview.to_json(),
        }
        print(json_format.dumps(document, indent=2))
        return
    shown = page()
    show(overview, shown)
    for line in str(plugins).splitlines():
        shown.text(Cell(line, "dim"), hanging=2)
    shown.text(Cell(f"{changes} in {seconds:.1f} s", "bold green"))
    shown.show()


def _unready(folder: Path) -> list[str]:
    """What is to be said of pods after a failed update, nothing if the cluster does not answer."""
    try:
        kubeconfig = str(folder.resolve() / "kubeconfig")
        lines = unready_pods(Cluster.from_kubeconfig(kubeconfig, CONTEXT).list("v1", "Pod"))
    except (ApiError, OSError, httpx.HTTPError):
        return []
    return ["Pods that are not ready:", *(f"  {line}" for line in lines)] if lines else []


def _refused(folder: Path, since: datetime) -> list[str]:
    """What is to be said of rights that were missing in an update, nothing if none were."""
    lines = refused(Layout(folder.resolve()).audit, since)
    if not lines:
        return []
    why = "Rights that `serlo access` does not give (infra/cluster/rbac.py):"
    return [why, *(f"  {line}" for line in lines)]


def _by_hand(folder: Path) -> str:
    return f'By hand: eval "$(serlo env{folder_option(folder)})"'


def _still_running(folder: Path) -> str:
    where = folder_option(folder)
    return (
        f'The servers keep running: look with `eval "$(serlo env{where})"`, mend, run again; '
        f"`serlo down{where}` stops them."
    )


def _administrators_view(project: DerivedProject) -> Cluster:
    return Cluster.from_kubeconfig(str(project.rehearsal / "kubeconfig"), CONTEXT)


def _deployers_view(project: DerivedProject) -> Cluster:
    return Cluster.from_kubeconfig(str(project.rehearsal / "kubeconfig"), DEPLOYER)


def _token(project: DerivedProject) -> str:
    return (project.rehearsal / "cloudflare" / "token").read_text().strip()
