"""assert_gradients: are these gradients the derivatives of this function?"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.function import Function
from ..autograd.gradcheck import GradcheckError, KinkError, gradcheck
from ..data import from_numpy
from ..tensor import Tensor


def assert_gradients(
    f: Callable[..., Any],
    *inputs: Any,
    gradients: Callable[..., Any] | None = None,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
) -> None:
    """Raise AssertionError unless gradients are slopes: |∂f/∂xᵢ - (f(x + ε eᵢ) - f(x - ε eᵢ)) / 2ε| <= atol + rtol |slope|.

    Inputs are tensors or NumPy arrays; those of floats are moved, entry by entry, in float64, others are given to f as they are.
    f takes them as tensors, and backward is judged. Or `gradients` is a backward written by hand: f and `gradients` take
    arrays, f gives one number, the loss, and `gradients` one gradient for each input of floats, in their order.

    The message names the input, the entry, and both numbers; and whether this is a bug, or a kink: a corner of f, where
    no number is the derivative, so that the point should be another. ValueError where no input is of floats.

    >>> import numpy as np, tinygrad_edu as tg
    >>> x, w = np.ones((4, 1)), np.array([0.3])
    >>> tg.testing.assert_gradients(lambda x, w: (x @ w).tanh(), x, w)
    >>> loss = lambda w: np.mean((x @ w) ** 2)
    >>> tg.testing.assert_gradients(loss, w, gradients=lambda w: 2 * x.T @ (x @ w) / 4)
    >>> tg.testing.assert_gradients(loss, w, gradients=lambda w: 2 * x.T @ (x @ w))
    Traceback (most recent call last):
    AssertionError: a bug: the gradient for entry [0] of input 0 is 2.4, and its slope by finite differences is 0.6
    """
    __tracebackhide__ = True  # pytest shows the test's own line
    leaves = [leaf(x) for x in inputs]
    if not any(isinstance(x, Tensor) and x.requires_grad for x in leaves):
        raise ValueError(
            "assert_gradients needs an input of floats, a tensor or an array, whose gradient it could judge"
        )
    try:
        gradcheck(f if gradients is None else by_hand(f, gradients), leaves, eps=eps, atol=atol, rtol=rtol)
    except GradcheckError as error:
        raise AssertionError(told(error, leaves)) from None


def leaf(x):
    """Floats as a tensor in float64 that wants a gradient; all else as it is."""
    array = x.detach().numpy() if isinstance(x, Tensor) else x
    if isinstance(array, (np.ndarray, np.floating)) and array.dtype.kind == "f":
        return from_numpy(np.array(array, np.float64)).requires_grad_()
    return x


def by_hand(f, gradients):
    """f of arrays as a function of tensors, whose rule is g times what `gradients` says."""

    class ByHand(Function):
        @staticmethod
        def forward(ctx, *inputs):
            ctx.arrays, ctx.floats = [plain(x) for x in inputs], [isinstance(x, Tensor) for x in inputs]
            return from_numpy(number(f(*map(plain, inputs))))

        @staticmethod
        def backward(ctx, g):
            claimed = gradients(*map(np.copy, ctx.arrays))
            claimed = iter(fitting(claimed, [a for a, floats in zip(ctx.arrays, ctx.floats) if floats]))
            return tuple(g * from_numpy(next(claimed)) if floats else None for floats in ctx.floats)

    return ByHand.apply


def plain(x):
    """A leaf as an array of its own; all else as it is."""
    return x.detach().numpy().copy() if isinstance(x, Tensor) else x


def number(loss):
    """A loss as an array of float64."""
    loss = np.array(loss, np.float64)
    if loss.size != 1:
        raise ValueError(
            f"with gradients= f must give one number, the loss, but it gave an array of shape {loss.shape}"
        )
    return loss.reshape(())


def fitting(claimed, arrays):
    """The claimed gradients as arrays of float64; each must have its input's shape."""
    claimed = [np.array(it, np.float64) for it in (claimed if isinstance(claimed, (tuple, list)) else (claimed,))]
    shapes, wanted = [g.shape for g in claimed], [a.shape for a in arrays]
    if shapes != wanted:
        raise AssertionError(
            f"a bug: gradients() gives arrays of shapes {shapes}, and the inputs of floats have {wanted}"
        )
    return claimed


def told(error, leaves):
    """gradcheck's verdict in a line."""
    if error.entry is None:
        return f"a bug: {error}"
    shape = leaves[error.input].shape
    entry = [int(i) for i in np.unravel_index(error.entry, shape)]
    of = f" (of entry {error.at} of output {error.output})" if error.output or error.at else ""
    what = f"the gradient for entry {entry} of input {error.input}{of} is {error.analytical:.10g}"
    if isinstance(error, KinkError):
        return (
            f"a kink: {what}, and f has a corner there: its slope is {error.left:.10g} to the left and {error.right:.10g} to the"
            " right. Judge it at another point"
        )
    return f"a bug: {what}, and its slope by finite differences is {error.numerical:.10g}"
