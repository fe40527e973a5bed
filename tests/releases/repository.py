"""A temporary repository with stack files, in which commands change versions for real."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.stack_files import stack_file

LOCAL_SETTINGS = {
    "user.name": "Tester",
    "user.email": "tester@example.org",
    "commit.gpgsign": "false",
    "maintenance.auto": "false",
    "core.hooksPath": ".hooks",
}


@dataclass(frozen=True)
class Repository:
    """`folder` is its top; the stack files lie in `stacks`."""

    folder: Path

    @classmethod
    def create(cls, folder: Path, changes: dict[str, dict[str, str]] | None = None) -> "Repository":
        """One commit with staging and production, some lines changed."""
        made = cls(folder)
        made.stacks.mkdir(parents=True)
        for stack in ("staging", "production"):
            text = stack_file(stack).read_text()
            for old, new in (changes or {}).get(stack, {}).items():
                assert old in text, old
                text = text.replace(old, new, 1)
            made.file(stack).write_text(text)
        made.git("init", "--quiet", "--initial-branch=main")
        for name, value in LOCAL_SETTINGS.items():
            made.git("config", name, value)
        made.git("add", "stacks")
        made.git("commit", "--quiet", "--message=Start")
        return made

    @property
    def stacks(self) -> Path:
        return self.folder / "stacks"

    def file(self, stack: str) -> Path:
        return self.stacks / f"Pulumi.{stack}.yaml"

    def name(self, stack: str) -> str:
        """How commands get the stack."""
        return str(self.file(stack))

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def subject(self, ref: str = "HEAD") -> str:
        return self.git("log", "-1", "--format=%s", ref)

    def commit(self, message: str = "By hand") -> str:
        self.git("commit", "--quiet", "--all", f"--message={message}")
        return self.head()

    def set(self, stack: str, old: str, new: str) -> None:
        """Change a text by hand."""
        text = self.file(stack).read_text()
        assert text.count(old) >= 1, old
        self.file(stack).write_text(text.replace(old, new, 1))

    def bytes(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in self.stacks.iterdir()}
