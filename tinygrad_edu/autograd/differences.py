"""Finite differences: what the slopes of a function are, found without any rule.

    ∂f/∂xᵢ  ≈  (f(x + ε eᵢ) - f(x - ε eᵢ)) / 2ε

in float64, where ε = 10⁻⁶ leaves an error of about ε² from the curve and 10⁻¹⁶/ε from rounding.

At a corner this is the mean of two slopes, and says nothing of either. A corner is told from a curve by what its two
one-sided slopes do when the step grows: those of a curve part in proportion to the step, those of a corner do not.
"""

from typing import NamedTuple

import numpy as np

from ..tensor import Tensor


def outputs_of(func, inputs):
    """func's outputs as a tuple of tensors."""
    out = func(*inputs)
    outs = (out,) if isinstance(out, Tensor) or not isinstance(out, (tuple, list)) else tuple(out)
    for i, out in enumerate(outs):
        if not isinstance(out, Tensor):
            raise AttributeError(
                f"output {i} of the function is {type(out).__name__}, which has no requires_grad: gradcheck needs a function"
                " that returns a tensor, or a tuple of them"
            )
    return outs


def shifted(func, inputs, x, direction):
    """func's outputs with x moved, as arrays; x is put back whatever happens."""
    before = x.array
    try:
        x.array = np.asarray(before + direction, before.dtype)
        return [out.array.copy() for out in outputs_of(func, inputs)]
    finally:
        x.array = before


def slopes(func, inputs, x, direction, eps):
    """How each output changes along `direction` of x, by a central difference."""
    above, below = (shifted(func, inputs, x, sign * eps * direction) for sign in (1, -1))
    return [(np.subtract(a, b, dtype=np.float64)) / (2 * eps) for a, b in zip(above, below, strict=True)]


def unit(x, i):
    """The direction of x's i-th entry."""
    e = np.zeros(x.array.size)
    e[i] = 1
    return e.reshape(x.array.shape)


def numerical_jacobian(func, inputs, x, eps, wanted):
    """∂output/∂x for each of the wanted outputs, one row for each entry of x."""
    rows = []
    for i in range(x.array.size):
        changes = slopes(func, inputs, x, unit(x, i), eps)
        rows.append([changes[o].ravel() for o in wanted])
    sizes = [out.array.size for out in outputs_of(func, inputs)] if not rows else []
    return [np.array(column) for column in zip(*rows)] or [np.zeros((0, sizes[o])) for o in wanted]


class Corner(NamedTuple):
    """The slopes on both sides of a point where there are two."""

    left: float
    right: float

    def holds(self, slope, tolerance):
        """Whether a slope is one of the corner's: between the two."""
        return min(self) - tolerance <= slope <= max(self) + tolerance


def corner(func, inputs, x, entry, output, at, eps, tolerance):
    """The corner of one entry of an output, along one entry of x, that is there or within eps of there; None if none is.

    The gap between the one-sided slopes is measured over 8 and over 64 eps. On a curve the second is 8 times the first:
    h f″. At a corner no further than eps away they are equal but for 1/8. And a gap of rounding is 1/8 of the first."""
    here = float(shifted(func, inputs, x, 0)[output].flat[at])
    seen = []
    for h in (8 * eps, 64 * eps):
        above, below = (float(shifted(func, inputs, x, sign * h * unit(x, entry))[output].flat[at]) for sign in (1, -1))
        seen.append(Corner((here - below) / h, (above - here) / h))
    near, far = (c.right - c.left for c in seen)
    noise = 16 * np.finfo(x.array.dtype).eps * abs(here) / eps
    apart = min(abs(near), abs(far)) > tolerance + noise and near * far > 0
    return seen[0] if apart and 1 / 2 < far / near < 2 else None
