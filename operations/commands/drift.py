"""The command `serlo drift`."""

import json as json_format
from pathlib import Path

from operations.errors import FOUND, reports_errors
from operations.platform.drift_report import field_report, look, text_of
from operations.support.output import page, working, write_out


@reports_errors
def drift(
    *,
    stack: str,
    rehearsal: Path | None = None,
    markdown: bool = False,
    json: bool = False,
) -> None:
    """Say what is not as it was deployed, and who changed it; exit code 2 if anything is.

    Reads Pulumi's state, the cluster and Cloudflare; writes nothing.

    Parameters
    ----------
    stack
        local, staging or production.
    rehearsal
        The folder of a rehearsal to look at, instead of the real platform.
    markdown
        For an issue.
    json
        For programs.
    """
    with working("asking Pulumi what is not as deployed"):
        found, taking_back = look(stack, rehearsal)
    told = [field_report(drifted) for drifted in found]
    commands = taking_back.commands(found)
    if json:
        print(json_format.dumps(told, indent=2, ensure_ascii=False))
    elif not told:
        print(f"{stack} is as it was deployed.")
    elif markdown:
        write_out(text_of(stack, told, commands, markdown=True) + "\n")
    else:
        shown = page()
        shown.prose(text_of(stack, told, commands, markdown=False))
        for command in commands:
            shown.command(command)
        shown.show()
    if told:
        raise SystemExit(FOUND)
