"""A review for somebody at a terminal: the order of the comment, without its markup."""

from collections.abc import Sequence

from operations.rehearsed.change import RehearsalResult
from operations.review.capacity import Need
from operations.review.dangers import Danger, DangerKind
from operations.review.markdown import ARROWS, MOST_PLACES, short_version
from operations.review.report import Changed, Field, ReleaseChange, Report, StackReport
from operations.review.values import difference
from operations.support.output import Cell, Page, Table

_MOST_LINES = 8
"""Lines of a resource's fields, beyond which they are left out."""
_MOST_RESOURCES = 30
"""Resources of a stack, beyond which no fields are shown."""
_LONGEST = 200
_ALL_FIELDS = "serlo review --html > review.html"
_STYLES = {"-": "red", "+": "green", " ": ""}


def show(report: Report, page: Page) -> None:
    """Write a report on a page; long lists of fields are replaced by how to see them."""
    page.text(Cell(f"{report.head} into {report.base}", "bold"))
    if report.is_empty:
        page.text("No stack changes.")
        return
    unchanged = [stack.stack for stack in report.stacks if stack.is_empty]
    if unchanged:
        page.text(f"Nothing changes in {', '.join(unchanged)}.")
    is_whole = True
    for stack in report.stacks:
        if not stack.is_empty:
            page.text()
            page.text(Cell(stack.stack, "bold underline"))
            is_whole &= _stack(stack, report.performance(stack.stack), page)
    if not is_whole:
        page.text()
        page.text("Not all fields are shown. With all of them, and a picture:")
        page.command(_ALL_FIELDS)


def _stack(stack: StackReport, performance: RehearsalResult | None, page: Page) -> bool:
    """Write one stack; returns whether all fields are shown."""
    if stack.problem is not None:
        for line in stack.problem.splitlines():
            page.text(Cell(line, "red"), hanging=2)
        _capacity(stack.capacity_after, stack.capacity_after, page)
        return True
    _releases(stack.releases, page)
    _dangers(stack.dangers, page)
    _capacity(stack.capacity_before, stack.capacity_after, page)
    if performance is not None:
        _performed(performance, page)
    page.text()
    counts = ", ".join(f"{count} {name}" for name, count in stack.counts.items() if count)
    page.text(f"Resources: {counts or 'none'}")
    with_fields = len(stack.changed) <= _MOST_RESOURCES
    shown = [_changed(changed, page, with_fields=with_fields) for changed in stack.changed]
    return all(shown)


def _releases(releases: Sequence[ReleaseChange], page: Page) -> None:
    if not releases:
        return
    rows = [
        (
            ", ".join(release.services),
            _version(release.before),
            _version(release.after),
            ARROWS[release.direction],
        )
        for release in releases
    ]
    notes = [[*release.changes, *([release.link] if release.link else [])] for release in releases]
    page.text()
    page.table(Table(("images", "from", "to", ""), rows, prose={"images"}, notes=notes))


def _version(text: str | None) -> str:
    return "none" if text is None else " ".join(filter(None, short_version(text)))


def _dangers(dangers: Sequence[Danger], page: Page) -> None:
    page.text()
    if not dangers:
        page.text("Dangers: none found.")
        return
    page.text(Cell(f"Dangers ({len(dangers)})", "bold"))
    for kind in DangerKind:
        of_kind = [danger for danger in dangers if danger.kind is kind]
        if of_kind:
            page.text(Cell(f"{kind.value[:1].upper()}{kind.value[1:]}", "yellow"), indent=2)
        for danger in of_kind:
            page.text(f"- {' '.join(danger.what.split())}: {danger.why}", indent=4, hanging=2)
            for place in danger.places[:MOST_PLACES]:
                page.text(place, indent=6, hanging=2)
            if len(danger.places) > MOST_PLACES:
                page.text(f"and {len(danger.places) - MOST_PLACES} more", indent=6)


def _capacity(before: Sequence[Need], after: Sequence[Need], page: Page) -> None:
    if not after:
        return
    page.text()
    if before == after:
        page.text("Capacity does not change:")
    else:
        page.text(Cell("Capacity", "bold"))
    old = {need.pool: need for need in before}
    for need in after:
        was = old.get(need.pool)
        page.text(f"{need.pool}: {_arrow(was and was.fits, need.fits)}", indent=2, hanging=2)
        if was != need:
            page.text(f"pods {_arrow(was and was.pods, need.pods)}", indent=4, hanging=2)
            page.text(
                f"requests {_arrow(was and was.requests, need.requests)}", indent=4, hanging=2
            )
            limits = _arrow(was and str(was.limits_most), str(need.limits_most))
            page.text(f"limits at most {limits}", indent=4, hanging=2)


def _arrow(before: str | None, after: str) -> str:
    return after if before is None or before == after else f"{before} ➔ {after}"


def _performed(performance: RehearsalResult, page: Page) -> None:
    page.text()
    page.text(Cell("Rehearsed on one machine, under a stream of requests", "bold"))
    if performance.problem is not None:
        _problem(performance.problem, page)
        return
    for step in performance.steps:
        did = ", ".join(f"{n} {name}" for name, n in step.changes.items() if name != "same")
        lost = sum(step.lost.values())
        page.text(
            f"{step.name}: {'failed' if step.problem else did or 'no changes'} in "
            f"{step.seconds:.0f} s, {step.sent} requests, {lost} lost, {step.restarts} restarts",
            indent=2,
            hanging=2,
        )
        if step.replaced_pods:
            pods = ", ".join(f"{name} ({n})" for name, n in step.replaced_pods.items())
            page.text(f"pods replaced: {pods}", indent=4, hanging=2)
        for what, count in step.lost.items():
            page.text(f"{count} x {what}", indent=4, hanging=2)
        if step.problem is not None:
            _problem(step.problem, page)
    free = "is free" if performance.way_back_is_free else "is not free: look before you go"
    page.text(
        f"The way back {free}. (A rehearsal has no data, so a migration's is not tried.)", indent=2
    )


def _problem(text: str, page: Page) -> None:
    for line in text.splitlines():
        page.text(Cell(line, "red"), indent=4, hanging=2)


def _changed(changed: Changed, page: Page, *, with_fields: bool) -> bool:
    """Write one resource; returns whether its fields are shown, if it has any."""
    lines = [line for field in changed.telling for line in _field(field)] if with_fields else []
    fits = with_fields and len(lines) <= _MOST_LINES
    number = len(changed.fields)
    left_out = "" if fits or not number else f" ({number} field{'' if number == 1 else 's'})"
    page.text(f"{changed.operation} {changed.label}{left_out}", indent=2, hanging=2)
    for line in lines if fits else []:
        page.text(line, indent=4, hanging=2)
    return fits or not number


def _field(field: Field) -> list[Cell]:
    values = difference(field.before, field.after, _LONGEST)
    return [
        Cell(field.path),
        *(Cell(f"{sign} {text}".rstrip(), _STYLES.get(sign, "")) for sign, text in values),
    ]
