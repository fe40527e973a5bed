"""A review as Markdown: a comment on a pull request, which may have 64,000 characters."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from operations.github.cut import cut
from operations.rehearsed.change import RehearsalResult
from operations.review.capacity import Need
from operations.review.dangers import Danger, DangerKind
from operations.review.report import Changed, Field, ReleaseChange, Report, StackReport
from operations.review.values import difference

MOST = 64_000
"""Characters that a comment may have."""
_LONGEST = 200
"""Characters of a line."""
_LONGEST_TEXT = 4000
MOST_PLACES = 8
"""Places of a danger that are named."""
_MOST_LINES = 60
"""Lines of a field."""
_SHORT = 12
_LINK = re.compile(r"https://[A-Za-z0-9./_?=%&+:@~-]+")
_MARKUP = re.compile(r"[\\`*_\[\]|~#@]")
"""What Markdown reads as more than text; `@` would call people."""
_LEADING = re.compile(r"^(\d{0,9})([-+=.)])(?=\s|$|[-+=])")
"""What begins a list, a heading or a line across."""
_MARK = "<!-- serlo review -->"
"""By which the comment of an earlier run is found."""
ARROWS = {"up": "⬆", "down": "⬇ back", "new": "new", "gone": "gone", "same": "same", "other": ""}

Picture = Callable[[str], str]
"""From a stack's name to its topology as a Mermaid diagram; empty where there is none."""


def markdown(report: Report, picture: Picture, more: str = "", most: int = MOST) -> str:
    """The report as text of at most `most` characters.

    Left out first are the fields of the largest resources, then all fields, pictures, the list of
    resources; dangers and images stay longest. `more` says where the whole report is.
    """
    if report.is_empty:
        return f"{_MARK}\n**Infrastructure review**: no stack changes.\n"
    for leave_out in _OMISSIONS:
        text = _text(report, picture, leave_out, more)
        if len(text) <= most:
            return text
    return cut(_text(report, picture, _OMISSIONS[-1], ""), most, more)


@dataclass(frozen=True)
class Omission:
    """What is left out: resources with more fields than `fields`, pictures, the list of resources.

    `dangers` is how many are shown of a kind.
    """

    fields: int | None = None
    pictures: bool = False
    resources: bool = False
    dangers: int | None = None

    def hides(self, changed: Changed) -> bool:
        """Whether the fields of this resource are left out."""
        return self.fields is not None and len(changed.fields) > self.fields

    @property
    def any(self) -> bool:
        """Whether anything is."""
        return self != Omission()


_OMISSIONS = (
    Omission(),
    Omission(fields=40),
    Omission(fields=0),
    Omission(fields=0, pictures=True),
    Omission(fields=0, pictures=True, resources=True),
    Omission(fields=0, pictures=True, resources=True, dangers=20),
)


def _text(report: Report, picture: Picture, omission: Omission, more: str) -> str:
    parts = [_MARK, f"## Infrastructure review\n\n{_code(report.head)} into {_code(report.base)}\n"]
    unchanged = [_code(stack.stack) for stack in report.stacks if stack.is_empty]
    if unchanged:
        parts.append(f"Nothing changes in {', '.join(unchanged)}.\n")
    for stack in report.stacks:
        if not stack.is_empty:
            parts += _stack(stack, report.performance(stack.stack), picture, omission)
    if omission.any:
        parts.append(f"\nNot all fits in a comment. {more}".rstrip() + "\n")
    return "\n".join(parts)


def _stack(
    stack: StackReport, performance: RehearsalResult | None, picture: Picture, omission: Omission
) -> Iterator[str]:
    yield f"\n### {stack.stack}\n"
    if stack.problem is not None:
        yield _fence(_bounded(stack.problem), "text")
        if stack.capacity_after:
            yield from _capacity((), stack.capacity_after)
        return
    yield from _releases(stack.releases)
    yield from _dangers(stack.dangers, omission)
    yield from _capacity(stack.capacity_before, stack.capacity_after)
    yield _counts(stack)
    if performance is not None:
        yield from _performed(performance)
    drawn = "" if omission.pictures else picture(stack.stack)
    if drawn:
        yield _folded("Topology", f"```mermaid\n{drawn}\n```")
    if not omission.resources:
        yield from _fields(stack.changed, omission)


def _releases(releases: Sequence[ReleaseChange]) -> Iterator[str]:
    if not releases:
        return
    yield "**Images**\n"
    yield "| service | from | to | | what changes |\n|---|---|---|---|---|"
    for release in releases:
        yield (
            f"| {_cell(', '.join(release.services))} | {_version(release.before)} "
            f"| {_version(release.after)} | {ARROWS[release.direction]} "
            f"| {_changelog(release)} |"
        )
    yield ""


def _version(text: str | None) -> str:
    if text is None:
        return "none"
    return " ".join(_code(part) for part in short_version(text) if part)


def short_version(text: str) -> tuple[str, str]:
    """A version's tag and digest, as far as people tell them apart; the digest may be empty."""
    tag, _, digest = text.partition("@")
    return tag[:_SHORT] if len(tag) == 40 else tag, digest[: len("sha256:") + _SHORT]


def _changelog(release: ReleaseChange) -> str:
    lines = [_cell(line) for line in release.changes]
    if _LINK.fullmatch(release.link):
        lines.append(f"[all changes]({release.link})")
    return "<br>".join(lines)


def _dangers(dangers: Sequence[Danger], omission: Omission) -> Iterator[str]:
    if not dangers:
        yield "**Dangers**: none found.\n"
        return
    yield f"**Dangers** ({len(dangers)})\n"
    for kind in DangerKind:
        of_kind = [danger for danger in dangers if danger.kind is kind]
        if not of_kind:
            continue
        yield f"- **{kind.value[:1].upper()}{kind.value[1:]}**"
        for danger in of_kind[: omission.dangers]:
            yield f"  - {_cell(danger.what)}: {_escaped(danger.why)} ({_places(danger)})"
        if omission.dangers is not None and len(of_kind) > omission.dangers:
            yield f"  - and {len(of_kind) - omission.dangers} more"
    yield ""


def _places(danger: Danger) -> str:
    shown = [_code(place) for place in danger.places[:MOST_PLACES]]
    more = len(danger.places) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _capacity(before: Sequence[Need], after: Sequence[Need]) -> Iterator[str]:
    old = {need.pool: need for need in before}
    if before == after:
        said = "; ".join(f"{_code(need.pool)}: {need.fits}" for need in after)
        yield f"**Capacity** does not change. {said}\n"
        return
    yield "**Capacity**\n"
    yield "| node pool | pods | requests | limits at most | fits |\n|---|---|---|---|---|"
    for need in after:
        was = old.get(need.pool)
        cells = [
            _arrow(before_it, cell or "")
            for before_it, cell in zip(_need(was), _need(need), strict=True)
        ]
        yield f"| {_code(need.pool)} | {' | '.join(cells)} |"
    yield ""


def _need(need: Need | None) -> tuple[str | None, ...]:
    if need is None:
        return (None,) * 4
    return (need.pods, need.requests, str(need.limits_most), need.fits)


def _arrow(before: str | None, after: str) -> str:
    return after if before is None or before == after else f"{before} ➔ {after}"


def _counts(stack: StackReport) -> str:
    routine = sum(changed.routine for changed in stack.changed)
    said = ", ".join(f"{count} {name}" for name, count in stack.counts.items() if count)
    note = f" ({routine} of the replacements are how such objects are meant to change)"
    return f"**Resources**: {said or 'none'}{note if routine else ''}.\n"


def _performed(performance: RehearsalResult) -> Iterator[str]:
    yield "**Rehearsed** on one machine, under a stream of requests\n"
    if performance.problem is not None:
        yield _fence(_bounded(performance.problem), "text")
        return
    yield "| | took | `pulumi up` did | requests | lost | pods replaced | restarts |"
    yield "|---|---|---|---|---|---|---|"
    for step in performance.steps:
        did = ", ".join(f"{n} {name}" for name, n in step.changes.items() if name != "same")
        if step.problem is not None:
            did = "failed"
        pods = ", ".join(f"{_cell(name)} ({n})" for name, n in step.replaced_pods.items())
        lost = sum(step.lost.values())
        cells = (f"{step.seconds:.0f} s", did or "no changes", step.sent, lost, pods, step.restarts)
        yield f"| {step.name} | {' | '.join(str(cell) for cell in cells)} |"
    yield ""
    for step in performance.steps:
        if step.problem is not None:
            yield _folded(f"{step.name}: why it failed", _fence(_bounded(step.problem), "text"))
        if step.lost:
            listed = "\n".join(f"{count} x {what}" for what, count in step.lost.items())
            yield _folded(f"{step.name}: requests lost", _fence(_bounded(listed), "text"))
    free = "is free" if performance.way_back_is_free else "**is not free**: look before you go"
    yield f"The way back {free}. (A rehearsal has no data, so a migration's is not tried.)\n"


def _fields(changed: Sequence[Changed], omission: Omission) -> Iterator[str]:
    shown: list[str] = []
    for resource in changed:
        heading = f"{resource.operation}: {resource.label}"
        if omission.hides(resource):
            shown.append(f"- {_cell(heading)}: {len(resource.fields)} fields")
        elif resource.fields:
            lines = [line for field in resource.telling for line in _field(field)]
            shown.append(_folded(heading, _fence("\n".join(lines), "diff")))
        else:
            shown.append(f"- {_cell(heading)}")
    if shown:
        yield _folded("All changes, field by field", "\n".join(shown))


def _field(field: Field) -> Iterator[str]:
    yield f"# {field.path}"
    lines = [f"{sign} {text}" for sign, text in difference(field.before, field.after, _LONGEST)]
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        yield f"# and {len(lines) - _MOST_LINES} more lines"


def _folded(heading: str, content: str) -> str:
    shown = _escaped(" ".join(heading.split()))
    return f"<details><summary>{shown}</summary>\n\n{content.strip()}\n\n</details>\n"


def _fence(text: str, language: str) -> str:
    # More ticks than the text has in a row, so that nothing in it can end the block.
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return f"{ticks}{language}\n{text}\n{ticks}\n"


def _bounded(text: str) -> str:
    """The last part of a long text, which is what programs end with when they fail."""
    return text if len(text) <= _LONGEST_TEXT else f"…{text[-_LONGEST_TEXT:]}"


def _cell(text: str) -> str:
    """Text within a line: nothing in it is Markdown or HTML."""
    marked = _MARKUP.sub(r"\\\g<0>", _escaped(" ".join(text.split())))
    return _LEADING.sub(r"\1\\\2", marked)


def _code(text: str) -> str:
    """Text as code within a line, whatever is in it."""
    plain = " ".join(text.split()).replace("|", "¦") or "nothing"
    ticks = "`"
    while ticks in plain:
        ticks += "`"
    space = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{ticks}{space}{plain}{space}{ticks}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
