"""What the vocabulary of services cannot say is merged into their specs."""

from typing import Any

import pytest

from infra.cluster.patch import annotations, patched
from infra.declaration.service import Patch

SPEC: dict[str, Any] = {
    "replicas": 1,
    "template": {
        "spec": {
            "containers": [{"name": "app", "image": "a:1"}, {"name": "agent", "image": "b:1"}],
            "node_selector": {"pool": "x"},
            "tolerations": [{"key": "old"}],
        }
    },
}


def _pod(**changes: object) -> dict[str, Any]:
    pod: dict[str, Any] = {**SPEC["template"]["spec"], **changes}
    return {**SPEC, "template": {"spec": pod}}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"host_network": False}, {"host_network": False}),
        ({"node_selector": {"zone": "b"}}, {"node_selector": {"pool": "x", "zone": "b"}}),
        ({"node_selector": {"pool": None}}, {"node_selector": {}}),
        ({"tolerations": [{"key": "new"}]}, {"tolerations": [{"key": "new"}]}),
        (
            {"containers": [{"name": "agent", "stdin": True}]},
            {
                "containers": [
                    {"name": "app", "image": "a:1"},
                    {"name": "agent", "image": "b:1", "stdin": True},
                ]
            },
        ),
        (
            {"containers": [{"name": "third", "image": "c:1"}]},
            {
                "containers": [
                    *SPEC["template"]["spec"]["containers"],
                    {"name": "third", "image": "c:1"},
                ]
            },
        ),
    ],
)
def test_a_patch_is_merged_as_kubectl_does(change: Any, expected: dict[str, Any]) -> None:
    patch = Patch(spec={"template": {"spec": change}}, reason="It is only a test")
    assert patched(SPEC, patch) == _pod(**expected)


def test_without_a_patch_nothing_changes() -> None:
    assert patched(SPEC, None) is SPEC
    assert annotations(None) is None


def test_the_reason_is_an_annotation() -> None:
    patch = Patch(spec={}, reason="It is only a test")
    assert annotations(patch) == {"serlo.org/patch": "It is only a test"}
