"""Plans the change of a setting in a stack file."""

from infra.services import declared
from infra.stack.file import StackFileError, Value, parse, spell
from infra.stack.messages import secret_command
from infra.stack.rules import check as mistakes_of
from operations.declared.stack_files import stack_name
from operations.errors import CommandError
from operations.releases.plan import Plan
from operations.releases.stack_file_editor import EditError, StackText
from operations.releases.yaml_edit import flow

_LONGEST_SUBJECT = 72

Place = tuple[str, ...]
"""Keys from the top of a stack file to a value."""


def place_of(key: str) -> Place:
    """Where a setting stands in a stack file. Raises CommandError."""
    first, *rest = key.removeprefix("serlo:").split(".")
    if not all((first, *rest)):
        raise CommandError(f"{key!r} is no key: write it like edge.splits.content.mobile")
    return ("config", f"serlo:{first}", *rest)


def refuse_what_others_set(target: StackText, place: Place, value: str | None) -> None:
    """Raise CommandError for a setting that another command changes."""
    stack, name = stack_name(target.path), place[-1]
    if place[1] == "serlo:secrets":
        name = name if len(place) > 2 else "<name>"
        command = secret_command(name, stack)
        if value is None:
            command = f"pulumi config rm --path 'serlo:secrets.{name}' --stack {stack}"
        raise CommandError(f"secrets are encrypted by Pulumi, so they are set by: {command}")
    if place[1] == "serlo:versions" and value is not None and name in target.versions:
        raise CommandError(
            "versions are changed by the command that checks them: "
            f"serlo bump {name} {value} --stack {stack}"
        )


def plan_setting(target: StackText, place: Place, value: str | None) -> Plan:
    """Change a setting, or with None go back to its default. Raises CommandError."""
    where, key = stack_name(target.path), spell(place).removeprefix("serlo:")
    before = _found(target.file.values, place)
    try:
        edited = target.without(place) if value is None else _edited(target, place, value)
    except EditError as error:
        raise CommandError(f"{target.file.label}: {error}") from None
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
