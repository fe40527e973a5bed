import copy
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s.diffing import (
    Change,
    covers,
    differences,
    parse_property_path,
    value_at,
)
from k8s.properties import UNKNOWN
from k8s.quantities import parse_quantity, same_quantity
from k8s.replacement_rules import RULES, Path, replacement_paths

names = st.text("ab.[]\"'-", min_size=1, max_size=4)
scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.text("xy", max_size=2)
documents = st.dictionaries(
    names,
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


def put(document: Any, change: Change, new: Any) -> None:
    """Carry out one change the way a reader of the diff would understand it."""
    parent: Any = document
    for key in change.path[:-1]:
        parent = parent[key]
    last: Any = change.path[-1]
    if change.kind == "DELETE":
        return  # taken out at the end, so that indices stay valid
    if isinstance(parent, list) and change.kind == "ADD":
        parent.append(value_at(new, change.path))  # type: ignore[reportUnknownMemberType]
    else:
        parent[last] = copy.deepcopy(value_at(new, change.path))


def without_deleted(value: Any, gone: set[Path], path: Path = ()) -> Any:
    """A copy of a document without what was deleted."""
    if isinstance(value, dict):
        fields = cast(dict[str, Any], value)
        kept = {k: v for k, v in fields.items() if (*path, k) not in gone}
        return {key: without_deleted(element, gone, (*path, key)) for key, element in kept.items()}
    if isinstance(value, list):
        elements = enumerate(cast(list[Any], value))
        left = [(index, element) for index, element in elements if (*path, index) not in gone]
        return [without_deleted(element, gone, (*path, index)) for index, element in left]
    return value


@given(documents, documents)
def test_the_changes_lead_from_the_old_to_the_new(old: Any, new: Any) -> None:
    changes = differences(old, new, quantities=False)
    result = copy.deepcopy(old)
    for change in changes:
        put(result, change, new)
    gone = {change.path for change in changes if change.kind == "DELETE"}
    assert same(without_deleted(result, gone), new)


def same(first: Any, second: Any) -> bool:
    """Equality in which True is not 1."""
    return first == second and differences(first, second, quantities=False) == []


@given(documents)
def test_a_document_does_not_differ_from_itself(document: Any) -> None:
    assert differences(document, copy.deepcopy(document), quantities=True) == []


def property_path(path: Path) -> str:
    """A path as Pulumi writes it: `spec.template.spec.containers[0].image`."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif any(character in key for character in '."[]'):
            escaped = key.replace('"', '\\"')
            text += f'["{escaped}"]'
        else:
            text += f".{key}" if text else key
    return text


@given(st.lists(names | st.integers(0, 9), min_size=1, max_size=5))
def test_property_paths_are_read_as_they_are_written(keys: list[str | int]) -> None:
    path = ("spec", *keys)
    assert parse_property_path(property_path(path)) == path


def test_true_and_one_differ() -> None:
    assert differences({"a": True}, {"a": 1}, quantities=False) == [Change(("a",), "UPDATE")]


def test_what_is_not_known_is_a_change() -> None:
    old = {"a": {"b": 1}}
    assert differences(old, {"a": {"b": UNKNOWN}}, quantities=True) == [
        Change(("a", "b"), "UPDATE")
    ]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("1", "1000m", True),
        ("1", 1, True),
        ("1Gi", "1024Mi", True),
        ("1G", "1Gi", False),
        ("1e3", "1k", True),
        (0.5, "500m", True),
        (".5", "0.50", True),
        ("100u", "0.1m", True),
        ("1", "2", False),
        ("", "", False),
        ("one", "one", False),
        (True, "1", False),
    ],
)
def test_quantities_are_compared_by_amount(first: Any, second: Any, same: bool) -> None:
    assert same_quantity(first, second) is same


@given(st.decimals(0, 10**6, places=3), st.sampled_from(["", "m", "k", "Mi", "Gi"]))
def test_every_quantity_is_understood(number: Any, suffix: str) -> None:
    assert parse_quantity(f"{number}{suffix}") is not None


def test_only_quantities_are_compared_by_amount() -> None:
    old = {"spec": {"limits": {"cpu": "1"}, "command": ["1"]}, "data": {"max": "1"}}
    new = {"spec": {"limits": {"cpu": "1000m"}, "command": ["1.0"]}, "data": {"max": "1.0"}}
    changes = differences(old, new, quantities=True)
    assert [property_path(change.path) for change in changes] == ["data.max", "spec.command[0]"]


def replaced(kind: str, api_version: str, old: Any, new: Any) -> list[str]:
    rules = replacement_paths(api_version, kind)
    changes = differences(old, new, quantities=True, replacing=rules)
    return [property_path(change.path) for change in changes if change.replaces]


REPLACEMENTS: list[tuple[str, str, Any, Any, list[str]]] = [
    ("Service", "v1", {"spec": {"clusterIP": "a"}}, {"spec": {}}, ["spec.clusterIP"]),
    ("Service", "v1", {"spec": {"type": "a"}}, {"spec": {"type": "b"}}, []),
    (
        "Job",
        "batch/v1",
        {"spec": {"parallelism": 1}},
        {"spec": {"parallelism": 2}},
        ["spec.parallelism"],
    ),
    ("Job", "batch/v1", {"spec": {"template": {"a": 1}}}, {"spec": {}}, ["spec.template"]),
    ("Job", "batch/v1", {"spec": {"template": {}}}, {}, ["spec"]),
    ("Job", "batch/v1", {"spec": {"suspend": True}}, {}, []),
    (
        "StatefulSet",
        "apps/v1",
        {"spec": {"serviceName": "a", "replicas": 1, "revisionHistoryLimit": 3}},
        {"spec": {"serviceName": "b", "replicas": 2, "revisionHistoryLimit": 4}},
        ["spec.revisionHistoryLimit", "spec.serviceName"],
    ),
    (
        "PersistentVolumeClaim",
        "v1",
        {"spec": {"resources": 1, "storageClassName": "a"}},
        {"spec": {"resources": 2, "storageClassName": "b"}},
        ["spec.storageClassName"],
    ),
    ("RoleBinding", "rbac.authorization.k8s.io/v1", {"roleRef": 1}, {}, ["roleRef"]),
    ("Widget", "example.org/v1", {"spec": 1}, {"spec": 2}, []),
    (
        "Widget",
        "example.org/v1",
        {"metadata": {"name": "a"}},
        {"metadata": {"name": "b"}},
        ["metadata.name"],
    ),
    ("Secret", "v1", {"type": "a"}, {"type": "b"}, ["type"]),
]


@pytest.mark.parametrize(("kind", "api_version", "old", "new", "expected"), REPLACEMENTS)
def test_immutable_fields_replace(
    kind: str, api_version: str, old: Any, new: Any, expected: list[str]
) -> None:
    assert replaced(kind, api_version, old, new) == expected


def test_contents_replace() -> None:
    old, new = {"data": {"a": "1"}}, {"data": {"a": "2"}}
    assert replaced("ConfigMap", "v1", old, new) == ["data.a"]
    assert replaced("Secret", "v1", old, new) == ["data.a"]


def test_no_rule_is_written_twice() -> None:
    for kind, paths in RULES.items():
        assert len(paths) == len(set(paths)), kind


def test_patterns_cover_what_lies_below_them() -> None:
    pattern = parse_property_path("spec.template.spec.containers[*].image")
    assert covers(pattern, ("spec", "template", "spec", "containers", 3, "image"))
    assert not covers(pattern, ("spec", "template", "spec", "containers", 3, "name"))
    assert covers(("spec",), ("spec", "replicas"))
