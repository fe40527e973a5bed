"""A topology as a Mermaid flowchart, which GitHub draws."""

import re

from operations.topology.model import Column, Graph, Node, State

_STYLES = {
    State.ADDED: "fill:#d2f4d9,stroke:#1a7f37,color:#1f2328",
    State.REMOVED: "fill:#ffd7d5,stroke:#cf222e,color:#1f2328,stroke-dasharray:4",
    State.CHANGED: "fill:#fff1c2,stroke:#9a6700,color:#1f2328",
}
_LINES = {
    State.SAME: "-->",
    State.ADDED: "==>",
    State.REMOVED: "-.->",
    State.CHANGED: "==>",
}


def mermaid(graph: Graph) -> str:
    """The text of the diagram, without a fence."""
    names = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    for node in graph.nodes:
        lines.append(f"  {names[node.id]}{_shape(node)}")
    for arrow in graph.arrows:
        label = f'|"{_text(arrow.label)}"|' if arrow.label else ""
        line = f"{names[arrow.source]} {_LINES[arrow.state]}{label} {names[arrow.target]}"
        lines.append(f"  {line}")
    for state, style in _STYLES.items():
        marked = [names[node.id] for node in graph.nodes if node.state is state]
        if marked:
            lines += [
                f"  classDef {state.value} {style}",
                f"  class {','.join(marked)} {state.value}",
            ]
    return "\n".join(lines)


def _shape(node: Node) -> str:
    label = _text(node.label) + (f"<br>{_text(node.detail)}" if node.detail else "")
    if node.column is Column.VISITOR:
        return f'(("{label}"))'
    if node.column is Column.STORE:
        return f'[("{label}")]'
    if node.column is Column.OUTSIDE:
        return f'(["{label}"])'
    return f'["{label}"]'


def _text(text: str) -> str:
    """What is not plain text to Mermaid, written as it wants it."""
    return re.sub(r"[^\w ,.:/@()+*-]", lambda match: f"#{ord(match[0])};", text)
