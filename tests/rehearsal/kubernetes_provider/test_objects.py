"""What happens to objects that are renamed, replaced, or there already.

The ideas are those of pulumi-kubernetes' acceptance tests. The downloaded provider and the older
one, which is built where it cannot be had, differ: a test asserts what the one that is there does
(docs/decisions/0004-official-kubernetes-provider.md).
"""

import pytest

from k8s import Cluster, NotFound
from k8s.manifests import FIELD_MANAGER
from k8s.ownership import PREFIX
from tests.rehearsal.kubernetes_provider.conftest import Json, Project

pytestmark = pytest.mark.xdist_group("kubernetes-provider")


def settings(namespace: str, value: str, name: str | None = "settings") -> Json:
    named = {"name": name} if name else {}
    metadata = {"namespace": namespace, **named}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"key": value}}


def live(cluster: Cluster, namespace: str, name: str = "settings") -> Json | None:
    try:
        return cluster.get("v1", "ConfigMap", name, namespace)
    except NotFound:
        return None


def test_the_state_names_the_manager_of_an_objects_fields(
    project: Project, cluster: Cluster, namespace: str
) -> None:
    """Dry runs and adoption read it there: the provider chooses a name by chance."""
    project.declare(("settings", settings(namespace, "1")))
    project.up()
    (outputs,) = project.outputs("settings")
    found = live(cluster, namespace)
    assert found
    managers = {entry["manager"] for entry in found["metadata"]["managedFields"]}
    assert managers == {outputs[FIELD_MANAGER]}
    assert managers.pop().startswith(PREFIX)


def test_a_resource_renamed_with_an_alias_keeps_its_object(
    project: Project, cluster: Cluster, namespace: str
) -> None:
    project.declare(("old", settings(namespace, "1")))
    project.up()
    before = live(cluster, namespace)
    assert before
    project.declare(("new", settings(namespace, "1"), {"aliases": ["old"]}))
    project.up()
    after = live(cluster, namespace)
    assert after and after["metadata"]["uid"] == before["metadata"]["uid"]


def test_a_resource_renamed_without_an_alias(
    project: Project, cluster: Cluster, namespace: str, creates_by_post: bool
) -> None:
    project.declare(("old", settings(namespace, "1")))
    project.up()
    project.declare(("new", settings(namespace, "1")))
    if creates_by_post:
        assert "already exists" in project.fail()
        assert live(cluster, namespace)
    else:
        # It takes the object over for the new resource, then deletes it for the old one.
        project.up()
        assert live(cluster, namespace) is None


def test_a_fixed_name_is_deleted_before_and_a_chosen_one_after_its_replacement(
    project: Project, cluster: Cluster, namespace: str
) -> None:
    def declare(value: str) -> None:
        fixed, chosen = settings(namespace, value), settings(namespace, value, name=None)
        project.declare(("fixed", fixed), ("chosen", chosen))

    def chosen() -> set[str]:
        names = {item["metadata"]["name"] for item in cluster.list("v1", "ConfigMap", namespace)}
        return {name for name in names if name.startswith("chosen-")}

    declare("1")
    project.up()
    before, (name_before,) = live(cluster, namespace), chosen()
    declare("2")
    output = project.up()
    after, (name_after,) = live(cluster, namespace), chosen()
    assert before and after
    assert after["data"] == {"key": "2"}
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert name_after != name_before
    assert order(output, "fixed") == ["deleted original", "created replacement"]
    assert order(output, "chosen") == ["created replacement", "deleted original"]


def order(output: str, name: str) -> list[str]:
    words = ("deleted original", "created replacement")
    lines = [line for line in output.splitlines() if f"ConfigMap {name} " in line]
    return [word for line in lines for word in words if word in line]


def stateful_set(namespace: str, service: str) -> Json:
    labels = {"app": "store"}
    container = {"name": "main", "image": "example/store:1"}
    claim = {
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    spec = {
        "serviceName": service,
        "replicas": 1,
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [container], "automountServiceAccountToken": False},
        },
        "volumeClaimTemplates": [claim],
    }
    metadata = {"name": "store", "namespace": namespace}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": spec}


def test_a_replaced_stateful_set_keeps_its_claims(
    project: Project, cluster: Cluster, namespace: str, creates_by_post: bool
) -> None:
    def uid(api_version: str, kind: str, name: str) -> str:
        return cluster.get(api_version, kind, name, namespace)["metadata"]["uid"]

    project.declare(("store", stateful_set(namespace, "one")))
    project.up()
    claim, before = uid("v1", "PersistentVolumeClaim", "data-store-0"), uid(*STORE)
    project.declare(("store", stateful_set(namespace, "another")))
    if creates_by_post:
        assert project.steps()["store"] == "replace"
    else:
        # Its preview tries the replacement as a change of what is there.
        status, output = project.run("preview")
        assert status != 0
        assert "updates to statefulset spec" in output
    project.up()
    assert uid(*STORE) != before
    assert uid("v1", "PersistentVolumeClaim", "data-store-0") == claim


STORE = ("apps/v1", "StatefulSet", "store")


@pytest.mark.parametrize("value", ["as declared", "other"])
def test_an_object_that_is_there_already(
    project: Project, cluster: Cluster, namespace: str, creates_by_post: bool, value: str
) -> None:
    """The preview says create either way; `serlo adopt` is the way to take an object over."""
    cluster.create(settings(namespace, value))
    before = live(cluster, namespace)
    assert before
    project.declare(("settings", settings(namespace, "as declared")))
    assert project.steps()["settings"] == "create"
    if creates_by_post:
        assert "already exists" in project.fail()
    elif value == "other":
        assert "conflict" in project.fail()
    else:
        project.up()
    after = live(cluster, namespace)
    assert after
    assert (after["metadata"]["uid"], after["data"]) == (before["metadata"]["uid"], before["data"])


def test_an_object_that_somebody_deleted_needs_a_refresh(
    project: Project, cluster: Cluster, namespace: str
) -> None:
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "somebody", "namespace": namespace},
    }
    project.declare(("account", account))
    project.up()
    cluster.delete("v1", "ServiceAccount", "somebody", namespace)
    assert "account" not in project.steps()
    project.succeed("up", "--yes", "--skip-preview", "--refresh")
    assert cluster.get("v1", "ServiceAccount", "somebody", namespace)
