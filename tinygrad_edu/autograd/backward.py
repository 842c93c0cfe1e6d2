"""From tensors to the walk, and back: `backward`, which adds to `.grad`, and `grad`, which returns."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import graph
from ..functional.joining import stack
from ..graph import walk
from ..memory import room_for, wrote
from ..teaching import summed, taught
from ..tensor import Tensor, made
from ..thread import thread
from ..users import users_line, warn


def several(what):
    return (what,) if isinstance(what, Tensor) else tuple(what)


def differentiate(outputs, gradients, wanted=None, keep=False, taped=False):
    """The walk from `outputs`: (gradients by node, which of them nobody else holds). Checks what it is given first."""
    if len(outputs) != len(gradients):
        raise RuntimeError(
            f"got {len(outputs)} tensors and {len(gradients)} gradients: each tensor needs one (or None)"
        )
    gradients = [seed(i, t, g) for i, (t, g) in enumerate(zip(outputs, gradients, strict=True))]
    if not taped:
        gradients = [g.array for g in gradients]
    for watcher in thread.watchers:
        watcher.walk(outputs)
    before, thread.grad = thread.grad, taped
    try:
        with np.errstate(all="ignore"):
            return walk([t.node for t in outputs], gradients, wanted, keep, taped)
    finally:
        thread.grad = before


def seed(i, t, g):
    """The gradient that a walk starts with at its i-th output, t."""
    if t.node is None or not t.node.live:
        raise RuntimeError(
            taught(
                f"element {i} of tensors does not require grad and does not have a grad_fn: it is a constant to autograd.",
                why="a derivative is taken with respect to something: nothing that this was computed from requires grad, or"
                " the way there was cut (no_grad, detach, item, an integer cast)",
                fix="make what it depends on with `requires_grad=True`, before computing with it, and leave the way uncut",
            )
        )
    if g is None:
        if t.array.size != 1:
            fix = summed(users_line().code) or "reduce it to a number first, `.sum().backward()`"
            raise RuntimeError(
                taught(
                    f"grad can be implicitly created only for scalar outputs, and this one has shape {list(t.shape)}.",
                    why=f"one number has a gradient; {t.array.size} have a Jacobian J, of {t.array.size} rows, and a walk computes g @ J"
                    " for one g, the slopes in them of what you are after",
                    fix=f"{fix}, for g = 1 everywhere, or pass your own: backward(g)",
                )
            )
        return made(np.array(1, t.array.dtype).reshape(t.array.shape), None)
    if not isinstance(g, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
    if g.array.shape != t.array.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {g.shape} and output[{i}] has a shape of {t.shape}."
        )
    return g if g.array.dtype == t.array.dtype else g.to(t.dtype)


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None):
    """Add Σ dtensors/dleaf to the `.grad` of every leaf that the tensors were made from (or of each of `inputs`).

    `grad_tensors`, of the tensors' shapes, are what the tensors' own gradients are taken to be; 1 for a scalar.
    Raises RuntimeError where a tensor does not require grad, is no scalar and comes without its gradient, where the
    graph was freed by an earlier walk, or where a value that a rule needs was overwritten; `.grad` is then as it was.
    https://docs.pytorch.org/docs/stable/generated/torch.autograd.backward.html"""
    tensors = several(tensors)
    gradients = (None,) * len(tensors) if grad_tensors is None else several(grad_tensors)
    if create_graph:
        warn(
            "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient"
            " which can cause a memory leak. Use autograd.grad, or set .grad to None after use."
        )
    keep = create_graph if retain_graph is None else retain_graph
    wanted = None
    if inputs is not None:
        inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
        wanted = {t.node: t.own_leaf() for t in inputs}
    found, mine = differentiate(tensors, gradients, wanted, keep, create_graph)
    for watcher in thread.watchers:
        watcher.walked(tensors)
    hooked = graph.around or graph.after
    for node, g in found.items():
        home = wanted[node] if wanted else node
        if hooked:
            arrived(home, g, node in mine)
        elif home.live:
            accumulate(home, g, node in mine)


def arrived(leaf, g, ours):
    """A leaf's gradient is whole: the hooks of the leaf as a node, and of its tensor, see it go by."""
    before, behind = graph.around.get(leaf, ({}, {}))
    for hook in tuple(before.values()):
        g, ours = hook(leaf, g), False
    if g is None:
        return
    if leaf.live:
        accumulate(leaf, g, ours)
    for hook in tuple(graph.after.get(leaf, {}).values()):
        hook()
    for hook in tuple(behind.values()):
        hook(leaf, g, ())


def accumulate(leaf, g, ours):
    """leaf.grad += g. The gradient is one tensor that lives as long as the leaf, lies in memory as the leaf does, and shares
    its memory with nobody."""
    if leaf.grad is None:
        if isinstance(g, Tensor):
            leaf.grad = g.clone()
        else:
            x = leaf.variable  # (whose .data may have got another shape)
            strides = x.array.strides if x is not None and x.array.shape == g.shape else g.strides
            leaf.grad = made(g if ours and g.strides == strides else laid_out(g, strides), None)
    elif isinstance(g, Tensor):
        leaf.grad = leaf.grad + g
    else:
        leaf.grad.array += g
        wrote(leaf.grad)


def laid_out(g, strides):
    """A copy of g that lies in memory as those strides say, if they leave no gaps there; else row by row."""
    copy = room_for(g, sorted(range(g.ndim), key=lambda axis: -strides[axis]))
    if any(n > 1 and a != b for n, a, b in zip(g.shape, copy.strides, strides)):
        copy = np.empty_like(g, order="C")
    copy[...] = g
    return copy


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """Σ doutputs/dinput for each input, touching no `.grad`; differentiable again with `create_graph`.

    Raises RuntimeError where an input is not reached from the outputs (unless `allow_unused`, which gives None, or
    `materialize_grads`, which gives zeros) or does not require grad.
    https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor(2.0, requires_grad=True)
    >>> (slope,) = tg.autograd.grad(x**5, x, create_graph=True)
    >>> tg.autograd.grad(slope, x)
    (tensor(160.),)
    """
    outputs, inputs = several(outputs), several(inputs)
    gradients = (None,) * len(outputs) if grad_outputs is None else several(grad_outputs)
    for i, x in enumerate(inputs):
        if x.node is None:
            raise RuntimeError(
                f"One of the differentiated Tensors does not require grad: input {i}, of shape {list(x.shape)}"
            )
    keep = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        each = zip(*gradients)  # one row of each
        rows = [
            grad(outputs, inputs, gs, True, create_graph, True, allow_unused, False, materialize_grads) for gs in each
        ]
        return tuple(None if column[0] is None else stack(column) for column in zip(*rows))
    found, mine = differentiate(outputs, gradients, {x.node for x in inputs}, keep, create_graph)
    results = []
    for i, x in enumerate(inputs):
        g = found.get(x.node) if x.node.live else None
        if g is None and materialize_grads:
            g = np.zeros(x.shape, x.array.dtype)
        elif g is None and not allow_unused:
            raise RuntimeError(
                f"One of the differentiated Tensors appears to not have been used in the graph: input {i}, of shape"
                f" {list(x.shape)}. Set allow_unused=True if this is the desired behavior."
            )
        elif g is not None and not isinstance(g, Tensor) and x.node not in mine:
            g = np.array(g)  # somebody else holds this array too
        results.append(g if g is None or isinstance(g, Tensor) else made(g, None))
    return tuple(results)


def tensor_backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
    """`autograd.backward` from this tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """
    backward([self], [gradient], retain_graph, create_graph, inputs)


Tensor.backward = tensor_backward
