"""Functions of your own: what they compute, and their derivative in your own words.

    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 3 * x**2

    y = Cube.apply(x)

`forward` runs where no graph is built, and the whole is one node (node.py). `backward` runs inside the walk, on Tensors;
under `create_graph=True` where graphs are built, so that it is differentiated in its turn.
"""

import functools
import inspect
from typing import Any

from .. import operands
from ..inplace import rebase
from ..memory import wrote
from ..tensor import Tensor, made
from ..thread import thread
from ..writable import refuse
from .node import Custom, FunctionNode, Saved, SavedOutput


class FunctionCtx:
    """What one application's `forward` leaves for its `backward`: what it saves here, and any attributes you like."""

    needs_input_grad: tuple[bool, ...] = ()
    materialize_grads = True
    to_save: Any = ()
    dirty_tensors: Any = ()
    non_differentiable: Any = ()
    saved: Any = ()  # None once a walk has freed them

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for `saved_tensors`: inputs, outputs, or others, through which no second derivative flows."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Nothing: there is no forward mode that would read them."""

    def mark_dirty(self, *args: Tensor) -> None:
        """Say which inputs `forward` has overwritten; each must be returned."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether `backward` gets zeros, as it does unless told, or None for an output that has no gradient."""
        self.materialize_grads = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved. RuntimeError if it was overwritten since, or freed by an earlier walk."""
        if self.saved is None:
            raise operands.freed("what forward saved is gone", None, None)
        return tuple(None if one is None else one.again() for one in self.saved)


class Function:
    """A function with a derivative of your own: subclass it with a `forward` and a `backward`, and call `apply`.

    https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.Function

    >>> import tinygrad_edu as tg
    >>> class Reverse(tg.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return x.clone()
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         return -g
    >>> x = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> Reverse.apply(x).sum().backward()
    >>> x.grad
    tensor([-1., -1.])
    """

    _op: Custom

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls._op = Custom(cls)

    def __call__(self, *args, **kwargs):
        raise RuntimeError(
            f"Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd"
            f" function with static forward method: call {type(self).__name__}.apply(...)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The value: `forward(ctx, *inputs)`; or `forward(*inputs)`, if there is a `setup_context` too."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Save for backward here, if forward is to be free of that."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """A gradient for each input, None where it has none, given one for each output."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with"
            " backward mode AD."
        )

    vjp = backward  # torch's other name for it

    @classmethod
    def _rule(cls):
        return cls.vjp if cls.backward is Function.backward else cls.backward

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """forward's outputs, differentiable by `backward` if an input requires grad."""
        ctx = FunctionCtx()
        separate = cls.setup_context is not Function.setup_context
        first = () if separate else (ctx,)
        if separate or kwargs:
            bound = inspect.signature(cls.forward).bind(*first, *args, **kwargs)
            if separate:
                bound.apply_defaults()
            args, kwargs = bound.args[len(first) :], bound.kwargs
        inputs = (*args, *kwargs.values())
        ctx.needs_input_grad = tuple(isinstance(x, Tensor) and x.requires_grad for x in inputs)
        before, thread.grad = thread.grad, False
        try:
            output = cls.forward(*first, *args, **kwargs)
            if separate:
                cls.setup_context(ctx, inputs, output)
        finally:
            thread.grad = before
        if isinstance(output, tuple):
            return recorded(cls._op, ctx, inputs, output)
        return recorded(cls._op, ctx, inputs, (output,))[0]


def recorded(op, ctx, inputs, outputs):
    """The outputs at their places in the graph, and what was saved in `ctx`."""
    dirty, recording = ctx.dirty_tensors, thread.grad and any(ctx.needs_input_grad)
    if not all(among(x, outputs) for x in dirty):
        raise RuntimeError(
            "Some elements marked as dirty during the forward method were not returned as output. The inputs that are"
            " modified inplace must all be outputs of the Function."
        )
    if recording:
        for x in dirty:
            refuse(x)
        check_saved(ctx.to_save)
    for x in dirty:
        wrote(x)
    live = [i for i, out in enumerate(outputs) if recording and differentiable(out, ctx)]
    results = [output_of(i, outputs, i in live, inputs, dirty) for i in range(len(outputs))]
    if live:
        node = FunctionNode(op, ctx, inputs, results, live)
        for i in reversed(live):  # so that the first output's is the youngest, and the walk comes to it first
            place = node.place(i, results[i].array)
            if among(results[i], dirty):
                rebase(results[i], place)
            else:
                results[i].node = place
        number = {id(outputs[i]): i for i in live}
        ctx.saved = tuple(saved(x, number.get(id(x)), node, results) for x in ctx.to_save)
        for watcher in thread.watchers:
            watcher.born(node)
            watcher.applied(node, [outputs[i].array for i in live], [results[i].array for i in live])
    ctx.to_save = ctx.dirty_tensors = ctx.non_differentiable = ()  # an output kept here would keep its own node alive
    return tuple(results)


def among(x, values):
    """Whether x is one of the values: the very object, since == compares entries."""
    return any(x is value for value in values)


def differentiable(out, ctx):
    return isinstance(out, Tensor) and out.is_floating_point() and not among(out, ctx.non_differentiable)


def output_of(i, outputs, live, inputs, dirty):
    """What apply returns for the i-th output. A tensor that is to have a place of its own in the graph, but has one already
    or shares somebody's memory, is copied: a write to the one would change the other where no rule would hear of it."""
    out = outputs[i]
    if not isinstance(out, Tensor) or (among(out, dirty) and not among(out, outputs[:i])):
        return out
    if live:
        shared = out.base is not None or out.node is not None or among(out, (*inputs, *outputs[:i]))
        return made(out.array.copy(), None) if shared else out
    return out.detach() if among(out, inputs) else out


def check_saved(tensors):
    for i, x in enumerate(tensors):
        if x is not None and not isinstance(x, Tensor):
            raise TypeError(
                f"save_for_backward can only save variables, but argument {i} is of type {type(x).__name__}: keep what is"
                " no tensor as an attribute of ctx"
            )
        if x is not None and x.is_inference():
            raise RuntimeError(
                "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in"
                " computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use"
                " it in autograd, or use `no_grad()` instead of `inference_mode()`."
            )


def saved(x, output_nr, node, results):
    if x is None:
        return None
    return Saved(x, node) if output_nr is None else SavedOutput(results[output_nr], node, output_nr)


def once_differentiable(fn):
    """Declare that a `backward` is not made of what can be differentiated: a second derivative through it is RuntimeError,

    also where it would run through saved tensors only, which torch takes for constants.
    https://docs.pytorch.org/docs/stable/generated/torch.autograd.function.once_differentiable.html"""

    @functools.wraps(fn)
    def once(ctx, *grads):
        before, thread.grad = thread.grad, False
        try:
            return fn(ctx, *grads)
        finally:
            thread.grad = before

    once.once = True
    return once
