"""Objects as a program would declare them."""

from typing import Any

from rehearsal.plugins.properties import PropertyMap


def config_map(namespace: str, name: str | None = "settings", **data: str) -> PropertyMap:
    metadata: PropertyMap = {"namespace": namespace}
    if name is not None:
        metadata["name"] = name
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def deployment(
    namespace: str,
    name: str = "server",
    *,
    image: str = "example.org/server:1.0.0",
    replicas: int = 2,
    annotations: dict[str, str] | None = None,
    fault: str | None = None,
    **container: Any,
) -> PropertyMap:
    template_metadata: PropertyMap = {"labels": {"app": name}}
    if fault is not None:
        template_metadata["annotations"] = {"rehearsal.serlo.org/fault": fault}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "annotations": annotations or {}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": template_metadata,
                "spec": {"containers": [{"name": "main", "image": image, **container}]},
            },
        },
    }


def service(namespace: str, name: str = "server", **spec: Any) -> PropertyMap:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 3000}], **spec},
    }


def secret(namespace: str, name: str = "passwords", **texts: Any) -> PropertyMap:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": texts,
    }


def stateful_set(namespace: str, name: str = "store", fault: str | None = None) -> PropertyMap:
    declared = deployment(namespace, name, fault=fault)
    declared["kind"] = "StatefulSet"
    declared["spec"]["serviceName"] = name
    return declared


def job(
    namespace: str, name: str = "migrate", fault: str | None = None, **spec: Any
) -> PropertyMap:
    annotations = {"rehearsal.serlo.org/fault": fault} if fault else {}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "template": {
                "metadata": {"annotations": annotations},
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [{"name": "main", "image": "example.org/migrate:1.0.0"}],
                },
            },
            **spec,
        },
    }
