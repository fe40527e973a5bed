"""`serlo tools`: which pinned tools are there, in which version, from where."""

from __future__ import annotations

import sys
from contextlib import suppress
from json import dumps
from pathlib import Path

from operations.errors import CommandError, reports_errors
from operations.support.output import Table, page
from toolchain.errors import ToolError
from toolchain.resolver import Tool, Toolchain, default

_NOTES = {"rehearsal": "", "official": "(rehearsals use the one in rehearsal/plugins)"}


@reports_errors
def tools(
    *, json: bool = False, install: bool = False, clean: bool = False, pin: bool = False
) -> None:
    """List every pinned tool: version, where it came from, path.

    Nothing is downloaded or built for the list.

    Parameters
    ----------
    json
        Print a JSON list instead of a table.
    install
        First get everything that a rehearsal needs and that is missing, and the pinned release
        of what was built from an older one.
    clean
        First remove from the cache what no pinned version needs, and what builds left behind.
    pin
        First record the SHA-256 sums that releases publish in toolchain/checksums.txt, which
        downloads are held against from then on.
    """
    toolchain = default()
    if pin:
        _pin(toolchain)
    if clean:
        for folder in toolchain.clean():
            print(f"removed {folder}", file=sys.stderr)
    if install:
        _install(toolchain)
    rows = [(name, toolchain.entry(name), toolchain.find(name)) for name in toolchain.names()]
    if json:
        print(dumps([_as_json(name, entry.version, tool) for name, entry, tool in rows], indent=2))
        return
    _print([(name, entry.version, entry.needed_for, tool) for name, entry, tool in rows])


def _print(rows: list[tuple[str, str, str, Tool | None]]) -> None:
    cells = [
        (name, tool.version if tool else version, tool.origin if tool else "missing")
        for name, version, _, tool in rows
    ]
    places = [
        str(tool.path) if tool else _NOTES.get(needed, f"(only for {needed})")
        for _, _, needed, tool in rows
    ]
    shown = page()
    shown.table(
        Table(
            ("tool", "version", "origin", "path"),
            [(*line, place) for line, place in zip(cells, places, strict=True)],
        ),
        Table(
            ("tool", "version", "origin"),
            cells,
            notes=[[_from_home(place)] if place else [] for place in places],
        ),
    )
    for name, _, _, tool in rows:
        if tool is not None and tool.note:
            shown.text()
            shown.text(f"{name}: {tool.version} is {tool.note}.")
    missing = [name for name, _, needed, tool in rows if not tool and needed == "rehearsal"]
    if missing:
        shown.text()
        shown.text(f"Missing: {', '.join(missing)}.")
        shown.text("A rehearsal gets them by itself; to get them now: serlo tools --install")
    shown.show()


def _from_home(path: str) -> str:
    home = f"{Path.home()}/"
    return f"~/{path.removeprefix(home)}" if path.startswith(home) else path


def _pin(toolchain: Toolchain) -> None:
    if missing := toolchain.pin():
        raise CommandError(*(f"not recorded, but all others: {line}" for line in missing))


def _install(toolchain: Toolchain) -> None:
    needed = toolchain.names("rehearsal", "registries")
    toolchain.resolve_all(needed)
    for name in needed:
        toolchain.renew(name)
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
