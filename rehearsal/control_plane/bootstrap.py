"""What a fresh cluster on GKE has before anything is deployed: nodes, classes, Gateway API."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from k8s import Cluster, JsonObject, NotFound
from rehearsal.control_plane.nodes import NodePool, nodes
from rehearsal.control_plane.stages import STORAGE_CLASS

FIELD_MANAGER = "serlo-rehearsal"
GATEWAY_CLASS = "gke-l7-global-external-managed"

# Of the standard channel, what GKE serves. Each costs the API server time and memory.
_CUSTOM_RESOURCES = ("gatewayclasses", "gateways", "httproutes", "referencegrants")
_DEFINITIONS = Path(__file__).parent / "definitions"
_CRD_KIND = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
_ESTABLISHED_SECONDS = 30
_VOLUMES = ("persistentvolumes", "persistentvolumeclaims")


def read_custom_resources(gateway_api: Path) -> list[JsonObject]:
    """The CRDs of the Gateway API, from the folder of its Go module, and GKE's. Raises OSError."""
    # The C parser takes a tenth of a second for this, the other one many.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    folder = gateway_api / "config" / "crd" / "standard"
    files = [folder / f"gateway.networking.k8s.io_{name}.yaml" for name in _CUSTOM_RESOURCES]
    files += sorted(_DEFINITIONS.glob("*.yaml"))
    return [yaml.load(file.read_text(), Loader=loader) for file in files]  # noqa: S506 - a safe loader


def roles() -> list[JsonObject]:
    """The rights of the two identities that Kubernetes does not know: kwok and the origin."""
    everything = ["create", "delete", "get", "list", "patch", "update", "watch"]
    read = ["get", "list", "watch"]
    kwok = [
        _rule("", ["events", "pods", *_VOLUMES], everything),
        _rule("", ["nodes"], read),
        _rule(
            "",
            [f"{kind}/status" for kind in ("nodes", "pods", *_VOLUMES)],
            ["patch", "update"],
        ),
    ]
    origin = [
        _rule("", ["namespaces", "pods", "services"], read),
        _rule("discovery.k8s.io", ["endpointslices"], read),
        _rule("gateway.networking.k8s.io", ["gateways", "httproutes", "referencegrants"], read),
    ]
    return [*_cluster_role("rehearsal:kwok", kwok), *_cluster_role("rehearsal:origin", origin)]


def storage_class() -> JsonObject:
    """The default class of GKE. kwok makes its volumes, as soon as they are claimed."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": STORAGE_CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "kwok.x-k8s.io/volume",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
        "allowVolumeExpansion": True,
    }


def gateway_class() -> JsonObject:
    """The class of GKE's global external load balancer."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": GATEWAY_CLASS},
        "spec": {"controllerName": "networking.gke.io/gateway"},
    }


def install(
    cluster: Cluster,
    custom_resources: list[JsonObject],
    pools: Sequence[NodePool],
    kubelet_version: str,
) -> None:
    """Make the cluster what a fresh one on GKE is; repeating it changes nothing.

    Nodes that no pool has are deleted. Raises ApiError, TimeoutError.
    """
    wanted = nodes(pools, kubelet_version)
    with ThreadPoolExecutor(max_workers=8) as pool:
        objects = [*custom_resources, *roles(), storage_class(), *wanted]
        results = [pool.submit(_apply, cluster, obj) for obj in objects]
        for result in results:
            result.result()
    names = {node["metadata"]["name"] for node in wanted}
    for node in cluster.list("v1", "Node"):
        if node["metadata"]["name"] not in names:
            cluster.delete("v1", "Node", node["metadata"]["name"])
    _wait_established(cluster, [crd["metadata"]["name"] for crd in custom_resources])
    _apply(cluster, gateway_class())


def nodes_ready(cluster: Cluster, pools: Sequence[NodePool]) -> bool:
    """Whether every node of the pools is there, Ready and open to pods."""
    wanted = {node["metadata"]["name"] for node in nodes(pools, "")}
    ready = {node["metadata"]["name"] for node in cluster.list("v1", "Node") if _ready(node)}
    return wanted <= ready


def controllers_ready(cluster: Cluster) -> bool:
    """Whether the controller manager works: a namespace has got its default service account."""
    try:
        cluster.get("v1", "ServiceAccount", "default", "default")
    except NotFound:
        return False
    return True


def _rule(group: str, resources: list[str], verbs: list[str]) -> JsonObject:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


def _cluster_role(user: str, rules: list[JsonObject]) -> list[JsonObject]:
    group = "rbac.authorization.k8s.io"
    return [
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": user},
            "rules": rules,
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": user},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": user},
            "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
        },
    ]


def _apply(cluster: Cluster, obj: JsonObject) -> None:
    cluster.apply(obj, field_manager=FIELD_MANAGER, force=True)


def _ready(node: JsonObject) -> bool:
    conditions: list[JsonObject] = node.get("status", {}).get("conditions") or []
    ready = any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)
    return ready and not node["spec"].get("taints")


def _wait_established(cluster: Cluster, names: list[str]) -> None:
    deadline = time.monotonic() + _ESTABLISHED_SECONDS
    while missing := _not_established(cluster, names):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not established: {', '.join(missing)}")
        time.sleep(0.05)


def _not_established(cluster: Cluster, names: list[str]) -> list[str]:
    established: set[str] = set()
    for crd in cluster.list(*_CRD_KIND):
        conditions: list[JsonObject] = crd.get("status", {}).get("conditions") or []
        if any(c["type"] == "Established" and c["status"] == "True" for c in conditions):
            established.add(crd["metadata"]["name"])
    return sorted(set(names) - established)
