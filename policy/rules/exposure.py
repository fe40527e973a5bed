"""What the world can reach, and under which names."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from infra.cluster.metadata import GATEWAY_NAMESPACE
from policy.facts import Facts
from policy.resources import Resource, entries
from policy.rules.rule import ResourceRule

_PUBLIC = frozenset({"LoadBalancer", "NodePort"})


def _side_doors(resource: Resource, _: Facts) -> Iterator[str]:
    if not resource.type.startswith("kubernetes:"):
        return
    if resource.kind == "Ingress":
        yield "it is an Ingress"
    if resource.kind == "Gateway" and resource.namespace != GATEWAY_NAMESPACE:
        yield f"it is a Gateway in namespace {resource.namespace!r}"
    if resource.kind != "Service" or resource.namespace == GATEWAY_NAMESPACE:
        return
    if resource.spec.get("type") in _PUBLIC:
        yield f"it is a Service of type {resource.spec['type']}"
    if resource.spec.get("externalIPs"):
        yield "it is a Service with external addresses"


def _strange_names(resource: Resource, facts: Facts) -> Iterator[str]:
    hosts: list[Any] = []
    if resource.type.startswith("kubernetes:"):
        # What no other route claims may be claimed for all hosts of the zone at once.
        names = _listed(resource.spec.get("hostnames"))
        hosts += [name for name in names if name != f"*.{facts.domain}"]
        if resource.kind == "Gateway":
            hosts += [entry.get("hostname") for entry in entries(resource.spec, "listeners")]
    if resource.kind == "DnsRecord":
        hosts.append(resource.properties.get("name"))
    yield from (
        f"{host} is no host of {facts.domain}"
        for host in hosts
        if host is not None and host not in facts.hosts
    )
    pattern = resource.properties.get("pattern") if resource.kind == "WorkersRoute" else None
    if pattern is not None and not _within(str(pattern), facts.domain):
        yield f"the pattern {pattern} is not within {facts.domain}"


def _strange_zones(resource: Resource, facts: Facts) -> Iterator[str]:
    if not resource.type.startswith("cloudflare:"):
        return
    for key, own in (("zoneId", facts.zone), ("accountId", facts.account)):
        given = resource.properties.get(key)
        if given is not None and given != own:
            yield f"{key} is {given}, that of {facts.environment} is {own}"


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return list(cast(Sequence[Any], value))


def _within(pattern: str, domain: str) -> bool:
    """Whether a route's pattern matches only hosts of the domain, as Cloudflare reads it."""
    host = pattern.partition("://")[2] or pattern
    host = host.partition("/")[0]
    return host in {domain, f"*{domain}"} or host.endswith(f".{domain}")


RULES = (
    ResourceRule(
        name="no-side-doors",
        description="The gateway is the only way into the cluster.",
        remedy="Use a Service of type ClusterIP and declare host=… and callers=(GATEWAY,)",
        findings=_side_doors,
    ),
    ResourceRule(
        name="known-hosts",
        description="Every public name is one of the environment's own.",
        remedy="Declare the host at its service (infra/services) or in "
        "infra/edge/cloudflare/dns_records.py",
        findings=_strange_names,
    ),
    ResourceRule(
        name="known-zone",
        description="Only the environment's own zone and account at Cloudflare are touched.",
        remedy="Take the ids from serlo:cloudflare in the stack file instead of writing them out",
        findings=_strange_zones,
    ),
)
