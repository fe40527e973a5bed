"""An edit changes exactly the value, wherever and however it is written."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from operations.releases.yaml_edit import EditError, remove, set_value

Place = tuple[str, ...]

names = st.sampled_from(["a", "b", "c-d", "E_F", "serlo:x", "zz"])
texts = st.one_of(
    st.sampled_from(["50", "true", "1.5", "", "no", "0x1f", "a: b", "https://x.y/z", "- a", "#"]),
    st.text(alphabet="ab1:-[]{}&*!|>'\"#%@`?, é🦉", max_size=8),
)
values = st.recursive(
    st.one_of(texts, st.integers(-5, 500), st.booleans()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=3,
)
remarks = st.sampled_from(["", "  # why: 'so' \"it\" is, {really}", " # ünïcödé ➔ 🦉"])
lines = st.lists(st.sampled_from(["", "# a: 9", "      # {b: [", "   "]), max_size=2)


@dataclass
class Document:
    """YAML in the making: its text, and for each scalar where its characters are."""

    text: str = ""
    spans: dict[Place, tuple[int, int]] = field(default_factory=dict[Place, tuple[int, int]])

    def scalar(self, draw: st.DrawFn, place: Place) -> None:
        number = draw(st.integers(0, 99))
        styles = [str(number), f'"{number}"', f"'{number}'", "plain text", '"it\'s"', "'a: b'"]
        start = len(self.text)
        self.text += draw(st.sampled_from(styles))
        self.spans[place] = (start, len(self.text))

    def in_line(self, draw: st.DrawFn, place: Place) -> None:
        gap = draw(st.sampled_from(["", " "]))
        self.text += "{" + gap
        for index, name in enumerate(draw(st.lists(names, unique=True, min_size=1, max_size=3))):
            self.text += ", " if index else ""
            self.text += f"{name}: "
            self.scalar(draw, (*place, name))
        self.text += gap + "}"

    def block(self, draw: st.DrawFn, place: Place, depth: int, newline: str) -> None:
        for name in draw(st.lists(names, unique=True, min_size=1, max_size=3)):
            self.text += "".join(f"{line}{newline}" for line in draw(lines))
            self.text += f"{'  ' * depth}{name}:"
            kind = draw(st.sampled_from(["scalar", "line", "block"] if depth < 3 else ["scalar"]))
            if kind == "block":
                self.text += draw(remarks) + newline
                self.block(draw, (*place, name), depth + 1, newline)
                continue
            self.text += " "
            (self.scalar if kind == "scalar" else self.in_line)(draw, (*place, name))
            self.text += draw(remarks) + newline


@st.composite
def documents(draw: st.DrawFn) -> Document:
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    document = Document(f"# Töp{newline}config:{newline}")
    document.block(draw, ("config",), 1, newline)
    return document


def at(values: Any, place: Place) -> Any:
    for key in place:
        values = values[key]
    return values


def changed(values: Any, place: Place, value: Any) -> Any:
    copy = json.loads(json.dumps(values))
    inner = copy
    for key in place[:-1]:
        inner = inner.setdefault(key, {})
    inner[place[-1]] = value
    return copy


@given(documents(), st.data(), values)
def test_only_the_characters_of_the_value_change(
    document: Document, data: st.DataObject, value: Any
) -> None:
    place = data.draw(st.sampled_from(sorted(document.spans)))
    start, end = document.spans[place]
    after = set_value(document.text, place, value)
    assert after.startswith(document.text[:start])
    assert after.endswith(document.text[end:])
    assert yaml.safe_load(after) == changed(yaml.safe_load(document.text), place, value)


@given(documents(), st.data(), values)
def test_what_is_added_is_there_and_can_be_removed_without_a_trace(
    document: Document, data: st.DataObject, value: Any
) -> None:
    before = yaml.safe_load(document.text)
    mappings = sorted({place[:n] for place in document.spans for n in range(1, len(place))})
    place = data.draw(st.sampled_from(mappings))
    missing = data.draw(st.lists(st.sampled_from(["new", "k: 1", "0"]), min_size=1, max_size=3))
    assume(missing[0] not in at(before, place))
    after = set_value(document.text, (*place, *missing), value)
    assert yaml.safe_load(after) == changed(before, (*place, *missing), value)
    assert remove(after, (*place, *missing)) == document.text


@given(documents(), st.data())
def test_removing_takes_the_key_and_mappings_that_are_left_empty(
    document: Document, data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(sorted(document.spans)))
    wanted = yaml.safe_load(document.text)
    *above, key = place
    while len(above) > 1 and len(at(wanted, tuple(above))) == 1:
        key = above.pop()
    assume(len(at(wanted, tuple(above))) > 1)
    del at(wanted, tuple(above))[key]
    assert yaml.safe_load(remove(document.text, place)) == wanted


@pytest.mark.parametrize(
    ("before", "place", "value", "after"),
    [
        ("a: {x: 1, y: 2} # z\n", "a.x", 5, "a: {x: 5, y: 2} # z\n"),
        ("a: {x: 1,}\n", "a.y", 5, "a: {x: 1, y: 5,}\n"),
        ("a: {}\n", "a.y.z", "t", "a: {y: {z: t}}\n"),
        ("a:\n", "a.y", 5, "a: {y: 5}\n"),
        ("a: ~\n", "a.y", 5, "a: {y: 5}\n"),
        ("a:\n  b: 1\n  d: 2\n", "a.c", 5, "a:\n  b: 1\n  c: 5\n  d: 2\n"),
        ("a: # why\n  b: 1\n  d: 2\n", "a.A", 5, "a: # why\n  A: 5\n  b: 1\n  d: 2\n"),
        ("a:\n  d: 1\n  b: 2\n# end\n", "a.c", 5, "a:\n  d: 1\n  b: 2\n  c: 5\n# end\n"),
        ("a:\n  n:1: 1\n  n:0: 2\n  m:1: 3\n", "a.n:2", 5, None),
        ("a:\n  b: 1", "a.c", 5, "a:\n  b: 1\n  c: 5\n"),
        (
            "a:\n  b:\n    c: |\n      x\n\n",
            "a.b.d",
            5,
            "a:\n  b:\n    c: |\n      x\n    d: 5\n\n",
        ),
        ("a:\n  b: [1, 2]\n", "a.b", ["x", "y: z"], 'a:\n  b: [x, "y: z"]\n'),
        ("a:\n  b: 'it''s'\n", "a.b", "it's 5", "a:\n  b: 'it''s 5'\n"),
        ("a:\n  b: '5'\n", "a.b", "x\ny", 'a:\n  b: "x\\ny"\n'),
    ],
)
def test_examples(before: str, place: str, value: Any, after: str | None) -> None:
    said = set_value(before, place.split("."), value)
    assert said == after if after is not None else said.count("\n") == before.count("\n") + 1


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a:\n  b:\n    c: 1\n", "a.b", "has keys of its own"),
        ("a:\n  b: 1\n", "a.b.c", "is no mapping"),
        ("a:\n  b: |\n    x\n", "a.b", "cannot be kept"),
        ("a:\n  b: !!str x\n", "a.b", "cannot be kept"),
    ],
)
def test_what_cannot_be_edited_is_left_alone(text: str, place: str, says: str) -> None:
    with pytest.raises(EditError, match=says):
        set_value(text, place.split("."), "v")


def test_what_is_not_there_cannot_be_removed() -> None:
    with pytest.raises(EditError, match="is not set"):
        remove("a: {b: 1}\n", ("a", "c"))
