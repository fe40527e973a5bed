"""Plans the way back to a version that ran before."""

from collections.abc import Sequence

from infra.declaration.service import Service
from operations.declared.stack_files import stack_name
from operations.errors import CommandError
from operations.releases.history import VersionPeriod
from operations.releases.plan import (
    Plan,
    VersionChange,
    judge,
    present,
    shared,
    short,
    trail,
)
from operations.releases.stack_file_editor import StackText


def to_the_one_before(target: StackText, service: Service, steps: Sequence[VersionPeriod]) -> Plan:
    """Go back to the version that ran before the current one. Raises CommandError."""
    key = service.version_key
    passed: list[str] = []
    for step in trail(service, steps)[-2::-1]:
        plan = to_version(target, key, step.text)
        reasons = list(judge(plan))
        if not reasons:
            plan.notes += passed
            return plan
        passed.append(f"passed over {short(step.text)}: {'; '.join(reasons)}")
    cut = any(step.revision is not None and step.revision.cut for step in steps)
    more = ", or get all of this shallow clone's history: git fetch --unshallow" if cut else ""
    raise CommandError(
        f"{key}: git knows no version before {short(target.versions[key])} in "
        f"{stack_name(target.path)} that could run: name one with --to{more}",
        *passed,
    )


def to_version(target: StackText, key: str, to: str) -> Plan:
    """Go back to one version."""
    where = stack_name(target.path)
    move = VersionChange(key, target.versions[key], to, present(target, key))
    if move.before == move.after:
        return Plan(target, [], notes=[f"{key} is {short(to, digest=True)} in {where}"])
    subject = f"Roll back {move.line} ({where})"
    return Plan(target, [move], subject=subject, notes=shared([move]))
