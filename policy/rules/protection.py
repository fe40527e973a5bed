"""What must not be lost by accident, and what is not Pulumi's to change."""

from collections.abc import Iterator

from policy.facts import Facts
from policy.resources import Resource
from policy.rules.rule import ResourceRule

_IRREPLACEABLE = frozenset(
    {
        "kubernetes:core/v1:PersistentVolumeClaim",
        *("kubernetes:apps/v1:StatefulSet", "kubernetes:gateway.networking.k8s.io/v1:Gateway"),
        *("cloudflare:index/zone:Zone", "cloudflare:index/zoneDnssec:ZoneDnssec"),
        "cloudflare:index/dnsRecord:DnsRecord",
        "cloudflare:index/workersKvNamespace:WorkersKvNamespace",
        "cloudflare:index/workersRoute:WorkersRoute",
    }
)
"""Deleting one of these ends the platform, or takes data with it."""

_ADMINISTRATORS = frozenset(
    {"Namespace", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
)
"""A user who can change one of these can remove the limits of a deployment."""


def _unprotected(resource: Resource, facts: Facts) -> Iterator[str]:
    if facts.is_production and resource.type in _IRREPLACEABLE and not resource.protect:
        yield f"this {resource.kind} is not protected"


def _administrator_owned(resource: Resource, _: Facts) -> Iterator[str]:
    if resource.kind in _ADMINISTRATORS:
        yield f"this {resource.kind} belongs to the administrator"


RULES = (
    ResourceRule(
        name="protected-in-production",
        description="Resources that cannot be restored are protected in production.",
        remedy="Register it with protect=environment.is_production",
        findings=_unprotected,
    ),
    ResourceRule(
        name="administrator-owned",
        description="An update changes neither namespaces nor rights.",
        remedy="Look the namespace up, and let `serlo access` print the rights",
        findings=_administrator_owned,
    ),
)
