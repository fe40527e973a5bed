"""A review as one HTML page, for a browser: nothing is loaded from elsewhere."""

from collections.abc import Callable, Iterator
from html import escape

from operations.rehearsed.change import RehearsalResult
from operations.review.capacity import Need
from operations.review.dangers import Danger
from operations.review.report import Changed, Field, ReleaseChange, Report, StackReport
from operations.review.values import difference

Picture = Callable[[str], str]
"""From a stack's name to its topology as SVG; empty where there is none."""

_STYLE = """
:root { color-scheme: light }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem;
  color: #1f2328 }
h1 { font-size: 1.5rem } h2 { border-bottom: 1px solid #d1d9e0; margin-top: 2.5rem }
h3 { font-size: 1.05rem; margin-bottom: .4rem }
table { border-collapse: collapse; width: 100% }
th, td { border: 1px solid #d1d9e0; padding: .35rem .6rem; text-align: left; vertical-align: top }
th { background: #f6f8fa }
code { background: #f6f8fa; padding: .1rem .3rem; border-radius: 4px; overflow-wrap: anywhere }
details { border: 1px solid #d1d9e0; border-radius: 6px; margin: .5rem 0; padding: .3rem .8rem }
summary { cursor: pointer }
pre { overflow-x: auto; margin: .4rem 0 } .before { background: #ffebe9 }
.after { background: #dafbe1 } pre span { display: block }
.danger { border-left: 4px solid #cf222e; padding: .3rem .8rem; margin: .4rem 0;
  background: #fff5f4 }
.none { color: #59636e } .picture svg { max-width: 100%; height: auto }
""".strip()


def html(report: Report, picture: Picture) -> str:
    """The report as a page."""
    title = f"Infrastructure review: {report.head} into {report.base}"
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        # An icon in the page, or browsers ask for one and complain that there is none.
        '<link rel="icon" href="data:,">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
    ]
    if report.is_empty:
        parts.append("<p>No stack changes.</p>")
    for stack in report.stacks:
        parts += _stack(stack, report.performance(stack.stack), picture)
    parts.append("</body></html>\n")
    return "\n".join(parts)


def _stack(
    stack: StackReport, performance: RehearsalResult | None, picture: Picture
) -> Iterator[str]:
    yield f'<section id="{escape(stack.stack)}"><h2>{escape(stack.stack)}</h2>'
    if stack.problem is not None:
        yield f"<pre>{escape(stack.problem)}</pre>"
    elif stack.is_empty:
        yield '<p class="none">Nothing changes.</p>'
    else:
        yield from _releases(stack)
        yield from _dangers(stack)
        yield from _capacity(stack)
        counts = ", ".join(f"{count} {name}" for name, count in stack.counts.items() if count)
        yield f"<h3>Resources</h3><p>{counts or 'none'}</p>"
        if performance is not None:
            yield from _performed(performance)
        drawn = picture(stack.stack)
        if drawn:
            yield "<details open><summary>Topology</summary>"
            yield f'<div class="picture">{drawn}</div></details>'
        yield "<h3>All changes, field by field</h3>"
        yield from (_changed(changed) for changed in stack.changed)
    yield "</section>"


def _releases(stack: StackReport) -> Iterator[str]:
    if stack.releases:
        yield "<h3>Images</h3>"
        yield _table(
            ("service", "from", "to", "direction", "what changes"),
            (_release(release) for release in stack.releases),
        )


def _release(release: ReleaseChange) -> tuple[str, ...]:
    changes = "<br>".join(escape(line) for line in release.changes)
    link = f'<a href="{escape(release.link)}">all changes</a>' if release.link else ""
    return (
        escape(", ".join(release.services)),
        f"<code>{escape(release.before or 'none')}</code>",
        f"<code>{escape(release.after or 'none')}</code>",
        escape(release.direction),
        "<br>".join(part for part in (changes, link) if part),
    )


def _dangers(stack: StackReport) -> Iterator[str]:
    yield f"<h3>Dangers ({len(stack.dangers)})</h3>"
    if not stack.dangers:
        yield '<p class="none">None found.</p>'
    yield from (_danger(danger) for danger in stack.dangers)


def _danger(danger: Danger) -> str:
    return (
        f'<div class="danger"><strong>{escape(danger.kind.value)}</strong>: '
        f"{escape(danger.what)}<br>{escape(danger.why)} "
        f"{', '.join(f'<code>{escape(place)}</code>' for place in danger.places)}</div>"
    )


def _capacity(stack: StackReport) -> Iterator[str]:
    yield "<h3>Capacity</h3>"
    old = {need.pool: need for need in stack.capacity_before}
    rows = (
        (f"<code>{escape(need.pool)}</code>", when, *_need(one))
        for need in stack.capacity_after
        for when, one in (("before", old.get(need.pool)), ("after", need))
        if one is not None and (when == "after" or one != need)
    )
    headings = ("node pool", "", "pods", "requests", "limits at most", "nodes")
    yield _table(headings, rows)


def _need(need: Need) -> tuple[str, ...]:
    return (need.pods, need.requests, str(need.limits_most), need.fits)


def _performed(performance: RehearsalResult) -> Iterator[str]:
    yield "<h3>Rehearsed on one machine, under a stream of requests</h3>"
    if performance.problem is not None:
        yield f"<pre>{escape(performance.problem)}</pre>"
        return
    rows = (
        (
            escape(step.name),
            f"{step.seconds:.0f} s",
            escape(", ".join(f"{n} {name}" for name, n in step.changes.items())),
            str(step.sent),
            "<br>".join(escape(f"{n} x {what}") for what, n in step.lost.items()) or "0",
            escape(", ".join(f"{name} ({n})" for name, n in step.replaced_pods.items())),
            str(step.restarts),
        )
        for step in performance.steps
    )
    yield _table(("", "took", "pulumi up", "requests", "lost", "pods replaced", "restarts"), rows)
    for step in performance.steps:
        if step.problem is not None:
            yield f"<details open><summary>{escape(step.name)}: why it failed</summary>"
            yield f"<pre>{escape(step.problem)}</pre></details>"
    free = "is free" if performance.way_back_is_free else "is not free: look before you go"
    yield f"<p>The way back {free}. No data is in a rehearsal, so that of a migration is not tried."


def _table(headings: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _changed(changed: Changed) -> str:
    heading = f"{changed.operation}: {changed.label}"
    if not changed.fields:
        return f"<p>{escape(heading)}</p>"
    fields = "".join(_field(field) for field in changed.telling)
    return f"<details><summary>{escape(heading)}</summary><pre>{fields}</pre></details>"


def _field(field: Field) -> str:
    names = {"-": "before", "+": "after", " ": "same"}
    parts = [f'<span class="path">{escape(field.path)}</span>']
    for sign, text in difference(field.before, field.after):
        parts.append(f'<span class="{names[sign]}">{sign} {escape(text)}</span>')
    return "".join(parts)
