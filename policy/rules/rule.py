"""What a rule is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from policy.facts import Facts
from policy.resources import Resource


@dataclass(frozen=True, kw_only=True)
class _Rule:
    name: str
    """In kebab-case, as Pulumi shows it."""
    description: str
    """What has to hold, in one sentence."""
    remedy: str
    """What to do about a violation, in one sentence."""
    mandatory: bool = True
    """Whether a violation stops an update; otherwise it is a warning."""


@dataclass(frozen=True, kw_only=True)
class ResourceRule(_Rule):
    """A rule about one resource. `findings` tells what is wrong with it, in words."""

    findings: Callable[[Resource, Facts], Iterator[str]]


@dataclass(frozen=True, kw_only=True)
class StackRule(_Rule):
    """A rule about how resources fit together. `findings` tells what is wrong with which."""

    findings: Callable[[Sequence[Resource], Facts], Iterator[tuple[Resource, str]]]
