from typing import Any

import pytest

from rehearsal.plugins.properties import Secret
from rehearsal.plugins.resource_kubernetes.manifests import mark_secrets
from rehearsal.plugins.resource_kubernetes.pruning import (
    importable_inputs,
    prune,
    refreshed,
    refreshed_inputs,
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


@pytest.mark.parametrize(
    ("inputs", "live", "applied", "expected"),
    [
        ("1000m", "1", "1", "1000m"),
        ("1000m", "2", "1", "2"),
        (Secret("a"), "b", "a", Secret("b")),
        ({"a": "1000m", "b": 1}, {"a": "1", "b": 2}, {"a": "1", "b": 1}, {"a": "1000m", "b": 2}),
        ({"a": 1, "b": 1}, {"a": 1}, {"a": 1, "b": 1}, {"a": 1}),
        ([1, "1000m"], [2, "1"], [1, "1"], [2, "1000m"]),
        ([1], [1, 2], [1], [1, 2]),
    ],
)
def test_a_refresh_keeps_the_programs_spelling_and_shows_drift(
    inputs: Any, live: Any, applied: Any, expected: Any
) -> None:
    assert refreshed(inputs, live, applied) == expected


def test_texts_of_a_secret_are_found_in_its_data() -> None:
    inputs = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a"},
        "stringData": Secret({"same": "old", "gone": "x"}),
    }
    live = {**inputs, "data": {"same": "bmV3", "foreign": "eA=="}}
    del live["stringData"]
    found = refreshed_inputs(inputs, live, live)
    assert found["stringData"] == Secret({"same": "new"})


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


def test_secrets_are_marked_where_the_inputs_had_them() -> None:
    inputs = {"env": [{"name": "A", "value": Secret("x")}], "note": "y"}
    live = {"env": [{"name": "A", "value": "x"}], "note": "y", "more": 1}
    marked = mark_secrets(live, inputs)
    assert marked["env"][0]["value"] == Secret("x")
    assert marked["note"] == "y"
    longer = {"env": [{"name": "B"}, {"name": "A", "value": "x"}]}
    assert isinstance(mark_secrets(longer, inputs)["env"], Secret), (
        "rather too much than too little"
    )
