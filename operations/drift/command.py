"""The command `serlo drift`."""

import json as json_format
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

from cyclopts import Parameter

from infra.environment import Environment, StackFileError
from operations.derived_project import CHECKOUT, DerivedProject, current_stack
from operations.drift.blame import Change, Objects, who
from operations.drift.refresh import Drifted, RefreshError, refresh
from operations.output import print_text, working, write_out
from operations.stacks import stack_file
from rehearsal.control_plane.credentials import READER
from toolchain import ToolError, resolve

FOUND = 2
"""The exit code if something is not as it was deployed."""


def drift(
    stack: str,
    *,
    rehearsal: Path | None = None,
    markdown: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Say what is not as it was deployed, and who changed it; exit code 2 if anything is.

    Reads Pulumi's state, the cluster and Cloudflare; writes nothing.

    Parameters
    ----------
    stack
        local, staging or production.
    rehearsal
        The folder of a rehearsal to look at, instead of the real platform.
    markdown
        For an issue.
    json
        For programs.
    """
    try:
        with working("asking Pulumi what is not as deployed"):
            found, objects = _look(stack, rehearsal)
    except (RefreshError, StackFileError, ToolError, FileNotFoundError) as error:
        _refuse(f"{stack} could not be looked at:\n{error}")
    told = [_told(drifted, objects) for drifted in found]
    if json:
        print(json_format.dumps(told, indent=2, ensure_ascii=False))
    elif not told:
        print(f"{stack} is as it was deployed.")
    elif markdown:
        write_out(_text(stack, told, markdown=True) + "\n")
    else:
        print_text(_text(stack, told, markdown=False))
    if told:
        raise SystemExit(FOUND)


def _look(stack: str, rehearsal: Path | None) -> tuple[list[Drifted], Objects]:
    if rehearsal is not None:
        folder = rehearsal.resolve()
        if current_stack(folder) != stack:
            raise RefreshError(f"{rehearsal} does not rehearse it: serlo rehearse --stack {stack}")
        project = DerivedProject(folder, stack)
        variables = project.environment()
        kubectl = [str(resolve("kubectl").path), "--context", READER]
        pulumi = [str(resolve("pulumi").path)]
        return refresh(pulumi, project.folder, variables), Objects(kubectl, variables)
    environment = Environment.load(stack_file(stack))
    kubeconfig = str(Path(environment.cluster.kubeconfig).expanduser())
    kubectl = [
        str(resolve("kubectl").path),
        "--kubeconfig",
        kubeconfig,
        "--context",
        environment.cluster.context,
    ]
    found = refresh([str(resolve("pulumi").path), "--stack", stack], CHECKOUT, {})
    return found, Objects(kubectl, os.environ)


def _told(drifted: Drifted, objects: Objects) -> dict[str, Any]:
    kubernetes = drifted.type.startswith("kubernetes:")
    managers = objects.managers(drifted.type, drifted.id) if kubernetes else []
    return {
        "resource": drifted.label,
        "urn": drifted.urn,
        "gone": drifted.gone,
        "modified": drifted.modified,
        "fields": [
            {**asdict(field), "by": [asdict(change) for change in who(managers, field.path)]}
            for field in drifted.fields
        ],
    }


def _text(stack: str, told: list[dict[str, Any]], *, markdown: bool) -> str:
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
    lines += [
        "",
        f"Take it back: `pulumi up --refresh --stack {stack}`. "
        "Keep it: write it into the repository.",
    ]
    return "\n".join(lines)


def _by(one: dict[str, Any], field: dict[str, Any]) -> str:
    if field["by"]:
        return "set by " + ", ".join(str(Change(**change)) for change in field["by"])
    if one["modified"]:
        return f"changed at {one['modified']}; by whom is in Cloudflare's audit log"
    return "by whom is not recorded"


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json_format.dumps(value, ensure_ascii=False)


def _refuse(text: str) -> NoReturn:
    print_text(text, on_error=True)
    raise SystemExit(1)
