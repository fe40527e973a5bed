"""The loop of the supervisor: starts, watches, restarts and ends the components."""

import json
import logging
import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rehearsal.component import Component
from rehearsal.control_plane.layout import Layout
from rehearsal.supervisor.processes import signal_group, spawn, wait_all
from rehearsal.supervisor.status import (
    Endpoints,
    ProcessStatus,
    Status,
    write_endpoints,
    write_status,
)

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05
START_SECONDS = 180.0
START_ATTEMPTS = 3
STEADY_SECONDS = 30.0
LONGEST_BACK_OFF_SECONDS = 5.0
STOP_SECONDS = 3.0
LONGEST_LOG_BYTES = 8_000_000
KEPT_LOG_BYTES = 1_000_000
LOG_CHECK_SECONDS = 10.0


class ComponentFailed(Exception):
    """A component could not be started. `name` is the component."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass
class _Running:
    """A component and the process that is it now."""

    component: Component
    status: ProcessStatus
    process: subprocess.Popen[bytes] | None = None
    not_before: float = 0.0
    started: float = 0.0
    failures: int = 0
    endpoints: dict[str, str] = field(default_factory=dict[str, str])


class Supervisor:
    """Runs components until it gets a signal to stop, or until the process `owner` has ended."""

    def __init__(
        self,
        layout: Layout,
        settings: dict[str, Any],
        components: list[Component],
        server: str,
        owner: int | None = None,
    ) -> None:
        self._layout = layout
        self._server = server
        self._owner = owner
        self._running = [
            _Running(component, ProcessStatus(component.name, log=str(layout.log(component.name))))
            for component in components
        ]
        self._status = Status(
            settings, "starting", os.getpid(), processes=[r.status for r in self._running]
        )
        self._written = ""
        self._wake = threading.Event()
        self._stop = False
        self._was_ready = False
        self._deadline = time.monotonic() + START_SECONDS
        self._next_log_check = 0.0

    def stop(self) -> None:
        """Make `run` end soon. Safe to call from a signal handler."""
        self._stop = True
        self._wake.set()

    def wake(self) -> None:
        """Make the loop look now: a child has ended."""
        self._wake.set()

    def run(self) -> None:
        """Keep all components running until `stop`. Raises ComponentFailed at the start only."""
        (self._layout.root / "run").mkdir(exist_ok=True, mode=0o700)
        for running in self._running:
            _set_aside(self._layout.log(running.component.name))
        try:
            while not self._stop and not self._orphaned():
                for running in self._running:
                    self._step(running)
                self._report()
                self._bound_logs()
                self._wake.wait(POLL_SECONDS)
                self._wake.clear()
            self._status.state = "stopped"
        except ComponentFailed as failure:
            for running in self._running:
                if running.component.name == failure.name:
                    running.status.state = "failed"
            raise
        finally:
            self._end_all()
            self._write_status()

    def _step(self, running: _Running) -> None:
        status, component = running.status, running.component
        if running.process is None:
            if time.monotonic() >= running.not_before and self._ready(component.after):
                self._start(running)
            return
        code = running.process.poll()
        if code is not None:
            self._ended(running, code)
        elif status.state == "starting":
            if self._is_ready(running):
                log.info(
                    "%s is ready after %.1f s", status.name, time.monotonic() - running.started
                )
                status.state = "ready"
            elif not self._was_ready and time.monotonic() > self._deadline:
                message = f"{status.name} is not ready after {START_SECONDS:.0f} s"
                raise ComponentFailed(status.name, message)
        elif component.configuration() != status.configuration:
            log.info("%s is restarted for its new configuration", status.name)
            signal_group(running.process, signal.SIGKILL)
            running.process.wait()
            self._start(running)
        elif running.failures and time.monotonic() - running.started > STEADY_SECONDS:
            running.failures = 0

    def _start(self, running: _Running) -> None:
        component, status = running.component, running.status
        announcement = self._announcement(component.name)
        announcement.unlink(missing_ok=True)
        status.configuration = component.configuration()
        error_log = self._layout.log(component.name)
        running.process = spawn(
            component.command(),
            self._layout.root,
            log=error_log,
            output=announcement if component.announces else error_log,
            death_signal=component.death_signal,
        )
        running.started = time.monotonic()
        status.state, status.pid, status.started = "starting", running.process.pid, time.time()

    def _ended(self, running: _Running, code: int) -> None:
        status = running.status
        assert running.process is not None  # noqa: S101 - the caller has it
        signal_group(running.process, signal.SIGKILL)  # what it may have left behind
        how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        log.warning("%s %s", status.name, how)
        running.process, running.failures = None, running.failures + 1
        if not self._was_ready and running.failures >= START_ATTEMPTS:
            if not running.component.recover():
                raise ComponentFailed(status.name, f"{status.name} {how}")
            running.failures = 0
        back_off = min(LONGEST_BACK_OFF_SECONDS, 0.1 * 2 ** (running.failures - 1))
        running.not_before = time.monotonic() + back_off
        status.state, status.pid = "waiting", None
        status.restarts += 1

    def _is_ready(self, running: _Running) -> bool:
        if running.component.announces:
            running.endpoints = self._announced(running.component.name)
            if not running.endpoints:
                return False
        try:
            return running.component.ready()
        except Exception as error:
            log.debug("%s: not ready: %s", running.component.name, error)
            return False

    def _ready(self, names: tuple[str, ...]) -> bool:
        return all(r.status.state == "ready" for r in self._running if r.component.name in names)

    def _orphaned(self) -> bool:
        if self._owner is None:
            return False
        try:
            os.kill(self._owner, 0)
        except ProcessLookupError:
            return True
        return False

    def _announcement(self, name: str) -> Path:
        return self._layout.root / "run" / f"{name}.json"

    def _announced(self, name: str) -> dict[str, str]:
        try:
            line, end, _ = self._announcement(name).read_text().partition("\n")
            return json.loads(line) if end else {}
        except (OSError, ValueError):
            return {}

    def _report(self) -> None:
        ready = all(running.status.state == "ready" for running in self._running)
        if ready and self._status.state != "ready":
            found: dict[str, str] = {}
            for running in self._running:
                found.update(running.endpoints)
            write_endpoints(self._layout.root, Endpoints(self._server, **found))
            self._was_ready, self._status.state = True, "ready"
        elif not ready and self._was_ready:
            self._status.state = "recovering"
        self._write_status()

    def _write_status(self) -> None:
        content = json.dumps(asdict(self._status))
        if content != self._written:
            self._written = content
            write_status(self._layout.root, self._status)

    def _end_all(self) -> None:
        """In the reverse order of their start, the first (which has the data) when all are gone."""
        first, others = self._running[:1], self._running[:0:-1]
        for group in (others, first):
            processes = [running.process for running in group if running.process]
            for running in group:
                if running.process:
                    signal_group(running.process, running.component.stop_signal)
            wait_all(processes, STOP_SECONDS)
            for process in processes:
                signal_group(process, signal.SIGKILL)
            wait_all(processes, STOP_SECONDS)
        for running in self._running:
            if running.status.state != "failed":
                running.status.state = "stopped"
            running.status.pid = None
        (self._layout.root / "endpoints.json").unlink(missing_ok=True)

    def _bound_logs(self) -> None:
        if time.monotonic() < self._next_log_check:
            return
        self._next_log_check = time.monotonic() + LOG_CHECK_SECONDS
        for running in self._running:
            bound_log(self._layout.log(running.component.name))


def _set_aside(path: Path) -> None:
    """What a log has of an earlier run goes to one older file."""
    with suppress(FileNotFoundError):
        path.replace(path.with_suffix(".log.1"))


def bound_log(path: Path) -> None:
    """Keep only the end of a log that has grown long. Its writers append, so they go on."""
    with suppress(FileNotFoundError):
        if path.stat().st_size > LONGEST_LOG_BYTES:
            with path.open("r+b") as stream:
                stream.seek(-KEPT_LOG_BYTES, os.SEEK_END)
                path.with_suffix(".log.1").write_bytes(stream.read())
                stream.truncate(0)
