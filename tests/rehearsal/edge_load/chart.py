"""The course of a strangler migration as a picture: shares over percentages, in SVG."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT = 800, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 244, 68, 64
_COLOURS = ("#1d4ed8", "#b45309", "#047857", "#9333ea")


@dataclass(frozen=True)
class Series:
    """A named line: what share the frontend got at each step, in the order of the steps."""

    name: str
    shares: Sequence[float]


def chart(
    title: str,
    percentages: Sequence[int],
    ranges: Sequence[tuple[float, float]],
    series: Sequence[Series],
    notes: Sequence[str],
) -> str:
    """An SVG document.

    Args:
        title: above the picture.
        percentages: the steps, 0 to 100, rising.
        ranges: lowest and highest share that chance allows at each step, 0 to 1.
        series: the first one is the most important.
        notes: lines beside the picture.
    """
    edge = [(p, high) for p, (_, high) in zip(percentages, ranges, strict=True)]
    edge += reversed([(p, low) for p, (low, _) in zip(percentages, ranges, strict=True)])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        f' font-family="system-ui, sans-serif" font-size="13">',
        f"<title>{_escaped(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _text(_LEFT, 30, title, size=16, weight="600"),
        *_axes(percentages),
        f'<polygon points="{_points(edge)}" fill="#93c5fd" fill-opacity="0.35"/>',
        *(
            f'<polyline points="{_points(zip(percentages, one.shares, strict=True))}" fill="none"'
            f' stroke="{colour}" stroke-width="{width}"/>'
            for one, colour, width in reversed(_styled(series))
        ),
        *(
            f'<circle cx="{_x(p):.1f}" cy="{_y(share):.1f}" r="4" fill="{_COLOURS[0]}"/>'
            + (_text(_x(p) + 6, _y(share) + 17, f"{share:.1%}", size=12) if share else "")
            for p, share in zip(percentages, series[0].shares, strict=True)
        ),
        *_legend(series, notes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _styled(series: Sequence[Series]) -> list[tuple[Series, str, float]]:
    widths = [2.5] + [1.2] * (len(series) - 1)
    return list(zip(series, _COLOURS, widths, strict=False))


def _axes(percentages: Sequence[int]) -> list[str]:
    parts: list[str] = []
    right, bottom = _x(100), _y(0)
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        height = _y(tick)
        parts.append(
            f'<line x1="{_LEFT}" y1="{height:.1f}" x2="{right:.1f}" y2="{height:.1f}"'
            ' stroke="#d1d5db"/>'
        )
        parts.append(_text(_LEFT - 8, height + 4, f"{tick:.0%}", anchor="end"))
    for percentage in percentages:
        parts.append(_text(_x(percentage), bottom + 20, f"{percentage} %", anchor="middle"))
    middle = (_LEFT + right) / 2
    parts.append(_text(middle, bottom + 44, "percentage in the stack file", anchor="middle"))
    parts.append(_text(_LEFT - 48, _TOP - 14, "share of requests answered by the frontend"))
    return parts


def _legend(series: Sequence[Series], notes: Sequence[str]) -> list[str]:
    left, height = _WIDTH - _RIGHT + 62, _TOP + 12
    parts: list[str] = []
    for one, colour, width in _styled(series):
        parts.append(
            f'<line x1="{left}" y1="{height}" x2="{left + 22}" y2="{height}"'
            f' stroke="{colour}" stroke-width="{width}"/>'
        )
        parts.append(_text(left + 30, height + 4, one.name))
        height += 22
    parts.append(
        f'<rect x="{left}" y="{height - 7}" width="22" height="14" fill="#93c5fd"'
        ' fill-opacity="0.35"/>'
    )
    parts.append(_text(left + 30, height + 4, "allowed by chance"))
    for note in notes:
        height += 24
        parts.append(_text(left, height + 8, note, size=12))
    return parts


def _x(percentage: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * percentage / 100


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share


def _points(pairs: Iterable[tuple[int, float]]) -> str:
    return " ".join(f"{_x(p):.1f},{_y(share):.1f}" for p, share in pairs)


def _text(
    x: float, y: float, text: str, *, size: int = 13, weight: str = "400", anchor: str = "start"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}"'
        f' text-anchor="{anchor}" fill="#111827">{_escaped(text)}</text>'
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
