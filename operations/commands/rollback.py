"""`serlo rollback`: back to a version that ran before."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from infra.declaration.service import Service
from operations.declared.stack_files import existing_stack, stack_name
from operations.releases.apply import carry_out
from operations.releases.checks import Inquiry
from operations.releases.history import Step, tag_of
from operations.releases.plan import (
    Direction,
    Move,
    Plan,
    Refused,
    chosen,
    direction,
    history_of,
    judge,
    present,
    shared,
    short,
    trail,
)
from operations.releases.stack_file_editor import StackText

Flag = Annotated[bool, Parameter(negative="")]


def rollback(
    service: str,
    *,
    stack: str = "staging",
    to: str | None = None,
    check: Flag = False,
    commit: Flag = False,
    offline: Flag = False,
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
            return _to_the_one_before(target, found, steps)
        plan = _plan(target, key, to)
        where = stack_name(target.path)
        if plan.moves and direction(found, now, to, lambda: steps) is not Direction.DOWN:
            plan.refusals.append(
                f"{key}: {short(to)} is not older than {short(now)}, which is no rollback: "
                f"serlo bump {service} {to} --stack {stack}"
            )
        elif plan.moves and tag_of(to) not in {step.tag for step in steps}:
            plan.notes.append(f"{short(to)} never ran in {where}, as far as git knows")
        return plan

    carry_out("rollback", plan, inquiry, check=check, commit=commit)


def _to_the_one_before(target: StackText, service: Service, steps: Sequence[Step]) -> Plan:
    key = service.version_key
    passed: list[str] = []
    for step in trail(service, steps)[-2::-1]:
        plan = _plan(target, key, step.text)
        reasons = list(judge(plan))
        if not reasons:
            plan.notes += passed
            return plan
        passed.append(f"passed over {short(step.text)}: {'; '.join(reasons)}")
    cut = any(step.revision is not None and step.revision.cut for step in steps)
    more = ", or get all of this shallow clone's history: git fetch --unshallow" if cut else ""
    raise Refused(
        f"{key}: git knows no version before {short(target.versions[key])} in "
        f"{stack_name(target.path)} that could run: name one with --to{more}",
        *passed,
    )


def _plan(target: StackText, key: str, to: str) -> Plan:
    where = stack_name(target.path)
    move = Move(key, target.versions[key], to, present(target, key))
    if move.before == move.after:
        return Plan(target, [], notes=[f"{key} is {short(to, digest=True)} in {where}"])
    subject = f"Roll back {move.line} ({where})"
    return Plan(target, [move], subject=subject, notes=shared([move]))
