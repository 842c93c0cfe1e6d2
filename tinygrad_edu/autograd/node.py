"""A Function's place in the graph: one node for an application, and one more for each of its outputs, if there are several."""

import weakref

import numpy as np

from .. import operands
from ..graph import Node, birth
from ..memory import owner
from ..tensor import Tensor, made


class Plumbing:
    """What the walk asks of an op, for nodes that no op made."""

    joint = broadcasts = True
    once = view = False
    rules = ()

    def __init__(self, name):
        self.name = name

    def pull(self, node, g):
        return self.pull_general(node, g, False)

    def check_unwritten(self, node):
        """Nothing: a tensor that `forward` saved is checked when `backward` reads it."""


class Custom(Plumbing):
    """The op of a Function: its rule is the Function's `backward`."""

    def __init__(self, function):
        super().__init__(function.__name__)
        self.function = function

    def pull_general(self, node, g, taped):
        grads = [g if g is None or isinstance(g, Tensor) else made(np.asarray(g), None) for g in node.parted(g)]
        if node.ctx.materialize_grads:
            zeros = lambda like: None if like is None else made(np.zeros(*like), None)
            grads = [zeros(like) if g is None else g for g, like in zip(grads, node.like)]
        rule = self.function._rule()
        parts = checked(node, rule(node.ctx, *grads))
        if not taped:
            return [None if part is None else part.array for part in parts]
        if getattr(rule, "once", False):
            depends = (*node.edges, *(g.node for g in grads if g is not None))
            return [
                None if part is None else made(part.array, Node(refusal, depends, (), (), part.array)) for part in parts
            ]
        return parts


class Refusal(Plumbing):
    """The op of a gradient that cannot be differentiated again."""

    torch_name = "DelayedError"

    def pull_general(self, node, g, taped):
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable: its backward is not made of"
            " what can be differentiated"
        )


refusal = Refusal("once_differentiable")


def checked(node, found):
    """The gradients of those inputs that are tensors, of what a `backward` returned."""
    found, n = found if isinstance(found, tuple) else (found,), len(node.takes)
    while len(found) > n and found[-1] is None:
        found = found[:-1]
    if len(found) != n:
        raise RuntimeError(
            f"function {node.name()} returned an incorrect number of gradients (expected {n}, got {len(found)}): one for"
            " each input of forward, None for one that has none"
        )
    for i, (g, takes) in enumerate(zip(found, node.takes)):
        if g is not None and not takes:
            raise RuntimeError(
                f"function {node.name()} returned a gradient different than None at position {i + 1}, but the corresponding"
                " forward input was not a Variable"
            )
        if g is not None and not isinstance(g, Tensor):
            raise RuntimeError(f"expected Variable or None (got {type(g).__name__}) from {node.name()}")
    parts = [g for g, takes in zip(found, node.takes) if takes]
    for i, (g, edge) in enumerate(zip(parts, node.edges)):
        if g is not None and edge is not None and not stretches(edge.shape, g.array.shape):
            raise RuntimeError(
                f"Function {node.name()} returned an invalid gradient at index {i} - got {list(g.shape)} but expected shape"
                f" compatible with {list(edge.shape)}"
            )
    return parts


def stretches(shape, to):
    """Whether broadcasting stretches one shape to the other."""
    return len(shape) <= len(to) and all(n in (1, m) for n, m in zip(reversed(shape), reversed(to)))


class FunctionNode(Node):
    """One application of a Function. What is asked of it as `grad_fn` and is not the graph's, its `ctx` answers.

    If one output can be differentiated, this node is its place. If several can, each has a `Pick` for its place, and what
    arrives here is `Parts`."""

    __slots__ = ("ctx", "like", "output_nr", "takes")
    # `saved` is what the walk frees. That it was freed matters only to a backward that reads `ctx.saved_tensors`.
    saved = property(lambda self: self.ctx.saved or (), lambda self, nothing: setattr(self.ctx, "saved", None))

    def __init__(self, op, ctx, inputs, outputs, live):
        self.op, self.ctx, self.params = op, ctx, ()
        self.takes = tuple(isinstance(x, Tensor) for x in inputs)  # which inputs have an edge
        self.edges = tuple(x.node for x in inputs if isinstance(x, Tensor))
        self.like = tuple((o.array.shape, o.array.dtype) if isinstance(o, Tensor) else None for o in outputs)
        self.output_nr = live[0]
        self.shape, self.dtype = self.like[live[0]] if len(live) == 1 else (Parts.shape, Parts.dtype)
        self.birth = birth()

    def place(self, output_nr, array):
        """Where that output is in the graph."""
        return Pick(self, output_nr, array) if self.dtype is Parts.dtype else self

    def name(self):
        return f"{self.op.name}Backward"

    def parted(self, g):
        """The gradient of each output, None where none has come, of what the walk brings here."""
        parts = {self.output_nr: g}
        if self.dtype is Parts.dtype:
            parts = g.item() if type(g) is np.ndarray else g  # NumPy puts a sum of Parts into an array of one object
        return tuple(parts.get(i) for i in range(len(self.like)))

    def joined(self, gradients):
        """The inverse."""
        if self.dtype is Parts.dtype:
            return Parts({i: g for i, g in enumerate(gradients) if g is not None}) or None
        return gradients[self.output_nr]

    def __getattr__(self, name):
        return getattr(self.ctx, name)


class Parts(dict):
    """Gradients, by the number of the output that they are of; adding two joins them."""

    shape, dtype = (), np.dtype(object)

    def __add__(self, other):
        both = {i: self[i] + other[i] for i in self.keys() & other.keys()}
        return Parts({**self, **other, **both})


class Pick(Node):
    """The place of one of several outputs: it hands on that output's gradient, with its number."""

    __slots__ = ("output_nr",)
    maker = property(lambda self: self.edges[0])

    def __init__(self, node, output_nr, array):
        super().__init__(picked, (node,), (), (), array)
        self.output_nr = output_nr

    def name(self):
        return self.maker.name()


class Picked(Plumbing):
    """The op of a Pick."""

    def pull_general(self, node, g, taped):
        return (Parts({node.output_nr: g}),)


picked = Picked("one of several outputs")


# ---------------------------------------------------------------- what backward will read


class Saved:
    """A tensor that `forward` saved."""

    def __init__(self, tensor, node):
        self.tensor, self.place = tensor, tensor.node
        self.by, self.birth = node.name(), node.birth

    def again(self):
        """The tensor where it was in the graph; RuntimeError if it was written to since."""
        self.check(self.tensor)
        return self.tensor if self.tensor.node is self.place else made(self.tensor.array, self.place)

    def check(self, tensor):
        if tensor.written_at > self.birth:
            what = (
                "one of the variables needed for gradient computation has been modified by an inplace operation: a tensor of"
                f" shape {list(tensor.shape)}, saved for {self.by}, was overwritten before backward() came to use it."
            )
            raise operands.overwritten(what, "backward", None, owner(tensor).overwriter)


class SavedOutput(Saved):
    """An output that `forward` saved: its array, since its Tensor would keep the node alive, and the node it."""

    def __init__(self, tensor, node, output_nr):
        self.array, self.tensor, self.node, self.output_nr = (
            tensor.array,
            weakref.ref(tensor),
            weakref.ref(node),
            output_nr,
        )
        self.by, self.birth = node.name(), node.birth

    def again(self):
        tensor, node = self.tensor(), self.node()
        if tensor is not None:  # else nobody has it any more, and nobody can have written to it
            self.check(tensor)
        return made(self.array, node and node.place(self.output_nr, self.array))
