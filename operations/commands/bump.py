"""`serlo bump`: another version of a service in one stack."""

from operations.declared.stack_files import existing_stack, stack_name
from operations.errors import reports_errors
from operations.releases.apply import carry_out
from operations.releases.checks import Inquiry
from operations.releases.history import VersionPeriod
from operations.releases.plan import (
    Direction,
    Plan,
    VersionChange,
    chosen,
    direction,
    history_of,
    present,
    shared,
    short,
)
from operations.releases.stack_file_editor import StackText


@reports_errors
def bump(
    service: str,
    version: str,
    *,
    stack: str = "staging",
    pin_digest: bool = False,
    check: bool = False,
    commit: bool = False,
    offline: bool = False,
) -> None:
    """Write another version of a service into a stack file; services that share it move along.

    Prints the diff and the commit message. Refuses, with status 1 and nothing touched, whatever
    names no release for ever, goes back, or is not in the registry.

    Parameters
    ----------
    service
        Its name, such as server.
    version
        A full version such as 0.53.0, or the commit for a service published continuously.
    stack
        local, staging, production, or the path of a stack file.
    pin_digest
        Add the digest that the registry has for the version now.
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
        after = version
        if pin_digest and "@" not in version:
            after = f"{version}@{inquiry.pin(found.image, version)}"
        move = VersionChange(key, target.versions[key], after, present(target, key))
        where = stack_name(target.path)
        if move.before == move.after:
            return Plan(target, [], notes=[f"{key} is {short(after, digest=True)} in {where}"])
        plan = Plan(target, [move], subject=f"{move.line} ({where})", notes=shared([move]))

        def ran() -> list[VersionPeriod]:
            history = history_of(target.path)
            return history.steps(target.path.name, key, move.before) if history else []

        if direction(move.services[0], move.before, after, ran) is Direction.DOWN:
            plan.refusals.append(
                f"{key}: {short(after)} is older than {short(move.before)}; if it is to go back: "
                f"serlo rollback {service} --to {after} --stack {stack}"
            )
        return plan

    carry_out(plan, inquiry, check=check, commit=commit)
