"""Keep one issue that says what is not as it was deployed, and close it once all is well.

Arguments: the folder with `<stack>.md` and `<stack>.code` (what `serlo drift` said, and its exit
code), then the stacks.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from operations.github.api import AUTHOR, LONGEST, GitHub, harmless
from operations.github.cut import cut

MARK = "<!-- serlo drift -->"
"""What the issue begins with."""

LABEL = "drift"
TITLE = "The platform is not as it was deployed"

_FINE, _FOUND = 0, 2  # exit codes of `serlo drift`


def main(arguments: Sequence[str]) -> int:
    """Bring the issue up to date."""
    folder, *stacks = arguments
    print(tell(GitHub.of_this_run(), Path(folder), stacks), file=sys.stderr)
    return 0


def tell(github: GitHub, folder: Path, stacks: Sequence[str]) -> str:
    """Write, change or close the issue; returns what was done.

    A stack that could not be read neither opens an issue (its workflow fails, which GitHub reports)
    nor closes one.
    """
    codes = {stack: _code(folder / f"{stack}.code") for stack in stacks}
    existing = _existing(github)
    if all(code == _FINE for code in codes.values()):
        return _close(github, existing)
    if existing is None and _FOUND not in codes.values():
        return "Not everything could be looked at; there is no issue to change."
    text = "\n\n".join(_section(folder, stack, code) for stack, code in codes.items())
    body = cut(f"{MARK}\n{harmless(text)}\n", LONGEST)
    if existing is None:
        new = {"title": TITLE, "body": body, "labels": [LABEL]}
        return f"Opened #{github.send('POST', '/issues', new)['number']}."
    github.send("PATCH", f"/issues/{existing['number']}", {"body": body})
    return f"Changed #{existing['number']}."


def _close(github: GitHub, existing: dict[str, Any] | None) -> str:
    if existing is None:
        return "All is as it was deployed."
    number = existing["number"]
    github.send(
        "POST", f"/issues/{number}/comments", {"body": "Everything is as it was deployed again."}
    )
    github.send("PATCH", f"/issues/{number}", {"state": "closed", "state_reason": "completed"})
    return f"Closed #{number}."


def _section(folder: Path, stack: str, code: int | None) -> str:
    if code == _FOUND:
        return (folder / f"{stack}.md").read_text()
    if code == _FINE:
        return f"## {stack}\n\nAs it was deployed."
    return f"## {stack}\n\nCould not be looked at: see the log of the workflow `drift`."


def _code(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # the job ended before it was written
        return None


def _existing(github: GitHub) -> dict[str, Any] | None:
    for found in github.pages("/issues", state="open", labels=LABEL, creator=AUTHOR):
        if "pull_request" not in found and (found["body"] or "").startswith(MARK):
            return found
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
