"""Functions of one number at a time, and their derivatives, as on the last page of a calculus book."""

import numpy as np

from ..op import op
from ..tensor import Tensor

# What tests draw, instead of normal numbers, for functions that are not defined or not smooth on the whole line.
positive = lambda rng, shape: rng.uniform(0.3, 2.0, shape)
away_from_zero = lambda rng, shape: rng.choice([-1, 1], shape) * rng.uniform(0.2, 1.5, shape)
ZERO = {np.dtype(d): np.zeros((), d) for d in ("f4", "f8")}  # a 0-d array is a faster operand than a number
BITS = {np.dtype(f"f{n}"): np.dtype(f"i{n}") for n in (2, 4, 8)}  # integers as wide as the floats


# ------------------------------------------------------------------ arithmetic

add = op(np.add, name="add", operator="add", dx=lambda g: g, dy=lambda g: g)
sub = op(np.subtract, name="sub", operator="sub", dx=lambda g: g, dy=lambda g: -g)
mul = op(np.multiply, name="mul", operator="mul", dx=lambda g, y: g * y, dy=lambda g, x: g * x)
div = op(
    np.divide,
    name="div",
    operator="truediv",
    dx=lambda g, y: g / y,
    dy=lambda g, x, y: -g * (x / y / y),
    sample=positive,
)
neg = op(np.negative, name="neg", operator="neg", dx=lambda g: -g)
reciprocal = op(np.reciprocal, floats=True, dx=lambda g, out: -g * out * out, sample=positive)
square = op(np.square, torch="Pow", dx=lambda g, x: g * (2 * x))


@op(
    operator="pow",
    numpy=np.power,
    dx=lambda g, x, exponent: np.where(exponent == 0, 0, g * (exponent * x ** (exponent - 1))),
    dexponent=lambda g, x, exponent, out: g * np.where((x == 0) & (exponent >= 0), 0, out * np.log(x)),
    broadcasts=True,
    promotes=("x", "exponent"),
    inplace=True,
    sample=positive,
)
def pow(x, exponent):
    """x to the exponent. As in torch, the slope in x is 0 where exponent = 0, that in exponent where x = 0 <= exponent."""
    if x.dtype.kind in "iu" and (exponent < 0).any():
        raise RuntimeError("Integers to negative integer powers are not allowed: make the base float")
    if x.dtype == bool:
        return x | ~exponent  # NumPy would make int8 of truths
    return x ** (exponent if exponent.ndim else exponent.item())  # NumPy knows that x ** 2.0 is x * x


# ------------------------------------------------------------------ exp, log and their kin

exp = op(np.exp, dx=lambda g, out: g * out)
expm1 = op(np.expm1, dx=lambda g, out: g * (out + 1))
log = op(np.log, dx=lambda g, x: g / x, sample=positive)
log1p = op(np.log1p, dx=lambda g, x: g / (x + 1), sample=positive)
sqrt = op(np.sqrt, dx=lambda g, out: g / (2 * out), sample=positive)
sin = op(np.sin, dx=lambda g, x: g * np.cos(x))
cos = op(np.cos, dx=lambda g, x: g * -np.sin(x))
tanh = op(np.tanh, places="torch Tensor nn.functional", dx=lambda g, out: g * (1 - out * out))


def logistic(x):
    """σ(x) with no exponential of a positive number, so that it and its derivatives overflow nowhere."""
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


@op(
    dx=lambda g, out: g * (1 - out) * out,
    promotes=("x",),
    floats=True,
    inplace=True,
    places="torch Tensor nn.functional",
)
def sigmoid(x):
    """σ(x) = 1 / (1 + e⁻ˣ), whose slope is σ (1 - σ). (Where e⁻ˣ overflows, 1 / inf is 0, as it should be.)"""
    return 1 / (1 + np.exp(-x))


# ------------------------------------------------------------------ corners: torch's choice of a slope at each


def zero_where(g, closed):
    """0 where `closed`, else g. On the bits, since np.where takes ten times as long over a random mask (ADR 3)."""
    if isinstance(g, Tensor):
        return np.where(closed, 0, g)
    bits = BITS[g.dtype]
    passing = np.subtract(closed.view(np.int8), 1, dtype=bits)  # no bits where closed, all of them elsewhere
    passing &= g.view(bits)
    return passing.view(g.dtype)


abs = op(np.absolute, name="abs", operator="abs", dx=lambda g, x: g * np.sign(x), sample=away_from_zero)
sign = op(np.sign, dx=lambda g: np.zeros_like(g), sample=away_from_zero)


@op(dx=lambda g, out: zero_where(g, out <= 0), inplace=True, sample=away_from_zero, places="torch Tensor nn.functional")
def relu(x):
    """max(x, 0), with slope 0 at the corner; NaN stays NaN, and lets g through."""
    return np.maximum(x, ZERO.get(x.dtype, 0))
