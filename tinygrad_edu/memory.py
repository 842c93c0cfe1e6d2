"""Memory: who shares it, and when it was written. What a view is, and how a saved value is known to be stale."""

import weakref

import numpy as np

from . import graph
from .dtype import kind
from .graph import Node, birth
from .thread import thread
from .users import warn

# Without this, glibc gives the memory of every freed array of over 128 KiB back to the system, and faults it in again
# for the next one: large elementwise work takes up to five times as long. Freeing one large block, never touched,
# raises that threshold for good (docs/adr/0004).
np.empty((32 << 20) - (1 << 16), np.uint8)


def owner(t):
    """The tensor that owns the memory t looks at: a view's base's base, and so on."""
    while t.base is not None:
        t = t.base
    return t


def whole(t):
    """The tensor that t is a view of, part of part of ...; itself if it is none. (A detached tensor is none.)"""
    while t.recipe is not None:
        t = t.base
    return t


def view_of(base, out, op, params):
    """Make `out` a view of `base`, if it does share its memory."""
    memory = out.array.base
    if out.array is base.array or (memory is not None and (memory is base.array or memory is base.array.base)):
        out.base, out.recipe = base, (op, params)
        if base.views is None:
            base.views = set()
        base.views.add(weakref.ref(out, base.views.discard))
    return out


def wrote(t):
    """Note that t's memory was written in place: whoever saved it before must not use it any more."""
    whose = owner(t)
    whose.writes += 1
    whose.written = graph.last_write = birth()
    for node in (whose.node, t.node):
        if type(node) is Node:
            graph.written[node] = whose.written


def into(out, result, name):
    """What `out=` asks for: the result in that tensor's memory, which is resized to hold it."""
    if isinstance(result, tuple):
        return type(result)(*(into(o, r, name) for o, r in zip(out, result, strict=True)))
    if thread.grad and (result.node is not None or out.node is not None):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments"
            " requires grad: leave out= away, or compute under no_grad()"
        )
    if kind(result.dtype) > kind(out.dtype):
        raise RuntimeError(
            f"result type {result.dtype} can't be cast to the desired output type {out.dtype}: {name}(out=) keeps its dtype"
        )
    if out.shape != result.shape:
        if out.array.size:
            warn(
                f"An output with one or more elements was resized since it had shape {list(out.shape)}, which does not match"
                f" the required output shape {list(result.shape)}. This behavior is deprecated: pass an empty tensor."
            )
        out.array = np.empty(result.shape, out.array.dtype)
    np.copyto(out.array, result.array, casting="unsafe")
    wrote(out)
    return out
