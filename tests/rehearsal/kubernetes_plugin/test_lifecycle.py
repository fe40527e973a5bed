"""An object's life through the plugin: create, change, drift, refresh, import, delete."""

from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.kubernetes_api import Cluster, NotFound
from rehearsal.plugins.properties import UNKNOWN, Secret
from rehearsal.plugins.resource_kubernetes.annotations import AUTONAMED
from tests.rehearsal.kubernetes_plugin.declarations import (
    config_map,
    deployment,
    secret,
    service,
)
from tests.rehearsal.kubernetes_plugin.plugin import CallFailed, Plugin, urn

SETTINGS = urn("ConfigMap", "settings")
SERVER = urn("Deployment", "server", "apps/v1")


def test_create_change_delete(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    made = plugin.create(SETTINGS, config_map(namespace, a="1", b="2"))
    assert made.id == f"{namespace}/settings"
    assert cluster.get("v1", "ConfigMap", "settings", namespace)["data"] == {"a": "1", "b": "2"}
    assert "managedFields" not in made.state["metadata"]

    assert not plugin.diff(made, made.inputs).changed

    changed = plugin.update(made, config_map(namespace, a="3"))
    live = cluster.get("v1", "ConfigMap", "settings", namespace)
    assert live["data"] == {"a": "3"}, "a removed field is gone"
    assert live["metadata"]["uid"] == made.state["metadata"]["uid"]

    plugin.delete(changed)
    with pytest.raises(NotFound):
        cluster.get("v1", "ConfigMap", "settings", namespace)
    plugin.delete(changed)  # already gone is fine


def test_no_request_is_made_when_nothing_changed(
    plugin: Plugin, fresh_plugin: Plugin, namespace: str
) -> None:
    made = plugin.create(SETTINGS, config_map(namespace, a="1"))
    fresh_plugin.configure(kubeconfig="/nowhere/at/all")  # whoever asks a server now fails
    inputs = fresh_plugin.check(SETTINGS, config_map(namespace, a="1"), made.inputs)
    assert not fresh_plugin.diff(made, inputs).changed
    with pytest.raises(CallFailed, match="/nowhere/at/all: cannot read the kubeconfig"):
        fresh_plugin.update(made, config_map(namespace, a="2"))
    planned = fresh_plugin.update(made, config_map(namespace, a="2"), preview=True)
    assert planned.state == planned.inputs, "previews do without a cluster"


def test_diffs_name_paths_and_kinds(plugin: Plugin, namespace: str) -> None:
    declared = deployment(namespace, env=[{"name": "A", "value": "1"}], command=["run"])
    made = plugin.create(SERVER, declared)
    changed = deployment(
        namespace,
        image="example.org/server:1.1.0",
        env=[{"name": "A", "value": "2"}, {"name": "B", "value": "3"}],
    )
    changed["metadata"]["annotations"]["example.org/note"] = "hello"
    changes = plugin.diff(made, plugin.check(SERVER, changed, made.inputs))
    container = "spec.template.spec.containers[0]"
    assert changes.paths == {
        'metadata.annotations["example.org/note"]': "ADD",
        f"{container}.command": "DELETE",
        f"{container}.env[0].value": "UPDATE",
        f"{container}.env[1]": "ADD",
        f"{container}.image": "UPDATE",
    }
    assert changes.replaces == []


def test_another_spelling_of_a_quantity_is_no_change(plugin: Plugin, namespace: str) -> None:
    made = plugin.create(SERVER, deployment(namespace, resources={"limits": {"cpu": "100m"}}))
    for cpu, changed in (("0.1", False), (0.1, False), ("100000u", False), ("110m", True)):
        inputs = plugin.check(
            SERVER, deployment(namespace, resources={"limits": {"cpu": cpu}}), made.inputs
        )
        assert plugin.diff(made, inputs).changed is changed, cpu
    refreshed = plugin.refresh(made)
    assert refreshed is not None
    assert refreshed.inputs == made.inputs, "the program's spelling stays"


def test_immutable_fields_replace_and_fixed_names_are_deleted_first(
    plugin: Plugin, namespace: str
) -> None:
    made = plugin.create(SERVER, deployment(namespace))
    changed = deployment(namespace)
    changed["spec"]["selector"]["matchLabels"]["app"] = "other"
    changed["spec"]["template"]["metadata"]["labels"]["app"] = "other"
    changes = plugin.diff(made, plugin.check(SERVER, changed, made.inputs))
    assert changes.replaces == ["spec.selector.matchLabels.app"]
    assert changes.paths["spec.selector.matchLabels.app"] == "UPDATE_REPLACE"
    assert changes.delete_before_replace

    renamed = deployment(namespace)
    renamed["metadata"]["name"] = "another"
    changes = plugin.diff(made, plugin.check(SERVER, renamed, made.inputs))
    assert changes.replaces == ["metadata.name"]
    assert not changes.delete_before_replace, "under another name both can exist"


def test_contents_of_config_maps_replace_unless_declared_mutable(
    plugin: Plugin, fresh_plugin: Plugin, control_plane: Any, namespace: str
) -> None:
    made = plugin.create(SETTINGS, config_map(namespace, a="1"))
    inputs = plugin.check(SETTINGS, config_map(namespace, a="2"), made.inputs)
    assert plugin.diff(made, inputs).replaces == ["data.a"]
    fresh_plugin.configure(kubeconfig=str(control_plane.kubeconfig), enableConfigMapMutable="true")
    changes = fresh_plugin.diff(made, inputs)
    assert changes.changed
    assert changes.replaces == []


def test_unnamed_objects_are_named_and_keep_their_name(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    made = plugin.create(SETTINGS, config_map(namespace, None, a="1"))
    name = made.inputs["metadata"]["name"]
    assert name.startswith("settings-")
    assert len(name) == len("settings-") + 8
    assert made.inputs["metadata"]["annotations"][AUTONAMED] == "true"

    again = plugin.check(SETTINGS, config_map(namespace, None, a="2"), made.inputs)
    assert again["metadata"]["name"] == name
    changes = plugin.diff(made, again)
    assert changes.replaces == ["data.a"]
    assert not changes.delete_before_replace, "the new one gets another name"
    assert cluster.get("v1", "ConfigMap", name, namespace)


def test_the_namespace_is_filled_in_for_kinds_that_have_one(plugin: Plugin) -> None:
    inputs = plugin.check(SETTINGS, {"metadata": {"name": "settings"}, "data": {}})
    assert inputs["metadata"]["namespace"] == "default"
    assert (inputs["apiVersion"], inputs["kind"]) == ("v1", "ConfigMap")
    inputs = plugin.check(urn("Namespace", "api"), {"metadata": {"name": "api"}})
    assert "namespace" not in inputs["metadata"]


@pytest.mark.parametrize(
    ("news", "path", "reason"),
    [
        ({"metadata": {"name": 7}}, "metadata.name", "expected a string"),
        ({"metadata": {"generateName": "a-"}}, "metadata.generateName", "server-side apply"),
        ({"metadata": "x"}, "metadata", "expected an object"),
        ({"apiVersion": 1}, "apiVersion", "expected a string"),
    ],
)
def test_impossible_inputs_fail_the_check_at_their_path(
    plugin: Plugin, news: dict[str, Any], path: str, reason: str
) -> None:
    (failure,) = plugin.check_raw(SETTINGS, news).failures
    assert failure.property == path
    assert reason in failure.reason


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("kubernetes:core/v1:ConfigMapList", "lists"),
        ("kubernetes:apps/v1:DeploymentPatch", "not available in the offline"),
        ("kubernetes:helm.sh/v3:Release", "not available in the offline"),
    ],
)
def test_what_is_not_supported_says_so(plugin: Plugin, token: str, message: str) -> None:
    with pytest.raises(CallFailed, match=message):
        plugin.check_raw(f"urn:pulumi:test::probe::{token}::x", {"metadata": {"name": "x"}})


def test_previews_never_write(
    plugin: Plugin, objects: Callable[[str, str], dict[str, str]], namespace: str
) -> None:
    made = plugin.create(SETTINGS, config_map(namespace, a="1"))
    before = objects("v1", "ConfigMap"), objects("apps/v1", "Deployment")
    planned = plugin.create(SERVER, deployment(namespace), preview=True)
    assert planned.id == ""
    assert planned.state["spec"]["strategy"]["type"] == "RollingUpdate", "the server's defaults"
    assert planned.state["metadata"]["uid"] is UNKNOWN
    updated = plugin.update(made, config_map(namespace, a="2"), preview=True)
    assert updated.state["data"] == {"a": "2"}
    assert (objects("v1", "ConfigMap"), objects("apps/v1", "Deployment")) == before


def test_previews_do_without_what_is_yet_to_come(plugin: Plugin, namespace: str) -> None:
    for name, declared in (
        (SETTINGS, config_map("not-there-yet", a="1")),
        (SETTINGS, config_map(namespace, a=UNKNOWN)),  # type: ignore[arg-type]
        (
            urn("Widget", "w", "example.org/v1"),
            {"metadata": {"name": "w", "namespace": namespace}, "spec": {"size": 1}},
        ),
    ):
        planned = plugin.create(name, declared, preview=True)
        assert planned.state == planned.inputs


def test_a_service_preview_leaves_its_address_open(plugin: Plugin, namespace: str) -> None:
    planned = plugin.create(urn("Service", "server"), service(namespace), preview=True)
    assert planned.state["spec"]["clusterIP"] is UNKNOWN


def test_previews_show_what_the_server_would_refuse(plugin: Plugin, namespace: str) -> None:
    declared = deployment(namespace)
    declared["spec"]["template"]["metadata"]["labels"]["app"] = "other"
    with pytest.raises(CallFailed, match=f"Deployment {namespace}/server: .*selector"):
        plugin.create(SERVER, declared, preview=True)


def test_a_drift_shows_after_a_refresh_and_is_put_back(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    made = plugin.create(SERVER, deployment(namespace, replicas=2))
    cluster.request(
        "PATCH",
        cluster.path("apps/v1", "Deployment", namespace, "server"),
        body={"spec": {"replicas": 5}},
        query={"fieldManager": "kubectl-edit"},
        content_type="application/merge-patch+json",
    )
    refreshed = plugin.refresh(made)
    assert refreshed is not None
    assert refreshed.inputs["spec"]["replicas"] == 5
    # The engine asks for the way back: from what is live to what was declared.
    changes = plugin.diff(refreshed, made.inputs)
    assert changes.paths == {"spec.replicas": "UPDATE"}
    plugin.update(refreshed, deployment(namespace, replicas=2))
    live = cluster.get("apps/v1", "Deployment", "server", namespace)
    assert live["spec"]["replicas"] == 2
    assert any("took back .spec.replicas" in text for text in plugin.ear.texts())


def test_what_the_cluster_adds_is_no_drift(plugin: Plugin, namespace: str) -> None:
    declared = deployment(
        namespace,
        env=[{"name": "EMPTY", "value": ""}, {"name": "A", "value": "1"}],
        ports=[{"containerPort": 3000}],
        resources={"requests": {"cpu": "0.5", "memory": "1024Mi"}},
        readinessProbe={"httpGet": {"path": "/", "port": 3000}},
    )
    made = plugin.create(SERVER, declared)
    refreshed = plugin.refresh(made)
    assert refreshed is not None
    assert refreshed.inputs == made.inputs
    hidden = plugin.create(urn("Secret", "passwords"), secret(namespace, word="hunter2"))
    refreshed = plugin.refresh(hidden)
    assert refreshed is not None
    assert refreshed.inputs == hidden.inputs


def test_a_refresh_finds_deleted_objects_gone(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    made = plugin.create(SETTINGS, config_map(namespace, a="1"))
    cluster.delete("v1", "ConfigMap", "settings", namespace)
    assert plugin.refresh(made) is None


def test_an_import_needs_no_more_than_was_declared(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    declared = deployment(namespace, ports=[{"containerPort": 3000}])
    cluster.create(declared)
    found = plugin.read(SERVER, f"{namespace}/server")
    assert found is not None
    assert found.state["status"] is not None
    inputs = plugin.check(SERVER, declared, found.inputs)
    del inputs["metadata"]["annotations"]  # the empty map that the server does not keep
    assert plugin.diff(found, inputs).paths == {}
    assert plugin.read(SERVER, f"{namespace}/nobody") is None


def test_an_imported_object_can_be_updated(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    cluster.create(config_map(namespace, a="1"))
    found = plugin.read(SETTINGS, f"{namespace}/settings")
    assert found is not None
    plugin.update(found, config_map(namespace, a="1", b="2"))
    live = cluster.get("v1", "ConfigMap", "settings", namespace)
    assert live["data"] == {"a": "1", "b": "2"}


def test_errors_are_the_servers_own_with_the_objects_name(plugin: Plugin, namespace: str) -> None:
    declared = config_map(namespace, "Not_A_Name", a="1")
    with pytest.raises(CallFailed, match=f"ConfigMap {namespace}/Not_A_Name: .*RFC 1123"):
        plugin.create(SETTINGS, declared)
    declared = config_map(namespace, a="1")
    declared["dta"] = {}
    with pytest.raises(CallFailed, match=f"ConfigMap {namespace}/settings: .*dta"):
        plugin.create(SETTINGS, declared)


def test_secrets_stay_secret(plugin: Plugin, namespace: str) -> None:
    declared = secret(namespace, word="hunter2")  # in the clear in the program
    made = plugin.create(urn("Secret", "passwords"), declared)
    assert isinstance(made.inputs["stringData"], Secret)
    assert isinstance(made.state["data"], Secret)
    refreshed = plugin.refresh(made)
    assert refreshed is not None
    assert isinstance(refreshed.state["data"], Secret)
    assert isinstance(refreshed.inputs["stringData"], Secret)
    assert "hunter2" not in repr((made, refreshed))

    hidden = deployment(namespace, env=[{"name": "A", "value": Secret("hunter2")}])
    made = plugin.create(SERVER, hidden)
    assert "hunter2" not in repr(made)
    value = made.state["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"]
    assert value == Secret("hunter2")


def test_a_secret_changed_behind_our_back_shows(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    made = plugin.create(urn("Secret", "passwords"), secret(namespace, word="hunter2"))
    cluster.request(
        "PATCH",
        cluster.path("v1", "Secret", namespace, "passwords"),
        body={"stringData": {"word": "changed"}},
        content_type="application/merge-patch+json",
    )
    refreshed = plugin.refresh(made)
    assert refreshed is not None
    assert refreshed.inputs["stringData"] == Secret({"word": "changed"})
    assert plugin.diff(refreshed, made.inputs).changed


def test_nothing_kubectl_noted_down_reaches_the_state(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    declared = secret(namespace, word="hunter2")
    declared["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/last-applied-configuration": '{"data": "hunter2"}'
    }
    cluster.create(declared)
    found = plugin.read(urn("Secret", "passwords"), f"{namespace}/passwords")
    assert found is not None
    assert "hunter2" not in repr(found)
