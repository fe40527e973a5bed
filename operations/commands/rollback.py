"""`serlo rollback`: back to a version that ran before."""

from operations.declared.stack_files import existing_stack, stack_name
from operations.errors import reports_errors
from operations.releases.apply import carry_out
from operations.releases.checks import Inquiry
from operations.releases.history import tag_of
from operations.releases.plan import (
    Direction,
    Plan,
    chosen,
    direction,
    history_of,
    short,
)
from operations.releases.rollback import to_the_one_before, to_version
from operations.releases.stack_file_editor import StackText


@reports_errors
def rollback(
    service: str,
    *,
    stack: str = "staging",
    to: str | None = None,
    check: bool = False,
    commit: bool = False,
    offline: bool = False,
) -> None:
    """Take a service back to the version before, or to the one named by --to.

    The one before is the version that ran, by git's history, before the current one came: not one
    that was itself rolled back from. So a second rollback goes further back.

    Parameters
    ----------
    service
        Its name, such as server. Services that share its version go back with it.
    stack
        local, staging, production, or the path of a stack file.
    to
        The version to go back to.
    check
        Only tell: status 0 if it is possible, 1 if not.
    commit
        Commit the stack file, and nothing else.
    offline
        Ask neither registry nor changelogs.
    """
    inquiry = Inquiry(offline=offline)

    def plan() -> Plan:
        target = StackText.read(existing_stack(stack))
        found = chosen(target, service)
        key = found.version_key
        now = target.versions[key]
        history = history_of(target.path)
        steps = history.steps(target.path.name, key, now) if history else []
        if to is None:
            return to_the_one_before(target, found, steps)
        plan = to_version(target, key, to)
        where = stack_name(target.path)
        if plan.moves and direction(found, now, to, lambda: steps) is not Direction.DOWN:
            plan.refusals.append(
                f"{key}: {short(to)} is not older than {short(now)}, which is no rollback: "
                f"serlo bump {service} {to} --stack {stack}"
            )
        elif plan.moves and tag_of(to) not in {step.tag for step in steps}:
            plan.notes.append(f"{short(to)} never ran in {where}, as far as git knows")
        return plan

    carry_out(plan, inquiry, check=check, commit=commit)
