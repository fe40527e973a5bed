"""Resources that go, are replaced, or cannot be changed in place."""

from collections.abc import Iterator

from operations.review.comparing import Comparison, Operation, ResourceChange, at
from operations.review.dangers.danger import Danger, Kind

_HARMLESS_TO_DELETE = frozenset({"Secret", "ConfigMap"})
"""Nothing is lost with them that is not in the repository or in the stack's secrets."""

_LOST = {
    "Namespace": "everything in it goes too",
    "StatefulSet": "its pods stop; the volumes stay, but nobody uses them",
    "Deployment": "its pods stop, and nobody answers in its place",
    "CronJob": "it does not run any more",
    "Service": "whoever calls it finds nobody",
    "HTTPRoute": "its hosts are answered by the next route that fits, or by nobody",
    "Gateway": "no request reaches the cluster",
    "DnsRecord": "its host cannot be found any more",
    "WorkersRoute": "its requests go past the worker, or to another one",
    "WorkersScript": "requests of its routes are not answered",
    "WorkersKvNamespace": "all that is stored in it is lost",
    "NetworkPolicy": "what it forbade is allowed, or what it allowed is forbidden",
    "PodDisruptionBudget": "a drain may take all pods at once",
    "HorizontalPodAutoscaler": "the number of pods no longer follows the load",
    "ZoneSetting": "the setting stays as it is, and nobody looks after it",
}
_SELECTORS = ("spec.selector", "spec.podSelector")


def resource_dangers(comparison: Comparison) -> Iterator[Danger]:
    """Deletions, replacements, changed selectors, changed records and routes."""
    for change in comparison.changes:
        resource = change.resource
        if change.operation is Operation.DELETE:
            yield from _deleted(change)
        elif change.operation is Operation.REPLACE and not change.is_routine:
            yield from _replaced(change)
        yield from _unprotected(change)
        yield from _selector(change)
        if change.operation is Operation.UPDATE and resource.kind in ("DnsRecord", "WorkersRoute"):
            yield from _at_cloudflare(change)


def _deleted(change: ResourceChange) -> Iterator[Danger]:
    resource = change.resource
    if resource.protect:
        yield Danger(
            Kind.PROTECTED,
            f"{resource.label} is protected and no longer declared",
            resource.urn,
            "`pulumi up` stops there until it is unprotected by hand: pulumi state unprotect",
        )
    if resource.kind in _HARMLESS_TO_DELETE or resource.retained:
        return
    why = _LOST.get(resource.kind, "it is not there any more for whoever uses it")
    yield Danger(Kind.DELETED, f"{resource.label} is deleted", resource.urn, why)


def _replaced(change: ResourceChange) -> Iterator[Danger]:
    resource = change.resource
    fields = ", ".join(change.replacing)
    if change.before is not None and change.before.protect:
        yield Danger(
            Kind.PROTECTED,
            f"{resource.label} is protected and would be replaced",
            f"{resource.label}: {fields}",
            "`pulumi up` stops there: a replacement deletes the old one",
        )
    why = "these fields cannot be changed in place: it is deleted and made again"
    if resource.kind in _LOST:
        why += f"; in between, {_LOST[resource.kind]}"
    yield Danger(Kind.REPLACED, f"{resource.label} is replaced", f"{resource.label}: {fields}", why)


def _unprotected(change: ResourceChange) -> Iterator[Danger]:
    if change.before and change.after and change.before.protect and not change.after.protect:
        yield Danger(
            Kind.PROTECTED,
            f"{change.resource.label} is no longer protected",
            change.resource.urn,
            "the next change may delete it",
        )


def _selector(change: ResourceChange) -> Iterator[Danger]:
    if change.before is None or change.after is None or not change.resource.is_kubernetes:
        return
    for path in _SELECTORS:
        old, new = (at(side, *path.split(".")) for side in (change.before, change.after))
        if old != new and old is not None:
            yield Danger(
                Kind.SELECTOR,
                f"{change.resource.label} selects other pods",
                f"{change.resource.label}: {path}",
                "pods that it selected before are out of its reach, or others come into it",
            )


def _at_cloudflare(change: ResourceChange) -> Iterator[Danger]:
    resource = change.resource
    said = [field for field in change.fields if field.path not in ("comment", "tags")]
    if not said:
        return
    kind = Kind.RECORD if resource.kind == "DnsRecord" else Kind.ROUTE
    what = ", ".join(f"{field.path} {field.before} ➔ {field.after}" for field in said)
    yield Danger(
        kind,
        f"{resource.label}: {what}",
        resource.urn,
        "visitors are led elsewhere; resolvers keep the old answer for some minutes"
        if kind is Kind.RECORD
        else "other requests pass the worker than before",
    )
