"""What must not be lost by accident, and which pods a namespace admits."""

from collections.abc import Iterator

from policy.facts import Facts
from policy.resources import Resource, fields
from policy.rules.rule import ResourceRule

_IRREPLACEABLE = frozenset(
    {
        *("kubernetes:core/v1:Namespace", "kubernetes:core/v1:PersistentVolumeClaim"),
        *("kubernetes:apps/v1:StatefulSet", "kubernetes:gateway.networking.k8s.io/v1:Gateway"),
        *("cloudflare:index/zone:Zone", "cloudflare:index/zoneDnssec:ZoneDnssec"),
        "cloudflare:index/dnsRecord:DnsRecord",
        "cloudflare:index/workersKvNamespace:WorkersKvNamespace",
        "cloudflare:index/workersRoute:WorkersRoute",
    }
)
"""Deleting one of these ends the platform, or takes data with it."""

_LEVEL = "pod-security.kubernetes.io/enforce"
REASON = "serlo.org/pod-security-reason"


def _unprotected(resource: Resource, facts: Facts) -> Iterator[str]:
    if facts.is_production and resource.type in _IRREPLACEABLE and not resource.protect:
        yield f"this {resource.kind} is not protected"


def _lax_namespace(resource: Resource, _: Facts) -> Iterator[str]:
    if resource.type != "kubernetes:core/v1:Namespace":
        return
    level = fields(resource.metadata, "labels").get(_LEVEL)
    reason = fields(resource.metadata, "annotations").get(REASON)
    if level == "restricted" or (level == "baseline" and reason):
        return
    yield f"it admits pods by the standard {level!r}" + ("" if reason else " without a reason")


RULES = (
    ResourceRule(
        name="protected-in-production",
        description="What cannot be brought back is protected in production.",
        remedy="Register it with protect=environment.is_production",
        findings=_unprotected,
    ),
    ResourceRule(
        name="restricted-namespaces",
        description="A namespace admits only pods that follow Kubernetes' strictest standard.",
        remedy=(
            f"Label it {_LEVEL}: restricted; or baseline, with the reason in the annotation "
            f"{REASON}"
        ),
        findings=_lax_namespace,
    ),
)
