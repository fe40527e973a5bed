"""What the API server says of the objects that a program declares, before anything is touched.

A server-side dry run of each, with strict validation of fields: the provider itself accepts unknown
ones silently, and an update stops at the first object that is refused.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from infra.recorder import Registration
from k8s import ApiError, Cluster, Conflict, Invalid
from k8s.manifests import FIELD_MANAGER
from k8s.ownership import default_field_manager
from operations.declared.rendering import kubernetes_objects
from rehearsal.files import write_public

ACCEPTED = "accepted.json"
"""The file in a rehearsal's folder that names the objects which its cluster accepted."""

_AT_ONCE = 16
_REPLACED = ("immutable", "Forbidden: updates to statefulset spec", "may not change once set")
"""What the API server says of changes for which the provider replaces the object."""
_STRICT = "strict decoding error: "
_PULUMI = 'conflict with "pulumi-kubernetes'
"""How the provider's conflicts with itself begin: it made the object under another of its names."""

Object = dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What is wrong with objects, a line for each, and which of them were fine.

    `refused` will fail; `conflicts` are fields that somebody else owns, which a change of them
    will meet; `accepted` are digests of all that were not refused.
    """

    refused: Sequence[str]
    conflicts: Sequence[str]
    accepted: frozenset[str]


class DryRun:
    """Dry runs in a rehearsal, each object once until it is declared differently."""

    def __init__(self, cluster: Cluster, memory: Path) -> None:
        """`cluster`: as the deployer. `memory`: the file of what has been accepted."""
        self._cluster = cluster
        self._memory = memory

    def judge(self, registrations: Iterable[Registration], state: Iterable[Object]) -> Verdict:
        """Try all objects that have changed; `state`: the resources that Pulumi knows."""
        managers = _managers(state)
        known = self._known()
        objects: dict[str, Object] = {
            entry.urn: thing
            for entry in registrations
            if not entry.existing
            for thing in kubernetes_objects([entry])
        }
        digests = {urn: _digest(thing) for urn, thing in objects.items()}
        accepted = {digest for digest in digests.values() if digest in known}
        pending = [urn for urn, digest in digests.items() if digest not in known]

        def answer(urn: str) -> ApiError | None:
            # Of an object that Pulumi does not know nothing has to be kept.
            manager = managers.get(urn) or default_field_manager(urn)
            return self._try(objects[urn], manager, force=urn not in managers)

        refused: list[str] = []
        conflicts: list[str] = []
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for urn, error in zip(pending, pool.map(answer, pending), strict=True):
                if error is None:
                    accepted.add(digests[urn])
                elif isinstance(error, Conflict):
                    conflicts += _conflicts(objects[urn], error)
                else:
                    refused.append(f"{_label(objects[urn])}: {_reason(error)}")
        return Verdict(sorted(refused), sorted(conflicts), frozenset(accepted))

    def remember(self, verdict: Verdict) -> None:
        """Do not try these again: the update has succeeded."""
        write_public(self._memory, json.dumps(sorted(verdict.accepted)))

    def _known(self) -> frozenset[str]:
        if not self._memory.is_file():
            return frozenset()
        return frozenset(cast(list[str], json.loads(self._memory.read_text())))

    def _try(self, thing: Object, manager: str, *, force: bool) -> ApiError | None:
        try:
            self._cluster.apply(thing, field_manager=manager, force=force, dry_run=True)
        except ApiError as error:
            if isinstance(error, Invalid) and any(text in error.message for text in _REPLACED):
                return None
            return self._all_fields(thing) or error
        return None

    def _all_fields(self, thing: Object) -> ApiError | None:
        """All unknown fields of an object; an apply names only the first."""
        try:
            self._cluster.create(thing, dry_run=True)
        except ApiError as error:
            return error if _STRICT in error.message else None
        return None


def _managers(state: Iterable[Object]) -> dict[str, str]:
    """The field manager of each object that Pulumi knows, by URN."""
    outputs: dict[str, Object] = {one["urn"]: one.get("outputs") or {} for one in state}
    return {urn: out[FIELD_MANAGER] for urn, out in outputs.items() if FIELD_MANAGER in out}


def _digest(thing: Object) -> str:
    return sha256(json.dumps(thing, sort_keys=True).encode()).hexdigest()


def _conflicts(thing: Object, error: ApiError) -> list[str]:
    causes = cast(list[Mapping[str, str]], error.details.get("causes") or [])
    return [
        f"{_label(thing)}: {cause.get('field', '')}: {cause['message']}"
        for cause in causes
        if not cause["message"].startswith(_PULUMI)
    ]


def _reason(error: ApiError) -> str:
    """The API server's message, without the object, which stands before it already."""
    return " ".join(error.message.rpartition(_STRICT)[2].split())


def _label(thing: Object) -> str:
    metadata = thing["metadata"]
    place = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
    return f"{thing['kind']} {place}"
