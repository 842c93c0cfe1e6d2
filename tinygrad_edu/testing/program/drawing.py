"""programs: Hypothesis draws a program step by step, so that it can take steps out again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import SearchStrategy

from ..strategies import NICE, indices
from ..strategies import shapes as any_shapes
from .ir import Index, Program, Step
from .vocabulary import CHAPTERS, OPERATIONS, TENSOR

EXACT = find_spec("scipy") is not None  # gelu's erf is SciPy's
LITERALS = (2, 3, -1, 0.5, 0, 1, 1000)
SIMPLE = partial(any_shapes, max_dims=3, min_side=1, max_side=3)
# How often a step is of each chapter: most often of those where there is most to get wrong.
WEIGHTS = dict(
    arithmetic=3, functions=5, reductions=2, views=7, rearranged=2, matrices=2, losses=2, graph=5, orders=7, writes=11
)
STRAIGHT = ("detach", "unsqueeze", "squeeze", "reshape", "view", "flatten")  # views of what lies in rows that do so too
# Whose rules ask for their result, or for what they overwrite; and what shares memory that nobody else hears of.
OFTEN = ("exp", "tanh", "sigmoid", "mul_", "pow_", "sin_", "detach")


@dataclass
class Variable:
    """What is known of a variable while the program is drawn."""

    number: int
    shape: tuple[int, ...]
    dtype: str
    requires: bool
    memory: int  # the variable in whose memory it lies: itself, unless it is a view
    leaf: bool = False
    fixed: bool = False  # a write with a graph is an error: to leaves that want a gradient, and their views
    stretched: bool = False  # several entries may lie in one place
    written: bool = False  # its memory was written to
    rows: bool = True  # it lies in memory row by row
    laid: bool = True  # how it lies there is the same in all engines: not of what is made of several that lie otherwise
    origins: set[int] = field(default_factory=set)  # the leaves that it is computed from ...
    history: set[int] = field(default_factory=set)  # ... and all else, itself too
    collected: set[int] = field(default_factory=set)  # the leaves whose .grad it is computed from


class Drawing:
    """A program that is being drawn."""

    def __init__(self, draw, shapes, dtypes, full):
        self.draw, self.shapes, self.dtypes = draw, shapes, dtypes
        self.full = full  # whether the engine has all operations, and options such as retain_graph too
        self.steps: list[Step] = []
        self.variables: list[Variable] = []
        self.modes: tuple[str, ...] = ()
        self.reached: set[int] = set()  # the leaves that a backward has reached
        self.walked: set[int] = set()  # the variables whose graph a walk has freed
        self.mixed = len(set(dtypes)) > 1
        self.taped = False  # whether a gradient has a graph: what that saves is each engine's own, so no more writes
        # Whether a stack of matrices was multiplied, of which torch may save a copy, or a layer applied to one vector, of which
        # torch makes a view, as of a vector in any product, which matters if no gradient passes through that: we do not, and
        # who writes after that may find other things overwritten.
        self.copied = False
        self.listed = False  # whether an index with a list was drawn

    # what the choices ask for

    def choice(self, alternatives):
        return self.draw(st.sampled_from(list(alternatives)))

    def integer(self, low, high):
        return low if low == high else self.draw(st.integers(low, high))

    def flag(self):
        return self.draw(st.booleans())

    def number(self):
        return self.choice(LITERALS)

    def order(self, n):
        return tuple(self.draw(st.permutations(range(n))))

    def index(self, shape, arrays):
        index = self.draw(indices(shape, arrays=arrays))
        items = index if isinstance(index, tuple) else (index,)
        index = Index(tuple(item.tolist() if isinstance(item, np.ndarray) else item for item in items))
        self.listed |= index.copies
        return index

    def existing(self, fits):
        """A variable that fits, the youngest first; None if none does."""
        found = [x for x in reversed(self.variables) if fits(x)]
        return self.choice(found) if found else None

    def variable(self, fits=None, shape=None, dtype=None):
        """A variable that fits, or a new tensor: of one of these shapes, or of any that fits."""
        found = [x for x in reversed(self.variables) if fits is None or fits(x)]
        i = self.integer(0, len(found))
        return found[i] if i < len(found) else self.tensor(fits, shape, dtype)

    def tensor(self, fits, shape, dtype):
        shape = self.draw(self.shapes) if shape is None else self.choice(shape)
        dtype = dtype or self.dtypes[sum(x.leaf for x in self.variables) % len(self.dtypes)]
        number = len(self.steps)
        new = Variable(number, shape, dtype, requires=True, memory=number, leaf=True, fixed=True)
        if fits is not None and not fits(new):
            return None
        data = self.draw(hnp.arrays(np.float64, shape, elements=st.sampled_from(NICE), fill=st.nothing())).tolist()
        new.requires = new.fixed = self.draw(st.integers(0, 5)) != 5
        new.origins = {new.number} if new.requires else set()
        self.variables.append(new)
        parameters = {"data": data, "dtype": dtype, "requires_grad": new.requires}
        self.steps.append(Step(TENSOR, new.number, (), parameters, self.modes))
        return new

    # steps

    def step(self, operation):
        drawn = operation.draw(self)
        if not drawn:
            return
        variables, parameters, shape = drawn
        number = len(self.steps)
        self.steps.append(Step(operation, number, tuple(x.number for x in variables), parameters, self.modes))
        self.copied |= operation in CHAPTERS["matrices"] and any(x.leaf and x.memory != x.number for x in variables)
        recording = "no_grad" not in self.modes[-1:]
        requires = recording and any(x.requires for x in variables) and parameters.get("create_graph", True)
        origins = set().union(*(x.origins for x in variables))
        history = set().union(*(x.history for x in variables))
        collected = set().union(*(x.collected for x in variables))
        if operation.makes:
            view = operation.name == "detach" or operation in CHAPTERS["views"]
            if operation.name == "getitem":
                view = not parameters["index"].copies
            self.variables.append(self.made(operation, number, shape, variables, requires, origins, view))
            self.variables[-1].history = {number, *history} if requires else set()
            self.variables[-1].collected = {variables[0].number} if operation.name == "grad" else collected
        elif operation in CHAPTERS["writes"]:
            for x in self.variables:
                x.written |= x.memory == variables[0].memory
                x.collected |= collected if x.memory == variables[0].memory else set()
            if requires:
                variables[0].requires, variables[0].origins, variables[0].history = True, origins, {number, *history}

    def made(self, operation, number, shape, variables, requires, origins, view):
        dtype = max((x.dtype for x in variables), key=lambda name: np.dtype(name).itemsize)
        x, severed = variables[0], operation.name in ("detach", "grad")
        made = Variable(number, shape, dtype, requires and not severed, x.memory if view else number)
        made.origins = origins if made.requires else set()
        if view and not severed:  # a view of what wants a gradient wants one without a graph too, as a leaf
            made.leaf = x.requires and not requires
            made.requires, made.fixed = x.requires, x.fixed or made.leaf
        made.stretched = operation.name in ("expand", "autograd.grad") or (view and variables[0].stretched)
        made.rows = all(x.rows for x in variables) and not (view and operation.name not in STRAIGHT)
        made.laid = variables[0].laid if view or len(variables) == 1 else made.rows
        return made

    def mode(self):
        """Mostly where we are; else one block in, or out."""
        if self.modes:
            turn = self.choice(("out", "stay", "in"))
        else:
            turn = "in" if self.draw(st.integers(0, 11)) == 11 else "stay"
        if turn == "out":
            self.modes = self.modes[:-1]
        elif turn == "in" and len(self.modes) < 3:
            self.modes += (self.choice(("no_grad", "enable_grad")) if self.modes else "no_grad",)


@st.composite
def programs(
    draw: Any,
    *,
    ops: Sequence[str] | None = None,
    shapes: SearchStrategy[tuple[int, ...]] | None = None,
    dtypes: Sequence[Sequence[str]] = (("float64",), ("float64",), ("float32",), ("float64", "float32")),
    max_steps: int = 20,
    modes: bool = True,
) -> Program:
    """Whole programs in torch's API, which `Program.run(torch)` runs in any engine that has it; the last line is a backward().

    They use values more than once, broadcast, take views, slice and index, write in place (to values, views and bases, and
    under no_grad to leaves), enter and leave no_grad, detach, clone, reduce, multiply matrices, take losses, hook, retain,
    and go back more than once, also with create_graph. `ops` restricts them to operations of
    `tinygrad_edu.testing.operations()`, for engines that have fewer; tensors and backwards are always there. With
    `shapes=just(())` all is scalar (if no view is among the ops), with `modes=False` there is no no_grad. A program has the
    dtypes of one of `dtypes`; where they are several, it writes nothing in place.

    Numbers are small multiples of 1/8, which stay exact for a while: so ties and corners are met, and there both engines see
    the same bits, and torch's choice of subgradient is judged. What has been rounded on its way to a corner is not
    (`differences` says how that is told). Nothing grows without bound, and no operation is used outside its domain.

    A failing example shrinks, first by Hypothesis, then by `minimal`, and its message is a script to be run.

    >>> from tinygrad_edu.testing import programs
    >>> print(programs().example())  # doctest: +SKIP
    a = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    b = a + a
    b[0:1].mul_(3)
    ...
    """
    chapters = vocabulary(ops)
    drawing = Drawing(draw, SIMPLE() if shapes is None else shapes, draw(st.sampled_from(list(dtypes))), ops is None)
    for _ in range(max_steps):
        if draw(st.integers(0, 39)) == 39:
            break
        if modes:
            drawing.mode()
        drawing.step(draw(st.sampled_from(draw(st.sampled_from(chapters)))))
    drawing.modes = ()
    if not drawing.steps or drawing.steps[-1].operation.name != "backward":
        drawing.step(OPERATIONS["backward"])
    return Program(tuple(drawing.steps))


def vocabulary(ops):
    """The chapters, each as often as it is to be drawn, with those of their operations that are asked for."""
    names = [name for name in OPERATIONS if name != "gelu" or EXACT] if ops is None else ops
    if unknown := set(names) - OPERATIONS.keys():
        raise ValueError(f"there is no operation {unknown.pop()!r}; there are {', '.join(OPERATIONS)}")
    chosen = {name: [op for op in chapter if op.name in names] for name, chapter in CHAPTERS.items()}
    chosen["orders"] += [op for op in chosen["orders"] if "backward" in op.name] * 2
    for chapter in ("functions", "graph", "writes"):
        chosen[chapter] += [op for op in chosen[chapter] if op.name in OFTEN] * 3
    return [chosen[name] for name, weight in WEIGHTS.items() for _ in range(weight) if chosen[name]]
