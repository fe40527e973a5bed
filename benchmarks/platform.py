"""The generated platform: the Kubernetes objects that every contestant is given.

Seven objects for each service, as the real platform has them, in one namespace of their own.
"""

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

NAMESPACE = "bench"


def objects(services: int, version: str = "1.0.0") -> list[Json]:
    """The namespace and, for each service, seven objects: the order is safe to create in."""
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": NAMESPACE,
            "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
        },
    }
    every = [_service(f"service-{number:03}", version) for number in range(services)]
    return [namespace, *(each for service in every for each in service)]


def _service(name: str, version: str) -> list[Json]:
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": NAMESPACE}
    selector = {"matchLabels": {"app.kubernetes.io/name": name}}

    # `kubectl apply` and `helm install` return before anything is rolled out; this annotation
    # asks the same of Pulumi, which waits for deployments and services otherwise.
    annotations = {"pulumi.com/skipAwait": "true"}

    def entry(api_version: str, kind: str, **content: Any) -> Json:
        metadata = {
            "name": name,
            "namespace": NAMESPACE,
            "labels": labels,
            "annotations": annotations,
        }
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}

    return [
        entry("v1", "ServiceAccount", automountServiceAccountToken=False),
        entry("v1", "ConfigMap", data={f"SETTING_{n}": f"value {n} of {name}" for n in range(12)}),
        entry("v1", "Secret", type="Opaque", stringData={"password": f"secret of {name}"}),
        entry(
            "v1",
            "Service",
            spec={
                "type": "ClusterIP",
                "selector": selector["matchLabels"],
                "ports": [{"name": "http", "port": 3000, "targetPort": "http", "protocol": "TCP"}],
            },
        ),
        _deployment(entry("apps/v1", "Deployment"), labels, selector, version),
        entry(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            spec={
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
                "minReplicas": 1,
                "maxReplicas": 5,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {
                            "name": "cpu",
                            "target": {"type": "Utilization", "averageUtilization": 80},
                        },
                    }
                ],
            },
        ),
        entry("policy/v1", "PodDisruptionBudget", spec={"maxUnavailable": 1, "selector": selector}),
    ]


def _deployment(entry: Json, labels: Json, selector: Json, version: str) -> Json:
    name: str = entry["metadata"]["name"]

    def probe(path: str, period: int) -> Json:
        get = {"path": path, "port": "http", "scheme": "HTTP"}
        return {"httpGet": get, "periodSeconds": period, "timeoutSeconds": 2}

    container = {
        "name": name,
        "image": f"ghcr.io/serlo/{name}:{version}",
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": 3000, "protocol": "TCP"}],
        "env": [
            {
                "name": "PASSWORD",
                "valueFrom": {"secretKeyRef": {"name": name, "key": "password"}},
            }
        ],
        "envFrom": [{"configMapRef": {"name": name}}],
        "resources": {
            "requests": {"cpu": "10m", "memory": "32Mi"},
            "limits": {"cpu": "100m", "memory": "64Mi"},
        },
        "startupProbe": probe("/health", 2),
        "readinessProbe": probe("/ready", 10),
        "livenessProbe": probe("/health", 30),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    pod = {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": selector,
            }
        ],
        "containers": [container],
    }
    return {
        **entry,
        # No replicas: the autoscaler decides.
        "spec": {
            "selector": selector,
            "revisionHistoryLimit": 3,
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
            },
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
