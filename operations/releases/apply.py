"""Doing what a plan says, or telling why not: the common part of `bump`, `promote`, `rollback`
and `set`.
"""

from contextlib import nullcontext, suppress
from pathlib import Path

from operations.errors import CommandError
from operations.releases.checks import Inquiry
from operations.releases.plan import Plan, Planner, judge, sound
from operations.releases.stack_file_editor import EditError, Overtaken, locked, replace
from operations.support.git import GitError, commit_file, in_the_way
from operations.support.output import print_text, working

_UNTOUCHED = "Nothing was changed."


def carry_out(planner: Planner, inquiry: Inquiry, *, check: bool, commit: bool) -> None:
    """Make a plan, and do it under a lock unless something speaks against it.

    Raises CommandError with all reasons at once, and nothing touched. With `check`,
    nothing is touched either way. With `commit`, the one file is committed, or restored if git
    refuses.
    """
    while not _try(planner, inquiry, check=check, commit=commit):
        pass  # somebody was quicker: think again


def _try(planner: Planner, inquiry: Inquiry, *, check: bool, commit: bool) -> bool:
    # This may take seconds, so it runs without the lock.
    with working("checking the change"):
        plan = planner()
        findings = inquiry.about(sound(plan.moves))
    refusals = [*plan.refusals, *judge(plan), *findings.refusals]
    path = plan.target.path
    # Only telling takes no lock: a hook may ask while the commit that calls it holds the lock.
    with nullcontext() if check else locked(path.parent):
        read = {path: plan.target.data, **plan.read}
        if any(not _still(file, data) for file, data in read.items()):
            return False
        if commit and not plan.is_empty:
            refusals += _in_the_way(path)
        for note in plan.notes:
            print_text(f"Note: {note.rstrip('.')}.", on_error=True)
        for warning in findings.warnings:
            print_text(f"Warning: {warning}", on_error=True)
        if refusals:
            raise CommandError(*refusals, remedy=_UNTOUCHED)
        if plan.is_empty:
            print("Nothing to do.")
            return True
        return _do(plan, check=check, commit=commit)


def _do(plan: Plan, *, check: bool, commit: bool) -> bool:
    path = plan.target.path
    try:
        after = plan.changed().data
        diff = plan.diff()
        if not check:
            replace(path, plan.target.data, after)
    except Overtaken:
        return False
    except (EditError, OSError) as error:
        raise CommandError(str(error), remedy=_UNTOUCHED) from None
    said = ""
    if commit and not check:
        try:
            said = commit_file(path, plan.message)
        except BaseException as error:
            # Its own words for a hook that refuses; also when somebody presses Ctrl-C.
            left = _restore(path, after, plan.target.data)
            if not isinstance(error, GitError):
                raise
            raise CommandError(f"git does not commit it: {error}", *left) from None
    print(diff)
    _tell(plan, said, check=check)
    return True


def _tell(plan: Plan, said: str, *, check: bool) -> None:
    if said:
        print_text(said)
        return
    message = [f"    {line}".rstrip() for line in plan.message.splitlines()]
    done = "Would be done" if check else "Done"
    print_text("\n".join([f"{done}; commit message:", "", *message]))


def _restore(path: Path, ours: bytes, before: bytes) -> list[str]:
    try:
        replace(path, ours, before)
    except Overtaken:
        return [f"{path.name} was changed once more meanwhile: look at it"]
    return []


def _in_the_way(path: Path) -> list[str]:
    try:
        return in_the_way(path)
    except GitError as error:
        return [f"--commit: {error}"]


def _still(file: Path, data: bytes) -> bool:
    with suppress(OSError):
        return file.read_bytes() == data
    return False
