"""`serlo secrets`: which secrets a stack needs, which are set, and how to set the others."""

import json as json_format
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, cast

from cyclopts import Parameter

from infra.stack.environment import Environment, StackFileError
from infra.stack.messages import secret_command
from infra.stack.rules import OPTIONAL_SECRETS
from operations.declared.stack_files import stack_file
from operations.support.output import Cell, Table, page, print_text


@dataclass(frozen=True)
class SecretRow:
    """A secret of a stack: never its value, which only Pulumi can decrypt."""

    name: str
    used_by: tuple[str, ...]
    needed: bool
    """False for second values, which there are only while the first is being replaced."""
    set: bool
    """Whether the stack file holds an encrypted value."""
    command: str
    """What sets or replaces it; it asks for the value."""

    @property
    def missing(self) -> bool:
        """Whether an update would be refused for lack of it."""
        return self.needed and not self.set


def secrets(
    stack: str,
    *,
    check: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Print every secret a stack needs, who uses it, and the commands for those not set.

    Values are never shown: they are encrypted in the stack file, and nothing here decrypts them.

    Parameters
    ----------
    stack
        local, staging, production, or the path of a stack file.
    check
        Exit with status 1 if a secret that is needed is not set.
    json
        Print JSON instead of a table.
    """
    try:
        environment = Environment.load(stack_file(stack))
    except StackFileError as error:
        print_text(str(error), on_error=True)
        raise SystemExit(1) from None
    found = rows(environment)
    missing = [row for row in found if row.missing]
    if json:
        documents = [{**asdict(row), "missing": row.missing} for row in found]
        print(json_format.dumps(documents, indent=2))
    else:
        _print(environment.name, found, missing)
    if check and missing:
        raise SystemExit(1)


def rows(environment: Environment) -> list[SecretRow]:
    """Every secret that the environment needs or may have, ordered by name."""
    config = cast(Mapping[str, object], environment.file.values["config"])
    given = cast(Mapping[str, object], config.get("serlo:secrets") or {})
    users = {name: (user,) for name, user in OPTIONAL_SECRETS.items()} | dict(environment.secrets)
    return [
        SecretRow(
            name=name,
            used_by=users[name],
            needed=name in environment.secrets,
            set=name in given,
            command=secret_command(name, environment.name),
        )
        for name in sorted(users)
    ]


def _print(stack: str, found: list[SecretRow], missing: list[SecretRow]) -> None:
    shown = page()
    shown.table(
        Table(
            ("secret", "is", "used by"),
            [(row.name, _state(row), ", ".join(row.used_by)) for row in found],
            prose={"used by"},
        )
    )
    shown.text()
    if missing:
        needed = sum(row.needed for row in found)
        if "PULUMI_OPTION_CWD" in os.environ:
            shown.text(
                "This shell is a rehearsal's (serlo env): here the commands set its secrets."
            )
        shown.text(
            f"{len(missing)} of {needed} secrets of {stack} are not set. Each command asks for one:"
        )
        for row in missing:
            shown.command(row.command)
    else:
        shown.text(f"All secrets of {stack} are set.")
    shown.show()


def _state(row: SecretRow) -> Cell:
    if row.set:
        return Cell("set")
    return Cell("not set", "yellow") if row.needed else Cell("not in use")
