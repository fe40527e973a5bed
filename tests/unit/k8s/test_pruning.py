from typing import Any

from k8s.pruning import (
    importable_inputs,
    prune,
)


def test_pruning_keeps_what_was_declared() -> None:
    live: Any = {
        "spec": {"replicas": 3, "strategy": {}, "containers": [{"name": "a", "image": "x"}]},
        "status": {},
    }
    like = {"spec": {"replicas": 1, "paused": True, "containers": [{"name": "a"}]}}
    assert prune(live, like) == {"spec": {"replicas": 3, "containers": [{"name": "a"}]}}


def test_elements_of_lists_are_found_by_name_and_those_of_others_left_out() -> None:
    live = [{"name": "sidecar"}, {"name": "b", "x": 2}, {"name": "a", "x": 1}]
    like = [{"name": "a", "x": 0}, {"name": "b", "x": 0}]
    assert prune(live, like) == [{"name": "a", "x": 1}, {"name": "b", "x": 2}]


def test_plain_lists_are_compared_whole() -> None:
    assert prune(["a", "b", "c"], ["a", "x"]) == ["a", "b", "c"]
    assert prune(["a"], ["a", "x"]) == ["a"]


def test_imports_leave_out_what_the_server_set() -> None:
    live: Any = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "a",
            "namespace": "n",
            "uid": "u",
            "resourceVersion": "1",
            "creationTimestamp": "t",
            "managedFields": [],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
        },
        "spec": {
            "clusterIP": "10.0.0.1",
            "clusterIPs": ["10.0.0.1"],
            "sessionAffinity": "None",
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        },
        "status": {"loadBalancer": {}},
    }
    assert importable_inputs(live) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a", "namespace": "n"},
        "spec": {"ports": [{"port": 80, "targetPort": 80}]},
    }
    live["spec"]["clusterIP"] = "None"
    assert importable_inputs(live)["spec"]["clusterIP"] == "None"
