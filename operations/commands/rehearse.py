"""`serlo rehearse`: the real program, by the real engine, against servers on this machine."""

import json as json_format
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from rich.console import Console
from rich.markup import escape

from infra.stack.environment import Environment
from k8s import ApiError, Cluster
from operations.declared.program import run_program
from operations.declared.stack_files import existing_stack
from operations.errors import CommandError, reports_errors
from operations.platform.unready import unready_pods
from operations.rehearsed.dry_run import ACCEPTED, DryRun
from operations.rehearsed.folder import exclusive
from operations.rehearsed.project import DerivedProject
from operations.rehearsed.pulumi_cli import Changes, PulumiCli, PulumiFailed
from operations.rehearsed.readiness import settle
from operations.rehearsed.steps import (
    administrators_view,
    deployers_view,
    derive_project,
    grant_access,
    look_at,
    make_room,
    start_over,
    start_servers,
    token_of,
    try_objects,
    unfinished,
)
from operations.rehearsed.summary import Overview, show
from operations.rehearsed.zone import add_records_kept_by_hand, folder_option, require_script
from operations.support.cloudflare import CloudflareApi
from operations.support.output import Cell, page, print_text, write_out
from rehearsal.control_plane.audit import refused
from rehearsal.control_plane.credentials import CONTEXT
from rehearsal.control_plane.layout import Layout
from rehearsal.plugins.selection import Choice, Plugins, obtain_tools, select
from rehearsal.supervisor import stop


@reports_errors
def rehearse(
    *,
    stack: str = "local",
    folder: Path = Path(".rehearsal"),
    down: bool = False,
    servers_only: bool = False,
    plugins: Choice | None = None,
    owner: int | None = None,
    json: bool = False,
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
    source = existing_stack(stack)
    environment = Environment.load(source)
    request = _Request(source, environment, folder, down, servers_only, plugins, owner, json)
    console = Console(stderr=json)
    console.soft_wrap = not console.is_terminal
    with exclusive(folder.resolve()):
        try:
            _bring_up_or_start_over(request, console)
        finally:
            if down:
                stop(folder)


@dataclass(frozen=True)
class _Request:
    """The arguments of the command."""

    source: Path
    environment: Environment
    folder: Path
    down: bool
    servers_only: bool
    plugins: Choice | None
    owner: int | None
    json: bool


def _bring_up_or_start_over(request: _Request, console: Console) -> None:
    """Do it, a second time from nothing if something was in the way. Raises CommandError."""
    began = datetime.now(UTC)
    try:
        try:
            _bring_up(request, console)
        except PulumiFailed as error:
            if not error.met_leftovers:
                raise
            start_over(request.folder, "an interrupted run left objects behind", console)
            _bring_up(request, console)
    except PulumiFailed as error:
        told = [error.output, *_unready(request.folder), *_refused(request.folder, began)]
        write_out("\n".join([*told, ""]), on_error=True)
        raise CommandError(f"{error}.", remedy=_still_running(request.folder)) from None


def _bring_up(request: _Request, console: Console) -> None:
    """Do it once. Raises PulumiFailed, and CommandError and the like for all before."""
    source, environment = request.source, request.environment
    obtain_tools()
    began = time.monotonic()  # Making the tools is no part of a rehearsal.
    selected = select(request.plugins)
    project = DerivedProject(request.folder.resolve(), environment.name)
    make_room(project, selected, console)
    if reason := unfinished(project):
        start_over(project.rehearsal, reason, console)
    with ThreadPoolExecutor(1) as beside:
        declared = beside.submit(run_program, source)
        endpoints = start_servers(project, environment, console, request.owner)
        program = declared.result()
    cluster = administrators_view(project)
    grant_access(cluster, program)
    for lost in derive_project(project, environment, source, endpoints, cluster, plugins=selected):
        console.print(f"[yellow]was set in the rehearsal alone, and is lost: {escape(lost)}")
    pulumi = PulumiCli(project, quiet=request.json or console.is_terminal)
    pulumi.prepare()
    with CloudflareApi(endpoints.cloudflare_api, token_of(project)) as api:
        add_records_kept_by_hand(api, environment)
        if request.servers_only:
            console.print(f"The servers run. {_by_hand(request.folder)}")
            return
        require_script(api, environment, request.folder)
    dry_run = DryRun(deployers_view(project), project.rehearsal / ACCEPTED)
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
        f'The servers keep running: look with `eval "$(serlo env{where})"`, fix it, run again; '
        f"`serlo down{where}` stops them."
    )
