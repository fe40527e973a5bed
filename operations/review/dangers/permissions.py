"""Rights: of pods, of whoever deploys, and what holds pods in check."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.manifests.access import DEPLOYERS, access
from operations.review.comparing import Comparison, FieldChange, Operation, ResourceChange
from operations.review.dangers.danger import Danger, Kind
from operations.review.snapshot import Snapshot

_WEAKER: Mapping[str, tuple[Any, ...]] = {
    "runAsNonRoot": (False, None),
    "readOnlyRootFilesystem": (False, None),
    "allowPrivilegeEscalation": (True, None),
    "privileged": (True,),
    "automountServiceAccountToken": (True, None),
    "hostNetwork": (True,),
    "hostPID": (True,),
    "hostIPC": (True,),
}
"""Fields of pods, and the values that protect less than others."""


def permission_dangers(comparison: Comparison) -> Iterator[Danger]:
    """New rights, and protections given up."""
    for change in comparison.changes:
        yield from _roles(change)
        for field in change.fields:
            yield from _weakened(change, field)
    yield from _deployer(comparison)


def _roles(change: ResourceChange) -> Iterator[Danger]:
    if change.resource.kind in {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"} and (
        change.operation is not Operation.DELETE
    ):
        yield Danger(
            Kind.PERMISSION,
            f"{change.resource.label} gives rights in the cluster",
            change.resource.urn,
            "whoever takes over the account has them too",
        )


def _weakened(change: ResourceChange, field: FieldChange) -> Iterator[Danger]:
    name = field.path.rpartition(".")[2]
    where = f"{change.resource.label}: {field.path}"
    if name in _WEAKER and field.after in _WEAKER[name]:
        what = f"{name} {_said(field.before)} ➔ {_said(field.after)}"
        why = "somebody who breaks into the process can do more with it"
        yield Danger(Kind.HARDENING, what, where, why)
    elif name == "add" and "capabilities" in field.path:
        what = f"capabilities {_said(field.after)}"
        yield Danger(Kind.PERMISSION, what, where, "the kernel lets the process do more")
    elif "pod-security.kubernetes.io" in field.path and "enforce" in field.path:
        what = f"PodSecurity {_said(field.before)} ➔ {_said(field.after)}"
        yield Danger(Kind.HARDENING, what, where, "the API server admits other pods than before")


def _deployer(comparison: Comparison) -> Iterator[Danger]:
    if comparison.before.problem is not None or comparison.after.problem is not None:
        return
    before, after = _rights(comparison.before), _rights(comparison.after)
    for role, rights in after.items():
        new = sorted(rights - before.get(role, set()))
        if new:
            yield Danger(
                Kind.PERMISSION,
                f"deploying takes new rights ({role}): {', '.join(new)}",
                f"serlo access {comparison.stack}",
                "`pulumi up` is forbidden it until an administrator applies them",
            )


def _rights(snapshot: Snapshot) -> dict[str, set[str]]:
    objects = [r.properties for r in snapshot.resources.values() if r.is_kubernetes]
    found: dict[str, set[str]] = {}
    given: list[dict[str, Any]] = [dict(thing) for thing in access(objects, DEPLOYERS)]
    for thing in given:
        if thing["kind"] in {"Role", "ClusterRole"}:
            place: str = thing["metadata"].get("namespace", "the whole cluster")
            found[place] = {
                f"{verb} {resource}"
                for rule in thing["rules"]
                for resource in rule["resources"]
                for verb in rule["verbs"]
            }
    return found


def _said(value: object) -> str:
    if value is None:
        return "not said"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
