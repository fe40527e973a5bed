"""The `serlo` command: one lazily imported module per subcommand, so that each starts fast."""

import os
import sys
from pathlib import Path

from cyclopts import App

app = App(
    name="serlo",
    help="Rehearse, render and read Serlo's infrastructure. Real deployments are `pulumi up`.",
    version="0.1.0",
)
app.command("operations.rehearse:rehearse", help="Bring a stack up on this machine, for real.")
app.command("operations.down:down", help="Stop every server of the rehearsal.")
app.command("operations.env:env", help="Print the variables to use pulumi, kubectl and wrangler.")
app.command("operations.tools:tools", help="List the pinned tools: version, origin, path.")
app.command("operations.render:render", help="Print every resource of a stack, secrets redacted.")
app.command("operations.access:access", help="Print the rights that deploying a stack takes.")
app.command("operations.versions:versions", help="Which version is where, and since when.")
app.command("operations.unready:unready", help="Which pods are not ready, and why.")
app.command(
    "operations.review.command:review", help="What a change does to every stack, and its dangers."
)
app.command("operations.graph.command:draw", name="graph", help="A stack's topology, as a picture.")
app.command("operations.drift.command:drift", help="What is not as deployed, and who changed it.")
app.command(
    "operations.changelog.command:changelog",
    help="What changes between two versions of a service.",
)
app.command("operations.outdated:outdated", help="Which services have newer versions.")
app.command("operations.bump:bump", help="Write another version of a service into a stack file.")
app.command("operations.set:set_value", name="set", help="Write another setting into a stack file.")
app.command("operations.promote:promote", help="Give production the versions that staging has.")
app.command("operations.rollback:rollback", help="Take a service back to the version before.")
app.command("operations.adopt.command:adopt", help="Write the import file for what exists.")
app.command("operations.trace.command:trace", help="What answers a URL, and why.")
app.command("operations.routes:routes", help="Print the routing table.")
app.command("operations.worker:worker", help="Write the worker's files, to be run by themselves.")
app.command("operations.secrets:secrets", help="Which secrets a stack needs, and which are set.")


_OWN = Path(__file__).resolve().parent.parent
_ANYWHERE = frozenset({"review", "tools"})
"""Commands that ask for the checkout they are run in, or for none."""


def main() -> None:
    """Run the command line; exit code 130 on Ctrl-C and 141 for a reader who left, as usual."""
    _stay_at_home(sys.argv[1:])
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Python must not complain about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


def _stay_at_home(arguments: list[str]) -> None:
    """Refuse to read or change this checkout's files for somebody who is in another checkout."""
    if not arguments or arguments[0] in _ANYWHERE or {"-h", "--help", "--version"} & {*arguments}:
        return
    try:
        here = Path.cwd()
    except FileNotFoundError:
        sys.exit("The folder you are in is not there any more: go to another one.")
    for folder in (here, *here.parents):
        if (folder / "infra" / "release.py").is_file() and (folder / "stacks").is_dir():
            if folder.resolve() != _OWN:
                sys.exit(
                    f"This serlo belongs to {_OWN}, and would read and change the files there, not "
                    f"those of {folder}: make install there, then use its .venv/bin/serlo."
                )
            return


if __name__ == "__main__":
    main()
