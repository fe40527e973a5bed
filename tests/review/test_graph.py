"""`serlo graph`: the topology as SVG and as Mermaid, and what a change does to it."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from operations.declared.snapshot import Snapshot, take
from operations.topology.mermaid import mermaid
from operations.topology.model import Arrow, Column, Graph, Node, State, compared, graph
from operations.topology.svg import svg
from tests.stack_files import STACKS, stack_file

SERLO = Path(sys.prefix) / "bin" / "serlo"
_SVG = "{http://www.w3.org/2000/svg}"
_NODE = re.compile(r'  n\d+(\["|\(\("|\(\["|\[\(")[^"\n]*("\]|"\)\)|"\]\)|"\)\])')
_ARROW = re.compile(r'  n\d+ (-->|==>|-\.->)(\|"[^"\n|]*"\|)? n\d+')
_CLASS = re.compile(r"  classDef (added|removed|changed) [a-z0-9#:,-]+|  class n[\dn,]+ \w+")

_HOSTILE = '</title><script>"]; end |`x` ➔ #\n&lt;'


@pytest.fixture(scope="module")
def production() -> Snapshot:
    return take("production", stack_file("production"))


def _nodes(drawn: Graph) -> dict[str, Node]:
    return {node.label: node for node in drawn.nodes}


def test_everything_that_runs_is_in_it_with_its_version(production: Snapshot) -> None:
    drawn = graph(production)

    nodes = _nodes(drawn)
    for name, service in production.services.items():
        version = production.versions[service.version_key]
        assert nodes[name].detail == version.partition("@")[0][:12]
    assert nodes["redis"].column is Column.STORE
    assert nodes["server"].column is Column.PUBLIC
    assert nodes["database-layer"].column is Column.INTERNAL
    assert nodes["the MySQL database"].column is Column.OUTSIDE
    arrows = {(arrow.source, arrow.target): arrow.label for arrow in drawn.arrows}
    assert arrows["gateway", "api/server"] == "api.serlo.org"
    assert arrows["api/server", "auth/kratos"] == "4433, 4434"
    assert ("frontend/frontend", "api/redis") not in arrows


@pytest.mark.parametrize("stack", STACKS)
def test_the_command_prints_a_picture(stack: str) -> None:
    arguments = [SERLO, "graph", "--stack", str(stack_file(stack))]
    drawn = subprocess.run([*arguments, "--svg"], capture_output=True, text=True, check=True)
    text = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout

    root = ElementTree.fromstring(drawn.stdout)
    assert root.tag == f"{_SVG}svg"
    _, _, width, height = map(int, root.attrib["viewBox"].split())
    boxes = list(root.iter(f"{_SVG}rect"))
    assert len(boxes) > 10
    for box in boxes:
        assert 0 <= int(box.attrib["x"]) <= width - int(box.attrib["width"])
        assert 0 <= int(box.attrib["y"]) <= height - int(box.attrib["height"])
    places = [(box.attrib["x"], box.attrib["y"]) for box in boxes]
    assert len(set(places)) == len(places)
    _assert_mermaid(text.rstrip("\n"))
    assert len(re.findall(r"(?m)^  n\d+[\[(]", text)) == len(boxes)


def test_both_at_once_is_refused() -> None:
    done = subprocess.run(
        [SERLO, "graph", "--svg", "--mermaid"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "exclude each other" in done.stderr


def test_what_changes_is_marked() -> None:
    def node(name: str, detail: str = "") -> Node:
        return Node(name, name, detail, Column.INTERNAL)

    before = Graph(
        (node("a", "1.0"), node("b", "1.0"), node("c")),
        (Arrow("a", "b", "80"), Arrow("b", "c", "80"), Arrow("a", "c", "80")),
    )
    after = Graph(
        (node("a", "1.1"), node("b", "1.0"), node("d")),
        (Arrow("a", "b", "80"), Arrow("b", "d", "80")),
    )

    drawn = compared(before, after)

    assert {n.id: n.state for n in drawn.nodes} == {
        "a": State.CHANGED,
        "b": State.SAME,
        "c": State.REMOVED,
        "d": State.ADDED,
    }
    states = {(a.source, a.target): a.state for a in drawn.arrows}
    assert states["a", "b"] is State.SAME
    assert states["a", "c"] is states["b", "c"] is State.REMOVED
    assert states["b", "d"] is State.ADDED
    text = mermaid(drawn)
    _assert_mermaid(text)
    assert text.count("-.->") == 2
    for mark in ("class n0 changed", "class n2 removed", "class n3 added"):
        assert mark in text
    root = ElementTree.fromstring(svg(drawn, "What changes"))
    groups = [group.attrib["class"] for group in root.iter(f"{_SVG}g")]
    assert sorted(groups) == ["added", "changed", "removed", "same"]
    assert not [n for n in compared(before, before).nodes if n.state is not State.SAME]


def test_nothing_in_a_name_breaks_out_of_a_picture() -> None:
    drawn = Graph(
        tuple(Node(str(column), _HOSTILE, _HOSTILE, column) for column in Column),
        (Arrow("0", "1", _HOSTILE), Arrow("5", "4", _HOSTILE)),
    )

    _assert_mermaid(mermaid(drawn))
    root = ElementTree.fromstring(svg(drawn, _HOSTILE))
    kinds = {element.tag.removeprefix(_SVG) for element in root.iter()}
    assert kinds == {"svg", "title", "style", "defs", "marker", "path", "g", "rect", "text"}


def _assert_mermaid(text: str) -> None:
    """Every line is one that Mermaid's grammar for flowcharts has, as far as we use it."""
    first, *lines = text.split("\n")
    assert first == "flowchart LR"
    for line in lines:
        assert _NODE.fullmatch(line) or _ARROW.fullmatch(line) or _CLASS.fullmatch(line), line
