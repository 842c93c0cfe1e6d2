"""Memory: who shares it, and when it was written. What a view is, and how a saved value is known to be stale."""

import weakref

import numpy as np

from . import graph
from .dtype import kind
from .graph import Leaf, Node, birth
from .thread import thread
from .users import warn

# Without this, glibc gives the memory of every freed array of over 128 KiB back to the system, and faults it in again
# for the next one: large elementwise work takes up to five times as long. Freeing one large block, never touched,
# raises that threshold for good (docs/adr/0004).
np.empty((32 << 20) - (1 << 16), np.uint8)

EFFORT = 1000  # steps that NumPy may take to find whether two arrays share a number, which is hard; then it says yes


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
    known = out.array is base.array or (memory is not None and (memory is base.array or memory is base.array.base))
    if known or np.may_share_memory(out.array, base.array):
        out.base, out.recipe, out.viewed = base, (op, params), graph.last_write
        if base.views is None:
            base.views = set()
        base.views.add(weakref.ref(out, base.views.discard))
        if base.sealed is not None or not thread.grad:
            seal(out, base.sealed or UNRECORDED)
        if not thread.grad:
            follow(out, whole(base))
    return out


# Why a view is sealed: no write to it can be put in a graph; and once its memory was written to, nor can the view.
SEVERAL = (
    "is the output of a function that returns several views (split, chunk, unbind, a loop over a tensor), which cannot be"
    " written to where a gradient flows. Use the out-of-place form of the write, or slice one view at a time."
)
UNRECORDED = (
    "was created in no_grad mode, so whether a gradient should flow through the write is ambiguous. Make the view and write"
    " to it either both inside no_grad(), or both outside; or detach() it."
)


def seal(view, why):
    """Refuse all writes that would put this view in a graph; and once its memory was written to, the view too."""
    view.sealed = why
    at_next_write(view, view, stale)


def follow(view, base):
    """A view without a history of its own requires grad as its base does. As in torch, no gradient flows to the base then:
    unless the view was made anew, because of a write to their memory."""
    if base.requires_grad and not view.requires_grad:
        if owner(base).written > view.viewed and view.sealed is None:
            view.node = seen_from_base(view, base.node)
        else:
            view.node = leaf = Leaf(view)
            leaf.live = False
            if view.sealed is None:
                at_next_write(view, view, renew)
    elif not base.requires_grad and not is_stale(view) and type(view.node) is Leaf and not view.node.live:
        view.node = None


def seen_from_base(x, node):
    """A view's place in the graph, made anew from `node`, its base's. Views save nothing, so nothing is computed."""
    if x.recipe is None:
        return node
    of, params = x.recipe
    kept = tuple(params.get(p, of.parameters[p].default) for p in of.kept_params)
    node = seen_from_base(x.base, node)
    return None if node is None else Node(of, (node,), (), kept, x.array)


def lead(base):
    """Have the views of a base follow it."""
    for view in views_of(base):
        follow(view, base)


def views_of(t):
    """The views of t, and their views, and so on: those that somebody still has."""
    found = [t]
    for base in found:
        found += [view for view in (ref() for ref in base.views or ()) if view is not None]
    return found[1:]


def wrote(t):
    """Note that t's memory was written in place: whoever saved it before must not use it any more."""
    whose = owner(t)
    whose.writes += 1
    whose.written = graph.last_write = birth()
    for node in (whose.node, t.node):
        if type(node) is Node:
            graph.written[node] = whose.written
    if whose.pending:
        pending, whose.pending = whose.pending, None
        for (_, do), ref in list(pending.items()):
            thing = ref()
            if thing is not None:
                do(thing)
    for watcher in thread.watchers:
        watcher.wrote(t)


def at_next_write(t, thing, do):
    """Do something with a thing, if it still exists, when t's memory is written to."""
    whose = owner(t)
    if whose.pending is None:
        whose.pending = {}
    forget, key = whose.pending.pop, (id(thing), do)
    whose.pending[key] = weakref.ref(thing, lambda _: forget(key, None))


def renew(view):
    """As in torch, a view that was made without a history gets one from its base once their memory is written to."""
    base = whole(view)
    if base.node is not None and type(view.node) is Leaf and not view.node.live:
        view.node = seen_from_base(view, base.node)


def stale(view):
    view.__class__ = view.when_stale


def is_stale(view):
    return type(view) is view.when_stale


def lost(node):
    """What the node saved as its output was overwritten."""
    graph.written[node] = graph.last_write


def cut_off(view):
    """What this view shows has nothing to do any more with what it was computed from."""
    if not is_stale(view) and not view.is_leaf:
        view.node = Node(view.node.op, (None,) * len(view.node.edges), (), view.node.params, view.array)


def overlaps(array):
    """Whether numbers of an array may share a place: not if each dim steps over all that those with shorter steps reach."""
    if array.flags.c_contiguous:
        return False
    reach = 0
    for stride, n in sorted(zip(array.strides, array.shape)):
        if n > 1 and stride <= reach:
            return array.size > 0
        reach += stride * (n - 1)
    return False


def ordered(array, operands):
    """The result of an entrywise op, as torch lays it in memory: of two axes, that is the faster which steps less in the
    first operand that tells them apart, and the later where none does. (To NumPy all operands must agree, or it goes by rows.)"""
    operands = [x for x in operands if x is not None and x.ndim > 1]
    if all(x.flags.c_contiguous for x in operands):
        return array
    steps = [np.broadcast_to(x, array.shape).strides for x in operands]

    def slower(a, b):
        """1 if axis a is, -1 if b is, else 0."""
        for s in steps:
            if s[a] and s[b] and (s[a], array.shape[a]) > (s[b], array.shape[b]):
                return 1
            if s[a] and s[b] and s[a] < s[b]:
                return -1
        return 0

    # Each axis goes before those that are slower. The sort is torch's own: "slower" need not be an order, where strides are odd.
    fastest_first = [*reversed(range(array.ndim))]
    for at in range(1, array.ndim):
        for i in reversed(range(at)):
            order = slower(fastest_first[i], fastest_first[at])
            if order < 0:
                break
            if order > 0:
                fastest_first[i], fastest_first[at] = fastest_first[at], fastest_first[i]
                at = i
    laid = room_for(array, fastest_first[::-1])
    if laid.strides == array.strides:
        return array
    laid[...] = array
    return laid


def room_for(array, axes):
    """A new array for these numbers, without gaps, whose axes step in this order, the slowest first."""
    return np.empty([array.shape[axis] for axis in axes], array.dtype).transpose(np.argsort(axes))


def into(out, result, name, inputs=(), asks=""):
    """What `out=` asks for: the result in that tensor's memory, which is resized to hold it.

    `asks` says what else torch asks: that its dtype is "exact", the result's; that its memory is "apart" from the inputs'.
    """
    if isinstance(result, tuple):
        return type(result)(*(into(o, r, name, inputs, asks) for o, r in zip(out, result, strict=True)))
    if thread.grad and (result.node is not None or out.node is not None):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments"
            " requires grad: leave out= away, or compute under no_grad()"
        )
    if kind(result.dtype) > kind(out.dtype):
        raise RuntimeError(
            f"result type {result.dtype} can't be cast to the desired output type {out.dtype}: {name}(out=) keeps its dtype"
        )
    if "exact" in asks and result.dtype is not out.dtype:
        raise RuntimeError(
            f"Expected out tensor to have dtype {result.dtype}, but got {out.dtype} instead: {name}(out=) casts nothing"
        )
    if overlaps(out.array):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please"
            " clone() the tensor before performing the operation."
        )
    if "apart" in asks and any(x is out or np.may_share_memory(x.array, out.array, EFFORT) for x in inputs):
        raise RuntimeError(
            "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory"
            " location. Please clone() the tensor before performing the operation."
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
