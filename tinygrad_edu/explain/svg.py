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

AROUND = 9  # how far a module's ground reaches beyond its boxes

# All below one class: an SVG within a page shares its styles with the page. The greys can be read on black and on white.
STYLE = """
.graph text { font: 11px ui-monospace, monospace; text-anchor: middle; fill: #222; }
.graph .title { font-weight: bold; }
.graph rect { fill: #fffefa; stroke: #666; }
.graph .leaf rect { stroke-dasharray: 4 3; fill: #f6f4ec; }
.graph .loss rect { fill: #fdeccb; }
.graph .module rect { stroke-width: 2.5; }
.graph .arrow { fill: none; stroke: #888; }
.graph .input { font-size: 9px; fill: #777; }
.graph .ground { opacity: .17; }
.graph .ground rect { fill: currentColor; stroke: none; }
.graph .ground path { fill: none; stroke: currentColor; stroke-width: 22; }
.graph .call { font-size: 10px; text-anchor: start; fill: currentColor; }
.graph .even { color: #2f75b5; }
.graph .odd { color: #b0640a; }
@media (prefers-color-scheme: dark) {
  .graph text { fill: #eee; }
  .graph rect { fill: #1d1c1a; stroke: #aaa; }
  .graph .leaf rect { fill: #2a2823; }
  .graph .loss rect { fill: #4a3a16; }
  .graph .input { fill: #888; }
  .graph .even { color: #6aa9e0; }
  .graph .odd { color: #e0963c; }
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
    curves = [
        curve(way, height(a) / 2, height(b) / 2, bow) for (a, b, _), way, bow in zip(arrows, ways, bows(arrows, ways))
    ]
    corners = {box: corner(box, *middle(found.places[box])) for box in boxes}
    return element(
        "svg",
        Markup(f"<style>{STYLE}</style>"),
        grounds(corners, arrows, curves),
        [arrow(*drawn, name) for drawn, (_, _, name) in zip(curves, arrows)],
        [drawn_box(box, *corners[box]) for box in boxes],
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {columns * wide:g} {(last + 1) * high:g}",
        width=f"{columns * wide:g}",
        height=f"{(last + 1) * high:g}",
        role="img",
        aria_label="the graph, from the leaves down to the loss",
        class_="graph",
    )


def grounds(corners: Any, arrows: Any, curves: Any) -> list[Markup]:
    """What one call of a module made stands on a ground of its own: its boxes, and the arrows between them.

    (A rectangle around them all would also hold boxes of others that stand between them.) Two colours take turns."""
    calls: dict[str, list[Any]] = defaultdict(list)
    for box in corners:
        calls[box.module].append(box)
    calls.pop("", None)
    found = []
    for i, (name, own) in enumerate(calls.items()):
        places = [corners[box] for box in own]
        rects = [rect(x - AROUND, y - AROUND, w + 2 * AROUND, h + 2 * AROUND, rx=9) for x, y, w, h in places]
        inside = [d for (d, _, _), (a, b, _) in zip(curves, arrows) if a.module == b.module == name]
        ground = element("g", [element("path", d=d) for d in inside], rects, class_="ground")
        x, y, _, h = max(places, key=lambda place: place[1])  # below the call's result
        label = element("text", fitting(name, 18, end=True), x=f"{x:g}", y=f"{y + h + AROUND + 11:g}", class_="call")
        found.append(element("g", element("title", name), ground, label, class_="odd" if i % 2 else "even"))
    return found


def width(box: Any) -> float:
    return max(len(fitting(line, LETTERS)) for line in (box.title, *box.lines)) * LETTER + 16


def height(box: Any) -> float:
    return (1 + len(box.lines)) * LINE + 10


def corner(box: Any, x: float, y: float) -> tuple[float, float, float, float]:
    """(left, top, width, height) of a box with its middle at (x, y)."""
    return x - width(box) / 2, y - height(box) / 2, width(box), height(box)


def rect(x: float, y: float, wide: float, high: float, rx: int = 4) -> Markup:
    return element("rect", x=f"{x:g}", y=f"{y:g}", width=f"{wide:g}", height=f"{high:g}", rx=rx)


def drawn_box(box: Any, x: float, y: float, wide: float, high: float) -> Markup:
    """A box around its lines; where the reader points at it, its value and gradient in full."""
    lines = [
        element(
            "text",
            fitting(line, LETTERS),
            x=f"{x + wide / 2:g}",
            y=f"{y + 5 + LINE * (i + 0.8):g}",
            class_=None if i else "title",
        )
        for i, line in enumerate((box.title, *box.lines))
    ]
    tip = "\n".join((box.title, box.whole or "\n".join(box.lines)))
    return element("g", element("title", tip), rect(x, y, wide, high), lines, class_=box.kind)


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


def curve(points: Sequence[tuple[float, float]], above: float, below: float, bow: float) -> tuple[str, float, float]:
    """A curve from the lower edge of a box to the upper edge of another, and where it ends."""
    (x, y), (end, bottom) = points[0], points[-1]
    way = [(x + bow, y + above), *points[1:-1], (end + bow, bottom - below)]
    d = f"M{way[0][0]:g} {way[0][1]:g}"
    for (a, b), (c, e) in pairwise(way):
        half = (b + e) / 2
        d += f"C{a:g} {half:g} {c:g} {half:g} {c:g} {e:g}"
    return d, *way[-1]


def arrow(d: str, x: float, y: float, name: str) -> Markup:
    """The curve with a head, and there the name of the input that it is."""
    head = f"M{x - 3:g} {y - 6:g}L{x:g} {y:g}L{x + 3:g} {y - 6:g}"
    label = element("text", name, x=f"{x + 6:g}", y=f"{y - 8:g}", class_="input")
    return element("g", element("path", d=d + head, class_="arrow"), label)
