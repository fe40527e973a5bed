"""Resources that go, are replaced, cannot be changed in place, or select other pods."""

from collections.abc import Iterator

from k8s.replacement_rules import refused_paths
from operations.review.comparing import Comparison, Operation, ResourceChange, at
from operations.review.dangers.danger import Danger, DangerKind

_HARMLESS_TO_DELETE = frozenset({"Secret", "ConfigMap"})
"""Nothing is lost with them that is not in the repository or in the stack's secrets."""

_LOST = {
    "Namespace": "everything in it goes too",
    "StatefulSet": "its pods stop; the volumes stay, unused",
    "Deployment": "its pods stop, and nothing answers in their place",
    "CronJob": "it does not run any more",
    "Job": "the pods of its last run go, and their logs",
    "Service": "its clients get no answer",
    "ServiceAccount": "pods that name it cannot start",
    "HTTPRoute": "its hosts are answered by the next route that fits, or not at all",
    "HealthCheckPolicy": "the load balancer asks / whether pods work",
    "GCPBackendPolicy": "answers that take 30 seconds are cut off",
    "Gateway": "no request reaches the cluster",
    "DnsRecord": "its host cannot be found any more",
    "WorkersRoute": "its requests go past the worker, or to another one",
    "WorkersScript": "requests of its routes are not answered",
    "WorkersKvNamespace": "all that is stored in it is lost",
    "NetworkPolicy": "what it forbade may be allowed, what it allowed is forbidden",
    "PodDisruptionBudget": "a drain may take all pods at once",
    "HorizontalPodAutoscaler": "the number of pods no longer follows the load",
    "ResourceQuota": "nothing bounds what runs in its namespace",
    "LimitRange": "containers that say no limits have none",
    "ZoneSetting": "the setting stays as it is, and is not managed any more",
    "Ruleset": "its limits or cache rules are gone",
}
_MEANWHILE = {
    "StatefulSet": "its pods stop. Volumes stay, as they were made: what is new about their claims "
    "has no effect on them, and one of another name starts empty",
    "Job": "nothing waits for it, and then it runs again",
}
"""What is different if an object is made again in its place."""
_SELECTORS = ("spec.selector", "spec.podSelector")
_NAMING = frozenset({"metadata.name", "metadata.namespace", "accountId", "zoneId", "scriptName"})
"""Fields by which the new object is another one than the old, so that both can be there at once."""
_CLUSTER = "pulumi:providers:kubernetes"


def resource_dangers(comparison: Comparison) -> Iterator[Danger]:
    """Deletions, replacements, changed selectors."""
    for change in comparison.changes:
        if change.operation is Operation.DELETE:
            yield from _deleted(change)
        elif change.operation is Operation.REPLACE and not change.is_routine:
            yield from _replaced(change)
        yield from _refused(change)
        yield from _run_again(change)
        yield from _unprotected(change)
        yield from _selector(change)
        if change.resource.type == _CLUSTER:
            yield from _other_cluster(comparison, change)


def _deleted(change: ResourceChange) -> Iterator[Danger]:
    resource = change.resource
    if resource.protect:
        yield Danger(
            DangerKind.PROTECTED,
            "no longer declared, though protected",
            resource.label,
            "`pulumi up` stops there until it is unprotected by hand: pulumi state unprotect",
        )
    if resource.kind in _HARMLESS_TO_DELETE or resource.retained:
        return
    why = _LOST.get(resource.kind, "it is not there any more for its users")
    yield Danger(DangerKind.DELETED, resource.kind, resource.label, why)


def _replaced(change: ResourceChange) -> Iterator[Danger]:
    resource = change.resource
    fields = ", ".join(change.replacing)
    if change.before is not None and change.before.protect:
        yield Danger(
            DangerKind.PROTECTED,
            "would be replaced, though protected",
            resource.label,
            "`pulumi up` stops there: a replacement deletes the old one",
        )
    lost = _LOST.get(resource.kind, "it is not there for its users")
    if _NAMING.isdisjoint(change.replacing):
        lost = _MEANWHILE.get(resource.kind, lost)
        why = f"that cannot be changed in place: it is deleted, then made again; meanwhile {lost}"
    else:
        why = f"another one is made, then the old one goes; of that, {lost}"
    yield Danger(DangerKind.REPLACED, f"{resource.kind}, by {fields}", resource.label, why)


def _refused(change: ResourceChange) -> Iterator[Danger]:
    resource = change.resource
    if change.before is None or change.after is None or not resource.is_kubernetes:
        return
    for path in refused_paths(str(resource.properties["apiVersion"]), resource.kind):
        if at(change.before, *map(str, path)) != at(change.after, *map(str, path)):
            yield Danger(
                DangerKind.REFUSED,
                f"{resource.kind}: {'.'.join(map(str, path))}",
                resource.label,
                "Kubernetes never changes that field, so the update fails: give the object another "
                "name",
            )


def _run_again(change: ResourceChange) -> Iterator[Danger]:
    """A Job whose version stays: whatever else is new about it makes another one."""
    if change.resource.kind != "Job" or change.operation is not Operation.REPLACE:
        return
    label = ("metadata", "labels", "app.kubernetes.io/version")
    old, new = at(change.before, *label), at(change.after, *label)
    if old == new:
        yield Danger(
            DangerKind.RUN_AGAIN,
            f"{new}, as before",
            change.resource.label,
            "it has run in this version, and does all that it does a second time",
        )


def _unprotected(change: ResourceChange) -> Iterator[Danger]:
    if change.before and change.after and change.before.protect and not change.after.protect:
        yield Danger(
            DangerKind.PROTECTED,
            "no longer protected",
            change.resource.label,
            "the next change may delete it",
        )


def _selector(change: ResourceChange) -> Iterator[Danger]:
    if change.before is None or change.after is None or not change.resource.is_kubernetes:
        return
    for path in _SELECTORS:
        old, new = (at(side, *path.split(".")) for side in (change.before, change.after))
        if old != new and old is not None:
            yield Danger(
                DangerKind.SELECTOR,
                f"{change.resource.kind}: {path}",
                change.resource.label,
                "pods that it selected before are out of its reach, or others come into it",
            )


def _other_cluster(comparison: Comparison, change: ResourceChange) -> Iterator[Danger]:
    old, new = comparison.field(change, "clusterIdentifier")
    if old != new and change.before is not None:
        yield Danger(
            DangerKind.REPLACED,
            "every object in the cluster",
            f"stacks/Pulumi.{comparison.stack}.yaml: serlo:cluster",
            f"it names the cluster {new} instead of {old}: Pulumi makes all objects there, and "
            "deletes those that it knows of the other",
        )
