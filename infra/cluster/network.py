"""The objects that lead requests to a service: Service, Gateway, HTTPRoute."""

from base64 import b64encode
from collections.abc import Callable

from infra.cluster.manifest import (
    GATEWAY_ACCESS_LABEL,
    GATEWAY_LISTENER,
    GATEWAY_NAME,
    GATEWAY_NAMESPACE,
    NAME_LABEL,
    Manifest,
    manifest,
)
from infra.declaration.service import Entrance
from infra.stack.schema import GatewayKeys
from infra.workloads import Workload

GATEWAY_API = "gateway.networking.k8s.io/v1"
GATEWAY_CERTIFICATE = "gateway-tls"


def services(workload: Workload) -> tuple[tuple[Entrance, Manifest], ...]:
    """The stable addresses of a service inside the cluster, one Service for each of its ports.

    They may be there before the pods are, and are not waited for: the pods themselves are.
    """
    declared = workload.service
    made: list[tuple[Entrance, Manifest]] = []
    for entrance in declared.entrances:
        port = {
            "name": entrance.port_name,
            "port": entrance.service_port,
            "targetPort": entrance.port_name,
            "protocol": "TCP",
        }
        address = manifest(
            "v1",
            "Service",
            entrance.called,
            namespace=declared.namespace,
            labels={NAME_LABEL: declared.name},
            annotations={"pulumi.com/skipAwait": "true"},
            spec={
                "type": "ClusterIP",
                "selector": {NAME_LABEL: declared.name},
                "ports": [port],
            },
        )
        made.append((entrance, address))
    return tuple(made)


def route(workload: Workload) -> Manifest:
    """What leads a public host from the gateway to a service."""
    declared = workload.service
    return manifest(
        GATEWAY_API,
        "HTTPRoute",
        declared.name,
        namespace=declared.namespace,
        spec={
            "parentRefs": [
                {
                    "name": GATEWAY_NAME,
                    "namespace": GATEWAY_NAMESPACE,
                    "sectionName": GATEWAY_LISTENER,
                }
            ],
            "hostnames": list(workload.hosts),
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": declared.path}}],
                    "backendRefs": [
                        {
                            "name": declared.called or declared.name,
                            "port": declared.reached_at,
                        }
                    ],
                }
            ],
        },
    )


def health_check(workload: Workload) -> Manifest:
    """What the gateway's load balancer asks of pods, which would be `/` without it.

    It has to answer as readiness does, or a pod that is ready would get no requests. A kind that
    exists on GKE alone.
    """
    declared = workload.service
    health = declared.health
    if health is not None and health.path is not None:
        config: Manifest = {
            "type": "HTTP",
            "httpHealthCheck": {
                "portSpecification": "USE_SERVING_PORT",
                "requestPath": health.path,
            },
        }
    else:
        config = {"type": "TCP", "tcpHealthCheck": {"portSpecification": "USE_SERVING_PORT"}}
    return manifest(
        "networking.gke.io/v1",
        "HealthCheckPolicy",
        declared.name,
        namespace=declared.namespace,
        spec={
            "default": {
                "checkIntervalSec": 5,
                "timeoutSec": 3,
                "healthyThreshold": 1,
                "unhealthyThreshold": 2,
                "config": config,
            },
            "targetRef": {"group": "", "kind": "Service", "name": declared.called or declared.name},
        },
    )


def gateway(keys: GatewayKeys, certificate: str) -> Manifest:
    """The one way into the cluster, at the reserved address, by HTTPS."""
    return manifest(
        GATEWAY_API,
        "Gateway",
        GATEWAY_NAME,
        namespace=GATEWAY_NAMESPACE,
        spec={
            "gatewayClassName": "gke-l7-global-external-managed",
            "addresses": [{"type": "NamedAddress", "value": keys.address_name}],
            "listeners": [
                {
                    "name": GATEWAY_LISTENER,
                    "port": 443,
                    "protocol": "HTTPS",
                    "tls": {
                        "mode": "Terminate",
                        "certificateRefs": [{"kind": "Secret", "name": certificate}],
                    },
                    "allowedRoutes": {
                        "namespaces": {
                            "from": "Selector",
                            "selector": {"matchLabels": {GATEWAY_ACCESS_LABEL: "true"}},
                        }
                    },
                }
            ],
        },
    )


def certificate(crt: str, key: str, conceal: Callable[[str], object]) -> Manifest:
    """The gateway's certificate, issued by Cloudflare for its own connections to the origin."""
    return manifest(
        "v1",
        "Secret",
        GATEWAY_CERTIFICATE,
        namespace=GATEWAY_NAMESPACE,
        type="kubernetes.io/tls",
        data={
            "tls.crt": conceal(b64encode(crt.encode()).decode()),
            "tls.key": conceal(b64encode(key.encode()).decode()),
        },
    )
