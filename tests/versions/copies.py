"""A copy of this checkout, in which versions change by the real commands and tests run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from infra.release import Channel, Version
from infra.services import declared
from tests.stack_files import ROOT

_GIT = ("git", "-c", "user.name=Tests", "-c", "user.email=tests@example.invalid")
_COMMITS = ("a1" * 20, "b2" * 20)
_STACKS = ("staging", "production")


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
    """A service of the real stacks, and the changes of its version that everybody makes."""

    key: str
    is_continuous: bool
    versions: dict[str, str]
    """What runs in staging and production, where it exists."""

    @cached_property
    def next(self) -> tuple[str, ...]:
        """Versions that come after all that run, in their order.

        Of commits there are two, since nobody rolls back to the placeholder.
        """
        if self.is_continuous:
            return _COMMITS
        newest = max(Version.parse(text, allow_v=True) for text in self.versions.values())
        return (f"{newest.prefix}{newest.major}.{newest.minor}.{newest.patch + 1}",)

    @property
    def last(self) -> str:
        """The stack that a version reaches last."""
        return [stack for stack in _STACKS if stack in self.versions][-1]

    def bump(self, copy: Copy) -> None:
        """Bump it where it comes first."""
        for version in self.next:
            self._bump(copy, version)

    def promote(self, copy: Copy) -> None:
        """Bump it, and promote it if it exists in both stacks."""
        for version in self.next:
            self._bump(copy, version)
            if len(self.versions) == len(_STACKS):
                copy.serlo("promote", self.key, "--commit", "--offline")

    def roll_back(self, copy: Copy) -> None:
        """Bring the next version as far as it gets, and go back to what ran before."""
        self.promote(copy)
        copy.serlo("rollback", self.key, "--stack", self.last, "--commit", "--offline")

    def _bump(self, copy: Copy, version: str) -> None:
        first = next(stack for stack in _STACKS if stack in self.versions)
        copy.serlo("bump", self.key, version, "--stack", first, "--commit", "--offline")


def releases() -> list[Release]:
    """All services of the real staging and production that have a version of their own."""
    continuous = {s.version_key for s in declared() if s.channel is Channel.CONTINUOUS}
    files = {stack: ROOT / "stacks" / f"Pulumi.{stack}.yaml" for stack in _STACKS}
    versions: dict[str, dict[str, str]] = {
        stack: yaml.safe_load(file.read_text())["config"]["serlo:versions"]
        for stack, file in files.items()
    }
    return [
        Release(
            key,
            key in continuous,
            {stack: str(versions[stack][key]) for stack in _STACKS if key in versions[stack]},
        )
        for key in sorted({key for found in versions.values() for key in found})
    ]


CHANGES = {"bump": Release.bump, "promote": Release.promote, "rollback": Release.roll_back}
"""What is done to versions every day."""


def changed(copy: Copy, change: str, services: Sequence[Release]) -> None:
    """Make one kind of change to services, from the first commit on."""
    copy.reset()
    for release in services:
        CHANGES[change](release, copy)
