"""The files in .github as data."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONS = sorted((GITHUB / "actions").glob("*/action.yml"))

USES = re.compile(r"uses: (?P<action>\S+?)(?:@(?P<commit>\S+))?(?: # (?P<version>\S+))?$", re.M)


def workflow(name: str) -> dict[str, Any]:
    """A workflow by its file's name without suffix; `on` is at `"on"`."""
    found: dict[Any, Any] = yaml.safe_load((GITHUB / "workflows" / f"{name}.yml").read_text())
    found["on"] = found.pop(True)  # YAML 1.1 reads `on` as true
    return found


NAMES = [file.stem for file in WORKFLOWS]


@dataclass(frozen=True)
class Job:
    """A job, where it stands, and what it is."""

    workflow: str
    name: str
    content: dict[str, Any]

    @property
    def permissions(self) -> dict[str, str]:
        return self.content["permissions"]

    @property
    def writes(self) -> set[str]:
        return {what for what, right in self.permissions.items() if right == "write"}

    @property
    def steps(self) -> list[dict[str, Any]]:
        return self.content["steps"]

    def runs(self, text: str) -> bool:
        return any(text in step.get("run", "") for step in self.steps)

    def __str__(self) -> str:
        return f"{self.workflow}.{self.name}"


def jobs() -> Iterator[Job]:
    for name in NAMES:
        for job, content in workflow(name)["jobs"].items():
            yield Job(name, job, content)


JOBS = list(jobs())


def job(workflow_name: str, name: str) -> Job:
    return next(one for one in JOBS if (one.workflow, one.name) == (workflow_name, name))
