"""What a danger is."""

from dataclasses import dataclass
from enum import StrEnum


class DangerKind(StrEnum):
    """The kinds of dangers, in the order in which a report lists them."""

    IMAGE = "an image is missing"
    PROTECTED = "a protected resource goes"
    REFUSED = "the cluster refuses a change"
    REPLACED = "something is replaced"
    DELETED = "something is deleted"
    RUN_AGAIN = "a job runs once more"
    SELECTOR = "a selector changes"
    RECORD = "a DNS record changes"
    ROUTE = "a route changes"
    ANSWER = "a request gets another answer"
    WORKER = "the worker at the edge is another one"
    ZONE = "Cloudflare treats the zone differently"
    PERMISSION = "new permissions"
    HARDENING = "a protection is given up"
    EGRESS = "new ways out"
    EDGE_ADDED = "a new call is allowed"
    EDGE_REMOVED = "a call is no longer allowed"
    REPLICAS = "fewer pods"
    BUDGET = "more pods may be missing"
    RESOURCES = "less processor or memory"
    CAPACITY = "it does not fit"
    TO_BE_SET = "a secret has to be set"
    NO_LONGER_USED = "a secret is no longer used"
    DOWNGRADE = "a downgrade"
    PRERELEASE = "a pre-release in production"
    MIGRATION = "a migration between the versions"
    BREAKING = "a breaking change between the versions"
    SKIPPED = "staging is skipped"


@dataclass(frozen=True)
class Danger:
    """One danger: `what` changes, `where` it is written or found, and `why` that is dangerous.

    `further` are the other places of which the same is true.
    """

    kind: DangerKind
    what: str
    where: str
    why: str
    further: tuple[str, ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """Where it is, everywhere."""
        return (self.where, *self.further)
