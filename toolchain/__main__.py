"""`python -m toolchain [NAME …]`: have the named tools, by default all that a rehearsal needs."""

from __future__ import annotations

import sys

from toolchain.errors import ToolError
from toolchain.resolver import default


def main(arguments: list[str]) -> int:
    """Resolve the tools and print where each is; the exit code says whether all are there."""
    toolchain = default()
    try:
        tools = toolchain.resolve_all(arguments or toolchain.names("rehearsal"))
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "Interrupted. What is finished stays; the next run goes on from there.", file=sys.stderr
        )
        return 130
    for tool in tools.values():
        print(f"{tool.name} {tool.version} {tool.path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
