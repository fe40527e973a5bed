"""What an administrator gives a stack in its cluster: namespaces, and rights in them.

Derived from the objects that the program declares. No user can give rights to themselves, so an
administrator applies this, and again when the program declares another kind of object or another
namespace. It gives no one shells in pods, tokens of accounts, roles, a namespace's labels, or
anything in a namespace that is not ours.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from infra.cluster.guardrails import guardrails
from infra.cluster.manifest import Manifest, manifest

SYSTEM_NAMESPACE = "kube-system"
"""Its UID tells clusters apart, so it may be read (the Namespace alone, nothing in it)."""
_PREPARED = "serlo.org/namespaces"
SUBJECT_LABEL = "serlo.org/subject"
"""Carried by the bindings of one user or group, so that they can be found and deleted."""

_API = "rbac.authorization.k8s.io"
_WATCH = ("list", "watch")
_WRITE = ("create", "delete", "patch")

DEPLOYER, READER = "serlo-deployer", "serlo-reader"
"""The names of the two roles."""


class Subject(NamedTuple):
    """Who gets rights: a group, or a user such as the address of a Google service account."""

    kind: Literal["Group", "User"]
    name: str


DEPLOYERS = Subject("Group", "serlo:deployers")
READERS = Subject("Group", "serlo:readers")


class Resource(NamedTuple):
    """The API group and the name of a resource, such as `apps` and `deployments`."""

    group: str
    name: str


_PODS = (Resource("", "pods"), Resource("", "persistentvolumeclaims"))
_REPLICA_SETS = Resource("apps", "replicasets")
_AWAITED: Mapping[str, Sequence[Resource]] = {
    # What the provider reads to tell whether an object of a kind is ready. A list or watch that is
    # forbidden is no error to the provider: it waits for ever.
    "Deployment": (*_PODS, _REPLICA_SETS),
    "StatefulSet": _PODS,
    "Job": _PODS[:1],
}
_EVENTS = Resource("", "events")
"""Read for every object, to say why it is not ready."""

_FIXED = frozenset({Resource("", "resourcequotas"), Resource("", "limitranges")})
"""Resources of which an administrator has objects too, so a deployer may change its own only."""


@dataclass(frozen=True)
class Rule:
    """Verbs on a resource; on the objects of these names alone, if `names` is not empty."""

    resource: Resource
    verbs: Sequence[str]
    names: Sequence[str] = ()


def access(
    objects: Iterable[Mapping[str, Any]],
    deployers: Iterable[Subject] = (),
    readers: Iterable[Subject] = (),
) -> list[Manifest]:
    """The namespaces, what guards them, the two roles, and a binding for every subject.

    `objects` is all that the program declares, its namespaces among them. A role does
    not depend on its subjects, and each subject has its own bindings, so that applying this for
    other subjects later takes no right away.
    """
    declared = list(objects)
    namespaces = [dict(thing) for thing in declared if thing["kind"] == "Namespace"]
    names = sorted(thing["metadata"]["name"] for thing in namespaces)
    found: list[Manifest] = [*namespaces, *guardrails(names)]
    roles = {DEPLOYER: deployers, READER: readers}
    for role, named in roles.items():
        subjects = sorted(set(named))
        rules = _cluster_rules(role, declared, names)
        found += _granted(role, None, rules, subjects, prepared(names))
        for name in names:
            inside = [thing for thing in declared if thing["metadata"].get("namespace") == name]
            found += _granted(role, name, _rules(role, inside), subjects)
    return found


def prepared(namespaces: Iterable[str]) -> dict[str, str]:
    """Return the annotations of the deployer's ClusterRole: they name the namespaces."""
    return {_PREPARED: ",".join(namespaces)}


def prepared_namespaces(annotations: Mapping[str, str] | None) -> set[str]:
    """Return the namespaces that an administrator has made, by that ClusterRole's annotations."""
    return set((annotations or {}).get(_PREPARED, "").split(","))


def resource_of(thing: Mapping[str, Any]) -> Resource:
    """The resource of an object: its kind, in plural and small letters."""
    group, slash, _ = str(thing["apiVersion"]).partition("/")
    kind = str(thing["kind"]).lower()
    if kind.endswith("y") and kind[-2] not in "aeiou":
        plural = f"{kind[:-1]}ies"
    else:
        plural = f"{kind}es" if kind.endswith("s") else f"{kind}s"
    return Resource(group if slash else "", plural)


def _cluster_rules(
    role: str, declared: Iterable[Mapping[str, Any]], namespaces: Sequence[str]
) -> list[Rule]:
    rules = [
        Rule(Resource("", "namespaces"), ("get",), (*namespaces, SYSTEM_NAMESPACE)),
        # By which the program tells whether the namespaces are there.
        Rule(Resource(_API, "clusterroles"), ("get",), (DEPLOYER,)),
    ]
    names: dict[Resource, list[str]] = {}
    for thing in declared:
        if "namespace" not in thing["metadata"] and thing["kind"] != "Namespace":
            names.setdefault(resource_of(thing), []).append(thing["metadata"]["name"])
    for resource, of_ours in sorted(names.items()):
        if role == READER:
            rules.append(Rule(resource, ("get",), sorted(of_ours)))
        else:
            rules += _own(resource, sorted(of_ours))
    return rules


def _rules(role: str, inside: Iterable[Mapping[str, Any]]) -> list[Rule]:
    names: dict[Resource, list[str]] = {}
    watched = {_EVENTS}
    for thing in inside:
        watched |= set(_AWAITED.get(thing["kind"], ()))
        names.setdefault(resource_of(thing), []).append(thing["metadata"]["name"])
    if role == READER:
        return _reading(names, watched - {_EVENTS})
    rules: list[Rule] = []
    for resource in sorted({*names, *watched}):
        if resource in _FIXED:
            rules += _own(resource, sorted(set(names[resource])))
        else:
            verbs = ("get", *_WATCH, *_WRITE) if resource in names else _WATCH
            rules.append(Rule(resource, verbs))
    return rules


def _own(resource: Resource, names: Sequence[str]) -> list[Rule]:
    """Rights on objects of these names alone, as far as rules can be about names.

    A creator chooses the name, so `create` cannot be limited to names.
    """
    return [
        Rule(resource, ("create", *_WATCH)),
        Rule(resource, ("delete", "get", "patch"), names),
    ]


def _reading(names: Mapping[Resource, Sequence[str]], watched: set[Resource]) -> list[Rule]:
    rules: list[Rule] = []
    for resource in sorted({*names, *watched}):
        # They are immutable and named after their content, so there is nothing to compare.
        if resource == Resource("", "secrets"):
            continue
        verbs = [
            *(["get"] if resource in names else []),
            *(["list"] if resource in watched else []),
        ]
        rules.append(Rule(resource, verbs))
    return rules


def _granted(
    role: str,
    namespace: str | None,
    rules: Iterable[Rule],
    subjects: Iterable[Subject],
    annotations: Mapping[str, str] | None = None,
) -> list[Manifest]:
    """A role and its bindings, in a namespace or, if None, in the whole cluster."""
    kind = "ClusterRole" if namespace is None else "Role"
    api = f"{_API}/v1"
    granted = [
        manifest(
            api,
            kind,
            role,
            namespace=namespace,
            annotations=annotations,
            rules=[_manifest(rule) for rule in rules],
        )
    ]
    for subject in subjects:
        slug = _slug(subject)
        granted.append(
            manifest(
                api,
                f"{kind}Binding",
                f"{role}-{slug}",
                namespace=namespace,
                labels={SUBJECT_LABEL: slug},
                roleRef={"apiGroup": _API, "kind": kind, "name": role},
                subjects=[{"apiGroup": _API, "kind": subject.kind, "name": subject.name}],
            )
        )
    return granted


def _slug(subject: Subject) -> str:
    """A name for the subject's bindings: readable, and its own."""
    readable = re.sub("[^a-z0-9]+", "-", subject.name.lower())[:32].strip("-")
    digest = hashlib.sha256(f"{subject.kind}:{subject.name}".encode()).hexdigest()
    return "-".join(filter(None, (readable, digest[:8])))


def _manifest(rule: Rule) -> Manifest:
    named = {"resourceNames": list(rule.names)} if rule.names else {}
    return {
        "apiGroups": [rule.resource.group],
        "resources": [rule.resource.name],
        "verbs": sorted(rule.verbs),
        **named,
    }
