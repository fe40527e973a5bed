"""What a look at the cluster says of an object that is being waited for."""

from dataclasses import dataclass
from typing import Protocol

from rehearsal.kubernetes_api import Cluster, JsonObject, items
from rehearsal.plugins.resource_kubernetes.awaiting.observing import Bell, Observer


@dataclass(frozen=True)
class Verdict:
    """Done, hopeless (`failure` says why), or `progress` so far with the `problems` seen."""

    done: bool = False
    progress: str = ""
    problems: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(frozen=True)
class Surroundings:
    """What a judge may use: the API, what is being watched, and the bell to have rung."""

    cluster: Cluster
    observer: Observer
    bell: Bell


class Judge(Protocol):
    """Knows one kind: when it is ready, what it is still waiting for, when it is hopeless."""

    def __call__(self, live: JsonObject, seconds: float) -> Verdict:
        """Judge an object as it is now, `seconds` after it was applied."""
        ...


def newer(first: JsonObject, second: JsonObject | None) -> JsonObject:
    """The later of two states of an object; the second may be missing or another object."""
    if second is None:
        return first
    one, other = first["metadata"], second["metadata"]
    if one.get("uid") != other.get("uid"):
        return first
    try:
        later = int(other["resourceVersion"]) >= int(one["resourceVersion"])
    except (KeyError, ValueError):
        later = int(other.get("generation") or 0) >= int(one.get("generation") or 0)
    return second if later else first


def condition(obj: JsonObject, condition_type: str) -> JsonObject:
    """A condition of an object's status; empty if it is not there."""
    conditions = items(obj, "status", "conditions")
    found: JsonObject = {}
    return next((entry for entry in conditions if entry.get("type") == condition_type), found)
