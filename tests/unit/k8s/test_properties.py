import math
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st

from k8s.properties import (
    BYTE_STRING,
    SECRET,
    SIGNATURE_KEY,
    UNKNOWN,
    UNKNOWN_STRING,
    Archive,
    Asset,
    OutputValue,
    ResourceReference,
    Secret,
    from_struct,
    has_unknowns,
    reveal,
    to_struct,
)

keys = st.text(max_size=8).filter(lambda key: key != SIGNATURE_KEY)
# Integers that a double holds exactly: the wire has no others.
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
plain = st.none() | st.booleans() | numbers | st.text(max_size=20)
assets = st.builds(Asset, text=st.text(min_size=1), hash=st.text(max_size=5))
special = (
    st.just(UNKNOWN)
    | assets
    | st.builds(Archive, assets=st.dictionaries(keys, assets, max_size=2))
    | st.builds(ResourceReference, urn=st.text(min_size=1), id=st.just(UNKNOWN) | st.text())
)
values = st.recursive(
    plain | special,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(keys, inner, max_size=4)
        | st.builds(Secret, inner)
        | st.builds(
            OutputValue,
            inner,
            secret=st.booleans(),
            dependencies=st.lists(st.text(), max_size=2).map(tuple),
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(keys, values, max_size=5))
def test_properties_survive_the_wire(properties: dict[str, Any]) -> None:
    wire = to_struct(properties).SerializeToString()
    assert from_struct(Struct.FromString(wire)) == properties


@given(st.dictionaries(keys, st.recursive(plain, lambda inner: st.lists(inner, max_size=4))))
def test_plain_properties_are_what_protobuf_itself_reads(properties: dict[str, Any]) -> None:
    assert json_format.MessageToDict(to_struct(properties)) == properties


def test_whole_numbers_are_integers_and_huge_ones_stay_floats() -> None:
    found = from_struct(to_struct({"replicas": 3.0, "share": 0.5, "huge": 2.0**60}))
    assert found == {"replicas": 3, "share": 0.5, "huge": 2.0**60}
    assert [type(value) for value in found.values()] == [int, float, float]


def test_a_whole_number_and_true_stay_apart() -> None:
    found = from_struct(to_struct({"yes": True, "one": 1}))
    assert found["yes"] is True
    assert type(found["one"]) is int


def test_secrets_do_not_show_in_messages() -> None:
    assert "hunter2" not in repr({"password": Secret("hunter2")})


def test_every_sentinel_of_the_engine_is_unknown() -> None:
    struct = Struct()
    struct["array"] = "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2"
    struct["text"] = UNKNOWN_STRING
    struct["uuid"] = "6a19a0b0-7e62-4c92-b797-000000000000"
    found = from_struct(struct)
    assert found["array"] is UNKNOWN
    assert found["text"] is UNKNOWN
    assert found["uuid"] == "6a19a0b0-7e62-4c92-b797-000000000000"


def test_bytes_that_are_no_text_are_kept() -> None:
    struct = Struct()
    struct.update({"blob": {SIGNATURE_KEY: BYTE_STRING, "value": "/w=="}})
    assert from_struct(struct)["blob"].encode("utf-8", "surrogateescape") == b"\xff"


def test_an_unknown_signature_is_an_error_that_names_it() -> None:
    struct = Struct()
    struct.update({"what": {SIGNATURE_KEY: "0123"}})
    with pytest.raises(ValueError, match="0123"):
        from_struct(struct)


def test_something_that_is_no_property_is_an_error() -> None:
    with pytest.raises(TypeError, match="set"):
        to_struct({"set": {1}})


def test_not_a_number_is_a_number() -> None:
    assert math.isnan(from_struct(to_struct({"n": math.nan}))["n"])


def test_unknowns_are_found_inside_everything() -> None:
    assert has_unknowns({"a": [Secret({"b": UNKNOWN})]})
    assert has_unknowns(OutputValue(UNKNOWN))
    assert not has_unknowns({"a": [Secret({"b": SECRET})]})


def test_reveal_takes_off_every_wrapper() -> None:
    assert reveal({"a": [Secret({"b": Secret("c")})], "d": OutputValue(1)}) == {
        "a": [{"b": "c"}],
        "d": 1,
    }
