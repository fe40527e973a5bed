"""An existing object in the program's words."""

import copy
from typing import Any

from operations.adopt.describing import hide_literals, inputs_of

Object = dict[str, Any]

DECLARED: Object = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "a", "namespace": "n", "labels": {"app": "a"}},
    "spec": {
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "main",
                        "image": "a:2",
                        "env": [{"name": "B", "value": "b"}, {"name": "A", "value": "a"}],
                        "resources": {"limits": {"cpu": "1000m"}},
                        "command": [],
                    }
                ]
            }
        }
    },
}


def live(*managers: Object) -> Object:
    """As declared, with defaults; then changed by somebody."""
    there = copy.deepcopy(DECLARED)
    there["metadata"] |= {"uid": "u", "managedFields": list(managers)}
    there["metadata"]["annotations"] = {"by-hand": "yes", "by-a-controller": "yes"}
    there["spec"] |= {"replicas": 3, "progressDeadlineSeconds": 600}
    there["spec"]["template"]["spec"]["serviceAccount"] = "a"
    [container] = there["spec"]["template"]["spec"]["containers"]
    container["image"] = "a:1"
    container["resources"]["limits"]["cpu"] = "1"
    container["terminationMessagePath"] = "/dev/termination-log"
    del container["command"]
    container["env"] = [
        {"name": "A", "value": "a"},
        {"name": "OLD", "value": "secret"},
        {"name": "B", "value": "b"},
    ]
    return there


def kubectl() -> Object:
    old: Object = {'k:{"name":"OLD"}': {".": {}, "f:name": {}, "f:value": {}}}
    container: Object = {'k:{"name":"main"}': {"f:env": old, "f:image": {}}}
    spec: Object = {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": container}}}
    fields: Object = {"f:metadata": {"f:annotations": {"f:by-hand": {}}}, "f:spec": spec}
    return {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": fields}


def test_only_what_somebody_changed_differs() -> None:
    wanted = copy.deepcopy(DECLARED)
    wanted["metadata"]["annotations"] = {"by-hand": "yes"}
    [container] = wanted["spec"]["template"]["spec"]["containers"]
    container["image"] = "a:1"
    container["env"].append({"name": "OLD", "value": "secret"})
    assert inputs_of(live(kubectl()), DECLARED) == wanted


def test_without_a_record_everything_is_somebodys() -> None:
    found = inputs_of(live(), DECLARED)
    assert found["metadata"]["annotations"] == {"by-hand": "yes", "by-a-controller": "yes"}
    assert "replicas" not in found["spec"]


def test_literals_that_are_not_declared_are_secrets() -> None:
    hidden = hide_literals(live(kubectl()), DECLARED)
    [container] = hidden["spec"]["template"]["spec"]["containers"]
    values = {variable["name"]: variable["value"] for variable in container["env"]}
    assert (values["A"], values["B"]) == ("a", "b")
    assert values["OLD"]["plaintext"] == '"secret"'
