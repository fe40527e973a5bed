"""What a review says, as plain data: one part for each stack, in the order in which it is read."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from operations.review.capacity import Need, needs
from operations.review.checkouts import Side
from operations.review.comparing import Comparison, Operation, compare
from operations.review.dangers import Danger, dangers
from operations.review.dangers.versions import VersionChange, version_changes
from operations.review.performing import Performance


@dataclass(frozen=True)
class Release:
    """A version that changes, and what that means for us: lines of the changelog, or a link."""

    key: str
    before: str | None
    after: str | None
    direction: str
    services: Sequence[str]
    image: str
    changes: Sequence[str]
    link: str


@dataclass(frozen=True)
class Field:
    """One field that changes; None: nothing is said."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Changed:
    """One resource that changes, and how."""

    operation: str
    label: str
    urn: str
    routine: bool
    fields: Sequence[Field]


@dataclass(frozen=True)
class StackReport:
    """One stack. `problem` names the side that is broken, and why; the rest is then empty."""

    stack: str
    problem: str | None
    releases: Sequence[Release]
    dangers: Sequence[Danger]
    capacity_before: Sequence[Need]
    capacity_after: Sequence[Need]
    counts: Mapping[str, int]
    changed: Sequence[Changed]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return self.problem is None and not self.changed and not self.releases


@dataclass(frozen=True)
class Report:
    """A whole review: what is compared, and every stack."""

    base: str
    head: str
    stacks: Sequence[StackReport]
    performances: Sequence[Performance] = ()
    """What really happened, of the stacks that were rehearsed."""

    def performance(self, stack: str) -> Performance | None:
        """What happened when the change of a stack was rehearsed, if it was."""
        return next((one for one in self.performances if one.stack == stack), None)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes in any stack."""
        return all(stack.is_empty for stack in self.stacks)

    def to_json(self) -> str:
        """The report for programs."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)


Changelog = Callable[[str, str, str, str], tuple[Sequence[str], str]]
"""From service, repository and two versions to the lines of its changelog, and a link."""


def report(base: Side, head: Side, stacks: Sequence[str], changelog: Changelog) -> Report:
    """The review of these stacks."""
    every = {
        stack: compare(base.snapshots[stack], head.snapshots[stack]) for stack in base.snapshots
    }
    return Report(
        base=_called(base),
        head=_called(head),
        stacks=[_stack_report(every[stack], every, changelog) for stack in stacks],
    )


def _called(side: Side) -> str:
    return side.name if side.commit is None else f"{side.name} ({side.commit[:12]})"


def _stack_report(
    comparison: Comparison, every: Mapping[str, Comparison], changelog: Changelog
) -> StackReport:
    if comparison.before.problem or comparison.after.problem:
        sides = {"base": comparison.before.problem, "head": comparison.after.problem}
        texts = [f"the {side} is broken: {text}" for side, text in sides.items() if text]
        healthy = next((s for s in (comparison.after, comparison.before) if not s.problem), None)
        return StackReport(
            stack=comparison.stack,
            problem="\n".join(texts),
            releases=(),
            dangers=(),
            capacity_before=(),
            capacity_after=needs(healthy) if healthy else (),
            counts={},
            changed=(),
        )
    return StackReport(
        stack=comparison.stack,
        problem=None,
        releases=[
            _release(comparison, change, changelog) for change in version_changes(comparison)
        ],
        dangers=dangers(comparison, every),
        capacity_before=needs(comparison.before),
        capacity_after=needs(comparison.after),
        counts={operation.value: comparison.count(operation) for operation in Operation},
        changed=[
            Changed(
                operation=change.operation.value,
                label=change.resource.label,
                urn=change.resource.urn,
                routine=change.is_routine,
                fields=[Field(f.path, f.before, f.after) for f in change.fields],
            )
            for change in comparison.changes
        ],
    )


def _release(comparison: Comparison, change: VersionChange, changelog: Changelog) -> Release:
    services = {**comparison.before.services, **comparison.after.services}
    named = services.get(change.key) or services[change.services[0]]
    lines, link = (
        changelog(change.key, named.source, change.before, change.after)
        if change.before is not None and change.after is not None
        else ((), f"https://github.com/{named.source}")
    )
    return Release(
        key=change.key,
        before=change.before,
        after=change.after,
        direction=change.direction,
        services=change.services,
        image=named.image,
        changes=lines,
        link=link,
    )
