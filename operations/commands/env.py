"""`serlo env`: the variables with which pulumi, kubectl, wrangler and curl see the rehearsal."""

import json
import shlex
import sys
from pathlib import Path

from operations.rehearsed.project import DerivedProject, current_stack


def env(*, folder: Path = Path(".rehearsal")) -> None:
    """Print shell commands: `eval "$(serlo env)"`, then `pulumi preview`, `kubectl get pods -A`,
    `wrangler deploy`. SERLO_EDGE is where the edge answers.

    Parameters
    ----------
    folder
        The rehearsal's state folder.
    """
    rehearsal = folder.resolve()
    stack = current_stack(rehearsal)
    try:
        variables = variables_of(DerivedProject(rehearsal, stack)) if stack else {}
    except FileNotFoundError:
        variables = {}
    if not variables:
        sys.exit(f"serlo env: no rehearsal runs in {folder}; start one with `serlo rehearse`")
    # Set in the shell, these would win over the rehearsal's own.
    unset = ("PULUMI_CONFIG_PASSPHRASE", "PYTHONDONTWRITEBYTECODE", "CLOUDFLARE_API_KEY")
    print(f"unset {' '.join(unset)} CLOUDFLARE_EMAIL")
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")


def variables_of(project: DerivedProject) -> dict[str, str]:
    """Everything that is set. Raises FileNotFoundError when the rehearsal is down."""
    (zone,) = json.loads((project.rehearsal / "cloudflare" / "zones.json").read_text())
    token = (project.rehearsal / "cloudflare" / "token").read_text().strip()
    endpoints = project.endpoints()
    return project.variables() | {
        "SERLO_EDGE": endpoints.edge,
        "CLOUDFLARE_ACCOUNT_ID": zone["account"],
        "CLOUDFLARE_API_BASE_URL": endpoints.cloudflare_api,
        "CLOUDFLARE_API_TOKEN": token,
        # Nothing leaves the machine: no news of releases, no statistics, no reports.
        "WRANGLER_HIDE_BANNER": "true",
        "WRANGLER_SEND_ERROR_REPORTS": "false",
        "WRANGLER_SEND_METRICS": "false",
    }
