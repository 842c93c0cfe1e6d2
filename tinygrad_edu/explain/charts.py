"""Charts that share an axis: lines, and strips of cells coloured by size; drawn as SVG that stretches to any width.

Only curves and cells are in the SVG. Words and numbers are HTML beside it, so that they keep their size on a phone.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from .html import Markup, element, number

WIDTH, HEIGHT = 1000, 100  # of the SVG's own coordinates
LEVELS = 8  # shades between a scale's ends


class Axis(NamedTuple):
    """What x means on every plane of a chart, and from where to where it goes."""

    name: str
    low: float
    high: float

    def at(self, x: float) -> float:
        return WIDTH * (x - self.low) / ((self.high - self.low) or 1)


class Series(NamedTuple):
    """A curve: y over x, in a style of page.css. What is None or not finite leaves a gap."""

    style: str
    x: Sequence[float]
    y: Sequence[float | None]


class Scale(NamedTuple):
    """Shades for sizes from `low` to `high`, by their logarithms. What lies beyond a limit is tall, not only red."""

    low: float
    high: float
    limit: bool = False

    def level(self, value: float | None) -> str | None:
        """The cell's class; None where there is nothing to draw."""
        if value is None or value == 0:
            return None
        if math.isnan(value):
            return "nan"
        if self.limit and abs(value) > self.high:
            return "beyond"
        if abs(value) <= self.low:
            return "level-0"
        part = math.log(min(abs(value), self.high) / self.low) / math.log(self.high / self.low)
        return f"level-{min(int(part * LEVELS), LEVELS - 1)}"


def plane(axis: Axis, *marks: Any, above: Any = None, **attributes: Any) -> Markup:
    """The ground of a chart: marks stretched over it, HTML `above`. page.js shows on it where the reader points."""
    svg = element("svg", marks, viewBox=f"0 0 {WIDTH} {HEIGHT}", preserveAspectRatio="none", aria_hidden="true")
    return element("div", svg, above, data_from=axis.low, data_to=axis.high, **{"class_": "plane"} | attributes)


# ---------------------------------------------------------------------- curves


def lines(axis: Axis, series: Sequence[Series], *, zero: bool = False, log: bool = False, low: bool = False) -> Markup:
    """Curves over one axis; `zero`: from 0 upwards; `low`: of little height. Ticks stand on hairlines."""
    seen = [y for s in series for y in s.y if y is not None and math.isfinite(y) and (y > 0 or not log)]
    least, most = (min(seen), max(seen)) if seen else (0.0, 1.0)
    least = 0.0 if zero else least
    scaled = math.log if log else float
    bottom, top = scaled(least), scaled(most)
    room = (top - bottom) * 0.06 or 0.5
    bottom, top = (bottom if zero else bottom - room), top + room
    height = lambda y: HEIGHT * (top - scaled(y)) / (top - bottom)
    marked = decades(least, most) if log else ticks(least, most)
    marked = [marked[0], marked[-1]] if low and len(marked) > 2 else marked
    grid = [element("path", d=f"M0 {height(y):.1f}h{WIDTH}", class_="grid") for y in marked]
    curves = [element("path", d=path(axis, s, height, log), class_=f"line {s.style}") for s in series]
    names = [element("span", number(y), class_="tick", style=f"top:{height(y):.1f}%") for y in marked]
    return plane(axis, grid, curves, above=names, class_="plane curves low" if low else "plane curves")


def path(axis: Axis, series: Series, height: Any, log: bool) -> str:
    """The curve, with a gap where there is no number. Where points lie closer than can be seen, each place's extremes."""
    drawn, parts, pen = {}, [], "M"
    for x, y in zip(series.x, series.y):
        finite = y is not None and math.isfinite(y) and (y > 0 or not log)
        drawn.setdefault(round(axis.at(x), 1 if len(series.x) <= WIDTH else 0), []).append(
            height(y) if finite else None
        )
    for x, ys in drawn.items():
        known = [y for y in ys if y is not None]
        for place in dict.fromkeys(f"{y:.1f}" for y in (known and (max(known), min(known)))):
            parts.append(f"{pen}{x:g} {place}")
            pen = "L"
        if None in ys:
            pen = "M"
    return "".join(parts) + ("h.1" if parts else "")  # so that a point by itself can be seen


def ticks(low: float, high: float) -> list[float]:
    """Two to four round numbers between two numbers.

    >>> ticks(0.03, 0.71), ticks(1, 1000)
    ([0.2, 0.4, 0.6], [500.0, 1000.0])
    """
    if not high > low:
        return [low]
    raw = (high - low) / 3
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw * 0.75)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def decades(low: float, high: float) -> list[float]:
    """Powers of ten between two numbers, at most five."""
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    return [10.0**i for i in range(first, last + 1, max(1, math.ceil((last - first) / 4)))]


def foot(axis: Axis) -> Markup:
    """The numbers under the lowest plane."""
    whole = [x for x in ticks(axis.low, axis.high) if x == int(x)] or [round(axis.low)]
    part = lambda x: f"{axis.at(x) / WIDTH:.2%}"
    marks = [
        element("span", f"{x:,.0f}".replace(",", "\u2009"), style=f"left:{part(x)};transform:translateX(-{part(x)})")
        for x in whole
    ]
    return element("div", marks, class_="foot", aria_hidden="true")


def legend(**styles: str) -> Markup:
    """Which curve is which: name=style."""
    keys = [element("span", element("i", class_=f"key {style}"), name) for name, style in styles.items()]
    return element("span", keys, class_="legend")


# ---------------------------------------------------------------------- strips


def strip(axis: Axis, edges: Sequence[float], values: Sequence[float | None], scale: Scale) -> Markup:
    """One row of cells; the i-th reaches from edges[i] to edges[i + 1]. Cells of one shade in a row are one mark."""
    marks: dict[str, list[str]] = {}
    start = 0
    for level, run in groupby(values, scale.level):
        end = start + sum(1 for _ in run)
        if level:
            left, right = axis.at(edges[start]), axis.at(edges[end])
            marks.setdefault(level, []).append(f"M{round(left, 1):g} 50h{round(right - left, 1):g}")
        start = end
    paths = [element("path", d="".join(parts), class_=level) for level, parts in sorted(marks.items())]
    return plane(axis, paths, class_="plane strip")


def shades(scale: Scale) -> Markup:
    """The scale itself, as a legend."""
    swatches = [element("i", class_=f"swatch level-{i}") for i in range(LEVELS)]
    beyond = [element("i", class_="swatch beyond"), "beyond"] if scale.limit else None
    return element("span", number(scale.low), " ", swatches, " ", number(scale.high), " ", beyond, class_="legend")


# ---------------------------------------------------------------------- together


class Row(NamedTuple):
    """A plane with its name before it and a number behind it."""

    name: Any
    plane: Markup
    end: Any
    key: str | None = None  # by which the page's script finds the row, to write what stands at the cursor


def chart(caption: Any, rows: Iterable[Row], axis: Axis, *, end: str, **attributes: Any) -> Markup:
    """Planes over one axis as a table, which says without them how each row ends: its text alternative."""
    body = [
        element(
            "tr",
            element(
                "th", element("span", row.name, title=row.name if isinstance(row.name, str) else None), scope="row"
            ),
            element("td", row.plane, class_="wide"),
            element("td", row.end, class_="number"),
            element("td", class_="number here", data_row=row.key),
        )
        for row in rows
    ]
    head = [
        element("th", axis.name, scope="col", class_="axis"),
        element("th", foot(axis), scope="col", class_="wide", aria_label=f"from {axis.low:g} to {axis.high:g}"),
        element("th", end, scope="col", class_="number"),
        element("th", "", scope="col", class_="number here", data_here=True, aria_label="chosen"),
    ]
    return element(
        "table",
        element("caption", caption),
        element("thead", element("tr", head)),
        element("tbody", body),
        **{"class_": "chart"} | attributes,
    )
