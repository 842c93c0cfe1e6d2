"""The graph: who made what, and the walk back over it. It knows nothing of Tensors.

A loss is made by ops from values that were made by ops, down to leaves that nobody computed. Each application of an op
is a `Node`; its `edges` point to the nodes of its inputs. To find how the loss changes with each leaf we walk from
the loss towards the leaves, and at each node multiply by that op's own derivative: the chain rule, and nothing more.
"""

from itertools import count
from operator import attrgetter
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy import asarray, ndarray

from .sums import sum_of_rows, total
from .thread import thread

birth = count(1).__next__


class Node:
    """One application of an op: where its inputs came from, and what its rules will ask for."""

    __slots__ = ("__weakref__", "birth", "dtype", "edges", "op", "params", "saved", "shape")
    output_nr = 0  # which of its maker's outputs this is the place of
    live = True  # whether gradients are kept or passed on here
    metadata = property(lambda self: notes.setdefault(self, {}))
    maker = property(lambda self: self)  # other than itself for one of several outputs (autograd/function.py)

    def __init__(self, op, edges, saved, params, out):
        self.op, self.edges, self.saved, self.params = op, edges, saved, params
        self.shape, self.dtype, self.birth = out.shape, out.dtype, birth()

    def name(self):
        name = self.op.torch_name
        return f"{name}Backward0" if isinstance(name, str) else name(self)

    @property
    def next_functions(self):
        return tuple((e.maker, e.output_nr) if e and e.live else (None, 0) for e in self.edges)

    def __repr__(self):
        return f"<{self.name()} object at {id(self):#x}>"


class Leaf(Node):
    """Where a walk ends: a value that nobody computed, and the place where its gradient is kept, while it is `live`."""

    __slots__ = ("grad", "live", "tensor")
    variable = property(lambda self: self.tensor())  # None if nobody has it any more
    op, edges, saved, birth = None, (), (), 0  # what ends a walk: no op, and older than any node

    def __init__(self, tensor):
        self.shape, self.dtype, self.grad, self.live = tensor.array.shape, tensor.array.dtype, None, True
        self.tensor = ref(tensor)

    def name(self):
        return "torch::autograd::AccumulateGrad"


# What only few nodes have is kept beside them, so that the many do not pay for it.
hooks = WeakKeyDictionary()  # node -> its hooks: functions of its gradient, called once that is whole
written = WeakKeyDictionary()  # node -> when the value it made was last overwritten in place
last_write = 0  # when any value was, on the clock of births: a node younger than this need not check what it saved
retained = WeakKeyDictionary()  # node -> what to do with its gradient once all hooks have seen it: retain_grad
after = WeakKeyDictionary()  # leaf -> hooks called once its gradient has been added
around = WeakKeyDictionary()  # node -> its own hooks: those called before its rules, and those called after them
notes: WeakKeyDictionary = WeakKeyDictionary()  # node -> what people wrote down about it: grad_fn.metadata
# Under anomaly mode, lines of the program, by node:
origin = WeakKeyDictionary()  # ... the one that made it
overwriter = WeakKeyDictionary()  # ... the last that overwrote the value it made
freer = WeakKeyDictionary()  # ... that of the last walk that passed it, and freed what it saved


def where_made(node):
    """Where a node was made, if anomaly mode was there to see it."""
    return f" It was made at {origin[node]}." if node in origin else ""


def reachable(roots):
    """Every node that the roots were made from, the youngest first. No recursion: graphs are deeper than Python's stack."""
    found = list(dict.fromkeys(roots))
    seen = set(found)
    for node in found:  # which grows as we go
        for edge in node.edges:
            if edge is not None and edge not in seen:
                seen.add(edge)
                found.append(edge)
    return sorted(found, key=attrgetter("birth"), reverse=True)


def leading_to(wanted, order):
    """The nodes among `order` from which some wanted node is reached."""
    useful = set(wanted)
    for node in reversed(order):
        if not useful.isdisjoint(node.edges):
            useful.add(node)
    return useful


def walk(roots, gradients, wanted=None, keep=False, taped=False):
    """Σ over paths of the product of local derivatives, from `roots` to each leaf (or to each of `wanted`).

    Nodes are walked from the youngest to the oldest: a node is born after its parents, so every gradient is whole,
    with all its summands, when it is used; fifty diamonds cost fifty steps, not 2⁵⁰. What a node saved is freed as
    the walk passes (unless `keep`). With `taped`, gradients are Tensors and the rules build a graph of their own.

    Returns the gradients by node, and the set of those nodes whose array nobody else holds.
    """
    order = reachable(roots)
    useful = None if wanted is None else leading_to(wanted, order)
    general, observed = taped or bool(thread.watchers) or len(around) > 0, len(hooks) + len(retained) > 0
    grads, owned, found = {}, set(), {}
    for root, g in zip(roots, gradients):
        if useful is None or root in useful:
            grads[root] = grads[root] + g if root in grads else g
    for node in order:
        g = grads.pop(node, None)
        if g is None:
            continue
        if observed:
            g = after_hooks(node, g)
        op = node.op
        if op is None or (wanted is not None and node in wanted):
            found[node] = g
            if op is None or useful.isdisjoint(node.edges):
                continue
        slow = general or node.saved is None or last_write > node.birth
        parts = pull_checked(node, g, taped) if slow else op.pull(node, g)
        if not keep and node.saved:
            node.saved = None
        for edge, part in zip(node.edges, parts):
            if part is None or edge is None or (useful is not None and edge not in useful):
                continue
            if type(part) is not ndarray or part.shape != edge.shape or part.dtype is not edge.dtype:
                part = fit(part, edge, op)
            have = grads.get(edge)
            if have is None:  # the first summand is kept by reference ...
                grads[edge] = part
                # (A leaf may keep an array that is new: not g itself, as from add's rule, nor a view, nor one of a joint
                # rule's, which may give one array twice.)
                if edge.op is None and part is not g and not (taped or op.joint) and part.base is None:
                    owned.add(edge)
            elif edge in owned:  # ... later ones are added in place where nobody else holds the sum ...
                np.add(have, part, have)
            elif taped:
                grads[edge] = have + part
            else:  # ... and the second makes a new array, which the walk owns
                grads[edge] = asarray(have + part)
                owned.add(edge)
    return found, owned


def pull_checked(node, g, taped):
    """The gradients of a node's inputs by its op's rules, where there is something to check, to watch or to tape."""
    if node.saved is None:
        raise node.op.freed(node)
    if last_write > node.birth:
        node.op.check_unwritten(node)
    before, behind = around.get(node, ({}, {}))
    for hook in tuple(before.values()):
        g = hook(node, g)
    if g is None:  # a hook took it away
        return (None,) * len(node.edges)
    parts = node.op.pull_general(node, g, taped)
    for watcher in thread.watchers:
        parts = watcher.backward(node, g, parts) if node.op.rules else watcher.passed(node, parts)
    for hook in tuple(behind.values()):
        parts = hook(node, g, parts)
    return parts


def fit(part, edge, op):
    """Make a rule's result a gradient for its input: an array of the input's dtype and, if it was stretched, shape."""
    if type(part) is not ndarray and isinstance(part, (np.generic, float, int)):
        part = asarray(part)
    if part.shape != edge.shape:
        if not op.broadcasts:
            raise RuntimeError(
                f"a rule of {op.name} gave a gradient of shape {list(part.shape)} for an input of shape"
                f" {list(edge.shape)}: the two must be equal, since {op.name} stretches nothing"
            )
        part = unbroadcast(part, edge.shape)
        part = asarray(part) if isinstance(part, np.generic) else part  # NumPy sums to a number, not to a 0-d array
    if part.dtype != edge.dtype:
        part = part.astype(edge.dtype) if isinstance(part, ndarray) else part.to(edge.dtype)
    return part


def unbroadcast(g, shape):
    """The adjoint of copying is summing: add up g over every axis that broadcasting added or stretched."""
    lead = len(g.shape) - len(shape)
    if lead == 1 and len(g.shape) == 2:
        g = sum_of_rows(g)
    elif lead > 0:
        g = total(g, tuple(range(lead)))
    elif lead < 0:  # x[0] = y takes a y of shape (1, 3) for a row of 3
        g = g.reshape((1,) * -lead + tuple(g.shape))
    if g.shape == shape:
        return g
    stretched = tuple(i for i, (n, m) in enumerate(zip(shape, g.shape)) if n == 1 and m != 1)
    return total(g, stretched, keepdims=True)


def after_hooks(node, g):
    """The gradient after the node's hooks, each of which may have replaced it."""
    for hook in tuple(hooks.get(node, {}).values()):
        replaced = hook(g)
        g = g if replaced is None else replaced
    if node in retained:
        retained[node](g)
    return g
