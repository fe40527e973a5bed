"""Kubernetes quantities: "1000m" and "1" are the same CPU, and the server stores the latter."""

import re
from fractions import Fraction
from typing import Any

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([eE][+-]?\d+|[KMGTPE]i|[numkMGTPE])?")
_SUFFIXES = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 10**3),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
    "P": Fraction(10**15),
    "E": Fraction(10**18),
    "Ki": Fraction(2**10),
    "Mi": Fraction(2**20),
    "Gi": Fraction(2**30),
    "Ti": Fraction(2**40),
    "Pi": Fraction(2**50),
    "Ei": Fraction(2**60),
}

# The keys under which built-in kinds keep quantities: as a map of resources, or as one value.
_MAPS = frozenset(
    {
        "limits",
        "requests",
        "hard",
        "capacity",
        "allocatable",
        "overhead",
        "podFixed",
        "default",
        "defaultRequest",
        "max",
        "min",
        "maxLimitRequestRatio",
    }
)
_VALUES = frozenset({"sizeLimit", "divisor", "averageValue"})


def parse_quantity(text: Any) -> Fraction | None:
    """The amount that a quantity (a string or a number) stands for; None if it is no quantity."""
    match = _QUANTITY.fullmatch(str(text)) if not isinstance(text, bool) else None
    if match is None:
        return None
    number, suffix = match.groups()
    amount = Fraction(number)
    if suffix is None:
        return amount
    if suffix in _SUFFIXES:
        return amount * _SUFFIXES[suffix]
    return amount * Fraction(10) ** int(suffix[1:])


def is_quantity_path(path: tuple[str | int, ...]) -> bool:
    """Whether a path in an object of a built-in kind leads to a quantity."""
    if len(path) < 3 or path[0] != "spec":
        return False
    # Metric targets of a HorizontalPodAutoscaler: spec.metrics[0].resource.target.value
    return path[-2] in _MAPS or path[-1] in _VALUES or path[-2:] == ("target", "value")


def same_quantity(first: Any, second: Any) -> bool:
    """Whether two spellings stand for the same amount."""
    amount = parse_quantity(first)
    return amount is not None and amount == parse_quantity(second)
