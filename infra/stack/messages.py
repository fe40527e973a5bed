"""Turn pydantic's findings about a stack file into messages with a remedy."""

from collections.abc import Iterable
from typing import get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from infra.declaration.release import CONTINUOUS_FORM, SEMANTIC_FORM, Channel
from infra.declaration.service import Service
from infra.stack.file import Place, Problem, StackFile
from infra.stack.schema import MISTAKE, PERCENTAGE, StackKeys

EXAMPLE = "stacks/Pulumi.local.yaml"

_PLAIN_TYPES = {
    "missing": (
        "a value for every required key",
        f"Add the key, as {EXAMPLE} has it",
    ),
    "string_type": ("text", "Put the value in quotes"),
    "string_too_short": ("text that is not empty", "Fill in the value"),
    "int_type": ("a whole number from 1 to 100", "Write a number, no quotes"),
    "float_type": (PERCENTAGE, "Write a number, no quotes, no %"),
    "list_type": ("a list", "Write the names in brackets: [one, another]"),
    "bool_type": ("true or false", "Write one of the two, no quotes"),
    "too_short": ("a list that is not empty", "Write one element at least"),
}
_MAPPING = ("a mapping of keys to values", f"Write it as {EXAMPLE} does")


def translate(
    file: StackFile, environment: str, services: Iterable[Service], detail: ErrorDetails
) -> Problem:
    """One finding of pydantic as a problem with its place in the file."""
    place = ("config", f"serlo:{detail['loc'][0]}", *detail["loc"][1:])
    if detail["loc"][0] == "secrets":
        return _plain_secret(file, environment, place)
    if detail["type"] == "extra_forbidden":
        return file.unknown(place, "key", _siblings(place), "Delete the key")
    if detail["type"] == "missing" and "splits" in detail["loc"]:
        return file.problem(place, PERCENTAGE, "Add the key: every audience has one")
    if detail["type"] == MISTAKE:
        context = detail.get("ctx", {})
        return file.problem(place, context["allowed"], context["remedy"])
    if detail["type"] == "string_type" and detail["loc"][0] == "versions":
        form = _version_form(services, str(place[-1]))
        return file.problem(place, form, "Write the whole version, in quotes")
    allowed, remedy = _PLAIN_TYPES.get(detail["type"], _MAPPING)
    return file.problem(place, allowed, remedy)


def secret_command(name: str, environment: str) -> str:
    """The command that sets a secret; it asks for the value, so that no shell history keeps it."""
    return f"pulumi config set --secret --path 'serlo:secrets.{name}' --stack {environment}"


def _version_form(services: Iterable[Service], key: str) -> str:
    channels = {s.channel for s in services if s.version_key == key}
    return CONTINUOUS_FORM if Channel.CONTINUOUS in channels else SEMANTIC_FORM


def _plain_secret(file: StackFile, environment: str, place: Place) -> Problem:
    allowed = "{secure: …}, the encrypted form"
    if len(place) < 3:
        return file.problem(
            place,
            "a mapping of names to encrypted values",
            f"Set each by itself: {secret_command('<name>', environment)}",
            found="something else",
        )
    name = str(place[2])
    if name == "secure":
        return file.problem(
            place,
            "one encrypted value per secret",
            f"Set each by itself: {secret_command('<name>', environment)}",
            found="one encrypted value for all secrets",
        )
    # The value stays out of the message: it may be read by more people than the file.
    return file.problem(
        place,
        allowed,
        "Replace the secret with a new value, since a file had this one, then run "
        f"`{secret_command(name, environment)}`",
        found="a value in plain text",
    )


def _siblings(place: Place) -> list[str]:
    """The keys allowed beside the one at `place`."""
    model: type[BaseModel] = StackKeys
    for key in place[1:-1]:
        name = str(key).removeprefix("serlo:")
        for field_name, field in model.model_fields.items():
            if (field.alias or field_name) == name:
                model = _model_in(field.annotation) or model
    prefix = "serlo:" if model is StackKeys else ""
    return [prefix + (field.alias or name) for name, field in model.model_fields.items()]


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in found if model is not None), None)
