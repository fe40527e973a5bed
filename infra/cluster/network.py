"""The specs of what leads requests to a service: Service, Gateway, HTTPRoute and their policies."""

from base64 import b64encode
from collections.abc import Mapping

from pulumi_kubernetes.core import v1 as core

from infra.cluster import pod
from infra.cluster.metadata import (
    GATEWAY_ACCESS_LABEL,
    GATEWAY_LISTENER,
    GATEWAY_NAME,
    GATEWAY_NAMESPACE,
    NAME_LABEL,
)
from infra.declaration.service import Service, ServicePort
from infra.stack.schema import GatewayKeys
from infra.workloads import Workload

CustomSpec = dict[str, object]
"""The spec of a custom kind, with Kubernetes' own field names: the SDK has no types for these."""

GATEWAY_API = "gateway.networking.k8s.io/v1"
GKE_API = "networking.gke.io/v1"
GATEWAY_CERTIFICATE = "gateway-tls"

# Enough to see a pattern, at a tenth of the cost.
_LOGGED_PER_MILLION = 100_000


def service(declared: Service, port: ServicePort) -> core.ServiceSpecArgsDict:
    """Return the stable address inside the cluster of one of a service's ports."""
    return {
        "type": "ClusterIP",
        "selector": {NAME_LABEL: declared.name},
        "ports": [
            {
                "name": port.port_name,
                "port": port.port,
                "target_port": port.port_name,
                "protocol": "TCP",
            }
        ],
    }


def route(workload: Workload) -> CustomSpec:
    """Return the HTTPRoute that leads a public host from the gateway to a service."""
    declared = workload.service
    return {
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
                        "name": declared.service_name or declared.name,
                        "port": declared.main_port,
                    }
                ],
            }
        ],
    }


def health_check(workload: Workload) -> CustomSpec:
    """Return the HealthCheckPolicy: what the load balancer asks of pods, instead of `/`.

    It has to answer as readiness does, or a pod that is ready would get no requests. A kind that
    exists on GKE alone.
    """
    declared = workload.service
    probes = declared.probes
    if probes is not None and probes.readiness_path is not None:
        config: CustomSpec = {
            "type": "HTTP",
            "httpHealthCheck": {
                "portSpecification": "USE_SERVING_PORT",
                "requestPath": probes.readiness_path,
            },
        }
    else:
        config = {"type": "TCP", "tcpHealthCheck": {"portSpecification": "USE_SERVING_PORT"}}
    return {
        "default": {
            "checkIntervalSec": 5,
            "timeoutSec": 3,
            "healthyThreshold": 1,
            "unhealthyThreshold": 2,
            "config": config,
        },
        "targetRef": _service(declared),
    }


def backend_policy(workload: Workload) -> CustomSpec:
    """Return the GCPBackendPolicy: what the load balancer does with requests.

    Without it, an answer that takes 30 seconds is cut off, and connections to a pod that ends are
    closed at once. A kind that exists on GKE alone.
    """
    declared = workload.service
    return {
        "default": {
            "timeoutSec": declared.response_timeout_seconds,
            "connectionDraining": {"drainingTimeoutSec": pod.grace_seconds(declared)},
            "logging": {"enabled": True, "sampleRate": _LOGGED_PER_MILLION},
        },
        "targetRef": _service(declared),
    }


def _service(declared: Service) -> CustomSpec:
    """The Service that a policy of the load balancer is for."""
    return {"group": "", "kind": "Service", "name": declared.service_name or declared.name}


def gateway(keys: GatewayKeys, certificate: str) -> CustomSpec:
    """Return the Gateway: the one way into the cluster, at the reserved address, by HTTPS."""
    return {
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
    }


def certificate(crt: str, key: str) -> Mapping[str, str]:
    """Return the data of the gateway's certificate, in base64 and not yet marked as secret.

    Cloudflare issued it for its own connections to the origin.
    """
    return {
        "tls.crt": b64encode(crt.encode()).decode(),
        "tls.key": b64encode(key.encode()).decode(),
    }
