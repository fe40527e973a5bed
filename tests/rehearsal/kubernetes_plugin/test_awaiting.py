"""The plugin waits until objects are ready, says what it waits for, and gives up with a reason."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.kubernetes_api import Cluster, NotFound, section
from rehearsal.plugins.properties import PropertyMap
from tests.rehearsal.kubernetes_plugin.declarations import (
    config_map,
    deployment,
    job,
    service,
    stateful_set,
)
from tests.rehearsal.kubernetes_plugin.plugin import CallFailed, Plugin, Resource, urn

SERVER = urn("Deployment", "server", "apps/v1")
STORE = urn("StatefulSet", "store", "apps/v1")
MIGRATE = urn("Job", "migrate", "batch/v1")
SERVICE = urn("Service", "server")
CRD = urn("CustomResourceDefinition", "widgets", "apiextensions.k8s.io/v1")


def failed(act: Callable[[], Any]) -> Any:
    """The error of a call after which the object exists but is not ready."""
    with pytest.raises(CallFailed) as caught:
        act()
    assert caught.value.detail is not None, caught.value.message
    return caught.value


def test_a_deployment_is_ready_when_its_pods_are(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    made = plugin.create(SERVER, deployment(namespace))
    assert made.state["status"]["availableReplicas"] == 2
    assert any("replicas" in text for text in plugin.ear.texts())
    assert all(message.ephemeral and message.urn == SERVER for message in plugin.ear.messages)
    assert plugin.ear.texts()[-1] == "", "no progress stays beside what is done"
    plugin.update(made, deployment(namespace, image="example.org/server:1.1.0"))
    status = cluster.get("apps/v1", "Deployment", "server", namespace)["status"]
    assert status["updatedReplicas"] == status["replicas"] == status["availableReplicas"] == 2


def test_a_bad_image_fails_with_the_pods_reason_and_a_good_one_recovers(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    good = plugin.create(SERVER, deployment(namespace))
    bad = deployment(namespace, image="example.org/server:9.9.9", fault="pull-error")
    error = failed(lambda: plugin.update(good, bad))
    assert f"Deployment {namespace}/server is not ready" in error.message
    assert "container main" in error.message
    assert "ImagePull" in error.message
    assert "example.org/server:9.9.9" in error.message
    detail = error.detail
    assert detail.id == good.id
    assert detail.properties["metadata"]["uid"] == good.state["metadata"]["uid"]
    assert detail.reasons[0] == error.message
    live = cluster.get("apps/v1", "Deployment", "server", namespace)
    assert live["status"]["availableReplicas"] >= 2, "the old pods keep serving"

    error = failed(lambda: plugin.refresh(good))
    assert "ImagePull" in "\n".join(error.detail.reasons), "a refresh does not forget it"

    better = plugin.update(good, deployment(namespace, image="example.org/server:1.1.0"))
    assert better.state["status"]["availableReplicas"] == 2


def test_a_first_release_that_fails_leaves_its_state_to_be_kept(
    plugin: Plugin, namespace: str
) -> None:
    error = failed(lambda: plugin.create(SERVER, deployment(namespace, fault="pull-error")))
    assert error.detail.id == f"{namespace}/server"
    assert error.detail.properties["__fieldManager"].startswith("pulumi-kubernetes-")


def test_a_crash_loop_is_reported_with_the_exit_code(plugin: Plugin, namespace: str) -> None:
    error = failed(lambda: plugin.create(SERVER, deployment(namespace, fault="crash-loop")))
    assert "CrashLoopBackOff" in error.message
    assert "exit code 1" in error.message


@pytest.mark.parametrize("by", ["annotation", "option"])
def test_a_pod_that_never_gets_ready_runs_into_the_timeout(
    plugin: Plugin, namespace: str, by: str
) -> None:
    annotations = {"pulumi.com/timeoutSeconds": "2"} if by == "annotation" else {}
    declared = deployment(namespace, fault="never-ready", annotations=annotations)
    error = failed(
        lambda: plugin.create(SERVER, declared, timeout=2 if by == "option" else 0),
    )
    assert "timed out after 2 s: 2 of 2 replicas updated, 0 available" in error.message


def test_waiting_can_be_skipped(plugin: Plugin, namespace: str) -> None:
    skip = {"pulumi.com/skipAwait": "true"}
    plugin.create(SERVER, deployment(namespace, fault="never-ready", annotations=skip))


def test_pods_that_are_not_even_created_are_explained(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": namespace, "labels": restricted},
        },
        field_manager="test",
    )
    error = failed(lambda: plugin.create(SERVER, deployment(namespace)))
    assert "FailedCreate" in error.message
    assert 'violates PodSecurity "restricted' in error.message
    warnings = [text for text in plugin.ear.texts() if "would violate PodSecurity" in text]
    assert len(warnings) == 1, "the API server's warning is passed on, once"


def test_pods_that_fit_no_node_are_explained(plugin: Plugin, namespace: str) -> None:
    declared = deployment(namespace, annotations={"pulumi.com/timeoutSeconds": "4"})
    declared["spec"]["template"]["spec"]["nodeSelector"] = {"example.org/moon": "yes"}
    error = failed(lambda: plugin.create(SERVER, declared))
    assert "timed out" in error.message
    assert "Unschedulable" in "\n".join(error.detail.reasons)
    assert "node" in "\n".join(error.detail.reasons)


def test_a_stateful_set_is_waited_for(plugin: Plugin, namespace: str) -> None:
    made = plugin.create(STORE, stateful_set(namespace))
    assert made.state["status"]["readyReplicas"] == 2
    error = failed(lambda: plugin.update(made, stateful_set(namespace, fault="pull-error")))
    assert "ImagePull" in error.message


def test_a_job_is_waited_for_and_its_failure_explained(plugin: Plugin, namespace: str) -> None:
    made = plugin.create(MIGRATE, job(namespace))
    assert made.state["status"]["succeeded"] == 1
    error = failed(
        lambda: plugin.create(
            urn("Job", "doomed", "batch/v1"), job(namespace, "doomed", fault="pull-error")
        ),
    )
    assert "ImagePull" in error.message
    error = failed(
        lambda: plugin.create(
            urn("Job", "late", "batch/v1"),
            job(namespace, "late", fault="never-ready", activeDeadlineSeconds=1),
        ),
    )
    assert "DeadlineExceeded" in error.message


def test_a_service_waits_for_a_ready_pod(plugin: Plugin, namespace: str) -> None:
    declared = service(namespace)
    declared["metadata"]["annotations"] = {"pulumi.com/timeoutSeconds": "2"}
    error = failed(lambda: plugin.create(SERVICE, declared))
    assert "no ready pod has the labels app=server" in "\n".join(error.detail.reasons)
    plugin.create(SERVER, deployment(namespace))
    plugin.create(SERVICE, service(namespace))
    plugin.create(urn("Service", "headless"), service(namespace, "headless", clusterIP="None"))
    outside: dict[str, Any] = {"type": "ExternalName", "externalName": "example.org"}
    plugin.create(urn("Service", "outside"), service(namespace, "outside", **outside))


def test_services_that_fill_all_places_do_not_keep_their_pods_waiting(
    plugin: Plugin, namespace: str
) -> None:
    # As an engine would that runs four operations at once and has four Services first in line.
    threads = [
        threading.Thread(
            target=plugin.create, args=(urn("Service", name), service(namespace, name))
        )
        for name in ("a", "b", "c", "d")
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        ended = [thread for thread in threads if not thread.is_alive()]
        if ended:
            break
        threads[0].join(0.1)
    for name in ("a", "b", "c", "d"):
        plugin.create(urn("Deployment", name, "apps/v1"), deployment(namespace, name, replicas=1))
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def test_a_claim_is_waited_for_unless_nobody_would_bind_it(plugin: Plugin, namespace: str) -> None:
    declared: dict[str, Any] = {
        "metadata": {"name": "data", "namespace": namespace},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    made = plugin.create(urn("PersistentVolumeClaim", "data"), declared)
    assert made.id == f"{namespace}/data"
    grown = plugin.check(
        made.urn, {**declared, "spec": {**declared["spec"], "volumeName": "v"}}, made.inputs
    )
    assert plugin.diff(made, grown).replaces == ["spec.volumeName"]


def definition(group: str, scope: str = "Namespaced") -> PropertyMap:
    return {
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": scope,
            "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {
                                "spec": {
                                    "type": "object",
                                    "x_kubernetes_preserve_unknown_fields": True,
                                }
                            },
                        }
                    },
                }
            ],
        },
    }


def test_a_kind_without_namespaces_needs_no_telling(plugin: Plugin, namespace: str) -> None:
    group = f"{namespace}.example.org"
    widget = {"metadata": {"name": "w"}, "spec": {"size": 1}}
    name = urn("Widget", "w", f"{group}/v1")
    early = plugin.check(name, widget)  # the definition is not there: the namespace is a guess
    assert early["metadata"]["namespace"] == "default"
    crd = plugin.create(CRD, definition(group, "Cluster"))
    made = plugin.create(name, early, checked=True)
    assert made.id == "w"
    late = plugin.check(name, widget, made.inputs)
    assert "namespace" not in late["metadata"]
    assert not plugin.diff(made, late).changed
    plugin.update(made, {**widget, "spec": {"size": 2}})
    plugin.delete(made)
    plugin.delete(crd)


def test_a_new_kind_can_be_used_as_soon_as_it_is_declared(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    group = f"{namespace}.example.org"
    made = plugin.create(CRD, definition(group))
    schema = made.state["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert schema["properties"]["spec"]["x_kubernetes_preserve_unknown_fields"] is True
    refreshed = plugin.refresh(made)
    assert refreshed is not None
    assert refreshed.inputs == made.inputs

    widget = {"metadata": {"name": "w", "namespace": namespace}, "spec": {"size": 1}}
    owned = plugin.create(urn("Widget", "w", f"{group}/v1"), widget)
    assert cluster.get(f"{group}/v1", "Widget", "w", namespace)["spec"] == {"size": 1}
    plugin.delete(owned)
    plugin.delete(made)
    plugin.delete(owned)  # neither the object nor its kind are there any more
    assert plugin.refresh(owned) is None


def test_a_deletion_waits_for_the_pods(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    made = plugin.create(SERVER, deployment(namespace))
    plugin.delete(made)
    with pytest.raises(NotFound):
        cluster.get("apps/v1", "Deployment", "server", namespace)
    assert cluster.list("apps/v1", "ReplicaSet", namespace) == []
    pods = cluster.list("v1", "Pod", namespace)
    assert all(section(pod, "metadata").get("deletionTimestamp") for pod in pods)


def test_a_namespace_is_gone_with_all_that_was_in_it(plugin: Plugin, cluster: Cluster) -> None:
    made = plugin.create(urn("Namespace", "short-lived"), {"metadata": {"name": "short-lived"}})
    inside = plugin.create(urn("ConfigMap", "settings"), config_map("short-lived", a="1"))
    plugin.delete(made)
    with pytest.raises(NotFound):
        cluster.get("v1", "Namespace", "short-lived")
    plugin.delete(inside)
    again = plugin.create(urn("Namespace", "short-lived"), {"metadata": {"name": "short-lived"}})
    assert again.state["metadata"]["uid"] != made.state["metadata"]["uid"]
    plugin.delete(again)


def test_a_deletion_that_is_held_up_says_by_what(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    declared = config_map(namespace, a="1")
    declared["metadata"]["finalizers"] = ["example.org/hold"]
    made = plugin.create(urn("ConfigMap", "settings"), declared)
    with pytest.raises(CallFailed, match=r"still there after 1 s: finalizers example\.org/hold"):
        plugin.delete(made, timeout=1)

    def let_go() -> None:
        cluster.request(
            "PATCH",
            cluster.path("v1", "ConfigMap", namespace, "settings"),
            body={"metadata": {"finalizers": None}},
            content_type="application/merge-patch+json",
        )

    # A new one of the same name waits until the old one is gone.
    threading.Timer(0.5, let_go).start()
    again = plugin.create(urn("ConfigMap", "settings"), config_map(namespace, a="2"))
    assert again.state["metadata"]["uid"] != made.state["metadata"]["uid"]


def test_an_object_that_somebody_else_made_in_our_place_is_not_deleted(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    made = plugin.create(urn("ConfigMap", "settings"), config_map(namespace, a="1"))
    cluster.delete("v1", "ConfigMap", "settings", namespace)
    cluster.create(config_map(namespace, a="theirs"))
    plugin.delete(made)
    assert cluster.get("v1", "ConfigMap", "settings", namespace)["data"] == {"a": "theirs"}


def test_a_cancelled_wait_ends_at_once_and_keeps_the_state(
    fresh_plugin: Plugin, cluster: Cluster, namespace: str, eventually: Callable[..., Any]
) -> None:
    results: list[CallFailed | Resource] = []

    def act() -> None:
        try:
            results.append(fresh_plugin.create(SERVER, deployment(namespace, fault="never-ready")))
        except CallFailed as error:
            results.append(error)

    thread = threading.Thread(target=act)
    thread.start()
    eventually(lambda: any("0 available" in text for text in fresh_plugin.ear.texts()))
    fresh_plugin.cancel()
    thread.join(5)
    (result,) = results
    assert isinstance(result, CallFailed)
    assert "cancelled" in result.message
    assert result.detail.id == f"{namespace}/server"
    assert cluster.get("apps/v1", "Deployment", "server", namespace)
