"""What was changed by hand in a stack, and by whom."""

import json as json_format
from dataclasses import asdict
from pathlib import Path
from typing import Any

from infra.stack.environment import Environment
from k8s.diffing import parse_property_path
from operations.declared.stack_files import stack_file
from operations.platform.drift import Drifted, RefreshError, refresh
from operations.platform.field_managers import FieldManager, who
from operations.platform.hand_back import TakingBack
from operations.rehearsed.project import CHECKOUT, DerivedProject, current_stack
from toolchain.resolver import resolve


def look(stack: str, rehearsal: Path | None) -> tuple[list[Drifted], TakingBack]:
    """Compare a stack, or its rehearsal in a folder, with what was deployed.

    Raises StackFileError, RefreshError and ToolError.
    """
    if rehearsal is not None:
        folder = rehearsal.resolve()
        if current_stack(folder) != stack:
            raise RefreshError(f"{rehearsal} does not rehearse it: serlo rehearse --stack {stack}")
        project = DerivedProject(folder, stack)
        pulumi = [str(resolve("pulumi").path)]
        found = refresh(pulumi, project.folder, project.environment())
        return found, TakingBack(Environment.load(project.stack_file), rehearsal)
    environment = Environment.load(stack_file(stack))
    found = refresh([str(resolve("pulumi").path), "--stack", stack], CHECKOUT, {})
    return found, TakingBack(environment, None)


def field_report(drifted: Drifted) -> dict[str, Any]:
    """One resource that is not as deployed: its fields, and who set each."""
    changed = [parse_property_path(field.path) for field in drifted.fields]
    return {
        "resource": drifted.label,
        "urn": drifted.urn,
        "gone": drifted.gone,
        "modified": drifted.modified,
        "fields": [
            {**asdict(field), "by": [asdict(change) for change in who(drifted.live, field.path)]}
            for field in drifted.fields
        ],
        "owned": [
            {
                "path": str(owned),
                "declared": owned.is_declared,
                "by": [asdict(owned.change)],
            }
            for owned in drifted.owned
            if not any(path[: len(owned.path)] == owned.path[: len(path)] for path in changed)
        ],
    }


def text_of(stack: str, told: list[dict[str, Any]], commands: list[str], *, markdown: bool) -> str:
    """The report as text, or as the text of an issue with the commands that take changes back."""
    code = "`" if markdown else ""
    noun = "resource is" if len(told) == 1 else "resources are"
    lines = [f"{len(told)} {noun} not as deployed in {stack}.", ""]
    if markdown:
        lines = [f"## Drift in {stack}", "", *lines]
    for one in told:
        lines.append(f"- {code}{one['resource']}{code}" + (" is gone" if one["gone"] else ""))
        for field in one["fields"]:
            values = f"deployed {_said(field['deployed'])}, found {_said(field['found'])}"
            lines.append(f"  - {code}{field['path']}{code}: {values}; {_by(one, field)}")
        for field in one["owned"]:
            what = (
                "as deployed, but the next change of it will be a conflict: also"
                if field["declared"]
                else "not declared, added by hand;"
            )
            lines.append(f"  - {code}{field['path']}{code}: {what} {_by(one, field)}")
    lines += ["", "Keep it: write it into the repository. Take it back:"]
    if markdown:
        return "\n".join([*lines, "", "```sh", *commands, "```"])
    return "\n".join(lines)


def _by(one: dict[str, Any], field: dict[str, Any]) -> str:
    if field["by"]:
        return "set by " + ", ".join(str(FieldManager(**change)) for change in field["by"])
    if one["modified"]:
        return f"changed at {one['modified']}; by whom is in Cloudflare's audit log"
    return "by whom is not recorded"


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json_format.dumps(value, ensure_ascii=False)
