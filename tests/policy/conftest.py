"""Resources to judge: one that keeps every rule, and ways to change it."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, cast

import pytest

from policy.facts import Facts
from policy.resources import Resource
from policy.rules import RESOURCE_RULES, STACK_RULES
from policy.rules.rule import ResourceRule, StackRule

Manifest = dict[str, Any]

PROBE = {"httpGet": {"path": "/health", "port": "http"}}
CONTAINER: Manifest = {
    "name": "server",
    "image": "ghcr.io/serlo/server:0.52.1",
    "ports": [{"name": "http", "containerPort": 3000}],
    "env": [
        {"name": "LOG_LEVEL", "value": "INFO"},
        {
            "name": "SERLO_ORG_SECRET",
            "valueFrom": {"secretKeyRef": {"name": "server-1", "key": "serlo-org-secret"}},
        },
    ],
    "resources": {
        "requests": {"cpu": "100m", "memory": "100Mi"},
        "limits": {"cpu": "200m", "memory": "200Mi"},
    },
    "startupProbe": PROBE,
    "readinessProbe": PROBE,
    "livenessProbe": PROBE,
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}
POD: Manifest = {
    "metadata": {"labels": {"app": "server"}},
    "spec": {"automountServiceAccountToken": False, "containers": [CONTAINER]},
}


def facts(environment: str = "production", *, prereleases: Sequence[str] = ()) -> Facts:
    """An environment of its own, which depends on no stack file."""
    return Facts(
        environment=environment,
        is_production=environment == "production",
        domain="serlo.org",
        zone="a" * 32,
        account="b" * 32,
        hosts=frozenset({"serlo.org", "api.serlo.org"}),
        prereleases=frozenset(prereleases),
    )


def resource(
    type_: str, properties: Manifest, *, name: str = "it", protect: bool = False
) -> Resource:
    urn = f"urn:pulumi:production::serlo::{type_}::{name}"
    return Resource(urn, type_, name, properties, protect)


def kubernetes(kind: str, spec: Manifest | None = None, **rest: Any) -> Resource:
    """A Kubernetes object in namespace api, named server."""
    group = {
        "Deployment": "apps/v1",
        "StatefulSet": "apps/v1",
        "Job": "batch/v1",
        "CronJob": "batch/v1",
        "HorizontalPodAutoscaler": "autoscaling/v2",
        "PodDisruptionBudget": "policy/v1",
        "HTTPRoute": "gateway.networking.k8s.io/v1",
        "Gateway": "gateway.networking.k8s.io/v1",
        "Ingress": "networking.k8s.io/v1",
    }.get(kind, "core/v1")
    protect = rest.pop("protect", False)
    metadata = {"name": "server", "namespace": "api", **rest.pop("metadata", {})}
    properties = {"metadata": metadata, **rest}
    if spec is not None:
        properties["spec"] = spec
    return resource(f"kubernetes:{group}:{kind}", properties, protect=protect)


def pod(**changes: Any) -> Manifest:
    """The good pod with other members in its spec."""
    changed = deepcopy(POD)
    changed["spec"].update(changes)
    return changed


def deployment(container: Manifest | None = None, **spec: Any) -> Resource:
    """The good Deployment; `container` changes its container, `spec` its pod's spec."""
    changed = pod(**spec)
    changed["spec"]["containers"][0].update(container or {})
    return kubernetes("Deployment", {"template": changed})


def cloudflare(kind: str, **properties: Any) -> Resource:
    token = f"cloudflare:index/{kind[0].lower()}{kind[1:]}:{kind}"
    return resource(token, properties, protect=properties.pop("protect", False))


def rule(name: str) -> ResourceRule | StackRule:
    """A rule by name."""
    (found,) = (entry for entry in (*RESOURCE_RULES, *STACK_RULES) if entry.name == name)
    return found


def findings(name: str, given: Resource | list[Resource], known: Facts | None = None) -> list[str]:
    """What a rule says about a resource, or about resources together."""
    judge, known = rule(name), known or facts()
    if isinstance(judge, ResourceRule):
        return list(judge.findings(cast(Resource, given), known))
    resources = given if isinstance(given, list) else [given]
    return [finding for _, finding in judge.findings(resources, known)]


@pytest.fixture
def good() -> Resource:
    """A Deployment that keeps every rule."""
    return deployment()
