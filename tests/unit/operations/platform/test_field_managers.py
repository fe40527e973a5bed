"""Whose fields are whose: what drift says of field managers, and how it is taken back."""

from typing import Any

import pytest

from operations.platform.field_managers import owned_by_others
from operations.platform.hand_back import removal

_DECLARED = {
    "metadata": {"name": "server"},
    "spec": {
        "replicas": 1,
        "containers": [{"name": "server", "image": "a:1", "ports": [{"containerPort": 80}]}],
        "hosts": ["a"],
    },
}
_CONTAINER = 'k:{"name":"server"}'


def _live(fields: dict[str, Any], **more: str) -> dict[str, Any]:
    entry = {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": fields, **more}
    ours: dict[str, Any] = {
        "manager": "pulumi-kubernetes-1",
        "operation": "Apply",
        "fieldsV1": {"f:spec": {}},
    }
    return {
        "metadata": {
            "name": "server",
            "annotations": {"a.b/c": "d", "kubectl.kubernetes.io/restartedAt": "now"},
            "managedFields": [ours, entry],
        },
        "spec": {
            "replicas": 2,
            "containers": [
                {"name": "before"},
                {
                    "name": "server",
                    "image": "a:2",
                    "ports": [{"containerPort": 80, "protocol": "TCP"}],
                    "env": [{"name": "A"}, {"name": "B"}, {"name": "C"}],
                },
            ],
            "hosts": ["a", "b"],
        },
    }


def _in_container(fields: dict[str, Any]) -> dict[str, Any]:
    return {"f:spec": {"f:containers": {_CONTAINER: fields}}}


@pytest.mark.parametrize(
    ("fields", "more", "expected"),
    [
        (_in_container({"f:image": {}}), {}, {"spec.containers[1].image": True}),
        (
            # The protocol has a default, so the program need not name it.
            _in_container(
                {"f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {"f:protocol": {}}}}
            ),
            {},
            {"spec.containers[1].ports[0].protocol": False},
        ),
        (
            _in_container({"f:env": {".": {}, 'k:{"name":"B"}': {".": {}, "f:name": {}}}}),
            {},
            {"spec.containers[1].env[1] (B)": False},
        ),
        (
            {"f:spec": {"f:hosts": {'v:"a"': {}, 'v:"b"': {}, 'v:"gone"': {}}}},
            {},
            {"spec.hosts[0]": True, "spec.hosts[1]": False},
        ),
        (
            {"f:metadata": {"f:annotations": {".": {}, "f:a.b/c": {}}}},
            {},
            {'metadata.annotations["a.b/c"]': False},
        ),
        # `kubectl rollout restart` is no drift.
        (
            {"f:metadata": {"f:annotations": {"f:kubectl.kubernetes.io/restartedAt": {}}}},
            {},
            {},
        ),
        # A controller adds what it likes, but what is declared is not its own.
        (
            {"f:metadata": {"f:annotations": {"f:a.b/c": {}}}, "f:spec": {"f:replicas": {}}},
            {"manager": "a-controller"},
            {"spec.replicas": True},
        ),
        (
            {"f:spec": {"f:replicas": {}}},
            {"manager": "kubectl", "subresource": "scale"},
            {"spec.replicas": True},
        ),
        ({"f:spec": {"f:replicas": {}}}, {"subresource": "status"}, {}),
    ],
)
def test_which_fields_others_own(
    fields: dict[str, Any], more: dict[str, str], expected: dict[str, bool]
) -> None:
    found = owned_by_others(_live(fields, **more), _DECLARED)
    assert {str(owned): owned.is_declared for owned in found} == expected


def test_pods_that_an_autoscaler_counts_are_no_drift() -> None:
    live = _live({"f:spec": {"f:replicas": {}}}, manager="kubectl", subresource="scale")
    assert owned_by_others(live, {"spec": {}}) == []


def test_an_object_that_is_only_read_is_no_drift() -> None:
    live = _live({"f:spec": {"f:replicas": {}}})
    del live["metadata"]["managedFields"][0]
    assert owned_by_others(live, _DECLARED) == []


def test_what_was_added_is_removed_from_the_end_and_only_in_its_place() -> None:
    fields: dict[str, Any] = {
        "f:metadata": {"f:annotations": {"f:a.b/c": {}}},
        **_in_container(
            {"f:env": {f'k:{{"name":"{name}"}}': {".": {}, "f:name": {}} for name in "AC"}}
        ),
    }
    env = "/spec/containers/1/env"
    container = {"op": "test", "path": "/spec/containers/1/name", "value": "server"}
    assert removal(owned_by_others(_live(fields), _DECLARED)) == [
        container,
        {"op": "test", "path": f"{env}/2/name", "value": "C"},
        {"op": "remove", "path": f"{env}/2"},
        container,
        {"op": "test", "path": f"{env}/0/name", "value": "A"},
        {"op": "remove", "path": f"{env}/0"},
        {"op": "remove", "path": "/metadata/annotations/a.b~1c"},
    ]
