"""Secrets by name: which have to be set before `pulumi up`, and which are unused from now on."""

from collections.abc import Iterator

from operations.review.comparing import Comparison
from operations.review.dangers.danger import Danger, DangerKind


def secret_dangers(comparison: Comparison) -> Iterator[Danger]:
    """Secrets that come or go; their values are nowhere in a review."""
    before, after = comparison.before.secrets, comparison.after.secrets
    if comparison.before.problem is not None or comparison.after.problem is not None:
        return
    for name in sorted(after.keys() - before.keys()):
        yield Danger(
            DangerKind.TO_BE_SET,
            f"{name} is needed by {', '.join(after[name])}",
            f"serlo secrets --stack {comparison.stack}",
            "`pulumi up` refuses to begin until it is set",
        )
    for name in sorted(before.keys() - after.keys()):
        yield Danger(
            DangerKind.NO_LONGER_USED,
            f"{name} was used by {', '.join(before[name])}",
            f"serlo secrets --stack {comparison.stack}",
            "take it out of the stack file, and withdraw it where it is valid",
        )
