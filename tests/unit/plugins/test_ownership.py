from typing import Any

from rehearsal.kubernetes_api import Conflict, JsonObject
from rehearsal.plugins.resource_kubernetes.ownership import (
    conflicts_of,
    default_field_manager,
    field_manager,
    is_ours,
    without_foreign_fields,
)

URN = "urn:pulumi:dev::p::kubernetes:core/v1:ConfigMap::a"


def conflict(*messages: str) -> Conflict:
    causes = [
        {"reason": "FieldManagerConflict", "message": message, "field": ".spec.replicas"}
        for message in messages
    ]
    return Conflict(409, "Conflict", "Apply failed", {"causes": causes})


def test_the_manager_is_the_same_for_the_same_resource_only() -> None:
    assert default_field_manager(URN) == default_field_manager(URN)
    assert default_field_manager(URN) != default_field_manager(URN.replace(":dev:", ":prod:"))


def test_the_annotation_wins_over_the_state() -> None:
    state = {"__fieldManager": "kept"}
    asked: Any = {"metadata": {"annotations": {"pulumi.com/patchFieldManager": "asked"}}}
    assert field_manager(URN, asked, state) == "asked"
    assert field_manager(URN, {}, state) == "kept"
    assert field_manager(URN, {}) == default_field_manager(URN)


def test_only_what_was_applied_makes_an_object_ours() -> None:
    entry = {"manager": "us", "operation": "Apply"}
    assert is_ours({"metadata": {"managedFields": [entry]}}, "us")
    assert not is_ours({"metadata": {"managedFields": [{**entry, "operation": "Update"}]}}, "us")
    assert not is_ours({"metadata": {}}, "us")


def test_hands_are_told_from_controllers_and_other_appliers() -> None:
    found = conflicts_of(
        conflict(
            'conflict with "kubectl-edit" using apps/v1 at 2026-01-01T00:00:00Z',
            'conflict with "kubectl" with subresource "scale" using apps/v1',
            'conflict with "kubectl"',
            'conflict with "kube-controller-manager" with subresource "scale" using apps/v1',
        )
    )
    assert [entry.by_hand for entry in found] == [True, True, False, False]
    assert [entry.manager for entry in found][3] == "kube-controller-manager"


def test_ignored_fields_are_left_to_their_owner_or_kept_as_they_are() -> None:
    live: JsonObject = {
        "metadata": {
            "labels": {"a": "live"},
            "managedFields": [
                {"manager": "hpa", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
                {"manager": "us", "fieldsV1": {"f:metadata": {"f:labels": {"f:a": {}}}}},
            ],
        },
        "spec": {"replicas": 5},
    }
    manifest = {"metadata": {"labels": {"a": "old"}}, "spec": {"replicas": 2, "paused": True}}
    without_foreign_fields(
        manifest, live, "us", [("spec", "replicas"), ("metadata", "labels", "a")]
    )
    assert manifest == {"metadata": {"labels": {"a": "live"}}, "spec": {"paused": True}}
