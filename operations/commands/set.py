"""`serlo set`: another value for a setting in one stack."""

from typing import Annotated

from cyclopts import Parameter

from infra.services import declared
from infra.stack.file import StackFileError, Value, parse, spell
from infra.stack.messages import secret_command
from infra.stack.rules import check as mistakes_of
from operations.declared.stack_files import existing_stack, stack_name
from operations.releases.apply import carry_out
from operations.releases.checks import Inquiry
from operations.releases.plan import Plan, Refused
from operations.releases.stack_file_editor import EditError, StackText
from operations.releases.yaml_edit import flow

_LONGEST_SUBJECT = 72

Flag = Annotated[bool, Parameter(negative="")]
Place = tuple[str, ...]


def set_value(
    key: str,
    value: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    /,
    *,
    stack: str = "staging",
    unset: Flag = False,
    check: Flag = False,
    commit: Flag = False,
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
        place = _place(key)
        if (value is None) is not unset:
            raise Refused("either a value or --unset says what to do")
        _refuse_what_others_set(target, place, value)
        return _plan(target, place, value)

    carry_out("set", plan, Inquiry(offline=True), check=check, commit=commit)


def _place(key: str) -> Place:
    first, *rest = key.removeprefix("serlo:").split(".")
    if not all((first, *rest)):
        raise Refused(f"{key!r} is no key: write it like edge.splits.content.mobile")
    return ("config", f"serlo:{first}", *rest)


def _refuse_what_others_set(target: StackText, place: Place, value: str | None) -> None:
    stack, name = stack_name(target.path), place[-1]
    if place[1] == "serlo:secrets":
        name = name if len(place) > 2 else "<name>"
        command = secret_command(name, stack)
        if value is None:
            command = f"pulumi config rm --path 'serlo:secrets.{name}' --stack {stack}"
        raise Refused(f"secrets are encrypted by Pulumi, so they are set by: {command}")
    if place[1] == "serlo:versions" and value is not None and name in target.versions:
        raise Refused(
            "versions are changed by the command that checks them: "
            f"serlo bump {name} {value} --stack {stack}"
        )


def _plan(target: StackText, place: Place, value: str | None) -> Plan:
    where, key = stack_name(target.path), spell(place).removeprefix("serlo:")
    before = _found(target.file.values, place)
    try:
        edited = target.without(place) if value is None else _edited(target, place, value)
    except EditError as error:
        raise Refused(f"{target.file.label}: {error}") from None
    after = _found(edited.file.values, place)
    if edited.data == target.data:
        return Plan(target, [], notes=[f"{key} is {_said(after)} in {where}"])
    subject = f"{key} {_said(before)} ➔ {_said(after)} ({where})"
    if len(subject) > _LONGEST_SUBJECT:
        subject = f"{'Remove' if value is None else 'Change'} {key} ({where})"
    return Plan(target, [], subject=subject, edited=edited)


def _edited(target: StackText, place: Place, text: str) -> StackText:
    """The file with what was typed: as YAML means it, or as text where the file wants text."""
    stack, services = stack_name(target.path), declared()
    choices = [target.with_value(place, value) for value in _meanings(target, text)]
    sound = (c for c in choices if not mistakes_of(c.file, stack, services)[1])
    return next(sound, choices[0])


def _meanings(target: StackText, text: str) -> list[Value]:
    if "#" in text:
        return [text]  # To YAML, a comment.
    try:
        values = parse(target.path, f"value: {text}\n").values
    except StackFileError:
        return [text]
    value = values["value"]
    return [text] if isinstance(value, str) or len(values) > 1 else [value, text]


def _found(values: Value, place: Place) -> Value:
    for key in place:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _said(value: Value) -> str:
    return "nothing" if value is None else flow(value)
