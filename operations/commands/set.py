"""`serlo set`: another value for a setting in one stack."""

from typing import Annotated

from cyclopts import Parameter

from operations.declared.stack_files import existing_stack
from operations.errors import CommandError, reports_errors
from operations.releases.apply import carry_out
from operations.releases.checks import Inquiry
from operations.releases.plan import Plan
from operations.releases.setting import place_of, plan_setting, refuse_what_others_set
from operations.releases.stack_file_editor import StackText


@reports_errors
def set_value(
    key: str,
    value: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    /,
    *,
    stack: str = "staging",
    unset: bool = False,
    check: bool = False,
    commit: bool = False,
) -> None:
    """Write another value of a setting into a stack file, and change nothing else in it.

    Prints the diff and the commit message. Refuses, with status 1 and nothing touched, whatever
    would leave a mistake in the file. Versions are changed by `serlo bump`.

    Parameters
    ----------
    key
        Where it stands below serlo:, such as edge.splits.content.mobile or
        services.server.replicas.max. Missing keys on the way are added.
    value
        The new value; lists and mappings in brackets, such as '{min: 2, max: 5}'.
    stack
        local, staging, production, or the path of a stack file.
    unset
        Remove the key instead, and the keys above it that are left empty.
    check
        Only tell: status 0 if it is possible, 1 if not.
    commit
        Commit the stack file, and nothing else.
    """

    def plan() -> Plan:
        target = StackText.read(existing_stack(stack))
        place = place_of(key)
        if (value is None) is not unset:
            raise CommandError("either a value or --unset says what to do")
        refuse_what_others_set(target, place, value)
        return plan_setting(target, place, value)

    carry_out(plan, Inquiry(offline=True), check=check, commit=commit)
