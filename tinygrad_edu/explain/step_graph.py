"""The graph as the stepper's page shows it: from the loss down to the leaves, each node a link to its step."""

from collections.abc import Sequence
from itertools import pairwise

from .html import Markup, element
from .layout import Place, layout
from .steps import Step

WIDTH, HEIGHT = 118, 62  # from column to column, and from row to row
BOX = 100, 38


def graph(steps: Sequence[Step]) -> Markup:
    """Boxes and the edges between them, as SVG of its natural size."""
    number = {step.node: step.number for step in steps}
    edges = {(step.number, number[share.edge]): share for step in steps for share in step.shares}
    found = layout([step.number for step in steps], edges)
    columns = max(column for column, _ in found.places.values()) + 1
    rows = max(row for _, row in found.places.values()) + 1
    return element(
        "svg",
        [edge(found.paths[ends], *ends) for ends in edges],
        [box(step, found.places[step.number]) for step in steps],
        viewBox=f"0 0 {columns * WIDTH:g} {rows * HEIGHT}",
        width=f"{columns * WIDTH:g}",
        height=rows * HEIGHT,
        role="group",
        aria_label="the graph, from the loss down to the leaves",
    )


def box(step: Step, place: Place) -> Markup:
    x, y = middle(place)
    return element(
        "a",
        element("title", f"step {step.number}: {step.name}"),
        element("rect", x=f"{x - BOX[0] / 2:g}", y=f"{y - BOX[1] / 2:g}", width=BOX[0], height=BOX[1], rx=4),
        element("text", fitting(step.name, 13, end=True), x=f"{x:g}", y=f"{y - 3:g}", class_="name"),
        element("text", fitting(step.op, 16), x=f"{x:g}", y=f"{y + 12:g}", class_="op"),
        href=f"#step={step.number}",
        class_="leaf" if step.is_leaf else None,
    )


def fitting(name: str, letters: int, end: bool = False) -> str:
    """A name in so many letters; of a long one the beginning, or the end, which tells more of a parameter's."""
    if len(name) <= letters:
        return name
    return f"…{name[1 - letters :]}" if end else f"{name[: letters - 1]}…"


def edge(path: Sequence[Place], step: int, to: int) -> Markup:
    """A curve from box to box, through the places that were kept free for it, with an arrow's head at the input."""
    points = [middle(place) for place in path]
    (x, y), (end, last) = points[0], points[-1]
    y, last = y + BOX[1] / 2, last - BOX[1] / 2
    points = [(x, y), *points[1:-1], (end, last)]
    d = f"M{x:g} {y:g}"
    for (a, b), (c, e) in pairwise(points):
        half = (b + e) / 2
        d += f"C{a:g} {half:g} {c:g} {half:g} {c:g} {e:g}"
    head = f"M{end - 4:g} {last - 7:g}L{end:g} {last:g}L{end + 4:g} {last - 7:g}"
    return element("path", d=d + head, class_="edge", data_step=step, data_to=to)


def middle(place: Place) -> tuple[float, float]:
    column, row = place
    return (column + 0.5) * WIDTH, (row + 0.5) * HEIGHT
