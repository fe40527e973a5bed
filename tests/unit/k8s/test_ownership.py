from typing import Any

from k8s.ownership import default_field_manager, field_manager

URN = "urn:pulumi:dev::p::kubernetes:core/v1:ConfigMap::a"


def test_the_manager_is_the_same_for_the_same_resource_only() -> None:
    assert default_field_manager(URN) == default_field_manager(URN)
    assert default_field_manager(URN) != default_field_manager(URN.replace(":dev:", ":prod:"))


def test_the_annotation_wins_over_the_state() -> None:
    state = {"__fieldManager": "kept"}
    asked: Any = {"metadata": {"annotations": {"pulumi.com/patchFieldManager": "asked"}}}
    assert field_manager(URN, asked, state) == "asked"
    assert field_manager(URN, {}, state) == "kept"
    assert field_manager(URN, {}) == default_field_manager(URN)
