"""`serlo tools`: which pinned tools are there, in which version, from where."""

from __future__ import annotations

import sys
from contextlib import suppress
from json import dumps

from rich.console import Console
from rich.table import Table

from toolchain import Tool, Toolchain, ToolError, default

_NOTES = {"rehearsal": "", "official": "(rehearsals use the one in rehearsal/plugins)"}


def tools(*, json: bool = False, install: bool = False, clean: bool = False) -> None:
    """List every pinned tool: version, where it came from, path.

    Nothing is downloaded or built for the list.

    Parameters
    ----------
    json
        Print a JSON list instead of a table.
    install
        First get everything that a rehearsal needs and that is missing.
    clean
        First remove from the cache what no pinned version needs, and what builds left behind.
    """
    toolchain = default()
    if clean:
        for folder in toolchain.clean():
            print(f"removed {folder}", file=sys.stderr)
    if install:
        _install(toolchain)
    rows = [(name, toolchain.entry(name), toolchain.find(name)) for name in toolchain.names()]
    if json:
        print(dumps([_as_json(name, entry.version, tool) for name, entry, tool in rows], indent=2))
        return
    table = Table("tool", "version", "origin", box=None, pad_edge=False)
    table.add_column("path", overflow="fold")
    for name, entry, tool in rows:
        if tool is None:
            note = _NOTES.get(entry.needed_for, f"(only for {entry.needed_for})")
            table.add_row(name, entry.version, "missing", note)
        else:
            table.add_row(name, tool.version, tool.origin, str(tool.path))
    console = Console()
    if not console.is_terminal:
        console.width = 240  # a path cut in two is of no use to the next command
    console.print(table)
    for name, _, tool in rows:
        if tool is not None and tool.note:
            print(f"\n{name}: {tool.version} is {tool.note}.")
    missing = [name for name, entry, tool in rows if not tool and entry.needed_for == "rehearsal"]
    if missing:
        print(f"\nMissing: {', '.join(missing)}.")
        print("A rehearsal gets them by itself; to get them now: serlo tools --install")


def _install(toolchain: Toolchain) -> None:
    try:
        toolchain.resolve_all(toolchain.names("rehearsal"))
    except ToolError as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None
    for name in toolchain.names("official"):
        with suppress(ToolError):
            toolchain.resolve(name)


def _as_json(name: str, pinned: str, tool: Tool | None) -> dict[str, str | None]:
    return {
        "name": name,
        "version": tool.version if tool else pinned,
        "origin": tool.origin if tool else "missing",
        "path": str(tool.path) if tool else None,
    }
