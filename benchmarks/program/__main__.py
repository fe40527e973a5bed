"""The Pulumi program of the benchmark: declares the objects that a file of JSON holds.

It uses the typed classes of the SDK, as the real program does.
"""

import json
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace, Secret, Service, ServiceAccount
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

CLASSES: dict[str, Any] = {
    "Namespace": Namespace,
    "ServiceAccount": ServiceAccount,
    "ConfigMap": ConfigMap,
    "Secret": Secret,
    "Service": Service,
    "Deployment": Deployment,
    "HorizontalPodAutoscaler": HorizontalPodAutoscaler,
    "PodDisruptionBudget": PodDisruptionBudget,
}
ARGUMENTS: dict[str, str] = {
    "automountServiceAccountToken": "automount_service_account_token",
    "stringData": "string_data",
}

config = pulumi.Config("bench")
provider = k8s.Provider(
    "kubernetes",
    kubeconfig=config.require_secret("kubeconfig"),
    enable_server_side_apply=True,
)
objects: list[dict[str, Any]] = json.loads(Path(config.require("objects")).read_text())
namespace: list[pulumi.Resource] = []
for entry in objects:
    content = {ARGUMENTS.get(key, key): value for key, value in entry.items()}
    del content["apiVersion"], content["kind"]
    declared = CLASSES[entry["kind"]](
        f"{entry['kind']}-{entry['metadata']['name']}".lower(),
        opts=pulumi.ResourceOptions(provider=provider, depends_on=namespace),
        **content,
    )
    if entry["kind"] == "Namespace":
        namespace = [declared]
