"""The `serlo` command: one lazily imported module per subcommand, so that each starts fast."""

import os
import sys
from pathlib import Path

from cyclopts import App, Parameter

from operations.errors import FAILED, FINE, FOUND

EXIT_CODES = {
    FINE: "It is done, or nothing was found.",
    FAILED: "It failed or was refused; standard error says why and what to do.",
    FOUND: "It found something: drift, pods that are not ready, a head that cannot be deployed, or "
    "with --check what it asks for.",
}
"""What the exit codes of every command mean."""

app = App(
    name="serlo",
    # A switch is off unless it is given: there is no `--no-json`.
    default_parameter=Parameter(negative=()),
    help_format="plaintext",
    help="Rehearse, render and read Serlo's infrastructure. Real deployments are `pulumi up`.",
    version="0.1.0",
)
_COMMANDS = {
    "rehearse": "Bring a stack up on this machine, against real servers.",
    "down": "Stop every server of the rehearsal.",
    "env": "Print the variables that pulumi, kubectl and wrangler need for the rehearsal.",
    "tools": "List the pinned tools: version, origin, path.",
    "render": "Print every resource of a stack, secrets redacted.",
    "access": "Print the rights that deploying a stack takes, for an administrator to apply.",
    "versions": "Show which version of each service runs where, and since when.",
    "unready": "Show which pods are not ready, and why.",
    "review": "Show what a change does to every stack, and what is dangerous about it.",
    "graph": "Draw a stack's topology.",
    "drift": "Show what was changed by hand, and by whom.",
    "changelog": "Show what changes between two versions of a service.",
    "outdated": "List the services that have newer versions.",
    "bump": "Change the version of a service in a stack file.",
    "set": "Change a setting in a stack file.",
    "promote": "Give production the versions that staging has.",
    "rollback": "Take a service back to the version before.",
    "adopt": "Write the import file for resources that exist already.",
    "trace": "Show what answers a URL, and why.",
    "routes": "Print the routing table.",
    "worker": "Write the worker's files, to run it without this repository.",
    "secrets": "List the secrets that a stack needs, and which are set.",
}
"""Every subcommand and its summary; `serlo NAME` is a function in operations/commands/NAME.py."""

for _name, _help in _COMMANDS.items():
    _function = "set_value" if _name == "set" else _name
    app.command(f"operations.commands.{_name}:{_function}", name=_name, help=_help)


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
        sys.exit("serlo: the folder you are in is not there any more: go to another one")
    for folder in (here, *here.parents):
        if (folder / "infra" / "__main__.py").is_file() and (folder / "stacks").is_dir():
            if folder.resolve() != _OWN:
                sys.exit(
                    f"This serlo belongs to {_OWN}, and would read and change the files there, not "
                    f"those of {folder}: make install there, then use its .venv/bin/serlo."
                )
            return


if __name__ == "__main__":
    main()
