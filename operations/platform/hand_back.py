"""The commands that take back what people did by hand, as they can be typed."""

import json
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.stack.environment import Environment
from k8s.diffing import Path as FieldPath
from operations.platform.drift import Drifted
from operations.platform.field_managers import OwnedField
from operations.platform.owning import PEOPLE_AND_TOOLS

_USUAL_KUBECONFIG = "~/.kube/config"


@dataclass(frozen=True)
class TakingBack:
    """How a stack, or its rehearsal in a folder, is brought back to what was deployed."""

    environment: Environment
    rehearsal: Path | None

    def commands(self, drifted: Iterable[Drifted]) -> list[str]:
        """Return the command lines, in order.

        kubectl removes what was added, which an update would not touch. Pulumi gets the fields of
        other managers, which would be conflicts, and sets all to what was deployed.
        """
        found = list(drifted)
        lines = list(self._removals(found))
        others = {owned.change.manager for one in found for owned in one.owned if owned.is_declared}
        if others:
            lines.append(self._take_over(sorted(others)))
        if others or any(one.gone or one.fields for one in found) or not lines:
            lines.append(self._pulumi)
        return [*self._before, *lines]

    @property
    def _before(self) -> list[str]:
        if self.rehearsal is None:
            return []
        return [f'eval "$(serlo env --folder {shlex.quote(str(self.rehearsal))})"']

    @property
    def _pulumi(self) -> str:
        # The variables of a rehearsal name the stack.
        if self.rehearsal is not None:
            return "pulumi up --refresh"
        return f"pulumi up --refresh --stack {self.environment.name} --policy-pack policy/"

    def _take_over(self, managers: Iterable[str]) -> str:
        words = ["serlo", "adopt", "--stack", self.environment.name, "--take-over"]
        for name in managers:
            if not name.startswith(PEOPLE_AND_TOOLS):
                words += ["--manager", name]
        if self.rehearsal is not None:
            words += ["--rehearsal", str(self.rehearsal)]
        return shlex.join(words)

    def _removals(self, drifted: Iterable[Drifted]) -> Iterator[str]:
        for one in drifted:
            added = [owned for owned in one.owned if not owned.is_declared]
            if not added:
                continue
            namespace, slash, name = one.id.rpartition("/")
            patch = json.dumps(removal(added), separators=(",", ":"))
            words = [
                *("kubectl", *self._cluster, *(["--namespace", namespace] if slash else [])),
                *("patch", _resource(one.type), name, "--type=json", "--patch", patch),
            ]
            yield shlex.join(words)

    @property
    def _cluster(self) -> list[str]:
        cluster = self.environment.cluster
        words = ["--context", cluster.context]
        # That of a rehearsal is among its variables.
        if self.rehearsal is None and cluster.kubeconfig != _USUAL_KUBECONFIG:
            words += ["--kubeconfig", cluster.kubeconfig]
        return words


def _resource(type_: str) -> str:
    """`kubernetes:apps/v1:Deployment` as kubectl takes it: `Deployment.v1.apps`."""
    group, _, version = type_.split(":")[1].partition("/")
    kind = type_.rpartition(":")[2]
    return kind if group == "core" else f"{kind}.{version}.{group}"


def removal(added: Iterable[OwnedField]) -> list[dict[str, Any]]:
    """Return the JSON patch that removes fields, refused if an element has another place by now."""
    operations: list[dict[str, Any]] = []
    # From the end, so that the numbers before stay as they are.
    for owned in sorted(added, key=lambda one: _sortable(one.path), reverse=True):
        tests = [
            {"op": "test", "path": _pointer(path), "value": value} for path, value in owned.keys
        ]
        operations += [*tests, {"op": "remove", "path": _pointer(owned.path)}]
    return operations


def _sortable(path: FieldPath) -> list[tuple[int, str]]:
    return [(step, "") if isinstance(step, int) else (0, step) for step in path]


def _pointer(path: FieldPath) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
