"""Who changed a field of a Kubernetes object: the managers that the API server keeps."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from k8s.diffing import parse_property_path


@dataclass(frozen=True)
class Change:
    """A manager that set fields, with which operation, and when it last did (UTC)."""

    manager: str
    operation: str
    time: str

    def __str__(self) -> str:
        return f"{self.manager} ({self.operation}, {self.time})"


class Objects:
    """The objects of a cluster, as kubectl shows them; `kubectl` says which cluster."""

    def __init__(self, kubectl: Sequence[str], variables: Mapping[str, str]) -> None:
        self._kubectl = kubectl
        self._variables = dict(variables)

    def managers(self, type_: str, identifier: str) -> list[dict[str, Any]]:
        """The entries of `metadata.managedFields`; empty if the object cannot be read."""
        namespace, slash, name = identifier.rpartition("/")
        # kubernetes:apps/v1:Deployment -> Deployment.v1.apps; the group "core" has no name.
        group, _, version = type_.split(":")[1].partition("/")
        kind = type_.rpartition(":")[2]
        kind = kind if group == "core" else f"{kind}.{version}.{group}"
        place = ["--namespace", namespace] if slash else []
        done = subprocess.run(
            [
                *(*self._kubectl, "get", kind, name, *place),
                *("--output", "json", "--show-managed-fields"),
            ],
            env=self._variables,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return []
        return cast(
            list[dict[str, Any]], json.loads(done.stdout)["metadata"].get("managedFields", [])
        )


_OURS = "pulumi-kubernetes"
"""How the managers of Pulumi's own changes begin."""


def who(managers: Sequence[Mapping[str, Any]], path: str) -> list[Change]:
    """Who set the field at a property path, Pulumi left out; the latest first.

    If nobody is noted for the field itself, who is noted for what is around it.
    """
    keys = parse_property_path(path)
    for length in range(len(keys), 0, -1):
        found = [
            Change(entry["manager"], entry["operation"], entry.get("time", "?"))
            for entry in managers
            if not entry["manager"].startswith(_OURS)
            and _owns(entry.get("fieldsV1", {}), keys[:length])
        ]
        if found:
            return sorted(found, key=lambda change: change.time, reverse=True)
    return []


def _owns(fields: Mapping[str, Any], keys: Sequence[str | int]) -> bool:
    if not keys:
        return True
    return any(_owns(below, keys[1:]) for below in _below(fields, keys[0]))


def _below(fields: Mapping[str, Any], key: str | int) -> Iterator[Mapping[str, Any]]:
    if isinstance(key, str):
        if f"f:{key}" in fields:
            yield fields[f"f:{key}"]
        return
    # Elements of lists are known by what names them, not by their number.
    yield from (fields[name] for name in fields if name.startswith(("k:", "v:")))
