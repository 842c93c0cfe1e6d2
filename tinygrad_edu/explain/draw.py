"""The graph of a loss as a picture: from the leaves to the loss, with values and gradients; as Mermaid, DOT or SVG.

Every value is one box, however often it is used, and every use is an arrow. What was made inside a module's `forward`, while
`recording(model)` was open, is framed, or folded to one box.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..tensor import Tensor
from .names import Names
from .numbers import digits, shape_text, shown
from .record import recorded
from .steps import Step, steps
from .svg import svg

SMALL = 2  # entries that a box shows; of more it shows the shape, and of the gradient the norm
ENTITIES = str.maketrans(
    {"#": "#35;", '"': "#quot;", "&": "#amp;", "<": "#lt;", ">": "#gt;", "\n": " "}
)  # Mermaid's own


@dataclass(eq=False)
class Box:
    """One value, or one folded module: its title, what is written below, and the call of a module that it belongs to.

    `whole` has the value and the gradient in full, where a picture can show them on demand."""

    id: str
    title: str
    lines: list[str]
    kind: str  # "leaf", "op", "loss" or "module"
    module: str = ""
    whole: str = ""


@dataclass(eq=False)
class Drawing:
    """Boxes from the loss back to the leaves, and the arrows between them: (from, to, what the op calls that input)."""

    boxes: list[Box]
    arrows: list[tuple[Box, Box, str]]

    def mermaid(self) -> str:
        """A flowchart that GitHub renders in a ```mermaid block.

        >>> import tinygrad_edu as tg
        >>> from tinygrad_edu.explain import draw
        >>> a = tg.tensor(1.0, requires_grad=True)
        >>> b = a + a
        >>> print(draw(b).mermaid())
        flowchart LR
          n1["b<br/>add<br/>∂ 1"]
          n2["a<br/>1<br/>∂ 2"]
          n2 -->|"x"| n1
          n2 -->|"y"| n1
          classDef leaf stroke-dasharray: 4 3
          class n2 leaf
        """
        quoted = lambda *lines: f'"{"<br/>".join(line.translate(ENTITIES) for line in lines)}"'
        lines = ["flowchart LR"]
        for module, boxes in self.framed():
            indent = "  "
            if module:
                lines.append(f"  subgraph {boxes[0].id}f[{quoted(module)}]")
                indent = "    "
            for box in boxes:
                text = quoted(box.title, *box.lines)
                lines.append(f"{indent}{box.id}[[{text}]]" if box.kind == "module" else f"{indent}{box.id}[{text}]")
            lines += ["  end"] if module else []
        lines += [
            f"  {a.id} -->|{quoted(name)}| {b.id}" if name else f"  {a.id} --> {b.id}" for a, b, name in self.arrows
        ]
        leaves = ",".join(box.id for box in self.boxes if box.kind == "leaf")
        dashed = ["  classDef leaf stroke-dasharray: 4 3", f"  class {leaves} leaf"] if leaves else []
        return "\n".join([*lines, *dashed])

    def dot(self) -> str:
        """A digraph for Graphviz."""
        quoted = lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        lines = ["digraph loss {", "  rankdir=LR", '  node [shape=box, fontname="monospace"]']
        for module, boxes in self.framed():
            lines += [f"  subgraph cluster_{boxes[0].id} {{", f"  label={quoted(module)}"] if module else []
            for box in boxes:
                style = {"leaf": ", style=dashed", "module": ", peripheries=2"}.get(box.kind, "")
                lines.append(f"  {box.id} [label={quoted(chr(10).join((box.title, *box.lines)))}{style}]")
            lines += ["  }"] if module else []
        lines += [f"  {a.id} -> {b.id} [label={quoted(name)}]" for a, b, name in self.arrows]
        return "\n".join([*lines, "}"])

    def svg(self, path: str | Path | None = None) -> str:
        """A picture that needs nothing else, light or dark as the reader's screen is; written to `path`, if that is given."""
        picture = svg(self.boxes, self.arrows)
        if path is not None:
            Path(path).write_text(picture, encoding="utf-8")
        return picture

    def _repr_html_(self) -> str:
        return self.svg()

    def _repr_svg_(self) -> str:
        return self.svg()

    def __repr__(self) -> str:
        return f"<Drawing of {len(self.boxes)} boxes and {len(self.arrows)} arrows: .mermaid(), .dot(), .svg()>"

    def framed(self) -> Iterator[tuple[str, list[Box]]]:
        """(module, its boxes): those of none first."""
        found: dict[str, list[Box]] = {"": []}
        for box in self.boxes:
            found.setdefault(box.module, []).append(box)
        return ((module, boxes) for module, boxes in found.items() if boxes)


def draw(loss: Tensor, names: Any = None, fold: bool | Iterable[str] = False) -> Drawing:
    """The picture of a loss's graph. `names` as in `Names`; `fold` names modules that are drawn as one box, or is True for all.

    Neither the graph nor any `.grad` is touched: a leaf's gradient is what `backward()` would add. RuntimeError where the
    graph was freed, or the loss is no single number.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.explain import draw, recording
    >>> model = tg.nn.Sequential(tg.nn.Linear(2, 1))
    >>> with recording(model):
    ...     loss = model(tg.ones(3, 2)).sum()
    >>> draw(loss, names=model, fold=True)
    <Drawing of 2 boxes and 1 arrows: .mermaid(), .dot(), .svg()>
    """
    walked = steps(loss, Names(loss, names))
    calls = running(walked)
    folds = (lambda call: fold) if isinstance(fold, bool) else (lambda call: call.partition(" (")[0] in fold)
    boxes: dict[Any, Box] = {}
    of: dict[Any, Box] = {}
    for step in walked:
        whole = next((call for call in calls[step] if folds(call)), None)
        id = f"n{len(boxes) + 1}"
        if whole is None:
            boxes[step] = of[step.node] = box(id, step, calls[step])
        else:
            of[step.node] = boxes.setdefault(whole, Box(id, whole, [], "module"))
    arrows = [(of[share.edge], of[step.node], share.input) for step in walked for share in step.shares]
    return Drawing([*boxes.values()], [arrow for arrow in arrows if arrow[0] is not arrow[1]])


def running(walked: Sequence[Step]) -> dict[Step, tuple[str, ...]]:
    """The calls of modules in which each value was made; a leaf belongs to that which uses it, if there is only one."""
    found = {step: record.calls if (record := recorded(step.node)) else () for step in walked}
    users: dict[Any, set[tuple[str, ...]]] = {}
    for step in walked:
        for share in step.shares:
            users.setdefault(share.edge, set()).add(found[step])
    alone = {step: users[step.node] for step in walked if step.is_leaf and len(users.get(step.node, ())) == 1}
    return found | {step: next(iter(calls)) for step, calls in alone.items()}


def box(id: str, step: Step, calls: tuple[str, ...]) -> Box:
    kind = "leaf" if step.is_leaf else "loss" if step.number == 1 else "op"
    value, gradient = step.value, np.asarray(step.gradient)
    lines = [] if step.is_leaf else [step.op]
    lines += [said(step.node.shape, value)] if step.node.shape or value is not None else []
    whole = [] if value is None else [f"value {shown(value, indent=6)}"]
    if gradient.dtype.kind == "f":
        small = gradient.size <= SMALL
        lines.append(f"∂ {shown(gradient)}" if small else f"‖∂‖ {digits(float(np.linalg.norm(gradient)))}")
        whole.append(f"gradient {shown(gradient, indent=9)}")
    return Box(id, step.name, lines, kind, calls[0] if calls else "", "\n".join(whole))


def said(shape: tuple[int, ...], value: np.ndarray | None) -> str:
    """A small value itself; of another the shape, so that four entries are not taken for the number 4."""
    if value is not None and value.size <= SMALL:
        return shown(value)
    if len(shape) == 1:
        return "1 entry" if shape == (1,) else f"{shape[0]} entries"
    return shape_text(shape)
