"""`serlo versions`: which version is declared where. Reads files only, starts no Pulumi."""

import json as json_format
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from infra.environment import Environment, StackFileError
from infra.release import Channel, Commit, Release
from infra.service import Service
from operations.stacks import every_stack, stack_file

_SHORT_COMMIT = 12


@dataclass(frozen=True)
class Row:
    """One service: its version in each stack that has it, and where its changes are listed."""

    service: str
    channel: str
    versions: dict[str, str]
    changes: str


def versions(*stacks: str, json: bool = False) -> None:
    """Print which version of each service the stacks declare.

    Parameters
    ----------
    stacks
        The stacks to show: local, staging, production; all by default.
    json
        Print JSON instead of a table, with versions in full.
    """
    names = list(stacks) or every_stack()
    environments: list[Environment] = []
    mistakes: list[str] = []
    for name in names:
        try:
            environments.append(Environment.load(stack_file(name)))
        except StackFileError as error:
            mistakes.append(str(error))
    if mistakes:
        print("\n".join(mistakes), file=sys.stderr)
        raise SystemExit(1)
    if json:
        print(json_format.dumps([asdict(row) for row in rows(environments)], indent=2))
    else:
        _print_table(environments)


def rows(environments: list[Environment]) -> list[Row]:
    """The versions of every service in these environments, ordered by service."""
    return [
        Row(
            service=service.name,
            channel=service.channel.value,
            versions={name: str(release) for name, release in releases.items()},
            changes=_changes(service),
        )
        for service, releases in _releases(environments)
    ]


def _releases(environments: list[Environment]) -> Iterator[tuple[Service, dict[str, Release]]]:
    """Every service that any of these environments has, and its releases by environment."""
    services = {service.name: service for e in environments for service in e.services}
    for _, service in sorted(services.items()):
        yield (
            service,
            {
                e.name: e.versions[service.version_key]
                for e in environments
                if service in e.services
            },
        )


def _changes(service: Service) -> str:
    repository = f"https://github.com/{service.source}"
    if service.channel is Channel.CONTINUOUS:
        return f"{repository}/pulls?q=is%3Apr+is%3Amerged"
    return f"{repository}/blob/main/CHANGELOG.md"


def _print_table(environments: list[Environment]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("service", "channel", *(e.name for e in environments), "changes"):
        table.add_column(heading, no_wrap=True)
    for service, releases in _releases(environments):
        shown = [_short(releases.get(e.name)) for e in environments]
        if len(set(releases.values())) > 1:
            shown = [f"[yellow]{text}[/yellow]" for text in shown]
        table.add_row(service.name, service.channel.value, *shown, _changes(service))
    # Cut nothing off where nobody looks at the width.
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _short(release: Release | None) -> str:
    if release is None:
        return "-"
    if isinstance(release, Commit):
        return "not filled in" if release.is_placeholder else release.tag[:_SHORT_COMMIT]
    return release.tag
