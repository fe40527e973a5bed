"""`serlo outdated`: which services have newer versions, as far as their registries say."""

from dataclasses import asdict
from json import dumps

from infra.stack.environment import Environment, StackFileError
from operations.declared.stack_files import every_stack, existing_stack
from operations.errors import FOUND, CommandError, reports_errors
from operations.releases.outdated import VersionLag, look_up
from operations.releases.registry import Registry
from operations.releases.versions_table import short_version
from operations.support.output import Cell, Table, page, print_text, working


@reports_errors
def outdated(*stacks: str, json: bool = False, check: bool = False) -> None:
    """Print which services have newer versions. A registry that cannot be asked is a warning.

    Parameters
    ----------
    stacks
        The stacks to look at: local, staging, production; staging and production by default.
    json
        Print JSON instead of a table, with versions in full.
    check
        End with exit code 2 when something is outdated.
    """
    names = list(stacks) or [name for name in every_stack() if name != "local"]
    environments: list[Environment] = []
    mistakes: list[str] = []
    for name in names:
        try:
            environments.append(Environment.load(existing_stack(name)))
        except StackFileError as error:
            mistakes.append(str(error))
    if mistakes:
        raise CommandError(*mistakes)
    with working("asking the registries"):
        rows, warnings = look_up(environments, Registry())
    if json:
        report = {"services": [asdict(row) for row in rows], "warnings": warnings}
        print(dumps(report, indent=2))
    else:
        _print_table(rows)
        for warning in warnings:
            print_text(f"warning: {warning}", on_error=True)
    if check and any(row.outdated for row in rows):
        raise SystemExit(FOUND)


def _print_table(rows: list[VersionLag]) -> None:
    headings = ("service", "stack", "current", "newest", "same major", "pre-release")
    cells = [
        (
            row.service,
            row.stack,
            short_version(row.current),
            _news(row),
            _news(row) if row.outdated is None else row.same_major or "-",
            row.prerelease or ("?" if row.outdated is None else "-"),
        )
        for row in rows
    ]
    links = dict.fromkeys(row.link for row in rows if row.link and row.outdated is not False)
    shown = page()
    shown.table(
        Table((*headings, "note"), [(*c, row.note) for c, row in zip(cells, rows, strict=True)]),
        Table(headings, cells, notes=[[row.note] if row.note else [] for row in rows]),
    )
    for link in links:
        shown.text(link)
    shown.show()


def _news(row: VersionLag) -> Cell:
    if row.outdated is None:
        return Cell("?")
    return Cell(row.newest or "another", "yellow") if row.outdated else Cell("-")
