"""Describes all that this checkout declares for its stacks, for programs that compare checkouts.

`python -m infra.describe STACK [STACK ...]` prints JSON: `{"version": 1, "stacks": {NAME: {...}}}`.
A stack that cannot be described has a `problem`, a text for people, and nothing else. Renaming
anything in `infra/` leaves this format as it is; removing or changing a member needs a new version.
"""

import gc
import json
import sys
import traceback
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

VERSION = 1
"""The version of the format."""

_STACKS = Path(__file__).parent.parent / "stacks"
_FRAME = '  File "'


def describe(stack: str, file: Path | None = None) -> dict[str, Any]:
    """Describe a stack of this checkout as plain JSON, or say in `problem` why that fails.

    `file` is its stack file, by default the one in `stacks/`.
    """
    file = file or _STACKS / f"Pulumi.{stack}.yaml"
    if not file.exists():
        return {"problem": f"stacks/{file.name} does not exist"}
    try:
        # A declaration with a mistake fails when it is imported: that is a problem too.
        from infra.description import DescriptionError, description  # noqa: PLC0415

        try:
            return description(file)
        except DescriptionError as error:
            return {"problem": str(error)}
    except Exception:
        return {"problem": f"its program cannot be run:\n{_end_of_traceback()}"}


def _end_of_traceback() -> str:
    """The last place that the traceback names, and the error."""
    lines = traceback.format_exc().strip("\n").splitlines()
    places = [number for number, line in enumerate(lines) if line.startswith(_FRAME)]
    return "\n".join(lines[places[-1] :] if places else lines)


def main(stacks: Sequence[str]) -> None:
    """Print the description of these stacks."""
    if not stacks:
        sys.exit("usage: python -m infra.describe STACK [STACK ...]")
    # As in the program: most of the time goes into importing the SDKs.
    gc.disable()
    # A declaration that prints must not spoil the JSON.
    with redirect_stdout(sys.stderr):
        described = {stack: describe(stack) for stack in stacks}
    json.dump({"version": VERSION, "stacks": described}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
