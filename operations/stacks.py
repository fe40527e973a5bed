"""Which stacks there are, and where their files lie."""

from pathlib import Path

import infra
from infra.stackcheck import ENVIRONMENTS

_STACKS = Path(infra.__file__).parent.parent / "stacks"


def stack_file(stack: str) -> Path:
    """The file of a stack, given by its name or by the path of a stack file."""
    return Path(stack) if stack.endswith(".yaml") else _STACKS / f"Pulumi.{stack}.yaml"


def every_stack() -> list[str]:
    """The stacks that have a file, from the least to the most important."""
    return [name for name in ENVIRONMENTS if stack_file(name).exists()]
