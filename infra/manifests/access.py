"""What whoever runs `pulumi up` may do in the cluster: what that takes, and nothing else.

Derived from the objects that the program declares. Nobody can give rights to himself, so an
administrator applies this, again whenever the program starts to declare another kind of object or
another namespace. Kept out: shells in pods, tokens of accounts, roles, and every namespace that is
not ours.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from infra.manifests import PART_OF, Manifest, manifest
from infra.manifests.namespaces import namespace as namespace_manifest

NAME = "serlo-deployer"
SYSTEM_NAMESPACE = "kube-system"
"""Its UID tells clusters apart, so it may be read (the Namespace alone, nothing in it)."""

_API = "rbac.authorization.k8s.io"
_WATCH = ("get", "list", "watch")
_MANAGE = ("create", "delete", *_WATCH, "patch")
_OWN = ("delete", "get", "patch")

# What Pulumi looks at while it waits for an object of a kind: (API group, resource).
_PODS = (("", "pods"), ("", "events"), ("apps", "replicasets"))
_AWAITED: Mapping[str, Sequence[tuple[str, str]]] = {
    "Deployment": (*_PODS, ("", "persistentvolumeclaims")),
    "StatefulSet": (*_PODS, ("", "persistentvolumeclaims")),
    "Job": _PODS,
    "Service": (("", "endpoints"), ("discovery.k8s.io", "endpointslices"), ("", "pods")),
}


@dataclass(frozen=True)
class Subject:
    """Who deploys: a group, or a user such as the address of a Google service account."""

    kind: Literal["Group", "User"]
    name: str


DEPLOYERS = Subject("Group", "serlo:deployers")


def access(objects: Iterable[Mapping[str, Any]], subject: Subject) -> list[Manifest]:
    """The namespaces, roles and bindings with which `subject` can deploy these objects.

    The namespaces are as the program declares them, since roles need one to be in.
    """
    declared = list(objects)
    namespaces = sorted(thing["metadata"]["name"] for thing in declared if _is_namespace(thing))
    found = [namespace_manifest(name) for name in namespaces]
    found += _bound("ClusterRole", None, _cluster_rules(declared, namespaces), subject)
    for name in namespaces:
        inside = [thing for thing in declared if thing["metadata"].get("namespace") == name]
        found += _bound("Role", name, _rules(inside), subject)
    return found


def _cluster_rules(
    declared: Iterable[Mapping[str, Any]], namespaces: Sequence[str]
) -> list[Manifest]:
    rules = [
        _rule("", "namespaces", ("list", "watch")),
        _rule("", "namespaces", _OWN, namespaces),
        _rule("", "namespaces", ("get",), (SYSTEM_NAMESPACE,)),
    ]
    names: dict[tuple[str, str], list[str]] = {}
    for thing in declared:
        if "namespace" not in thing["metadata"] and not _is_namespace(thing):
            names.setdefault(_resource(thing), []).append(thing["metadata"]["name"])
    for (group, resource), of_ours in sorted(names.items()):
        # Whoever creates an object chooses its name, so no rule can be about it.
        rules.append(_rule(group, resource, ("create", "list", "watch")))
        rules.append(_rule(group, resource, _OWN, sorted(of_ours)))
    return rules


def _rules(inside: Iterable[Mapping[str, Any]]) -> list[Manifest]:
    verbs: dict[tuple[str, str], Sequence[str]] = {}
    for thing in inside:
        for watched in _AWAITED.get(thing["kind"], ()):
            verbs.setdefault(watched, _WATCH)
        verbs[_resource(thing)] = _MANAGE
    return [_rule(group, resource, verbs[group, resource]) for group, resource in sorted(verbs)]


def _is_namespace(thing: Mapping[str, Any]) -> bool:
    return thing["kind"] == "Namespace"


def _resource(thing: Mapping[str, Any]) -> tuple[str, str]:
    """The API group and the resource of an object: its kind, in plural and small letters."""
    group, slash, _ = str(thing["apiVersion"]).partition("/")
    kind = str(thing["kind"]).lower()
    if kind.endswith("y") and kind[-2] not in "aeiou":
        plural = f"{kind[:-1]}ies"
    else:
        plural = f"{kind}es" if kind.endswith("s") else f"{kind}s"
    return (group if slash else "", plural)


def _rule(
    group: str, resource: str, verbs: Sequence[str], names: Sequence[str] | None = None
) -> Manifest:
    rule: Manifest = {"apiGroups": [group], "resources": [resource], "verbs": sorted(verbs)}
    return rule if names is None else {**rule, "resourceNames": list(names)}


def _bound(
    kind: str, namespace: str | None, rules: list[Manifest], subject: Subject
) -> list[Manifest]:
    """A role and its binding, in a namespace or, if None, in the whole cluster."""
    api = f"{_API}/v1"
    # By hand, not by Pulumi: these are what Pulumi's own rights are made of.
    labels = {"app.kubernetes.io/part-of": PART_OF, "app.kubernetes.io/managed-by": "administrator"}
    return [
        manifest(api, kind, NAME, namespace=namespace, labels=labels, rules=rules),
        manifest(
            api,
            f"{kind}Binding",
            NAME,
            namespace=namespace,
            labels=labels,
            roleRef={"apiGroup": _API, "kind": kind, "name": NAME},
            subjects=[{"apiGroup": _API, "kind": subject.kind, "name": subject.name}],
        ),
    ]
