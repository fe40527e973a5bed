"""`python -m toolchain.typecheck FOLDER`: check the types of JavaScript with the pinned TypeScript.

The folder has a `tsconfig.json`. This module adds where the packages are, since that differs from
machine to machine.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from toolchain.errors import ToolError
from toolchain.resolver import resolve_all


def main(arguments: list[str]) -> int:
    """Print what is wrong; the exit code says whether anything is."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        tools = resolve_all(["node", "miniflare"])
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    modules = tools["miniflare"].path
    compiler = modules / "typescript" / "bin" / "tsc"
    types = modules / "@cloudflare"
    command = [str(tools["node"].path), str(compiler), "--project", str(Path(arguments[0]))]
    return subprocess.run([*command, "--typeRoots", str(types)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
