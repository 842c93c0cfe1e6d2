"""Boxes and arrows as SVG: laid out in rows, from the leaves at the top to the loss at the bottom."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from .html import Markup, element
from .layout import layout
from .step_graph import fitting

LETTER, LINE = 6.7, 15  # how wide a letter is, and how high a line
GAP = 24, 46  # between columns, and between rows
LETTERS = 30  # of a line, at most
BOW = 16  # how far the ends of arrows stand apart

STYLE = """
:root { color-scheme: light dark; }
text { font: 11px ui-monospace, monospace; text-anchor: middle; fill: #222; }
.title { font-weight: bold; }
rect { fill: #fffefa; stroke: #666; }
.leaf rect { stroke-dasharray: 4 3; fill: #f6f4ec; }
.loss rect { fill: #fdeccb; }
.module rect { stroke-width: 2.5; }
.arrow { fill: none; stroke: #888; }
.input { font-size: 9px; fill: #666; }
@media (prefers-color-scheme: dark) {
  text { fill: #eee; }
  rect { fill: #1d1c1a; stroke: #aaa; }
  .leaf rect { fill: #2a2823; }
  .loss rect { fill: #4a3a16; }
  .arrow { stroke: #999; }
  .input { fill: #bbb; }
}
"""


def svg(boxes: Sequence[Any], arrows: Sequence[tuple[Any, Any, str]]) -> str:
    """The whole picture, of its natural size."""
    found = layout(boxes, [(b, a) for a, b, _ in arrows])
    last = max(row for _, row in found.places.values())
    wide = max(width(box) for box in boxes) + GAP[0]
    high = max(height(box) for box in boxes) + GAP[1]
    columns = max(column for path in (*found.paths.values(), found.places.values()) for column, _ in path) + 1
    middle = lambda place: ((place[0] + 0.5) * wide, (last - place[1] + 0.5) * high)
    ways = [[middle(place) for place in reversed(found.paths[b, a])] for a, b, _ in arrows]
    drawn = [
        arrow(way, height(a), height(b), bow, name) for (a, b, name), way, bow in zip(arrows, ways, bows(arrows, ways))
    ]
    return element(
        "svg",
        Markup(f"<style>{STYLE}</style>"),
        drawn,
        [drawn_box(box, *middle(found.places[box])) for box in boxes],
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {columns * wide:g} {(last + 1) * high:g}",
        width=f"{columns * wide:g}",
        height=f"{(last + 1) * high:g}",
        role="img",
        aria_label="the graph, from the leaves down to the loss",
    )


def width(box: Any) -> float:
    return max(len(fitting(line, LETTERS)) for line in (box.title, *box.lines)) * LETTER + 16


def height(box: Any) -> float:
    return (1 + len(box.lines)) * LINE + 10


def drawn_box(box: Any, x: float, y: float) -> Markup:
    """A box around its lines, in the middle of its place."""
    wide, high = width(box), height(box)
    top = y - high / 2
    lines = [
        element(
            "text",
            fitting(line, LETTERS),
            x=f"{x:g}",
            y=f"{top + 5 + LINE * (i + 0.8):g}",
            class_=None if i else "title",
        )
        for i, line in enumerate((box.title, *box.lines))
    ]
    corner = dict(x=f"{x - wide / 2:g}", y=f"{top:g}", width=f"{wide:g}", height=f"{high:g}", rx=4)
    return element(
        "g", element("title", "\n".join((box.title, *box.lines))), element("rect", **corner), lines, class_=box.kind
    )


def bows(arrows: Sequence[tuple[Any, Any, str]], ways: Sequence[Sequence[tuple[float, float]]]) -> list[float]:
    """How far to the side of the middle each arrow ends: side by side, in the order in which they come."""
    ends = defaultdict(list)
    for i, (_, b, _) in enumerate(arrows):
        ends[b].append(i)
    found = [0.0] * len(arrows)
    for together in ends.values():
        together.sort(key=lambda i: ways[i][-2][0])
        for place, i in enumerate(together):
            found[i] = BOW * (place - (len(together) - 1) / 2)
    return found


def arrow(points: Sequence[tuple[float, float]], above: float, below: float, bow: float, name: str) -> Markup:
    """A curve from the lower edge of a box to the upper edge of another, and there the name of the input that it is."""
    (x, y), (end, bottom) = points[0], points[-1]
    way = [(x + bow, y + above / 2), *points[1:-1], (end + bow, bottom - below / 2)]
    d = f"M{way[0][0]:g} {way[0][1]:g}"
    for (a, b), (c, e) in pairwise(way):
        half = (b + e) / 2
        d += f"C{a:g} {half:g} {c:g} {half:g} {c:g} {e:g}"
    tip, base = way[-1]
    d += f"M{tip - 3:g} {base - 6:g}L{tip:g} {base:g}L{tip + 3:g} {base - 6:g}"
    label = element("text", name, x=f"{tip + 6:g}", y=f"{base - 8:g}", class_="input")
    return element("g", element("path", d=d, class_="arrow"), label)
