"""What a review says, as plain data: one part for each stack, in the order in which it is read."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from operations.declared.checkouts import Side
from operations.declared.snapshot import DeclaredService
from operations.rehearsed.change import RehearsalResult
from operations.releases.changelog.warnings import WarningKind as Concern
from operations.releases.registry.lookup import unanswered
from operations.review.capacity import Need, needs
from operations.review.changes import Changelogs, Meaning
from operations.review.comparing import Comparison, Operation, ResourceChange, compare
from operations.review.dangers import Danger, DangerKind, by_importance, dangers
from operations.review.dangers.versions import VersionChange, place, version_changes
from operations.review.images import Lookup, missing_images, new_images, nobody_asked


@dataclass(frozen=True)
class ReleaseChange:
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
    """One field that changes; None where it is not set."""

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

    @property
    def telling(self) -> Sequence[Field]:
        """The fields without those that only repeat the version, unless there are no others."""
        return [field for field in self.fields if not _repeats(field)] or self.fields


def _repeats(field: Field) -> bool:
    return field.path.endswith("labels.app.kubernetes.io/version")


@dataclass(frozen=True)
class StackReport:
    """One stack. `problem` names the side that is broken, and why; the rest is then empty."""

    stack: str
    problem: str | None
    releases: Sequence[ReleaseChange]
    dangers: Sequence[Danger]
    capacity_before: Sequence[Need]
    capacity_after: Sequence[Need]
    counts: Mapping[str, int]
    changed: Sequence[Changed]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        # What an administrator has to change is among the dangers alone.
        return self.problem is None and not (self.changed or self.releases or self.dangers)


@dataclass(frozen=True)
class Report:
    """A whole review: what is compared, with names of branches where there are, and every stack."""

    base: str
    head: str
    stacks: Sequence[StackReport]
    performances: Sequence[RehearsalResult] = ()
    """What really happened, of the stacks that were rehearsed."""

    def performance(self, stack: str) -> RehearsalResult | None:
        """What happened when the change of a stack was rehearsed, if it was."""
        return next((one for one in self.performances if one.stack == stack), None)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes in any stack."""
        return all(stack.is_empty for stack in self.stacks)

    def to_json(self) -> str:
        """The report for programs."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)


def report(
    base: Side,
    head: Side,
    stacks: Sequence[str],
    changelogs: Changelogs,
    lookup: Lookup = nobody_asked,
) -> Report:
    """Review these stacks; `lookup` tells which of the images that come exist."""
    every = {
        stack: compare(base.snapshots[stack], head.snapshots[stack]) for stack in base.snapshots
    }
    return Report(
        base=_called(base),
        head=_called(head),
        stacks=[_stack_report(every[stack], every, changelogs, lookup) for stack in stacks],
    )


def _called(side: Side) -> str:
    return side.name if side.commit is None else f"{side.name} ({side.commit[:7]})"


def _stack_report(
    comparison: Comparison,
    every: Mapping[str, Comparison],
    changelogs: Changelogs,
    lookup: Lookup,
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
    versions = version_changes(comparison)
    meanings = {change.key: _meaning(comparison, change, changelogs) for change in versions}
    read = [danger for c in versions for danger in _read_of(comparison, c, meanings[c.key])]
    new = {c.key: new_images(comparison, c.after) if c.after else [] for c in versions}
    known = lookup([image for images in new.values() for image in images])
    images = {key: {image: known[image] for image in of_key} for key, of_key in new.items()}
    for key, of_key in images.items():
        read += missing_images(of_key, place(comparison, key))
    return StackReport(
        stack=comparison.stack,
        problem=None,
        releases=[
            _release(comparison, change, meanings[change.key], unanswered(images[change.key]))
            for change in versions
        ],
        dangers=by_importance((*dangers(comparison, every), *read)),
        capacity_before=needs(comparison.before),
        capacity_after=needs(comparison.after),
        counts={operation.value: comparison.count(operation) for operation in Operation},
        changed=[
            Changed(
                operation=change.operation.value,
                label=change.resource.label,
                urn=change.resource.urn,
                routine=change.is_routine,
                fields=_fields(change),
            )
            for change in comparison.changes
        ],
    )


def _fields(change: ResourceChange) -> list[Field]:
    if change.operation is Operation.CREATE:
        return [Field("all of it", None, change.resource.properties)]
    return [Field(field.path, field.before, field.after) for field in change.fields]


def _meaning(comparison: Comparison, change: VersionChange, changelogs: Changelogs) -> Meaning:
    source = _declared(comparison, change).source
    if change.before is None or change.after is None:
        return Meaning((), f"https://github.com/{source}", ())
    return changelogs(change.key, source, change.before, change.after)


def _declared(comparison: Comparison, change: VersionChange) -> DeclaredService:
    services = {**comparison.before.services, **comparison.after.services}
    return services.get(change.key) or services[change.services[0]]


def _read_of(comparison: Comparison, change: VersionChange, meaning: Meaning) -> Iterator[Danger]:
    """What the changelog warns of."""
    kinds = {Concern.MIGRATION: DangerKind.MIGRATION, Concern.BREAKING: DangerKind.BREAKING}
    for concern in meaning.concerns:
        first = concern.text.splitlines()[0]
        yield Danger(
            kinds[concern.kind],
            f"{change.key} {concern.version.removeprefix('v')}: {first}",
            place(comparison, change.key),
            "so says its changelog; look whether it concerns us, and what the way back takes",
        )


def _release(
    comparison: Comparison, change: VersionChange, meaning: Meaning, notes: Iterable[str]
) -> ReleaseChange:
    return ReleaseChange(
        key=change.key,
        before=change.before,
        after=change.after,
        direction=change.direction,
        services=change.services,
        image=_declared(comparison, change).image,
        changes=[*meaning.lines, *notes],
        link=meaning.link,
    )
