"""What may be written to, and what torch refuses to write to."""

from typing import Any

import numpy as np

from .memory import overlaps, whole
from .teaching import replace, statement, taught
from .tensor import Tensor
from .thread import inferred, thread
from .users import package_name, users_line


def refuse_in_graph(x, *beside):
    """Raise torch's error where no graph could have a write to x of what comes from the tensors beside it."""
    if inferred and not thread.inference and x.is_inference():
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone to get a normal"
            " tensor before doing inplace update."
        )
    base = whole(x)
    if thread.grad and any(t.node is not None for t in (x, base, *beside)):
        if x.sealed is not None:
            raise RuntimeError(f"a view is being modified inplace that {x.sealed}")
        if base.is_leaf and (x.node is not None or base.node is not None):
            what = "a leaf Variable" if x.recipe is None else "a view of a leaf Variable"
            line, tg = users_line(), package_name()
            under = f"with {tg}.no_grad():"
            fix = (
                replace(line.code, f"{under} {line.code}") if statement(line.code) else f"write to it inside `{under}`"
            )
            raise RuntimeError(
                taught(
                    f"{what} that requires grad is being used in an in-place operation.",
                    f"written to at {line}",
                    why="a leaf is what gradients are taken with respect to: the derivative in the old value is not that in"
                    " the new one",
                    fix=f"{fix}, as optimizers do, or compute a new tensor",
                )
            )


def refuse_overlap(x, *beside):
    """Raise torch's error where one write would reach several numbers of x, or some that are yet to be read."""
    if overlaps(x.array) or not x.array.flags.writeable:
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location"
            " (or it must not be written to). Please clone() the tensor before performing the operation."
        )
    for t in beside:
        if np.may_share_memory(x.array, t.array) and not alike(x.array, t.array) and np.shares_memory(x.array, t.array):
            raise RuntimeError(
                "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single"
                " memory location. Please clone() the tensor before performing the operation."
            )


def refuse(x, *beside):
    """Raise torch's error where x must not be written to."""
    refuse_in_graph(x, *beside)
    refuse_overlap(x, *beside)


def alike(a, b):
    """Whether two arrays show the same memory in the same order. (Along an axis of length 1 no stride is ever taken.)"""
    same = a.shape == b.shape or a.size == b.size == 1
    return a is b or (same and a.ctypes.data == b.ctypes.data and steps(a) == steps(b))


def steps(a):
    return [(n, stride) for n, stride in zip(a.shape, a.strides) if n != 1]


def records(x, *beside):
    """Whether a write of what comes from the tensors beside x has a place in the graph."""
    return thread.grad and x.array.dtype.kind == "f" and any(t.node is not None for t in (x, *beside))


class Stale(Tensor):
    """A sealed view after a write to its memory: what it shows can be read, but no graph can be built on it."""

    __slots__ = ()

    @property
    def node(self):
        node = PLACE.__get__(self)
        if node is not None and thread.grad:
            raise RuntimeError(
                f"its base or another view of its base was modified inplace, and this view {self.sealed}"
            )
        return node

    @node.setter
    def node(self, node):
        PLACE.__set__(self, node)

    requires_grad = property(lambda self: PLACE.__get__(self) is not None, lambda self, wanted: None)


PLACE: Any = Tensor.node  # where every tensor has its node
Tensor.when_stale = Stale
