"""The environment of the stack that Pulumi updates."""

from pathlib import Path

import pulumi

from infra.edge.checks.table import RoutingError, check_table
from infra.routing.table import RULES
from infra.stack.environment import Environment, StackFileError


def current_environment() -> Environment:
    """Load the stack's own file; raises pulumi.RunError, which Pulumi shows without a traceback.

    Outside rehearsals, placeholders are refused before an update and warned of in a preview.
    """
    root = pulumi.get_root_directory()
    if not root:
        raise pulumi.RunError(
            "Pulumi did not report the folder of Pulumi.yaml: run pulumi in this repository"
        )
    file = Path(root) / "stacks" / f"Pulumi.{pulumi.get_stack()}.yaml"
    try:
        environment = Environment.load(file)
    except StackFileError as error:
        raise pulumi.RunError(str(error)) from None
    _refuse_other_config(environment)
    _refuse_table(environment)
    _refuse_placeholders(environment)
    return environment


def _refuse_table(environment: Environment) -> None:
    if environment.edge.script is not None:
        return  # Another team's worker has its own table.
    try:
        check_table(RULES, environment)
    except RoutingError as error:
        raise pulumi.RunError(str(error)) from None


def _refuse_other_config(environment: Environment) -> None:
    # With `pulumi --config-file` secrets would come from one file and everything else from another.
    given = pulumi.Config("serlo").get("domain")
    if given is not None and given != environment.domain:
        raise pulumi.RunError(
            f"Pulumi reads its configuration from another file than {environment.file.label}: "
            f"there serlo:domain is {given}, here {environment.domain}. Leave out --config-file."
        )


def _refuse_placeholders(environment: Environment) -> None:
    placeholders = environment.placeholders()
    if environment.is_rehearsal or not placeholders:
        return
    listed = "\n".join(f"  {placeholder}" for placeholder in placeholders)
    message = f"{environment.name} is not filled in yet:\n{listed}"
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(message)
    pulumi.log.warn(message)
