"""Finite differences: the first referee of every rule.

    ∂f/∂xᵢ  ≈  (f(x + ε eᵢ) - f(x - ε eᵢ)) / 2ε

in float64, where ε = 10⁻⁶ leaves an error of about ε² from the curve and 10⁻¹⁶/ε from rounding.
"""

import numpy as np

from ..tensor import Tensor, made
from .backward import grad
from .modes import enable_grad


class GradcheckError(RuntimeError):
    """A gradient differs from its finite difference."""


def as_tuple(what):
    return (what,) if isinstance(what, Tensor) else tuple(what)


def outputs_of(func, inputs):
    """The differentiable outputs of func."""
    return [out for out in as_tuple(func(*inputs)) if out.is_floating_point()]


def shifted(func, inputs, x, direction):
    """func's outputs with x moved, as arrays; x is put back whatever happens."""
    before = x.array
    try:
        x.array = np.asarray(before + direction)
        return [out.array.copy() for out in outputs_of(func, inputs)]
    finally:
        x.array = before


def slopes(func, inputs, x, direction, eps):
    """How each output changes along `direction` of x, by a central difference."""
    above, below = (shifted(func, inputs, x, sign * eps * direction) for sign in (1, -1))
    return [(a - b) / (2 * eps) for a, b in zip(above, below, strict=True)]


def numerical_jacobian(func, inputs, x, eps):
    """For each output, the matrix of ∂output/∂x, one row per entry of x."""
    rows = []
    for i in range(x.array.size):
        direction = np.zeros(x.array.size)
        direction[i] = 1
        rows.append([s.ravel() for s in slopes(func, inputs, x, direction.reshape(x.shape), eps)])
    return [np.array(column) for column in zip(*rows)]


def analytical_jacobian(out, x):
    """The same matrix of one output, from backward: one walk per entry of out."""
    columns = []
    for i in range(out.array.size):
        basis = np.zeros(out.array.size)
        basis[i] = 1
        (g,) = grad(
            out, x, made(basis.reshape(out.shape), None), retain_graph=True, allow_unused=True, materialize_grads=True
        )
        columns.append(g.array.ravel())
    return np.array(columns).T.reshape(x.array.size, out.array.size)


def directional(func, inputs, x, outs, eps):
    """For one random direction u, and v for each output: vᵀ J u, numerically and from backward."""
    rng = np.random.default_rng(0)
    u = rng.standard_normal(x.shape)
    u /= np.sqrt((u * u).sum()) or 1
    numbers = []
    for out, slope in zip(outs, slopes(func, inputs, x, u, eps), strict=True):
        v = rng.standard_normal(out.shape)
        (g,) = grad(out, x, made(v, None), retain_graph=True, allow_unused=True, materialize_grads=True)
        numbers.append((np.atleast_2d((v * slope).sum()), np.atleast_2d((g.array * u).sum())))
    return numbers


def gradcheck(func, inputs, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True, fast_mode=False):
    """Whether the gradients of func's outputs equal finite differences: |analytical - numerical| <= atol + rtol |numerical|.

    Every entry of the Jacobian is compared, or, in `fast_mode`, one random projection of it.
    Raises GradcheckError (a RuntimeError) with the worst entry, ValueError where no input requires grad, TypeError where
    one that does is not float64: half of float32's digits are lost in the difference.
    https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([0.5, 2.0], dtype=tg.float64, requires_grad=True)
    >>> tg.autograd.gradcheck(lambda x: x.exp() * x, x)
    True
    """
    inputs = as_tuple(inputs)
    wanted = [(i, x) for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them have requires_grad=True."
        )
    for i, x in wanted:
        if x.array.dtype != np.float64:
            raise TypeError(f"gradcheck needs float64 inputs, and input {i} is {x.dtype}: convert it with .double()")
    with enable_grad():
        outs = outputs_of(func, inputs)
    for i, x in wanted:
        live = [out for out in outs if out.requires_grad]
        if len(live) < len(outs):
            raise ValueError(
                "Expected every output to require grad: the path from the inputs was cut (detach, no_grad, item)"
            )
        if fast_mode:
            pairs = directional(func, inputs, x, outs, eps)
        elif x.array.size:
            pairs = zip(numerical_jacobian(func, inputs, x, eps), [analytical_jacobian(out, x) for out in outs])
        else:
            pairs = []
        for o, (numerical, analytical) in enumerate(pairs):
            off = np.abs(analytical - numerical) - (atol + rtol * np.abs(numerical))
            if not (off <= 0).all():  # also where it is NaN
                if not raise_exception:
                    return False
                raise GradcheckError(mismatch(i, o, numerical, analytical, off, fast_mode))
    return True


def mismatch(i, o, numerical, analytical, off, fast_mode):
    """What gradcheck says of a wrong Jacobian."""
    at = np.unravel_index(np.argmax(np.where(np.isnan(off), np.inf, off)), off.shape)
    entry = "its random projection" if fast_mode else f"entry {at[0]} of the input and {at[1]} of the output"
    return (
        f"Jacobian mismatch for output {o} with respect to input {i},\nnumerical:{numerical}\nanalytical:{analytical}\n"
        f"worst: {entry}, where finite differences give {numerical[at]:.10g} and backward {analytical[at]:.10g}"
    )


def gradgradcheck(
    func, inputs, grad_outputs=None, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True, fast_mode=False
):
    """gradcheck of the gradient: second derivatives against finite differences of first ones.

    The gradients of the outputs are random, unless given. https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradgradcheck.html"""
    inputs = as_tuple(inputs)
    if grad_outputs is None:
        rng = np.random.default_rng(1)
        outs = outputs_of(func, inputs)
        grad_outputs = tuple(made(rng.standard_normal(out.shape), None).requires_grad_() for out in outs)
    grad_outputs, n = as_tuple(grad_outputs), len(inputs)

    def gradient(*arguments):
        xs, gs = arguments[:n], arguments[n:]
        live = [x for x in xs if isinstance(x, Tensor) and x.requires_grad]
        found = grad(outputs_of(func, xs), live, gs, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None and g.requires_grad)

    options = dict(eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception, fast_mode=fast_mode)
    return gradcheck(gradient, (*inputs, *grad_outputs), **options)
