"""Kubernetes quantities: `175m` of a processor, `350Mi` of memory."""

import re
from decimal import Decimal

_CPU = re.compile(r"(?P<number>[0-9]+)(?P<unit>m?)|(?P<fraction>[0-9]+\.[0-9]{1,3})")
_MEMORY = re.compile(r"(?P<number>[0-9]+)(?P<unit>Ki|Mi|Gi|Ti|k|M|G|T)")
_MULTIPLES = {
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
}

CPU_FORM = "processors such as 2, 0.5 or 175m (thousandths)"
MEMORY_FORM = "memory with its unit, such as 350Mi or 1Gi"


def cpu(text: str) -> Decimal:
    """Processors as a number, `175m` being 0.175; raises ValueError unless positive."""
    match = _CPU.fullmatch(text)
    if match is None:
        raise ValueError(CPU_FORM)
    number = Decimal(match["fraction"] or match["number"])
    return _positive(number / 1000 if match["unit"] else number, CPU_FORM)


def memory(text: str) -> Decimal:
    """Bytes as a number; raises ValueError unless positive and with a unit.

    A unit is required: `350` would be 350 bytes, and `350m` a third of one.
    """
    match = _MEMORY.fullmatch(text)
    if match is None:
        raise ValueError(MEMORY_FORM)
    return _positive(Decimal(match["number"]) * _MULTIPLES[match["unit"]], MEMORY_FORM)


def _positive(number: Decimal, allowed: str) -> Decimal:
    if number <= 0:
        raise ValueError(allowed)
    return number
