"""`serlo secrets`: which secrets a stack needs, which are set, and how to set the others."""

import json as json_format
import os
from dataclasses import asdict

from infra.stack.environment import Environment
from operations.declared.secrets import SecretRow, secrets_of
from operations.declared.stack_files import existing_stack
from operations.errors import FOUND, reports_errors
from operations.support.output import Cell, Table, page


@reports_errors
def secrets(
    *,
    stack: str,
    check: bool = False,
    json: bool = False,
) -> None:
    """Print every secret a stack needs, who uses it, and the commands for those not set.

    Values are never shown: they are encrypted in the stack file, and nothing here decrypts them.

    Parameters
    ----------
    stack
        local, staging, production, or the path of a stack file.
    check
        Exit code 2 if a secret that is needed is not set.
    json
        Print JSON instead of a table.
    """
    environment = Environment.load(existing_stack(stack))
    found = secrets_of(environment)
    missing = [row for row in found if row.missing]
    if json:
        documents = [{**asdict(row), "missing": row.missing} for row in found]
        print(json_format.dumps(documents, indent=2))
    else:
        _print(environment.name, found, missing)
    if check and missing:
        raise SystemExit(FOUND)


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
