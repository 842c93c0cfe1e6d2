"""Tensor: an array and its place in the graph. All but the methods below are put here by the ops' declarations."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .arraylike import ArrayLike
from .dtype import get_default_dtype, native
from .graph import Leaf
from .memory import lead, owner, whole, wrote
from .methods import Methods
from .teaching import taught
from .thread import inferred, thread
from .users import package_name, warn

if TYPE_CHECKING:
    from .explain import Explanation


class Tensor(ArrayLike, Methods):
    """An n-dimensional array that remembers how it was made, so that `backward()` can find what it depends on.

    `array` is NumPy's array; `node` its place in the graph, None if no gradient is wanted. `base` is the tensor whose
    memory this one looks at, if it is not its own.
    https://docs.pytorch.org/docs/stable/tensors.html
    """

    __slots__ = ("__dict__", "__weakref__", "array", "base", "node")
    __array_priority__ = 1000
    # What few tensors have; the instance's own dictionary has it where it differs:
    leaf = None  # where this tensor's gradient is kept
    recipe = None  # how a view was made of its base: the op, and its parameters (None for a detached tensor)
    viewed = 0  # when this view was made, on the clock of births: after the last write before it
    views = None  # the views of this tensor
    pending = None  # what to do when this memory is written to: {(id of a thing, function of it): the thing, weakly}
    sealed = None  # why no graph can have a write to this view ...
    when_stale: type  # ... and what it is after one (writable.py)
    constructed: Callable  # torch's old constructor (legacy.py)
    writes = 0  # how often its memory was written in place ...
    written = 0  # ... and when last, on the clock of births ...
    overwriter = None  # ... and by which line, under anomaly mode

    def __new__(cls, *data, device=None):
        """torch's old constructor: `Tensor([1, 2])` takes data, `Tensor(2, 3)` sizes."""
        return cls.constructed(data, get_default_dtype(), device)

    @staticmethod
    def of(array):
        return made(array, None)

    def __reduce_ex__(self, protocol):
        return rebuilt, (type(self), self.array, self.requires_grad)

    def __deepcopy__(self, memo):
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol: detach() it"
            )
        new = memo[id(self)] = rebuilt(type(self), self.array.copy(), self.requires_grad)
        if self.leaf is not None and self.leaf.grad is not None:
            new.grad = self.leaf.grad.__deepcopy__(memo)
        return new

    # ---------------------------------------------------------------- the graph

    _version = property(lambda self: owner(self).writes)
    _base = property(lambda self: None if self.recipe is None else whole(self))
    written_at = property(lambda self: owner(self).written)
    is_leaf = property(lambda self: self.node is None or self.node.op is None)
    grad_fn = property(lambda self: None if self.is_leaf else self.node.maker)
    output_nr = property(lambda self: 0 if self.node is None else self.node.output_nr)
    retains_grad = property(lambda self: not self.is_leaf and self.leaf is not None)

    @property
    def requires_grad(self) -> bool:
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if not self.is_leaf:
            if not wanted:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a"
                    " subgraph that doesn't require differentiation use var_no_grad = var.detach()."
                )
        elif wanted and self.array.dtype.kind != "f":
            raise RuntimeError(
                taught(
                    f"only Tensors of floating point and complex dtype can require gradients, and this one is {self.dtype}.",
                    why="a slope is a limit of ever smaller steps, and between two integers there are none",
                    fix=f"make it of floats, `dtype={package_name()}.float32`, or write 1.0 for 1",
                )
            )
        elif wanted and self.is_inference() and not thread.inference:
            raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
        else:
            self.own_leaf().live = bool(wanted)
            self.node = self.leaf if wanted else None
            lead(whole(self))

    def requires_grad_(self, requires_grad: bool = True) -> "Tensor":
        self.requires_grad = requires_grad
        return self

    def is_inference(self) -> bool:
        """Whether its memory was made in inference mode."""
        array = owner(self).array
        return inferred.get(id(array)) is array

    def _is_view(self) -> bool:
        return self.recipe is not None

    def storage_offset(self) -> int:
        """How many numbers lie before its first one in the memory that it shares."""
        return (self.data_ptr() - owner(self).data_ptr()) // self.array.itemsize

    def own_leaf(self):
        """Where this tensor's gradient is kept."""
        if self.leaf is None:
            self.leaf = Leaf(self)
        return self.leaf

    @property
    def grad(self) -> "Tensor | None":
        if not self.is_leaf and self.leaf is None:
            warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be"
                " populated during autograd.backward(). Call .retain_grad() on it before backward() if you want it to be."
            )
        return None if self.leaf is None else self.leaf.grad

    @grad.setter
    def grad(self, g: "Tensor | None") -> None:
        if g is not None:
            if not isinstance(g, Tensor):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got grad of type {type(g).__name__}"
                )
            if (g.array.shape, g.array.dtype) != (self.array.shape, self.array.dtype):
                raise RuntimeError(
                    f"assigned grad has shape {list(g.shape)} and {g.dtype}, and its tensor {list(self.shape)} and {self.dtype}"
                )
        self.own_leaf().grad = g

    @property
    def data(self) -> "Tensor":
        """The same memory outside the graph; writes through it are not noticed, as in torch."""
        return made(self.array, None)

    @data.setter
    def data(self, other: "Tensor") -> None:
        self.array = other.array
        wrote(self)
        if self.leaf is not None:
            self.leaf.shape, self.leaf.dtype = self.array.shape, self.array.dtype

    def detach(self) -> "Tensor":
        """The same memory outside the graph: no gradient flows through it, but a write to it is noticed."""
        out = made(self.array, None)
        out.base = self
        return out

    def explain(self, names: Any = None) -> "Explanation":
        """The backward pass from this tensor step by step, to print, to index, or as a page: `.explain().html("steps.html")`.

        `names` is a model, or a dict of tensors by name, to call the nodes by; your variables' names are used without it."""
        return import_module(f"{__package__}.explain").explain(self, names)


def made(array, node):
    """A Tensor of this very array, at this place in the graph."""
    t = object.__new__(Tensor)
    t.array, t.node, t.base = array, node, None
    return t


def rebuilt(cls, array, requires_grad):
    """Pickle's way back to a leaf."""
    t = object.__new__(cls)
    t.array, t.base, t.node = native(array), None, None
    t.requires_grad = requires_grad
    return t
