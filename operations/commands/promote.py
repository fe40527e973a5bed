"""`serlo promote`: what proved itself in one stack goes to the next."""

from typing import Annotated

from cyclopts import Parameter

from operations.declared.stack_files import existing_stack, stack_name
from operations.errors import CommandError, reports_errors
from operations.releases.apply import carry_out
from operations.releases.checks import Inquiry
from operations.releases.plan import Plan
from operations.releases.promotion import Promotion
from operations.releases.stack_file_editor import StackText


@reports_errors
def promote(
    *services: str,
    from_: Annotated[str, Parameter(name="--from")] = "staging",
    to: str = "production",
    allow_downgrade: bool = False,
    check: bool = False,
    commit: bool = False,
    offline: bool = False,
) -> None:
    """Give services in one stack the versions that another has.

    Without names, promotes every version that differs and may go, and lists the others with the
    reason. With names, one that may not go stops all. Only commits count as having run.

    Parameters
    ----------
    services
        Names, such as server; all by default.
    from_
        The stack in which the versions have proved themselves.
    to
        The stack that gets them.
    allow_downgrade
        Take services along that go back to an older version.
    check
        Only tell: status 0 if it is possible, 1 if not.
    commit
        Commit the stack file, and nothing else.
    offline
        Ask neither registry nor changelogs.
    """
    inquiry = Inquiry(offline=offline)

    def plan() -> Plan:
        source, target = StackText.read(existing_stack(from_)), StackText.read(existing_stack(to))
        if source.path == target.path:
            raise CommandError(f"{stack_name(source.path)} cannot be promoted to itself")
        return Promotion(source, target, allow_downgrade).plan(services)

    carry_out(plan, inquiry, check=check, commit=commit)
