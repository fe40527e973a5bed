"""Where a stack is: its file, its cluster, its state, its zone; the real ones or a rehearsal's."""

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from infra.recorder import ProgramError, Registration
from infra.stack.environment import Environment, StackFileError
from operations.declared.program import run_program
from operations.declared.stack_files import UnknownStack, existing_stack
from operations.errors import CommandError
from operations.platform.login import login_remedy
from operations.rehearsed.project import CHECKOUT, DerivedProject, current_stack
from toolchain.errors import ToolError
from toolchain.resolver import resolve

_TOKEN = "cloudflare-api-token"  # noqa: S105 - a name
_TOKEN_VARIABLE = "CLOUDFLARE_API_TOKEN"  # noqa: S105 - a name
_SECONDS = 120

Json = dict[str, Any]


@dataclass(frozen=True)
class ClusterAccess:
    """A stack, and how its tools are called. `rehearsal` is its folder, as the user named it."""

    environment: Environment
    stack_file: Path
    pulumi_program: str
    folder: Path
    variables: Mapping[str, str]
    rehearsal: Path | None

    def registrations(self) -> tuple[Registration, ...]:
        """What the stack's program declares. Raises CommandError."""
        try:
            return run_program(self.stack_file).registrations
        except ProgramError as error:
            raise CommandError(str(error)) from None

    def state(self) -> dict[str, Json] | None:
        """The resources that the stack holds, by URN; None if there is no such stack yet.

        Raises CommandError.
        """
        done = self._pulumi("stack", "export")
        if done.returncode:
            said = done.stderr.strip()
            if "no stack named" in said:
                return None
            raise CommandError(
                f"the stack's state cannot be read: {said}", remedy=login_remedy(said)
            )
        deployment = cast(Json, json.loads(done.stdout)["deployment"])
        resources = cast(list[Json], deployment.get("resources") or [])
        return {resource["urn"]: resource for resource in resources}

    def token(self) -> str:
        """The token for Cloudflare's API. Raises CommandError."""
        if self.rehearsal is not None:
            return (self.rehearsal / "cloudflare" / "token").read_text().strip()
        if token := os.environ.get(_TOKEN_VARIABLE):
            return token
        done = self._pulumi("config", "get", "--path", f"serlo:secrets.{_TOKEN}")
        if done.returncode:
            raise CommandError(
                f"there is no token for Cloudflare: set {_TOKEN_VARIABLE} (it only has to read), "
                f"or the stack's secret {_TOKEN}: serlo secrets --stack {self.environment.name}"
            )
        return done.stdout.strip()

    def command(self, *arguments: str) -> str:
        """A Pulumi command line as a person types it."""
        return shlex.join(["pulumi", *arguments, *self._stack])

    @property
    def _stack(self) -> tuple[str, ...]:
        # The variables of a rehearsal name the stack.
        return () if self.rehearsal is not None else ("--stack", self.environment.name)

    def _pulumi(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        try:
            return subprocess.run(
                [self.pulumi_program, *arguments, *self._stack, "--non-interactive"],
                cwd=self.folder,
                env=dict(self.variables),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=_SECONDS,
            )
        except FileNotFoundError:
            raise CommandError(
                f"{self.pulumi_program} is not there: docs/guides/deploy.md"
            ) from None
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CommandError(f"pulumi: {error}") from None


def find_place(stack: str, rehearsal: Path | None) -> ClusterAccess:
    """The place of a stack, or of its rehearsal in a folder. Raises CommandError."""
    try:
        if rehearsal is None:
            file = existing_stack(stack)
            pulumi = str(resolve("pulumi").path)
            return ClusterAccess(
                Environment.load(file), file, pulumi, CHECKOUT, dict(os.environ), None
            )
        folder = rehearsal.resolve()
        rehearsed = current_stack(folder)
        if rehearsed != stack:
            what = f"rehearses {rehearsed}" if rehearsed else "holds no rehearsal"
            raise CommandError(f"{rehearsal} {what}: serlo rehearse --stack {stack} --servers-only")
        project = DerivedProject(folder, stack)
        return ClusterAccess(
            # The derived file names the rehearsal's own cluster and Cloudflare.
            Environment.load(project.stack_file),
            project.stack_file,
            str(resolve("pulumi").path),
            project.folder,
            project.environment(),
            rehearsal,
        )
    except (StackFileError, UnknownStack, ToolError, FileNotFoundError) as error:
        raise CommandError(str(error)) from None
