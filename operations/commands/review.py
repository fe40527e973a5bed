"""The command `serlo review`."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from operations.declared.checkouts import (
    WORKTREE,
    Side,
    asked,
    both,
    declarations,
    root_of,
)
from operations.declared.stack_files import every_stack
from operations.errors import FOUND, CommandError, reports_errors
from operations.rehearsed.change import RehearsalResult, perform
from operations.review.changes import from_copies, from_network
from operations.review.html import html
from operations.review.images import from_registries, nobody_asked
from operations.review.markdown import markdown
from operations.review.report import Report, report
from operations.review.samples import samples
from operations.review.terminal import show
from operations.support.git import GitError
from operations.support.output import page, working, write_out
from operations.topology.mermaid import mermaid
from operations.topology.model import Graph, compared, graph
from operations.topology.svg import svg

_BASES = ("origin/main", "main")


@reports_errors
def review(
    *,
    base: str | None = None,
    head: str = WORKTREE,
    stack: tuple[str, ...] = (),
    as_markdown: Annotated[bool, Parameter("--markdown")] = False,
    as_json: Annotated[bool, Parameter("--json")] = False,
    as_html: Annotated[bool, Parameter("--html")] = False,
    rehearse: bool = False,
    changelogs: bool = False,
    offline: bool = False,
    more: str = "",
    base_name: str | None = None,
    head_name: str | None = None,
) -> None:
    """Say what a change does to every stack: images, dangers, capacity, counts, picture, fields.

    The review needs no cluster, no access to Cloudflare and no secret. It ends with exit code 2 if
    the head cannot be described or a rehearsal fails. Whether a danger is acceptable is for
    people to judge.

    Parameters
    ----------
    base
        The git ref to compare with: origin/main by default, main where there is no such.
    head
        The git ref to look at; WORKTREE is the files as they are.
    stack
        The stacks to show: all by default.
    as_markdown
        As a comment of at most 64,000 characters, which is the default but in a terminal.
    as_json
        As data, everything in it.
    as_html
        As a page for a browser, everything in it.
    rehearse
        Also make the change for real, on this machine: base, head on top, and back, under load.
    changelogs
        Fetch the changelogs of versions that change; else the review reads its copies.
    offline
        Do not ask registries whether the images of new versions exist.
    more
        What a comment says when not all fits: where the whole review is.
    base_name
        What to call the base, such as a branch of which only a commit is there.
    head_name
        What to call the head.
    """
    chosen = [as_markdown, as_json, as_html].count(True)
    if chosen > 1:
        raise CommandError(
            "--markdown, --json and --html exclude each other", remedy="Give only one of them."
        )
    stacks = list(stack) or every_stack()
    unknown = [name for name in stacks if name not in every_stack()]
    if unknown:
        raise CommandError(
            f"There is no stack {', '.join(unknown)}; there are {', '.join(every_stack())}."
        )
    root = root_of(Path())
    # Production is compared with what staging runs, shown or not.
    with working("reading what both sides declare"):
        names = (base_name, head_name)
        old, new = both(root, base or _default_base(root), head, every_stack(), names)
    lookup = nobody_asked if offline else from_registries
    with working("comparing the two sides"):
        found = report(old, new, stacks, from_network if changelogs else from_copies, lookup)
    if rehearse:
        with working("rehearsing the change") as progress:
            found = replace(found, performances=_performances(root, found, old, new, progress))
    shown = page()
    if shown.width is not None and not chosen:
        show(found, shown)
        shown.show()
    else:
        kind = "json" if as_json else "html" if as_html else "markdown"
        write_out(_shown(found, old, new, kind, more))
    if any(new.snapshots[name].problem for name in stacks) or any(
        performance.failed for performance in found.performances
    ):
        sys.exit(FOUND)


def _shown(
    found: Report, old: Side, new: Side, kind: Literal["json", "html", "markdown"], more: str
) -> str:
    if kind == "json":
        return found.to_json() + "\n"

    def topology(name: str) -> Graph | None:
        before, after = old.snapshots[name], new.snapshots[name]
        if before.problem is not None or after.problem is not None:
            return None
        return compared(graph(before), graph(after))

    def diagram(name: str) -> str:
        drawn = topology(name)
        return mermaid(drawn) if drawn else ""

    def picture(name: str) -> str:
        drawn = topology(name)
        return svg(drawn, f"The platform in {name}, and what changes") if drawn else ""

    return html(found, picture) if kind == "html" else markdown(found, diagram, more)


def _performances(
    root: Path, found: Report, old: Side, new: Side, progress: Callable[[str], None]
) -> list[RehearsalResult]:
    """Every stack that changes is rehearsed, one after the other."""
    base, head = declarations(root, old.commit), declarations(root, new.commit)
    return [
        perform(stack.stack, base, head, samples(new.snapshots[stack.stack]), progress)
        for stack in found.stacks
        if stack.problem is None and not stack.is_empty
    ]


def _default_base(root: Path) -> str:
    for ref in _BASES:
        try:
            asked(root, "rev-parse", "--verify", "--quiet", ref)
        except GitError:
            continue
        return ref
    return _BASES[0]
