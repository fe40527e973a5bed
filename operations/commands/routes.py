"""`serlo routes`: the routing table for people, as it is written or as it holds in a stack."""

import json as json_format
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from infra.stack.environment import Environment
from operations.declared.stack_files import existing_stack
from operations.errors import CommandError, reports_errors
from operations.routing.table import RuleInWords, rules_in_words
from operations.support.output import Table, print_table, write_out

_COLUMNS = ("rule", "hosts", "path", "conditions", "action", "environments", "place")


@reports_errors
def routes(
    *,
    stack: str | None = None,
    markdown: bool = False,
    json: bool = False,
) -> None:
    """Print the routing table, from top to bottom: the first rule that fits a request answers it.

    Parameters
    ----------
    stack
        Only what holds in this stack, with its percentages: local, staging, production, or the
        path of a stack file. By default everything that is written.
    markdown
        Print a table in Markdown.
    json
        Print JSON.
    """
    if markdown and json:
        raise CommandError(
            "--markdown and --json exclude each other", remedy="Give only one of them."
        )
    environment = None if stack is None else Environment.load(existing_stack(stack))
    found = rules_in_words(environment)
    if json:
        write_out(json_format.dumps([asdict(row) for row in found], indent=2) + "\n")
    elif markdown:
        write_out(markdown_of(found))
    else:
        _print(found)


def markdown_of(found: Sequence[RuleInWords]) -> str:
    """The table in Markdown."""
    lines = [_COLUMNS, ["---"] * len(_COLUMNS)]
    lines += [[_cell(text) for text in asdict(row).values()] for row in found]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _print(found: Sequence[RuleInWords]) -> None:
    print_table(
        Table(_COLUMNS, [(*asdict(row).values(),) for row in found]),
        Table(
            ("rule", "place"),
            [(row.rule, row.place) for row in found],
            notes=[[*_in_words(row)] for row in found],
        ),
    )


def _in_words(row: RuleInWords) -> Iterator[str]:
    yield f"{row.hosts}: {row.path} ➔ {row.action}"
    if row.conditions:
        yield f"if {row.conditions}"
    if row.environments != "all":
        yield f"in {row.environments}"
