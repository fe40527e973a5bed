"""Run the Pulumi CLI on a derived project, and find what a killed run left behind."""

import json
import re
import signal
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, cast

from operations.errors import CommandError
from operations.rehearsed.project import CHECKOUT, DerivedProject
from operations.support.output import working

# In a rehearsal no other user writes as Pulumi's provider does.
_LEFTOVER = re.compile(r'conflicts? with \\*"pulumi-kubernetes-|AlreadyExists|already exists')
_POLICIES = CHECKOUT / "policy"


class PulumiFailed(CommandError):
    """The CLI ended with an exit code other than 0; its own output has told why."""

    def __init__(self, arguments: tuple[str, ...], code: int, output: str = "") -> None:
        super().__init__(f"`pulumi {' '.join(arguments)}` failed with exit code {code}")
        self.code = code
        self.output = output
        self.met_leftovers = False
        """Whether there were objects that an interrupted run had made, unknown to the state."""


@dataclass(frozen=True)
class Changes:
    """What one `pulumi up` or `destroy` did, by the engine's own count."""

    counts: dict[str, int]
    """Operation ("create", "update", "delete", "replace", "same", …) to number of resources."""

    @property
    def none(self) -> bool:
        """True when nothing was changed."""
        return not any(count for operation, count in self.counts.items() if operation != "same")

    def __str__(self) -> str:
        """Say it in one line, such as "3 create, 40 same", or "no changes"."""
        if self.none:
            return "no changes"
        return ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()) if count)


class PulumiCli:
    """The CLI on one derived project.

    `quiet` sends its output to a log file, of which PulumiFailed has what went wrong; a terminal
    shows how many resources are done.
    """

    def __init__(self, project: DerivedProject, *, quiet: bool = False) -> None:
        self._project = project
        self._quiet = quiet

    def prepare(self) -> None:
        """Make the stack if it is missing. Raises PulumiFailed."""
        if checkpoint(self._project) is None:
            # Its name is PULUMI_OPTION_STACK.
            self._silently("stack", "init", "--secrets-provider", "passphrase")

    def up(self) -> Changes:
        """Run `pulumi up`, judged by the policy pack as it goes. Raises PulumiFailed."""
        return self._update("up", "--yes", "--skip-preview", "--policy-pack", str(_POLICIES))

    def destroy(self) -> Changes:
        """Run `pulumi destroy`, protected resources included: this is a rehearsal."""
        return self._update("destroy", "--yes", "--skip-preview", "--ignore-protect")

    def _update(self, *arguments: str) -> Changes:
        log = self._project.rehearsal / "logs" / "pulumi-events.json"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        try:
            self._run(log, *arguments, "--suppress-outputs", "--event-log", str(log))
        except PulumiFailed as error:
            error.met_leftovers = bool(_LEFTOVER.search(log.read_text()))
            raise
        return _changes(log)

    def _silently(self, *arguments: str) -> str:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            env=self._project.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PulumiFailed(arguments, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def _run(self, events: Path, *arguments: str) -> None:
        """Run in the foreground; Ctrl-C is passed on once and Pulumi's orderly end awaited."""
        log = self._project.rehearsal / "logs" / "pulumi.log"
        with (
            log.open("wb") as file,
            TemporaryDirectory(prefix="serlo-engine-") as temporary,
            _progress(arguments[0], events, self._quiet) as show,
        ):
            # Pulumi's Kubernetes provider leaves a kubeconfig in TMPDIR in each run.
            process = subprocess.Popen(
                ["pulumi", *arguments, "--non-interactive"],
                # The event log is an option for "debugging"; the automation API uses it as well.
                env=self._project.environment()
                | {"PULUMI_DEBUG_COMMANDS": "true", "TMPDIR": temporary},
                stdin=subprocess.DEVNULL,
                stdout=file if self._quiet else None,
                stderr=subprocess.STDOUT if self._quiet else None,
                # In a group of its own it gets a Ctrl-C once, from us, not twice: the second
                # one makes the engine stop without writing its state.
                process_group=0,
            )
            interrupted = _wait_passing_on(process, show)
        if interrupted:
            raise KeyboardInterrupt
        if process.returncode:
            output = _diagnostics(log.read_text(errors="replace")) if self._quiet else ""
            raise PulumiFailed(arguments, process.returncode, output)


def checkpoint(project: DerivedProject) -> dict[str, Any] | None:
    """Return the stack's state, None if there is no such stack; asking the CLI takes 0.5 s."""
    file = project.state / ".pulumi" / "stacks" / "serlo" / f"{project.stack}.json"
    if not file.is_file():
        return None
    return cast(dict[str, Any], json.loads(file.read_text())["checkpoint"].get("latest") or {})


def dead_locks(project: DerivedProject) -> list[Path]:
    """The locks of killed engines; only this machine's engines have any here."""
    locks = (project.state / ".pulumi" / "locks").rglob("*.json")
    return [lock for lock in locks if not _is_engine(int(json.loads(lock.read_text())["pid"]))]


@contextmanager
def _progress(command: str, events: Path, quiet: bool) -> Generator[Callable[[], None]]:
    """Show that the engine works; what it yields shows how far it is."""
    if not quiet:
        yield lambda: None
        return

    def show() -> None:
        done = events.read_text().count('"resOutputsEvent"') if events.exists() else 0
        tell(f"pulumi {command}: {done} resources done")

    with working(f"pulumi {command}") as tell:
        yield show


def _diagnostics(output: str) -> str:
    """What went wrong: the last part of what `pulumi` prints, or all of it if it has no parts."""
    return output[max(0, output.rfind("\nDiagnostics:\n")) :].strip()


def _wait_passing_on(process: "subprocess.Popen[bytes]", show: Callable[[], None]) -> bool:
    """Wait for the end; pass SIGINT and SIGTERM on. Returns whether there was one."""
    received: list[int] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        received.append(number)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)

    previous = {
        number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        while process.poll() is None:
            show()
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.5)
    finally:
        for number, handler in previous.items():
            signal.signal(number, cast(Callable[[int, FrameType | None], Any], handler))
    return bool(received)


def _is_engine(pid: int) -> bool:
    command = ["ps", "-o", "comm=", "-p", str(pid)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "pulumi" in done.stdout


def _changes(log: Path) -> Changes:
    for line in log.read_text().splitlines():
        summary = json.loads(line).get("summaryEvent")
        if summary:
            counts = cast(dict[str, int], summary["resourceChanges"])
            # What is only read may have another status each time, which changes nothing.
            return Changes({name: count for name, count in counts.items() if name != "read"})
    return Changes({})
