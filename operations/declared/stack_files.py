"""Which stacks there are, and where their files lie."""

from difflib import get_close_matches
from pathlib import Path

import infra
from operations.errors import CommandError

_STACKS = Path(infra.__file__).parent.parent / "stacks"
_BY_IMPORTANCE = ("local", "staging", "production")


class UnknownStack(CommandError):
    """No stack is called so; the message says which there are."""


def stack_file(stack: str) -> Path:
    """The file of a stack, given by its name or by the path of a stack file."""
    return Path(stack) if stack.endswith(".yaml") else _STACKS / f"Pulumi.{stack}.yaml"


def stack_name(file: Path) -> str:
    """The stack that a file describes."""
    return file.name.removeprefix("Pulumi.").removesuffix(".yaml")


def existing_stack(stack: str) -> Path:
    """As `stack_file`, of a file that there is. Raises UnknownStack."""
    file = stack_file(stack)
    known = every_stack()
    if stack.endswith(".yaml"):
        if not file.is_file():
            raise UnknownStack(f"there is no file {stack}")
        if stack_name(file) not in _BY_IMPORTANCE or file.name != f"Pulumi.{stack_name(file)}.yaml":
            raise UnknownStack(
                f"{stack} is no stack file: it is called Pulumi.<stack>.yaml, "
                f"and the stacks are {', '.join(_BY_IMPORTANCE)}"
            )
    elif stack not in known:
        raise UnknownStack(
            f"there is no stack {stack}; there are {', '.join(known)}{_guess(stack, known)}",
            remedy="Give one of them, or the path of a file such as stacks/Pulumi.staging.yaml.",
        )
    return file


def every_stack() -> list[str]:
    """The stacks that have a file, from the least to the most important."""
    return [name for name in _BY_IMPORTANCE if stack_file(name).exists()]


def suggestion(word: str, known: list[str]) -> str:
    """What to add to a message about an unknown name."""
    return _guess(word, known) or f"; there are {', '.join(known)}"


def _guess(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    return f": did you mean {close[0]}?" if close else ""
