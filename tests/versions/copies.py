"""A copy of this checkout, in which versions change by the real commands and tests run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from infra.declaration.release import Channel, Version
from infra.services import declared
from tests.stack_files import ROOT, real_stack_file

_GIT = ("git", "-c", "user.name=Tests", "-c", "user.email=tests@example.invalid")
_COMMITS = ("a1" * 20, "b2" * 20)
STACKS = ("staging", "production")
"""Those that services are promoted between."""


class Failure(Exception):
    """A command failed in a copy; the text is the command and what it printed."""


@dataclass(frozen=True)
class Copy:
    """A repository with this checkout's files, changes that are not committed included."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> "Copy":
        """Copy what git would commit into a new repository with one commit."""
        listed = subprocess.run(
            [*_GIT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        copy = cls(folder)
        copy._run(*_GIT, "init", "--quiet", "--initial-branch=main")
        copy._run("git", "config", "user.name", "Tests")
        copy._run("git", "config", "user.email", "tests@example.invalid")
        copy._run("git", "config", "commit.gpgsign", "false")
        copy._run("git", "add", "--all")
        copy._run("git", "commit", "--quiet", "--message=Start")
        (folder / ".venv").symlink_to(sys.prefix)
        return copy

    def serlo(self, *arguments: str) -> None:
        """Run the copy's own `serlo`; raises Failure."""
        self._run(sys.executable, "-m", "operations.command", *arguments)

    def fast_tests(self, *markers: str) -> None:
        """Run the copy's own fast tests, or those of them with certain markers; raises Failure."""
        pytest = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider")
        chosen = ["-m", " and ".join(("not tools", *markers))]
        self._run(
            *pytest, f"--basetemp={self.folder.parent / 'pytest'}", "@tests/fast.txt", *chosen
        )

    def reset(self) -> None:
        """Go back to the first commit."""
        first = self._run("git", "rev-list", "--max-parents=0", "HEAD").strip()
        self._run("git", "reset", "--quiet", "--hard", first)

    def _run(self, *command: str) -> str:
        env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "GIT_"))},
            "PYTHONPATH": str(self.folder),
        }
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Failure(f"{' '.join(command)}\n{done.stdout}")
        return done.stdout


@dataclass(frozen=True)
class Release:
    """A service of the real stacks that has a version of its own."""

    key: str
    is_continuous: bool
    versions: Mapping[str, str]
    """What runs in staging and production, where it exists."""

    @property
    def stacks(self) -> list[str]:
        """Where it exists, in the order in which a version gets there."""
        return [stack for stack in STACKS if stack in self.versions]

    @property
    def next(self) -> tuple[str, ...]:
        """Versions that come after all that run, in their order.

        Of commits there are two, since the placeholder is nothing to roll back to.
        """
        if self.is_continuous:
            return _COMMITS
        newest = max(Version.parse(text, allow_v=True) for text in self.versions.values())
        return (f"{newest.prefix}{newest.major}.{newest.minor}.{newest.patch + 1}",)


def releases() -> list[Release]:
    """All services of the real staging and production."""
    continuous = {s.version_key for s in declared() if s.channel is Channel.CONTINUOUS}
    versions: dict[str, dict[str, str]] = {
        stack: yaml.safe_load(real_stack_file(stack).read_text())["config"]["serlo:versions"]
        for stack in STACKS
    }
    return [
        Release(
            key,
            key in continuous,
            {stack: str(versions[stack][key]) for stack in STACKS if key in versions[stack]},
        )
        for key in sorted({key for found in versions.values() for key in found})
    ]


def bump(copy: Copy, services: Sequence[Release]) -> None:
    """Give each service its next version where it comes first."""
    for service in services:
        for earlier in service.next[:-1]:
            _bump(copy, service, earlier)
            promote(copy, [service])
        _bump(copy, service, service.next[-1])


def promote(copy: Copy, services: Sequence[Release]) -> None:
    """Promote those that exist in both stacks, after `bump`."""
    if both := [service.key for service in services if len(service.stacks) == len(STACKS)]:
        copy.serlo("promote", *both, "--commit", "--offline")


def roll_back(copy: Copy, services: Sequence[Release]) -> None:
    """Go back to what ran before in the stack that a version reaches last, after `promote`."""
    for service in services:
        stack = service.stacks[-1]
        copy.serlo("rollback", service.key, "--stack", stack, "--commit", "--offline")


CHANGES = {"bump": bump, "promote": promote, "rollback": roll_back}
"""What is done to versions every day: each after the one before."""


def _bump(copy: Copy, service: Release, version: str) -> None:
    stack = service.stacks[0]
    copy.serlo("bump", service.key, version, "--stack", stack, "--commit", "--offline")
