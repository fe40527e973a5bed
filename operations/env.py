"""`serlo env`: the variables with which `pulumi` and `kubectl` see the rehearsal."""

import shlex
import sys
from pathlib import Path

from operations.derived_project import DerivedProject, current_stack


def env(*, folder: Path = Path(".rehearsal")) -> None:
    """Print shell commands: `eval "$(serlo env)"`, then `pulumi preview`, `kubectl get pods -A`.

    Parameters
    ----------
    folder
        The rehearsal's state folder.
    """
    rehearsal = folder.resolve()
    stack = current_stack(rehearsal)
    try:
        variables = DerivedProject(rehearsal, stack).variables() if stack else {}
    except FileNotFoundError:
        variables = {}
    if not variables:
        sys.exit(f"serlo env: no rehearsal runs in {folder}; start one with `serlo rehearse`")
    # Set in the shell, these would win over the rehearsal's own.
    print("unset PULUMI_CONFIG_PASSPHRASE PYTHONDONTWRITEBYTECODE")
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
