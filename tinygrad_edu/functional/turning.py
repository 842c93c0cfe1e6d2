"""Views in place: a tensor that from now on sees its memory otherwise."""

import weakref

from .. import graph
from ..memory import wrote
from ..names import publish
from ..ops.shape import reshape, squeeze, transpose, unsqueeze
from ..tensor import made
from ..thread import thread
from ..writable import refuse_in_graph


def turn(x, of, inverse):
    """x becomes of(x), a view of what it was; `of` and `inverse`, which takes it back, are each an op and its parameters.

    What x was stays in the graph as a tensor between: x is a view of it if it was one before; if it owns its memory, its
    views are now views of this one, which is a view of x."""
    refuse_in_graph(x)
    if x.node is not None and not thread.grad:
        raise RuntimeError(
            "what requires grad cannot change its shape in place under no_grad(): the graph would not know"
        )
    op, params = of
    was = made(x.array, x.node)
    is_now = op.call(was, **params)
    wrote(x)
    was.views, x.views = x.views, None
    for view in [ref() for ref in was.views or ()]:
        if view is not None:
            view.base = was
    if x.recipe is not None:
        was.base, was.recipe, was.sealed = x.base, x.recipe, x.sealed
        x.base.views = {ref for ref in x.base.views if ref() is not x}
        adopt(x.base, was)
        x.base, x.recipe = was, of
        adopt(was, x)
    elif was.views:
        was.base, was.recipe = x, inverse
        adopt(x, was)
    if x.node in graph.retained:
        graph.retained[is_now.node] = graph.retained.pop(x.node)
    x.array = is_now.array
    x.node = is_now.node
    if x.leaf is not None and x.leaf.shape != x.array.shape:
        x.leaf = None  # graphs of what x was end at another leaf, of another shape
    return x


def adopt(base, view):
    base.views = base.views or set()
    base.views.add(weakref.ref(view, base.views.discard))


def swapped(self, dim0, dim1):
    both = transpose.op, {"dim0": dim0, "dim1": dim1}
    return turn(self, both, both)


def transpose_(self, dim0, dim1):
    """Two dims exchanged."""
    return swapped(self, dim0, dim1)


def swapaxes_(self, axis0, axis1):
    """Two dims exchanged."""
    return swapped(self, axis0, axis1)


def t_(self):
    """A matrix transposed; a vector as it is."""
    if self.array.ndim > 2:
        raise RuntimeError(f"t_() expects a tensor with <= 2 dimensions, but self is {self.array.ndim}D")
    return swapped(self, 0, 1 if self.array.ndim == 2 else 0)


def squeeze_(self, dim=None):
    """Without its axes of length 1 (or those of `dim` that are)."""
    return turn(self, (squeeze.op, {"dim": dim}), (reshape.op, {"size": tuple(self.shape)}))


def unsqueeze_(self, dim):
    """With an axis of length 1 put in at `dim`."""
    return turn(self, (unsqueeze.op, {"dim": dim}), (reshape.op, {"size": tuple(self.shape)}))


for method in (transpose_, swapaxes_, t_, squeeze_, unsqueeze_):
    publish(method, method.__name__, "Tensor", "swapdims_" if method is swapaxes_ else "")
