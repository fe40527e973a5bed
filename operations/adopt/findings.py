"""What a look at cluster and zone has found."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.recorder import Registration


@dataclass(frozen=True)
class ExistingResource:
    """A declared resource that exists; `id` is its identifier for an import.

    `differs`: what is worth saying beforehand, since an update would lead requests elsewhere.
    """

    registration: Registration
    id: str
    differs: str = ""
    inputs: Mapping[str, Any] | None = None
    outputs: Mapping[str, Any] | None = None
    """The state to begin with; by default what the provider reads."""


@dataclass(frozen=True)
class InTheWay:
    """Something that has the place of a declared resource, but cannot become it by an update."""

    label: str
    reason: str
    remedy: str


@dataclass
class Findings:
    """Everything that was found.

    `undeclared`: what is not declared, but acts on our requests. `managers`: who else has set
    fields of objects that were found, and in how many, other than people and tools.
    """

    found: list[ExistingResource] = field(default_factory=list[ExistingResource])
    in_the_way: list[InTheWay] = field(default_factory=list[InTheWay])
    undeclared: list[str] = field(default_factory=list[str])
    managers: Counter[str] = field(default_factory=Counter[str])

    def add(self, other: "Findings") -> None:
        """Take over what another look has found."""
        self.found += other.found
        self.in_the_way += other.in_the_way
        self.undeclared += other.undeclared
        self.managers += other.managers


def adoptable(
    registrations: Iterable[Registration], state: Mapping[str, object]
) -> list[Registration]:
    """What the program manages and the stack does not hold yet, providers and components aside."""
    return [
        entry
        for entry in registrations
        if entry.custom
        and not entry.existing
        and not entry.type.startswith("pulumi:providers:")
        and entry.urn not in state
    ]


def label_of(entry: Registration) -> str:
    """What people call a resource: `Deployment api/server`, `DnsRecord de`."""
    kind = entry.type.rpartition(":")[2]
    if not entry.type.startswith("kubernetes:"):
        return f"{kind} {entry.name}"
    metadata = entry.properties["metadata"]
    return f"{kind} {'/'.join(filter(None, (metadata.get('namespace'), metadata['name'])))}"
