"""The file for `pulumi import --file`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.recorder import Registration
from operations.adopt.findings import ExistingResource

_STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class ImportFile:
    """What to import, and what has to be in the stack before: URNs for `pulumi up --target`."""

    text: str
    first: Sequence[str]


def import_file(
    found: Iterable[ExistingResource],
    registrations: Sequence[Registration],
    state: Mapping[str, object],
) -> ImportFile:
    """The import of what was found.

    Pulumi knows parents and providers by names of the file's own, for which URNs serve best: they
    are unique. Components that the stack does not hold yet are imported too, as they are nothing
    but a name. Providers cannot be: they have to be there first, with the components around them.
    """
    by_urn = {entry.urn: entry for entry in registrations}
    adopted = list(found)
    # All of them: what proves that the cluster is the right one has a provider of its own.
    providers = [e.urn for e in registrations if e.type.startswith("pulumi:providers:")]
    components: dict[str, None] = {}
    for one in adopted:
        components |= dict.fromkeys(_ancestors(one.registration, by_urn))
    around = {urn: None for name in providers for urn in _ancestors(by_urn[name], by_urn)}
    first = [urn for urn in (*around, *providers) if urn not in state]
    imported = [urn for urn in components if urn not in state and urn not in around]
    there = {urn for urn in (*components, *around, *providers) if urn not in imported}
    document = {
        "nameTable": {urn: urn for urn in sorted(there)},
        "resources": [
            *({**_resource(by_urn[urn], by_urn), "component": True} for urn in imported),
            *(
                {
                    **_resource(one.registration, by_urn),
                    "id": one.id,
                    "provider": _provider(one.registration),
                    **({"inputs": one.inputs, "outputs": one.outputs} if one.inputs else {}),
                }
                for one in adopted
            ),
        ],
    }
    return ImportFile(json.dumps(document, indent=2) + "\n", first)


def _resource(entry: Registration, by_urn: Mapping[str, Registration]) -> dict[str, Any]:
    parent = {"parent": entry.parent} if entry.parent in by_urn else {}
    return {"type": entry.type, "name": entry.urn, "logicalName": entry.name, **parent}


def _ancestors(entry: Registration, by_urn: Mapping[str, Registration]) -> list[str]:
    """The components around a resource, outermost first."""
    chain: list[str] = []
    while (parent := by_urn.get(entry.parent)) is not None and parent.type != _STACK:
        chain.insert(0, parent.urn)
        entry = parent
    return chain


def _provider(entry: Registration) -> str:
    return entry.provider.rpartition("::")[0]
