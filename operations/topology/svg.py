"""A topology as an SVG: columns from the visitor to the world outside, curves between them."""

from collections.abc import Iterator, Mapping
from html import escape

from operations.topology.model import Arrow, Column, Graph, Node, State

_WIDTH, _HEIGHT = 210, 46
_GAP_ACROSS, _GAP_DOWN = 110, 18
_MARGIN = 24
_MOST_LETTERS = 28

_STYLE = """
svg { font: 13px system-ui, sans-serif; background: #fff }
rect { fill: #f6f8fa; stroke: #8c959f; rx: 6 }
text { fill: #1f2328 }
.detail { fill: #59636e; font-size: 11px }
path { fill: none; stroke: #8c959f; stroke-width: 1.2 }
.added rect { fill: #d2f4d9; stroke: #1a7f37 } path.added { stroke: #1a7f37; stroke-width: 2.2 }
.removed rect { fill: #ffd7d5; stroke: #cf222e; stroke-dasharray: 4 }
path.removed { stroke: #cf222e; stroke-width: 2.2; stroke-dasharray: 5 }
.changed rect { fill: #fff1c2; stroke: #9a6700 } path.changed { stroke: #9a6700; stroke-width: 2.2 }
""".strip()


def svg(graph: Graph, title: str) -> str:
    """The picture as an SVG document. `title` is read out by screen readers."""
    places = _places(graph)
    width = _MARGIN * 2 + _WIDTH + max(x for x, _ in places.values())
    height = _MARGIN * 2 + _HEIGHT + max(y for _, y in places.values())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" '
        'style="fill:#59636e;stroke:none"/></marker></defs>',
        *(_curve(arrow, places) for arrow in graph.arrows),
        *(_box(node, places[node.id]) for node in graph.nodes),
        "</svg>",
    ]
    return "\n".join(parts)


def _places(graph: Graph) -> dict[str, tuple[int, int]]:
    """The corner of each node. In a column, nodes stand near those that call them.

    Columns are centred, so that lines stay short.
    """
    used = [column for column in Column if any(n.column is column for n in graph.nodes)]
    places: dict[str, tuple[int, int]] = {}
    longest = max(sum(node.column is column for node in graph.nodes) for column in used)
    for across, column in enumerate(used):
        nodes = [node for node in graph.nodes if node.column is column]
        top = (longest - len(nodes)) * (_HEIGHT + _GAP_DOWN) // 2
        nodes.sort(key=lambda node: (_height_of_callers(node, graph, places), node.id))
        x = across * (_WIDTH + _GAP_ACROSS)
        for down, node in enumerate(nodes):
            places[node.id] = (x, top + down * (_HEIGHT + _GAP_DOWN))
    return places


def _height_of_callers(node: Node, graph: Graph, places: Mapping[str, tuple[int, int]]) -> float:
    heights = [
        places[arrow.source][1]
        for arrow in graph.arrows
        if arrow.target == node.id and arrow.source in places
    ]
    return sum(heights) / len(heights) if heights else float("inf")


def _box(node: Node, place: tuple[int, int]) -> str:
    x, y = place[0] + _MARGIN, place[1] + _MARGIN
    return "".join(
        [
            f'<g class="{node.state.value}">',
            f"<title>{escape(f'{node.label} {node.detail}'.strip())}</title>",
            f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}"/>',
            *_lines(node, x + 10, y),
            "</g>",
        ]
    )


def _lines(node: Node, x: int, y: int) -> Iterator[str]:
    middle = y + _HEIGHT // 2
    if not node.detail:
        yield f'<text x="{x}" y="{middle + 5}">{escape(_cut(node.label))}</text>'
        return
    yield f'<text x="{x}" y="{middle - 3}">{escape(_cut(node.label))}</text>'
    yield f'<text class="detail" x="{x}" y="{middle + 13}">{escape(_cut(node.detail))}</text>'


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"


def _curve(arrow: Arrow, places: Mapping[str, tuple[int, int]]) -> str:
    from_x, from_y = places[arrow.source]
    to_x, to_y = places[arrow.target]
    start_y, end_y = (y + _MARGIN + _HEIGHT // 2 for y in (from_y, to_y))
    if to_x > from_x:
        start_x, end_x = from_x + _MARGIN + _WIDTH, to_x + _MARGIN - 1
        bend = (end_x - start_x) // 2
        ends = f"{start_x + bend},{start_y} {end_x - bend},{end_y}"
    else:
        # Within a column, or back: around the right side of both.
        start_x, end_x = from_x + _MARGIN + _WIDTH, to_x + _MARGIN + _WIDTH + 1
        bend = _GAP_ACROSS // 2
        ends = f"{start_x + bend},{start_y} {end_x + bend},{end_y}"
    said = escape(arrow.label) or "calls"
    state = "" if arrow.state is State.SAME else f' class="{arrow.state.value}"'
    return (
        f'<path{state} d="M{start_x},{start_y} C{ends} {end_x},{end_y}" '
        f'marker-end="url(#tip)"><title>{said}</title></path>'
    )
