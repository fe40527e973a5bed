"""After an import: give Pulumi the fields that other tools have set."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from k8s.manifests import manifest_of
from k8s.ownership import field_manager
from operations.adopt.findings import label_of
from operations.adopt.objects import Objects
from operations.errors import CommandError
from operations.platform.access import ClusterAccess
from operations.platform.owning import REPLICAS_MANAGER, ownership, patch_of

_TRIES = 5


def take_fields_over(place: ClusterAccess, more: tuple[str, ...]) -> str:
    """Give Pulumi the fields of every object in the stack; returns what was done.

    Raises CommandError.
    """
    state = place.state()
    if not state:
        raise CommandError("the stack holds nothing yet: import first")
    objects = Objects(place.environment)
    entries = {
        entry.urn: entry
        for entry in place.registrations()
        if entry.type.startswith("kubernetes:") and entry.urn in state and not entry.existing
    }
    pending = dict(entries)
    refused: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for _ in range(_TRIES):
        if not pending:
            break
        refused.clear()
        for urn, live in objects.existing(pending.values()).items():
            declared = manifest_of(dict(pending[urn].properties))
            after = ownership(live, declared, _manager(urn, declared, state), more)
            if after.taken and (why := objects.patch(live, patch_of(live, after))):
                # Somebody wrote meanwhile, a controller perhaps: look again.
                refused[urn] = f"{label_of(pending[urn])}: {why}"
            else:
                counts.update(after.taken)
        pending = {urn: entries[urn] for urn in refused}
    if refused:
        raise CommandError("\n".join(refused.values()))
    done = [
        f"What {name} has set in {count} objects belongs to Pulumi now."
        for name, count in sorted(counts.items())
    ]
    kept = f"Numbers of pods that are not declared are kept by {REPLICAS_MANAGER}."
    return "\n".join([*(done or ["Nothing to take over."]), kept])


def _manager(urn: str, declared: dict[str, Any], state: Mapping[str, dict[str, Any]]) -> str:
    outputs: dict[str, Any] = state[urn].get("outputs") or {}
    return field_manager(urn, declared, outputs)
