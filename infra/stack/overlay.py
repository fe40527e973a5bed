"""The stack file of a rehearsal: what it replaces in a real stack file, and nothing else.

Everything that it does not name is read from the real file each time, so that `pulumi` sees an
edit of that file at once.
"""

import json
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from infra.stack.file import Place, Problem, StackFile, StackFileError, Value, read, spell
from infra.stack.messages import translate
from infra.stack.schema import OverlayKeys

REHEARSES = "serlo:rehearses"
"""The key that names the real stack file; only a rehearsal's file has it."""

_REPLACED: tuple[Place, ...] = (
    ("encryptionsalt",),
    ("config", REHEARSES),
    ("config", "serlo:cluster", "kubeconfig"),
    ("config", "serlo:cluster", "context"),
    ("config", "serlo:cluster", "uid"),
    ("config", "serlo:cloudflare", "base-url"),
    ("config", "serlo:secrets"),
)
_ALLOWED = (
    "what a rehearsal replaces: the cluster, Cloudflare's address and the secrets' values. "
    "Everything else is read from the real stack file"
)
_AGAIN = "`serlo rehearse` writes this file again"


def overlay_of(file: StackFile) -> OverlayKeys | None:
    """Return what a rehearsal's stack file replaces, or None for a real stack file.

    Raises StackFileError if the file holds anything else, since that would have an effect in the
    rehearsal alone, or if the real file cannot be read.
    """
    config = file.values.get("config")
    if not isinstance(config, dict) or REHEARSES not in config:
        return None
    real = Path(str(config[REHEARSES]))
    if real.name != file.path.name:
        allowed = f"the path of the real {file.path.name}"
        raise _error(file, [file.problem(("config", REHEARSES), allowed, _AGAIN)])
    if others := list(_others(file, real)):
        raise _error(file, others)
    ours = {key.removeprefix("serlo:"): value for key, value in config.items() if "serlo:" in key}
    try:
        return OverlayKeys.model_validate(ours)
    except ValidationError as error:
        details = error.errors(include_url=False)
        stack = file.path.name.split(".")[1]
        raise _error(file, [translate(file, stack, (), detail) for detail in details]) from None


def _others(file: StackFile, real: Path) -> Iterator[Problem]:
    config = read(real).values.get("config")
    engine = config if isinstance(config, dict) else {}
    for place, value in _leaves(file.values):
        if any(place[: len(replaced)] == replaced for replaced in _REPLACED):
            continue
        key = str(place[-1])
        # The engine reads these itself, so they stand in both files.
        if key.startswith("pulumi:") and engine.get(key) == value:
            continue
        yield file.problem(place, _ALLOWED, f"{_command(place, value, real)}; {_AGAIN}")


def _command(place: Place, value: Value, real: Path) -> str:
    if place[0] != "config" or len(place) < 2 or not str(place[1]).startswith("serlo:"):
        return f"If you need it, write it into {real}"
    key = spell(place).removeprefix("serlo:")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    stack = real.name.split(".")[1]
    if key.startswith("versions."):
        return f"`serlo bump {key.removeprefix('versions.')} {shlex.quote(text)} --stack {stack}`"
    return f"`serlo set {key} {shlex.quote(text)} --stack {stack}`"


def _leaves(value: Value, place: Place = ()) -> Iterator[tuple[Place, Value]]:
    if isinstance(value, dict) and value:
        for key, member in value.items():
            yield from _leaves(member, (*place, key))
    else:
        yield place, value


def _error(file: StackFile, problems: list[Problem]) -> StackFileError:
    # "stacks/Pulumi.staging.yaml" would be taken for the real one.
    label = "/".join(file.path.parts[-4:])
    return StackFileError([replace(problem, file=label) for problem in problems])
