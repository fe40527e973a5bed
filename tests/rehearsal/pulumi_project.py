"""A throw-away Pulumi project, run by the real CLI."""

import subprocess
from pathlib import Path
from typing import ClassVar

from toolchain.resolver import resolve


class PulumiProject:
    """A folder with a Pulumi.yaml, and the environment in which the CLI runs there."""

    SECONDS: ClassVar[float]
    """How long a command may take."""

    folder: Path
    environment: dict[str, str]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the CLI; both of its outputs come out of `stdout`."""
        return subprocess.Popen(
            ["pulumi", "--non-interactive", "--color=never", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            executable=resolve("pulumi").path,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run the CLI to its end: exit status and everything it wrote."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=self.SECONDS)
        return process.returncode, output

    def succeed(self, *arguments: str) -> str:
        """Run the CLI; failing fails the test. What it wrote."""
        status, output = self.run(*arguments)
        assert status == 0, output
        return output

    def up(self) -> str:
        """`pulumi up` without a preview before it."""
        return self.succeed("up", "--yes", "--skip-preview")

    def fail(self) -> str:
        """`pulumi up` that must fail; what it wrote."""
        status, output = self.run("up", "--yes", "--skip-preview")
        assert status != 0, output
        return output
