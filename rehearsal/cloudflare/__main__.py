"""`python -m rehearsal.cloudflare --state FOLDER --origin URL`: run the emulator."""

import argparse
import logging
import sys
from pathlib import Path

from rehearsal.cloudflare.runtime.workerd import WorkerdError, workerd_path
from rehearsal.cloudflare.server import PortError, Settings, run
from rehearsal.cloudflare.steering import SteeringError
from toolchain.errors import ToolError
from toolchain.resolver import resolve


def main() -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.cloudflare", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder of the state")
    parser.add_argument("--origin", required=True, help="URL that answers for every address")
    parser.add_argument("--api-port", type=int, default=0)
    parser.add_argument("--edge-port", type=int, default=0)
    parser.add_argument("--token-file", type=Path, help="default: token in the state folder")
    parser.add_argument("--zone", action="append", default=[], metavar="NAME=ID")
    parser.add_argument("--account", metavar="ID", help="account of the zones given by --zone")
    parser.add_argument("--recordings", type=Path, help="what hosts outside the zones answer")
    parser.add_argument("--workerd", type=Path, help="default: that of the pinned toolchain")
    given = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    try:
        workerd = given.workerd or workerd_path(resolve("miniflare").path)
        settings = Settings(
            state=given.state,
            origin=given.origin.rstrip("/"),
            workerd=workerd,
            token_file=given.token_file or given.state / "token",
            api_port=given.api_port,
            edge_port=given.edge_port,
            zones=tuple(_zone(text) for text in given.zone),
            account=given.account,
            recordings=given.recordings,
        )
        run(settings)
    except (SteeringError, PortError, WorkerdError, ToolError) as error:
        sys.stderr.write(f"rehearsal.cloudflare: {error}\n")
        return 1
    return 0


def _zone(text: str) -> tuple[str, str]:
    name, separator, identifier = text.partition("=")
    if not separator:
        raise SteeringError(f"--zone {text}: expected NAME=ID, as in --zone example.org=0123…")
    return name, identifier


if __name__ == "__main__":
    sys.exit(main())
