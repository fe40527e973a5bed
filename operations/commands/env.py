"""`serlo env`: the variables with which pulumi, kubectl, wrangler and curl see the rehearsal."""

import shlex
from pathlib import Path

from operations.errors import CommandError, reports_errors
from operations.rehearsed.project import DerivedProject, current_stack
from operations.rehearsed.variables import variables_of


@reports_errors
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
        raise CommandError(f"no rehearsal runs in {folder}", remedy="Start one: serlo rehearse")
    # Set in the shell, these would win over the rehearsal's own.
    unset = ("PULUMI_CONFIG_PASSPHRASE", "PYTHONDONTWRITEBYTECODE", "CLOUDFLARE_API_KEY")
    print(f"unset {' '.join(unset)} CLOUDFLARE_EMAIL")
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
