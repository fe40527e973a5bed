"""The control plane is a real one: who may do what, what it admits, how it rolls out."""

import ssl
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from k8s import ApiError, Cluster, Invalid, JsonObject, Unreachable
from rehearsal.control_plane import credentials


def deployment(namespace: str, image: str, **spec: Any) -> JsonObject:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "server", "namespace": namespace},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "server"}},
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": {"app": "server"}},
                "spec": {"containers": [{"name": "server", "image": image}], **spec},
            },
        },
    }


def test_private_files_are_private(control_plane: Any) -> None:
    folder: Path = control_plane.folder
    private = [
        folder / "kubeconfig",
        *(folder / "control_plane").glob("*.kubeconfig"),
        folder / "control_plane" / "tokens.csv",
        *(folder / "control_plane" / "pki").iterdir(),
    ]
    assert len(private) > 10
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in private} == {
        path.name: "0o600" for path in private
    }


def test_without_token_nothing_is_answered(control_plane: Any) -> None:
    context = ssl.create_default_context(
        cafile=control_plane.folder / "control_plane" / "pki" / "ca.crt"
    )
    with httpx.Client(verify=context, trust_env=False) as client:
        url = f"{control_plane.endpoints.kubernetes}/api/v1/namespaces"
        assert client.get(url).status_code == 401
        wrong = client.get(url, headers={"Authorization": "Bearer wrong"})
        assert wrong.status_code == 401
        assert wrong.json()["reason"] == "Unauthorized"


def test_another_authority_is_refused(control_plane: Any) -> None:
    other = (control_plane.folder / "control_plane" / "pki" / "etcd-ca.crt").read_bytes()
    users = {"here": ("me", "token")}
    text = credentials.kubeconfig(control_plane.endpoints.kubernetes, other, users)
    with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
        Cluster.from_kubeconfig(text, retry_seconds=0).get("v1", "Namespace", "default")


def test_etcd_wants_a_certificate(control_plane: Any) -> None:
    folder: Path = control_plane.folder / "control_plane"
    port = httpx.Response(200, content=(folder / "ports.json").read_bytes()).json()["etcd-client"]
    url = f"https://127.0.0.1:{port}/health"
    context = ssl.create_default_context(cafile=folder / "pki" / "etcd-ca.crt")
    with httpx.Client(verify=context, trust_env=False) as client, pytest.raises(httpx.HTTPError):
        client.get(url)
    # The certificate of the API server's own authority is not good enough either.
    context.load_cert_chain(folder / "pki" / "apiserver.crt", folder / "pki" / "apiserver.key")
    with httpx.Client(verify=context, trust_env=False) as client, pytest.raises(httpx.HTTPError):
        client.get(url)


def test_an_identity_without_rights_gets_403(
    control_plane: Any, cluster: Cluster, namespace: str
) -> None:
    account = {"name": "powerless", "namespace": namespace}
    cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
    path = cluster.path("v1", "ServiceAccount", namespace, "powerless")
    request: JsonObject = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {},
    }
    token = cluster.request("POST", f"{path}/token", body=request)["status"]["token"]
    authority = (control_plane.folder / "control_plane" / "pki" / "ca.crt").read_bytes()
    text = credentials.kubeconfig(
        control_plane.endpoints.kubernetes, authority, {"here": ("powerless", token)}
    )
    with pytest.raises(ApiError) as refusal:
        Cluster.from_kubeconfig(text).list("v1", "Secret", namespace)
    assert refusal.value.status == 403
    assert f"system:serviceaccount:{namespace}:powerless" in refusal.value.message


@pytest.mark.parametrize("component", ["kwok", "origin"])
def test_own_components_cannot_read_secrets(control_plane: Any, component: str) -> None:
    path = control_plane.folder / "control_plane" / f"{component}.kubeconfig"
    client = Cluster.from_kubeconfig(str(path))
    assert client.list("v1", "Namespace" if component == "origin" else "Node")
    with pytest.raises(ApiError) as refusal:
        client.list("v1", "Secret", "default")
    assert refusal.value.status == 403


def test_a_restricted_namespace_rejects_a_privileged_pod(cluster: Cluster, namespace: str) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": namespace, "labels": labels},
        },
        field_manager="test",
    )
    container = {"name": "c", "image": "x:1.0.0", "securityContext": {"privileged": True}}
    with pytest.raises(ApiError, match='violates PodSecurity "restricted:latest"') as refusal:
        cluster.create(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "p", "namespace": namespace},
                "spec": {"containers": [container]},
            }
        )
    assert refusal.value.status == 403


def test_quota_is_enforced(
    cluster: Cluster, namespace: str, eventually: Callable[..., Any]
) -> None:
    metadata = {"name": "q", "namespace": namespace}
    cluster.create(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": metadata,
            "spec": {"hard": {"configmaps": "0"}},
        }
    )
    path = ("v1", "ResourceQuota", "q", namespace)
    eventually(lambda: "hard" in cluster.get(*path).get("status", {}))
    names = (f"q-{number}" for number in count())

    def refused() -> bool:
        config_map = {"apiVersion": "v1", "kind": "ConfigMap"}
        try:
            cluster.create({**config_map, "metadata": {**metadata, "name": next(names)}})
        except ApiError as error:
            return "exceeded quota" in str(error)
        return False  # the API server has not seen the quota yet

    eventually(refused)


def test_nodes_are_those_of_the_pools(cluster: Cluster) -> None:
    nodes = cluster.list("v1", "Node")
    assert len(nodes) == 6
    labels = [node["metadata"]["labels"] for node in nodes]
    assert {label["cloud.google.com/gke-nodepool"] for label in labels} == {"pool"}
    assert {label["topology.kubernetes.io/region"] for label in labels} == {"zone"}
    zones = [label["topology.kubernetes.io/zone"] for label in labels]
    assert sorted(zones) == ["zone-a", "zone-a", "zone-b", "zone-b", "zone-c", "zone-c"]
    assert nodes[0]["status"]["allocatable"] == {"cpu": "940m", "memory": "2768Mi", "pods": "110"}
    assert nodes[0]["status"]["nodeInfo"]["kubeletVersion"] == "v1.36.3"


def test_a_deployment_rolls_out_and_spreads(
    cluster: Cluster, namespace: str, eventually: Callable[..., Any]
) -> None:
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "server"}},
        # Without it, the pods that are about to go count too.
        "matchLabelKeys": ["pod-template-hash"],
    }
    pool = {"cloud.google.com/gke-nodepool": "pool"}
    for version in ("1.0.0", "1.0.1"):
        wanted = deployment(
            namespace,
            f"ghcr.io/serlo/server:{version}",
            nodeSelector=pool,
            topologySpreadConstraints=[spread],
        )
        generation = cluster.apply(wanted, field_manager="test")["metadata"]["generation"]

        def rolled_out(generation: int = generation) -> bool:
            status = cluster.get("apps/v1", "Deployment", "server", namespace)["status"]
            return (
                status.get("observedGeneration") == generation
                and status.get("updatedReplicas") == status.get("readyReplicas") == 3
                and status.get("replicas") == 3
            )

        eventually(rolled_out)
    pods = eventually(
        lambda: [
            pod
            for pod in cluster.list("v1", "Pod", namespace)
            if not pod["metadata"].get("deletionTimestamp")
        ]
    )
    zones = {
        node["metadata"]["name"]: node["metadata"]["labels"]["topology.kubernetes.io/zone"]
        for node in cluster.list("v1", "Node")
    }
    assert {pod["spec"]["containers"][0]["image"] for pod in pods} == {"ghcr.io/serlo/server:1.0.1"}
    assert len({zones[pod["spec"]["nodeName"]] for pod in pods}) == 3
    assert len({pod["status"]["podIP"] for pod in pods}) == 3


def test_a_pool_that_is_not_there_leaves_pods_pending(
    cluster: Cluster, namespace: str, eventually: Callable[..., Any]
) -> None:
    pool = {"cloud.google.com/gke-nodepool": "another-pool"}
    cluster.apply(deployment(namespace, "x:1.0.0", nodeSelector=pool), field_manager="test")

    def reason() -> str:
        for pod in cluster.list("v1", "Pod", namespace):
            for condition in pod["status"].get("conditions", []):
                if condition["type"] == "PodScheduled" and condition["status"] == "False":
                    return condition["message"]
        return ""

    assert "didn't match Pod's node affinity/selector" in eventually(reason)


def test_a_job_completes(cluster: Cluster, namespace: str, eventually: Callable[..., Any]) -> None:
    container = {"name": "migration", "image": "ghcr.io/serlo/db-migration:0.1.0"}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    cluster.create(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "migration", "namespace": namespace},
            "spec": {"template": template},
        }
    )
    eventually(
        lambda: cluster.get("batch/v1", "Job", "migration", namespace)["status"].get("succeeded")
    )


def test_a_stateful_set_gets_its_volumes(
    cluster: Cluster, namespace: str, eventually: Callable[..., Any]
) -> None:
    claim = {
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "10Gi"}},
        },
    }
    container = {"name": "redis", "image": "redis:6.0.10"}
    cluster.create(
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": "redis", "namespace": namespace},
            "spec": {
                "replicas": 2,
                "serviceName": "redis",
                "selector": {"matchLabels": {"app": "redis"}},
                "template": {
                    "metadata": {"labels": {"app": "redis"}},
                    "spec": {"containers": [container]},
                },
                "volumeClaimTemplates": [claim],
            },
        }
    )
    path = ("apps/v1", "StatefulSet", "redis", namespace)
    eventually(lambda: cluster.get(*path)["status"].get("readyReplicas") == 2)
    claims = cluster.list("v1", "PersistentVolumeClaim", namespace)
    assert [claim["status"]["phase"] for claim in claims] == ["Bound", "Bound"]


def test_gateway_api_is_served_and_validated(cluster: Cluster, namespace: str) -> None:
    gateway_class = cluster.get(
        "gateway.networking.k8s.io/v1", "GatewayClass", "gke-l7-global-external-managed"
    )
    assert gateway_class["spec"]["controllerName"] == "networking.gke.io/gateway"
    with pytest.raises(Invalid, match="hostnames"):
        cluster.create(
            {
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "HTTPRoute",
                "metadata": {"name": "r", "namespace": namespace},
                "spec": {"hostnames": ["not a hostname"]},
            }
        )
