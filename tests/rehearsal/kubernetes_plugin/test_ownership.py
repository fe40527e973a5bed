"""Whose object, whose field: nothing of others is taken over, and what is ours is recognised."""

import pytest

from rehearsal.kubernetes_api import Cluster
from tests.rehearsal.kubernetes_plugin.declarations import config_map, deployment
from tests.rehearsal.kubernetes_plugin.plugin import CallFailed, Plugin, urn

SETTINGS = urn("ConfigMap", "settings")
SERVER = urn("Deployment", "server", "apps/v1")


def test_an_object_of_somebody_else_is_never_taken_over(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    cluster.create(config_map(namespace, a="theirs"), field_manager="somebody")
    for preview in (True, False):
        with pytest.raises(CallFailed, match="already exists") as failed:
            plugin.create(SETTINGS, config_map(namespace, a="ours"), preview=preview)
        assert f"ConfigMap {namespace}/settings" in failed.value.message
        assert "somebody" in failed.value.message
    live = cluster.get("v1", "ConfigMap", "settings", namespace)
    assert live["data"] == {"a": "theirs"}


def test_a_create_that_was_cut_off_is_taken_up_again(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    first = plugin.create(SETTINGS, config_map(namespace, a="1"))
    # The engine died before it wrote its state: to it, the resource has yet to be created.
    again = plugin.create(SETTINGS, config_map(namespace, a="2"))
    assert again.state["metadata"]["uid"] == first.state["metadata"]["uid"]
    live = cluster.get("v1", "ConfigMap", "settings", namespace)
    assert live["data"] == {"a": "2"}
    other = urn("ConfigMap", "another-resource")
    with pytest.raises(CallFailed, match="already exists"):
        plugin.create(other, config_map(namespace, a="3"))


def test_a_conflict_names_the_other_manager_and_the_field(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    made = plugin.create(SERVER, deployment(namespace, replicas=2))
    other = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "server", "namespace": namespace},
        "spec": {"replicas": 3},
    }
    cluster.apply(other, field_manager="autoscaler", force=True)
    wanted = deployment(namespace, replicas=4)
    for preview in (True, False):
        with pytest.raises(CallFailed) as failed:
            plugin.update(made, wanted, preview=preview)
        assert ".spec.replicas: owned by autoscaler" in failed.value.message
        assert f"Deployment {namespace}/server" in failed.value.message
    live = cluster.get("apps/v1", "Deployment", "server", namespace)
    assert live["spec"]["replicas"] == 3

    forced = deployment(namespace, replicas=4, annotations={"pulumi.com/patchForce": "true"})
    plugin.update(made, forced)
    live = cluster.get("apps/v1", "Deployment", "server", namespace)
    assert live["spec"]["replicas"] == 4


def test_ignored_changes_stay_with_their_owner(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    made = plugin.create(SERVER, deployment(namespace, replicas=2))
    cluster.apply(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "server", "namespace": namespace},
            "spec": {"replicas": 3},
        },
        field_manager="autoscaler",
        force=True,
    )
    # The engine puts the old value in the place of the ignored one.
    wanted = deployment(namespace, replicas=2, image="example.org/server:1.1.0")
    plugin.update(made, wanted, ignored=("spec.replicas",))
    live = cluster.get("apps/v1", "Deployment", "server", namespace)
    assert live["spec"]["replicas"] == 3
    assert live["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":1.1.0")
