"""How many pods run, how many may be missing, and what each is given."""

from collections.abc import Iterator
from typing import Any

from k8s.quantities import parse_quantity
from operations.review.capacity import needs, pods
from operations.review.comparing import Comparison, FieldChange, Operation, ResourceChange
from operations.review.dangers.danger import Danger, DangerKind


def running_dangers(comparison: Comparison) -> Iterator[Danger]:
    """Fewer replicas, looser disruption budgets, smaller requests and limits."""
    for change in comparison.changes:
        for field in change.fields:
            yield from _less(change, field)
        if change.resource.kind == "PodDisruptionBudget":
            yield from _looser(change)
    if comparison.changes:
        yield from _fewer(comparison)
        yield from _too_much(comparison)


def _too_much(comparison: Comparison) -> Iterator[Danger]:
    before = {need.pool: need for need in needs(comparison.before)}
    for need in needs(comparison.after):
        old = before.get(need.pool)
        where = f"node pool {need.pool}, at most {need.nodes} nodes"
        if need.nodes_least is None and (old is None or old.nodes_least is not None):
            what = f"{need.pods_least} pods that ask for {need.requests_least}"
            yield Danger(
                DangerKind.CAPACITY, what, where, "pods stay Pending, and the update never ends"
            )
        elif need.nodes_most is None and (old is None or old.nodes_most is not None):
            what = f"at the highest load: {need.pods_most} pods that ask for {need.requests_most}"
            yield Danger(
                DangerKind.CAPACITY, what, where, "the autoscalers cannot reach their maximum"
            )


def _fewer(comparison: Comparison) -> Iterator[Danger]:
    before = {one.name: one for one in pods(comparison.before)}
    for new in pods(comparison.after):
        old = before.get(new.name)
        if old is None:
            continue
        if old.least == old.most and new.least == new.most:
            counts = [("pods", old.most, new.most)]
        else:
            counts = [("at least", old.least, new.least), ("at most", old.most, new.most)]
        for noun, was, becomes in counts:
            if becomes < was:
                alone = becomes == 1 and noun != "at most"
                yield Danger(
                    DangerKind.REPLICAS,
                    f"{noun} {was} ➔ {becomes}",
                    new.name,
                    "one alone: every restart may be an outage"
                    if alone
                    else "fewer share the load",
                )


def _less(change: ResourceChange, field: FieldChange) -> Iterator[Danger]:
    if ".resources." not in field.path:
        return
    before, after = _amount(field.before), _amount(field.after)
    if before is not None and after is not None and after < before:
        resource = field.path.rpartition(".")[2]
        why = "above the limit the process is killed" if resource == "memory" else "it gets slower"
        if ".requests." in field.path:
            why = "the scheduler reserves less for it than before"
        yield Danger(
            DangerKind.RESOURCES,
            f"{_short(field.path)} {field.before} ➔ {field.after}",
            f"{change.resource.label}: {field.path}",
            why,
        )


def _short(path: str) -> str:
    kept = path.split(".resources.")
    container = kept[0].rpartition("[")[2].rstrip("]")
    return f"{container} {kept[1].replace('.', ' of ')}"


def _amount(value: Any) -> Any:
    return None if value is None else parse_quantity(str(value))


def _looser(change: ResourceChange) -> Iterator[Danger]:
    why = "a drain of nodes may take more pods at once"
    if change.operation is Operation.DELETE:
        return
    for field in change.fields:
        loosened = (
            field.path == "spec.minAvailable"
            and (field.after is None or _number(field.after) < _number(field.before))
        ) or (
            field.path == "spec.maxUnavailable"
            and field.after is not None
            and (field.before is None or _number(field.after) > _number(field.before))
        )
        if loosened:
            name = field.path.rpartition(".")[2]
            yield Danger(
                DangerKind.BUDGET,
                f"{name} {field.before} ➔ {field.after}",
                change.resource.label,
                why,
            )


def _number(value: Any) -> float:
    return float(str(value if value is not None else 0).rstrip("%"))
