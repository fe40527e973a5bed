"""What is dangerous about a change: one module for each group of reasons."""

from collections.abc import Iterable, Mapping

from operations.review.comparing import Comparison
from operations.review.dangers.answers import answer_dangers
from operations.review.dangers.danger import Danger, DangerKind
from operations.review.dangers.edge import edge_dangers
from operations.review.dangers.network import network_dangers
from operations.review.dangers.permissions import permission_dangers
from operations.review.dangers.resources import resource_dangers
from operations.review.dangers.running import running_dangers
from operations.review.dangers.secrets import secret_dangers
from operations.review.dangers.versions import version_dangers

__all__ = ["Danger", "DangerKind", "by_importance", "dangers"]


def dangers(comparison: Comparison, every: Mapping[str, Comparison]) -> tuple[Danger, ...]:
    """All dangers of a stack's change, the worst kinds first. `every`: all stacks, by name."""
    found = (
        *resource_dangers(comparison),
        *edge_dangers(comparison),
        *answer_dangers(comparison),
        *network_dangers(comparison),
        *permission_dangers(comparison),
        *running_dangers(comparison),
        *secret_dangers(comparison),
        *version_dangers(comparison, every),
    )
    return by_importance(found)


def by_importance(found: Iterable[Danger]) -> tuple[Danger, ...]:
    """The worst kinds first; what is true of several places is one danger."""
    order = list(DangerKind)
    merged: dict[tuple[DangerKind, str, str], dict[str, None]] = {}
    for danger in sorted(found, key=lambda danger: order.index(danger.kind)):
        places = merged.setdefault((danger.kind, danger.what, danger.why), {})
        places |= dict.fromkeys(danger.places)
    return tuple(
        Danger(kind, what, next(iter(places)), why, tuple(places)[1:])
        for (kind, what, why), places in merged.items()
    )
