"""Run the Pulumi CLI on a derived project, and recover what a killed run left behind."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, cast

import httpx

from operations.derived_project import CHECKOUT, DerivedProject

_POLICIES = CHECKOUT / "policy"


class PulumiFailed(Exception):
    """The CLI ended with an exit code other than 0; its own output has told why."""

    def __init__(self, arguments: tuple[str, ...], code: int, output: str = "") -> None:
        super().__init__(f"`pulumi {' '.join(arguments)}` failed with exit code {code}")
        self.code = code
        self.output = output


@dataclass(frozen=True)
class Changes:
    """What one `pulumi up` or `destroy` did, by the engine's own count."""

    counts: dict[str, int]
    """Operation ("create", "update", "delete", "replace", "same", …) to number of resources."""

    @property
    def none(self) -> bool:
        """True when nothing was changed."""
        return not any(self._changing())

    def __str__(self) -> str:
        """Say it in one line, such as "3 create, 40 same", or "no changes"."""
        if self.none:
            return "no changes"
        counts = sorted(self.counts.items())
        return ", ".join(f"{count} {name}" for name, count in counts if count and name != "read")

    def _changing(self) -> Iterator[int]:
        """How many resources each operation changed; what is only read may differ in its status."""
        return (n for name, n in self.counts.items() if name not in ("same", "read"))


class PulumiCli:
    """The CLI on one derived project. `quiet` sends its output to a log file only."""

    def __init__(self, project: DerivedProject, *, quiet: bool = False) -> None:
        self._project = project
        self._quiet = quiet

    def prepare(self) -> list[str]:
        """Make the stack if it is missing; clear what a killed run left. Returns what was done.

        Raises PulumiFailed, httpx.HTTPError.
        """
        state = self._exported()
        if state is None:
            # Its name is PULUMI_OPTION_STACK.
            self._silently("stack", "init", "--secrets-provider", "passphrase")
        elif state.get("deployment", {}).get("pending_operations"):
            # A resource whose creation was interrupted may exist or not: the next `up` finds out,
            # since our plugins adopt what carries this stack's own mark.
            self._silently("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
            return ["an earlier run was killed: its unfinished steps were looked up and cleared"]
        return []

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
        self._run(*arguments, "--suppress-outputs", "--event-log", str(log))
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

    def _run(self, *arguments: str) -> None:
        """Run in the foreground; Ctrl-C is passed on once and Pulumi's orderly end awaited."""
        log = self._project.rehearsal / "logs" / "pulumi.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                ["pulumi", *arguments, "--non-interactive"],
                # The event log is an option for "debugging"; the automation API uses it as well.
                env=self._project.environment() | {"PULUMI_DEBUG_COMMANDS": "true"},
                stdin=subprocess.DEVNULL,
                stdout=file if self._quiet else None,
                stderr=subprocess.STDOUT if self._quiet else None,
                # In a group of its own it gets a Ctrl-C once, from us, not twice: the second
                # one makes the engine stop without writing its state.
                process_group=0,
            )
            interrupted = _wait_passing_on(process)
        if interrupted:
            raise KeyboardInterrupt
        if process.returncode:
            output = log.read_text(errors="replace") if self._quiet else ""
            raise PulumiFailed(arguments, process.returncode, output)

    def _exported(self) -> dict[str, Any] | None:
        """Return the stack's state, None if there is no such stack; asking the CLI takes 0.5 s."""
        answer = httpx.get(
            f"{self._project.endpoints().state}/api/stacks/{self._project.full_name}/export",
            headers={"Authorization": f"token {self._project.state_token}"},
            trust_env=False,
        )
        if answer.status_code == 404:
            return None
        return cast(dict[str, Any], answer.raise_for_status().json())


def _wait_passing_on(process: "subprocess.Popen[bytes]") -> bool:
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
        process.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, cast(Callable[[int, FrameType | None], Any], handler))
    return bool(received)


def _changes(log: Path) -> Changes:
    for line in log.read_text().splitlines():
        summary = json.loads(line).get("summaryEvent")
        if summary:
            return Changes(cast(dict[str, int], summary["resourceChanges"]))
    return Changes({})
