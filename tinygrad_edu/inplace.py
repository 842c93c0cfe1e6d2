"""Writing into memory that others look at: the in-place forms, and what they do to the graph.

A write makes a new value, and so a new Node for the tensor written to. If that tensor is a view, its base changed too:
part of it is what it was, part is what was written. And every other view of that base now shows the new base.
"""

import numpy as np

from . import graph
from .constants import constant
from .dtype import kind
from .graph import Node
from .memory import whole, wrote
from .names import publish
from .op import op, registry
from .ops.index import as_index, assign, setitem
from .tensor import Tensor, made
from .thread import thread


def refuse(x):
    """Raise torch's error where x must not be written to."""
    if thread.grad and whole(x).is_leaf and whole(x).requires_grad:
        what = "a leaf Variable" if x.recipe is None else "a view of a leaf Variable"
        raise RuntimeError(
            f"{what} that requires grad is being used in an in-place operation. A leaf is what gradients are taken with"
            " respect to, so its value must stay: compute a new tensor, or update it under no_grad(), as optimizers do."
        )
    repeated = any(stride == 0 and n > 1 for stride, n in zip(x.array.strides, x.array.shape))
    if x.array.size and (repeated or not x.array.flags.writeable):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location"
            " (or it must not be written to). Please clone() the tensor before performing the operation."
        )


def write(x, of, args, params):
    """x becomes of(x, *args), in the memory it has."""
    refuse(x)
    recording = thread.grad and (x.node is not None or any(isinstance(a, Tensor) and a.node is not None for a in args))
    # The rules may ask for x as it was, so hand the op a copy that the write will not reach.
    out = of(made(x.array.copy() if recording else x.array, x.node), *args, **params)
    if out.array.shape != x.array.shape:
        raise RuntimeError(
            f"output with shape {list(x.shape)} doesn't match the broadcast shape {list(out.shape)}: {of.__name__}_ cannot"
            " change the shape of the tensor it writes to"
        )
    if kind(out.dtype) > kind(x.dtype):
        raise RuntimeError(
            f"result type {out.dtype} can't be cast to the desired output type {x.dtype}: {of.__name__}_ keeps it"
        )
    if out.array.dtype != x.array.dtype:
        out = out.to(x.dtype)
    np.copyto(x.array, out.array)
    wrote(x)
    if recording:
        rebase(x, out.node)
    return x


def rebase(x, node):
    """Give x, what it is a view of, and all other views of that, their new places in the graph."""
    if x.node in graph.retained:
        graph.retained[node] = graph.retained.pop(x.node)
    x.node = node
    while x.recipe is not None:
        x.base.node = Node(overwritten.op, (x.base.node, x.node), (), (x.recipe,), x.base.array)
        x = x.base
    replay(x)


def replay(base):
    """Make every view of `base` anew from its new node; views save nothing, so nothing is computed."""
    bases = [base]
    for base in bases:
        for view in [ref() for ref in base.views or ()]:
            if view is not None:
                of, params = view.recipe
                kept = tuple(params.get(p, of.parameters[p].default) for p in of.kept_params)
                view.node = None if base.node is None else Node(of, (base.node,), (), kept, view.array)
                bases.append(view)


def parted(g, recipe):
    """The adjoint of overwriting part of a base: the rest of g for what the base was, that part for what was written."""
    of, params = recipe
    if isinstance(g, Tensor):
        rest = g.clone()
        of.call(rest, **params).zero_()
        return rest, of.call(g, **params)
    rest = g.copy()
    of.forward(rest, **params)[...] = 0
    return rest, of.forward(g, **params)


overwritten = op(
    lambda base, part, recipe: base,
    name="overwritten",
    d=lambda g, recipe: parted(g, recipe),
    inputs=("base", "part"),
    places="",
    torch="CopySlices",
)


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
    try:
        return np.broadcast_to(y, x.shape).astype(x.dtype)
    except ValueError:
        raise RuntimeError(
            f"copy_ of a tensor of shape {list(y.shape)} into one of {list(x.shape)}: it does not broadcast"
        ) from None


def copy_(self, src, non_blocking=False):
    """Overwrite with `src`, broadcast and cast."""
    return write(self, copied_over, (src,), {})


def fill_(self, value):
    """Overwrite every entry with one number."""
    return copy_(self, value if isinstance(value, Tensor) else constant(value, self.array.dtype))


def zero_(self):
    """Overwrite with zeros."""
    return fill_(self, 0)


def detach_(self):
    """Leave the graph, in place."""
    if self.recipe is not None:
        raise RuntimeError("Can't detach views in-place: use detach() instead")
    self.node = None
    return self


def write_item(x, index, value):
    """x[index] = value."""
    index = as_index(index)
    value = (
        value
        if isinstance(value, Tensor)
        else made(np.asarray(value, None if isinstance(value, np.ndarray) else x.array.dtype), None)
    )
    if thread.grad and (x.node is not None or value.node is not None):
        write(x, setitem, (value,), {"index": index})
    else:  # nothing to remember, so no need of a copy of the rest
        refuse(x)
        assign(x.array, value.array, index)
        wrote(x)


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
        if f"__i{declared.operator}__" in dir(np.ndarray):
            setattr(Tensor, f"__i{declared.operator}__", form)

for form in copy_, fill_, zero_, detach_:
    publish(form, form.__name__, "Tensor")
Tensor.__setitem__ = write_item
