"""Label selectors, as Kubernetes documents them."""

from collections.abc import Mapping
from typing import Any, cast

Selector = Mapping[str, Any]


class SelectorError(ValueError):
    """A selector says something that this module does not understand."""


def selects(selector: Selector, labels: Mapping[str, Any]) -> bool:
    """Whether a selector fits these labels; the empty one fits everything.

    Raises SelectorError.
    """
    if not set(selector) <= {"matchLabels", "matchExpressions"}:
        raise SelectorError(f"cannot read the selector {dict(selector)}")
    wanted = cast(Mapping[str, str], selector.get("matchLabels") or {})
    expressions = cast(list[Mapping[str, Any]], selector.get("matchExpressions") or [])
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(expression, labels) for expression in expressions
    )


def _holds(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    key: str = expression["key"]
    values: list[str] = expression.get("values") or []
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case other:
            raise SelectorError(f"cannot read the operator {other!r}")
