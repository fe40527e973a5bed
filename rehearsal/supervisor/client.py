"""Starts and stops a rehearsal from outside: what commands and tests call.

Imports little: asking for a rehearsal that runs already must take no time.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rehearsal.control_plane.layout import Layout
from rehearsal.control_plane.nodes import NodePool
from rehearsal.files import write_private
from rehearsal.supervisor.processes import end_members, environment, members
from rehearsal.supervisor.status import (
    Endpoints,
    Status,
    locked,
    read_endpoints,
    read_status,
    supervisor_pid,
    supervisor_runs,
)
from toolchain.catalogue import CATALOGUE
from toolchain.resolver import resolve

CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
EVERYTHING = (*CONTROL_PLANE, "origin", "cloudflare")

_TOOLS = (*CONTROL_PLANE, "gateway-api", "kwok-stages")
_POLL_SECONDS = 0.03
_START_SECONDS = 240.0
_STOP_SECONDS = 15.0
_LOG_LINES = 15

Progress = Callable[[str], None]


class StartFailed(Exception):
    """A rehearsal could not be started; the message has the component's last words and its log."""


class StopFailed(Exception):
    """Something of a rehearsal could not be ended; the message has the process ids."""


def start(
    folder: Path,
    *,
    pools: Sequence[NodePool] = (),
    components: Sequence[str] = EVERYTHING,
    recordings: Path | None = None,
    lookups: Path | None = None,
    bound: bool = False,
    owner: int | None = None,
    progress: Progress | None = None,
) -> Endpoints:
    """Have a rehearsal run in the state folder `folder`, and answer where its parts are.

    One that runs already, with the same arguments, is left alone; any other state of the folder
    (other pools, killed processes, another boot, unreadable files) is recovered from: objects in
    the cluster are kept where etcd can still read them. kwok simulates the nodes of `pools`;
    `recordings` has the answers of hosts outside the zones, `lookups` those of the API to look-ups
    of paths. One that is started here ends when the process `owner` does, however that ends; with
    `bound` (for tests) when the calling process does. `progress` is called with one line of text at
    each step.
    Safe to call from several processes at once. Raises StartFailed, ToolError, and
    ValueError for a component that does not exist.
    """
    root = folder.resolve()
    tell = progress or _say_nothing
    settings = _settings(pools, components) | {
        "recordings": str(recordings) if recordings else None,
        "lookups": str(lookups) if lookups else None,
    }
    if found := _running(root, settings):
        return found
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(root / "start.lock"):
        if found := _running(root, settings):
            return found
        if not _comes_up(root, settings):
            _launch(root, settings, os.getpid() if bound else owner, tell)
        return _wait(root, tell)


def stop(folder: Path) -> bool:
    """End everything that runs for `folder`; its state is kept. Answers whether anything ran.

    Raises StopFailed.
    """
    root = folder.resolve()
    if not root.is_dir() or not (supervisor_runs(root) or members(root)):
        return False
    deadline = time.monotonic() + _STOP_SECONDS
    pid = supervisor_pid(root)
    if supervisor_runs(root) and pid in members(root):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        while supervisor_runs(root) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
    if not end_members(root, max(2.0, deadline - time.monotonic())):
        left = ", ".join(str(pid) for pid in sorted(members(root)))
        raise StopFailed(f"these processes of {root} do not end: {left}")
    (root / "endpoints.json").unlink(missing_ok=True)
    return True


def _say_nothing(_: str) -> None:
    pass


def _settings(pools: Sequence[NodePool], components: Sequence[str]) -> dict[str, Any]:
    if unknown := [name for name in components if name not in EVERYTHING]:
        raise ValueError(f"unknown component {unknown[0]!r}; known are {', '.join(EVERYTHING)}")
    return {
        # As JSON has them: they are compared with what a running supervisor has written.
        "pools": [{**asdict(pool), "zones": list(pool.zones)} for pool in pools],
        "components": [name for name in EVERYTHING if name in components],
        # After a change of versions, the next start uses them without a stop.
        "versions": {name: CATALOGUE[name].version for name in _TOOLS},
    }


def _running(root: Path, settings: dict[str, Any]) -> Endpoints | None:
    status = read_status(root)
    if not status or status.state != "ready" or status.settings != settings:
        return None
    endpoints = read_endpoints(root)
    if not endpoints or not supervisor_runs(root):
        return None
    urls = (endpoints.kubernetes, endpoints.cloudflare_api, endpoints.origin)
    return endpoints if all(_listens(url) for url in urls if url) else None


def _listens(url: str) -> bool:
    address = urlsplit(url)
    try:
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=1.0):
            return True
    except OSError:
        return False


def _comes_up(root: Path, settings: dict[str, Any]) -> bool:
    """Whether a supervisor is there that will have everything ready without our help."""
    status = read_status(root)
    if status is None or status.settings != settings:
        return False
    return status.state in ("starting", "ready", "recovering") and supervisor_runs(root)


def _launch(root: Path, settings: dict[str, Any], owner: int | None, tell: Progress) -> None:
    tools: dict[str, str] = {}
    for name in _TOOLS:
        tools[name] = str(resolve(name).path)
    if stop(root):
        tell("ended what was left of an earlier rehearsal")
    for stale in ("processes.json", "endpoints.json"):
        (root / stale).unlink(missing_ok=True)
    document = {"settings": settings, "tools": tools, "owner": owner}
    write_private(root / "settings.json", json.dumps(document, indent=2))
    log = Layout(root).log("supervisor")
    log.parent.mkdir(exist_ok=True, mode=0o700)
    with log.open("wb") as output:
        result = subprocess.run(
            [sys.executable, "-m", "rehearsal.supervisor", str(root)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=root,
            env=environment(root),
            check=False,
        )
    if result.returncode != 0:
        raise StartFailed(f"the supervisor did not start:\n{_tail(log)}\nlog: {log}")


def _wait(root: Path, tell: Progress) -> Endpoints:
    started = time.monotonic()
    told: set[str] = set()
    while True:
        alive = supervisor_runs(root)
        status = read_status(root)
        if status and alive:
            for process in status.processes:
                if process.state == "ready" and process.name not in told:
                    told.add(process.name)
                    tell(f"{process.name} is ready")
            endpoints = read_endpoints(root)
            if status.state == "ready" and endpoints:
                return endpoints
        if not alive:
            raise StartFailed(_failure(root, status))
        if time.monotonic() - started > _START_SECONDS:
            waiting = [p.name for p in status.processes if p.state != "ready"] if status else []
            names = ", ".join(waiting) or "the supervisor"
            raise StartFailed(f"not ready after {_START_SECONDS:.0f} s: {names}; logs: {root}/logs")
        time.sleep(_POLL_SECONDS)


def _failure(root: Path, status: Status | None) -> str:
    layout = Layout(root)
    log = layout.log("supervisor")
    if not status or status.state != "failed":
        return f"the supervisor ended before all was ready:\n{_tail(log)}\nlog: {log}"
    failed = next((process for process in status.processes if process.state == "failed"), None)
    if failed:
        log = Path(failed.log)
    return f"{status.error}; its last words:\n{_tail(log)}\nlog: {log}"


def _tail(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").splitlines()[-_LOG_LINES:]
    except OSError:
        lines = []
    return "\n".join(f"  {line}" for line in lines) or "  (it wrote nothing)"
