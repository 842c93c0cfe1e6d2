"""Writing into memory that others look at: the in-place forms, and what they do to the graph.

A write makes a new value, and so a new Node for the tensor written to. If that tensor is a view, its base changed too:
part of it is what it was, part is what was written. And every other view of that base now shows the new base.
"""

import numpy as np

from . import graph
from .constants import constant, converted
from .device import contiguous_format
from .dtype import FAST, kind
from .graph import Node
from .memory import at_next_write, cut_off, lead, lost, seen_from_base, views_of, whole, wrote
from .names import publish
from .op import op, registry
from .ops.index import as_index, assign, getitem, is_basic, region, setitem
from .ops.shape import inverse, reshape
from .tensor import Tensor, made
from .thread import thread
from .writable import records, refuse, refuse_in_graph, refuse_overlap

# ------------------------------------------------------------------ writing


def write(x, of, args, params):
    """x becomes of(x, *args), in the memory it has."""
    beside = [a for a in (*args, *params.values()) if isinstance(a, Tensor)]
    refuse(x, *beside)
    if records(x, *beside):
        refuse_overlap(whole(x))
        was = as_it_was(x, of, args)
        out = of(was, *args, **params)
        fill(x, out, of)
        wrote(x)
        node = out.node or copied_over(was, out).node  # what has no slope, as x == y, tells x nothing
        if node is not None and "out" in node.op.slots:
            at_next_write(x, node, lost)
        rebase(x, node)
    else:
        if params or not straight(x, of, args):
            fill(x, of(made(x.array, None), *args, **params), of)
        wrote(x)
    return x


def straight(x, of, args):
    """Let a ufunc write into x's memory at once, where all are of x's dtype: a third of the time for large tensors.

    (NumPy takes care of operands that overlap.) False if this is no such case, or if they do not broadcast."""
    ufunc, dtype = getattr(of, "op", None) and of.op.forward, x.array.dtype
    if thread.run is None or not isinstance(ufunc, np.ufunc) or dtype not in FAST:
        return False
    operands = [constant(a, dtype) if type(a) in (float, int) else a for a in args]
    if not all(isinstance(a, Tensor) and a.array.dtype == dtype for a in operands):
        return False
    try:
        thread.run(ufunc, x.array, *(a.array for a in operands), x.array)
    except (TypeError, ValueError):
        return False  # and the long way finds the words for it
    return True


def fill(x, out, of):
    """Put `out` in x's memory."""
    if out.array.shape != x.array.shape:
        raise RuntimeError(
            f"output with shape {list(x.shape)} doesn't match the broadcast shape {list(out.shape)}: {of.__name__}_ cannot"
            " change the shape of the tensor it writes to"
        )
    if kind(out.dtype) > kind(x.dtype):
        raise RuntimeError(
            f"result type {out.dtype} can't be cast to the desired output type {x.dtype}: {of.__name__}_ keeps it"
        )
    thread.quietly(np.copyto, x.array, out.array, casting="unsafe")


# ------------------------------------------------------------------ what a write does to the graph


def as_it_was(x, of, args):
    """x before a write; if a rule of what is written will ask for it, in a copy, which the write does not reach."""
    op, kept = getattr(of, "op", None), True
    if op is not None and not op.joint and len(op.inputs) == 1 + len(args):
        live = (wants for wants, t in zip(op.asked, (x, *args)) if getattr(t, "node", None) is not None)
        kept = any(op.inputs[0] in wants for wants in live)
    return made(x.array.copy() if kept else x.array, seen_from_base(x, whole(x).node))


FREED = (None,)  # saved by nodes that torch's first walk frees, although no rule of ours reads it


def rebase(x, node):
    """Give x, what it is a view of, and all other views of that, their new places in the graph."""
    base, recipes = x, []
    while base.recipe is not None:
        recipes.insert(0, base.recipe)
        base = base.base
    if recipes:
        order = sorted(range(base.array.ndim), key=lambda d: -base.array.strides[d])
        node = Node(overwritten.op, (base.node, node), FREED, (recipes, order), base.array)
    move(base, node)
    for view in views_of(base):
        move(view, seen_from_base(view, node))


def move(t, node):
    """t's new place in the graph. What is to be done with its gradient comes along; hooks stay with what was."""
    if t.leaf is not None and t.node in graph.retained:
        graph.retained[node] = graph.retained.pop(t.node)
    t.node = node


def shown(g, recipes):
    """The part of g that a view of a view ... shows."""
    for of, params in recipes:
        g = of.call(g, **params) if isinstance(g, Tensor) else of.forward(g, **params)
    return g


def parted(g, recipes, order):
    """The adjoint of overwriting part of a base: the rest of g for what the base was, that part for what was written.

    `order` is that of the base's dims in memory: only a g laid out alike has the same views."""
    g, back = np.permute_dims(g, order), inverse(order)
    if isinstance(g, Tensor):
        g, rest = g.contiguous(), np.permute_dims(g.clone(memory_format=contiguous_format), back)
        shown(rest, recipes).zero_()
    else:
        g, rest = np.asarray(g, order="C"), np.permute_dims(g.copy(), back)
        shown(rest, recipes)[...] = 0
    return rest, shown(np.permute_dims(g, back), recipes)


@op(d=lambda g, recipes, order: parted(g, recipes, order), inputs=("base", "part"), places="", torch="CopySlices")
def overwritten(base, part, recipes, order):
    """The base after a write: part where a view of it was written to, the rest as it was."""
    return base


# ------------------------------------------------------------------ the writes themselves


@op(
    dx=lambda g: np.zeros_like(g),
    dy=lambda g: g,
    broadcasts=True,
    places="",
    torch="Copy",
    cases=[([(2, 3), (3,)], {})],
)
def copied_over(x, y):
    """y in x's shape and dtype: x hears nothing any more."""
    out = np.empty_like(x)
    try:
        np.copyto(out, y if y.ndim <= x.ndim else np.broadcast_to(y, x.shape), casting="unsafe")
    except ValueError:
        raise RuntimeError(
            f"output with shape {list(x.shape)} doesn't match the broadcast shape of it and {list(y.shape)}: copy_ stretches"
            " what is copied, but not what it is copied into"
        ) from None
    return out


def copy_(self, src, non_blocking=False):
    """Overwrite with `src`, broadcast and cast."""
    if not isinstance(src, Tensor):
        src = converted(src, self.array.dtype)
    if records(self, src) or src.array.ndim > self.array.ndim:
        return write(self, copied_over, (src,), {})
    refuse(self, src)
    return put_in(self, src)


def put_in(x, src):
    """Overwrite x's memory, where no graph has to know."""
    try:
        thread.quietly(np.copyto, x.array, src.array, casting="unsafe")
    except ValueError:
        copied_over(x, src)  # which has the words for it
        raise
    wrote(x)
    return x


def fill_(self, value):
    """Overwrite every entry with one number."""
    value = as_number(value, self, "fill_")
    if records(self, value):
        return write(self, copied_over, (value,), {})
    refuse_in_graph(self, value)
    if not self.array.flags.writeable:  # but it may overlap: all its entries become one number anyway
        refuse_overlap(self)
    return put_in(self, value)


def as_number(value, x, name):
    """A number, or a tensor of one, as a 0-d tensor of x's dtype."""
    if not isinstance(value, Tensor):
        return converted(value, x.array.dtype)
    if value.array.ndim:
        raise RuntimeError(
            f"{name} only supports a 0-dimensional value tensor, but got tensor with {value.array.ndim} dimension(s)."
        )
    return value.to(x.dtype)


def zero_(self):
    """Overwrite with zeros."""
    return fill_(self, 0)


def detach_(self):
    """Leave the graph, in place."""
    if self.recipe is not None:
        raise RuntimeError("Can't detach views in-place: use detach() instead")
    self.node = None
    lead(self)
    for view in views_of(self):
        at_next_write(self, view, cut_off)
    return self


def one_dtype(x, value):
    """torch's error for values of another dtype, written at places that tensors name."""
    if value.dtype is not x.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {x.dtype} for the destination and"
            f" {value.dtype} for the source: convert the one with .to(other.dtype)"
        )


def write_item(x, index, value):
    """x[index] = value."""
    index = as_index(index)
    if isinstance(value, (bool, int, float, np.generic)):
        value = converted(value, x.array.dtype)
    elif not isinstance(value, Tensor):
        raise TypeError(f"can't assign a {type(value).__name__} to a tensor of {x.dtype}: make it a tensor first")
    elif not is_basic(index) and (value.array.ndim or any(i.dtype != bool for i in index if isinstance(i, np.ndarray))):
        one_dtype(x, value)
    if not records(x, value):  # nothing to remember, so no need of a copy of the rest
        refuse_in_graph(x, value)
        refuse_overlap(made(region(x.array, index)[0], None), value)
        thread.quietly(assign, x.array, value.array, index)
        wrote(x)
    elif is_basic(index):
        place = getitem(x, index) if index else x
        extra = max(0, value.array.ndim - place.array.ndim)
        copy_(place, value if set(value.shape[:extra]) - {1} else reshape(value, value.shape[extra:]))
    else:
        write(x, setitem, (value,), {"index": index})


# ------------------------------------------------------------------ the in-place form of every op


def in_place(of, name, also=""):
    """Give Tensor the in-place form of a function, `name_`."""

    def form(self, *args, **params):
        return write(self, of, args, params)

    form.__name__ = form.__qualname__ = f"{name}_"
    form.__wrapped__ = of  # whose signature it has
    form.__doc__ = f"In-place {name}: the result takes the place of self, in self's memory."
    for known in (name, *also.split()):
        if "." not in known:
            publish(form, f"{known}_", "Tensor")
    return form


for declared in list(registry.values()):
    if declared.inplace and "Tensor" in declared.places:
        form = in_place(declared.call, declared.name, declared.also)
        if hasattr(np.ndarray, f"__i{declared.operator}__"):
            setattr(Tensor, f"__i{declared.operator}__", form)

for form in copy_, fill_, zero_, detach_:
    publish(form, form.__name__, "Tensor" if form is copy_ else "torch Tensor")
Tensor.__setitem__ = write_item
