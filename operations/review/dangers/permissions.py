"""Rights of pods and of deployers, and what limits pods."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from infra.cluster.rbac import DEPLOYER, access
from operations.declared.snapshot import Snapshot
from operations.review.comparing import Comparison, FieldChange, Operation, ResourceChange
from operations.review.dangers.danger import Danger, DangerKind

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


_BOUNDS = ("ResourceQuota", "LimitRange")


def _bounds(path: str, value: Any) -> set[str]:
    """The names of all that a value of a quota or of limits bounds."""
    if isinstance(value, Mapping):
        members = cast(Mapping[str, Any], value)
        return {
            found for key, member in members.items() for found in _bounds(f"{path}.{key}", member)
        }
    if isinstance(value, list):
        return {found for member in cast(list[Any], value) for found in _bounds(path, member)}
    return set() if value is None else {path}


def permission_dangers(comparison: Comparison) -> Iterator[Danger]:
    """New rights, and protections given up."""
    for change in comparison.changes:
        yield from _roles(change)
    for change in (*comparison.changes, *comparison.external):
        for field in change.fields:
            yield from _weakened(change, field)
    yield from _administrator(comparison)
    yield from _new_rights(comparison)


def _roles(change: ResourceChange) -> Iterator[Danger]:
    if change.resource.kind in {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"} and (
        change.operation is not Operation.DELETE
    ):
        yield Danger(
            DangerKind.PERMISSION,
            f"{change.resource.label} gives rights in the cluster",
            change.resource.urn,
            "an attacker who takes over the account has them too",
        )


def _weakened(change: ResourceChange, field: FieldChange) -> Iterator[Danger]:
    name = field.path.rpartition(".")[2]
    where = f"{change.resource.label}: {field.path}"
    if name in _WEAKER and field.after in _WEAKER[name]:
        what = f"{name} {_said(field.before)} ➔ {_said(field.after)}"
        why = "somebody who breaks into the process can do more with it"
        yield Danger(DangerKind.HARDENING, what, where, why)
    elif name == "add" and "capabilities" in field.path:
        what = f"capabilities {', '.join(map(str, field.after or []))}"
        yield Danger(DangerKind.PERMISSION, what, where, "the kernel lets the process do more")
    elif change.resource.kind in _BOUNDS:
        for bound in sorted(_bounds(field.path, field.before) - _bounds(field.path, field.after)):
            what = f"{change.resource.kind}: no {bound} any more"
            yield Danger(
                DangerKind.HARDENING, what, where, "one container may take what others need"
            )
    elif "pod-security.kubernetes.io" in field.path and "enforce" in field.path:
        what = f"PodSecurity {_said(field.before)} ➔ {_said(field.after)}"
        yield Danger(
            DangerKind.HARDENING, what, where, "the API server admits other pods than before"
        )


def _administrator(comparison: Comparison) -> Iterator[Danger]:
    for change in comparison.external:
        if change.operation is Operation.DELETE:
            continue
        new = change.operation is Operation.CREATE
        labels = ", ".join(field.path.removeprefix("metadata.labels.") for field in change.fields)
        yield Danger(
            DangerKind.PERMISSION,
            "a new namespace" if new else f"other labels: {labels}",
            change.resource.label,
            "`pulumi up` stops until an administrator applies "
            f"serlo access --stack {comparison.stack}",
        )


def _new_rights(comparison: Comparison) -> Iterator[Danger]:
    if comparison.before.problem is not None or comparison.after.problem is not None:
        return
    before, after = _rights(comparison.before), _rights(comparison.after)
    for role, rights in after.items():
        new = rights - before.get(role, set())
        if new:
            yield Danger(
                DangerKind.PERMISSION,
                f"deploying takes new rights in {role}: {_listed(new)}",
                f"serlo access --stack {comparison.stack}",
                "`pulumi up` is forbidden it until an administrator applies them",
            )


def _rights(snapshot: Snapshot) -> dict[str, set[tuple[str, str]]]:
    objects = [r.properties for r in snapshot.resources.values() if r.is_kubernetes]
    found: dict[str, set[tuple[str, str]]] = {}
    given: list[dict[str, Any]] = [dict(thing) for thing in access(objects)]
    for thing in given:
        if thing["metadata"]["name"] == DEPLOYER and thing["kind"] in {"Role", "ClusterRole"}:
            place: str = thing["metadata"].get("namespace", "the whole cluster")
            found[place] = {
                (resource, verb)
                for rule in thing["rules"]
                for resource in rule["resources"]
                for verb in rule["verbs"]
            }
    return found


def _listed(rights: Iterable[tuple[str, str]]) -> str:
    """`jobs, secrets (create, delete); nodes (get)`: rights, by what may be done with what."""
    verbs: dict[str, list[str]] = {}
    for resource, verb in sorted(rights):
        verbs.setdefault(resource, []).append(verb)
    resources: dict[tuple[str, ...], list[str]] = {}
    for resource, may in verbs.items():
        resources.setdefault(tuple(may), []).append(resource)
    return "; ".join(f"{', '.join(on)} ({', '.join(may)})" for may, on in resources.items())


def _said(value: object) -> str:
    if value is None:
        return "not said"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
