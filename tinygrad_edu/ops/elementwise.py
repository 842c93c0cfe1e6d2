"""Functions of one number at a time, and their derivatives, as on the last page of a calculus book."""

import math

import numpy as np

from ..op import op
from ..tensor import Tensor

# What tests draw, instead of normal numbers, for functions that are not defined or not smooth on the whole line.
positive = lambda rng, shape: rng.uniform(0.3, 2.0, shape)
away_from_zero = lambda rng, shape: rng.choice([-1, 1], shape) * rng.uniform(0.2, 1.5, shape)
within_one = lambda rng, shape: rng.uniform(-0.9, 0.9, shape)
above_one = lambda rng, shape: rng.uniform(1.2, 3.0, shape)
BITS = {np.dtype(f"f{n}"): np.dtype(f"i{n}") for n in (2, 4, 8)}  # integers as wide as the floats
LN2, LN10 = math.log(2), math.log(10)


def zero_where(g, closed):
    """0 where `closed`, else g. On the bits, since np.where takes ten times as long over a random mask (ADR 3)."""
    if isinstance(g, Tensor) or g.dtype not in BITS:
        return np.where(closed, 0, g)
    bits = BITS[g.dtype]
    passing = closed.view(np.int8) - 1  # no bits where closed, all of them elsewhere
    return (passing.astype(bits) & g.view(bits)).view(g.dtype)


# ------------------------------------------------------------------ arithmetic

add = op(np.add, name="add", exact=True, operator="add", dx=lambda g: g, dy=lambda g: g)
sub = op(
    np.subtract, name="sub", exact=True, operator="sub", also="subtract", takes="iuf", dx=lambda g: g, dy=lambda g: -g
)
mul = op(
    np.multiply, name="mul", exact=True, operator="mul", also="multiply", dx=lambda g, y: g * y, dy=lambda g, x: g * x
)
div = op(
    np.divide,
    name="div",
    exact=True,
    operator="truediv",
    also="divide true_divide",
    dx=lambda g, y: g / y,
    dy=lambda g, x, y: -g * (x / y / y),
    sample=positive,
)


@op(operator="neg", numpy=np.negative, also="negative", dx=lambda g: -g, promotes=("x",), inplace=True)
def neg(x):
    """-x."""
    if x.dtype.kind == "b":
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported: ~ or logical_not() invert a mask"
        )
    return -x


reciprocal = op(np.reciprocal, exact=True, floats=True, dx=lambda g, out: -g * out * out, sample=positive)


@op(numpy=np.square, torch="Pow", dx=lambda g, x: g * (2 * x), promotes=("x",), inplace=True)
def square(x):
    """x²."""
    return x * x if x.dtype != bool else x.astype(np.int64)


def power(x, n):
    """xⁿ. NumPy takes a hundred times as long for x < 0 as for x > 0: for a whole n, we put the sign on afterwards."""
    if isinstance(x, Tensor) or n.ndim or x.dtype.kind != "f":
        return x**n
    n = n.item()  # NumPy knows that x ** 2.0 is x * x, but not if it is given an array
    if n in (3, -0.5):
        return x * x * x if n == 3 else 1 / np.sqrt(x)
    if n % 1 or -1 <= n <= 2:
        return x**n
    return np.abs(x) ** n if n % 2 == 0 else np.copysign(np.abs(x) ** n, x)


def raised_less(x, n):
    """xⁿ⁻¹; where n = 0 it counts 0 times, so it must not be infinite there, nor have a slope."""
    return power(np.where(n == 0, 1, x) if isinstance(x, Tensor) else x, n - 1)


@op(
    operator="pow",
    numpy=np.power,
    dx=lambda g, x, exponent: zero_where(g * (exponent * raised_less(x, exponent)), exponent == 0),
    dexponent=lambda g, x, exponent, out: zero_where(g * (out * np.log(x)), (x == 0) & (exponent >= 0)),
    broadcasts=True,
    promotes=("x", "exponent"),
    inplace=True,
    sample=positive,
    kinks="0 in the exponent where x = 0",
)
def pow(x, exponent):
    """x to the exponent. As in torch, the slope in x is 0 where exponent = 0, that in exponent where x = 0 <= exponent."""
    if x.dtype == bool:
        if exponent.ndim:
            raise NotImplementedError('"pow" not implemented for torch.bool: convert with .long() first')
        return x | ~exponent
    if x.dtype.kind == "i" and (exponent < 0).any():
        if not exponent.ndim:
            raise RuntimeError("Integers to negative integer powers are not allowed: make the base float")
        return np.where(exponent < 0, (np.abs(x) == 1) * x ** (exponent % 2), x ** np.maximum(exponent, 0))
    return power(x, exponent)


# ------------------------------------------------------------------ roots, exp, log

sqrt = op(np.sqrt, dx=lambda g, out: g / (2 * out), sample=positive)
exp = op(np.exp, dx=lambda g, out: g * out)
exp2 = op(np.exp2, also="special.exp2", dx=lambda g, out: g * out * LN2)
expm1 = op(np.expm1, also="special.expm1", dx=lambda g, out: g * (out + 1))
log = op(np.log, dx=lambda g, x: g / x, sample=positive)
log2 = op(np.log2, dx=lambda g, x: g / (x * LN2), sample=positive)
log10 = op(np.log10, dx=lambda g, x: g / (x * LN10), sample=positive)
log1p = op(np.log1p, also="special.log1p", dx=lambda g, x: g / (x + 1), sample=positive)


@op(dx=lambda g, out: -0.5 * g * (out * out * out), promotes=("x",), floats=True, inplace=True, sample=positive)
def rsqrt(x):
    """1 / √x."""
    return 1 / np.sqrt(x)


def logistic(x):
    """σ(x) in a rule. (That of a Tensor is the op, whose slope overflows nowhere.)"""
    return sigmoid(x) if isinstance(x, Tensor) else 1 / (1 + np.exp(-x))


@op(
    dx=lambda g, out: g * (1 - out) * out,
    promotes=("x",),
    floats=True,
    inplace=True,
    places="torch Tensor nn.functional",
    also="special.expit",
)
def sigmoid(x):
    """σ(x) = 1 / (1 + e⁻ˣ), whose slope is σ (1 - σ). (Where e⁻ˣ overflows, 1 / inf is 0, as it should be.)"""
    return logistic(x)


# ------------------------------------------------------------------ angles

sin = op(np.sin, dx=lambda g, x: g * np.cos(x))
cos = op(np.cos, dx=lambda g, x: g * -np.sin(x))
tan = op(np.tan, dx=lambda g, out: g * (1 + out * out), sample=within_one)
asin = op(np.arcsin, name="asin", also="arcsin", dx=lambda g, x: g / np.sqrt(1 - x * x), sample=within_one)
acos = op(np.arccos, name="acos", also="arccos", dx=lambda g, x: -g / np.sqrt(1 - x * x), sample=within_one)
atan = op(np.arctan, name="atan", also="arctan", dx=lambda g, x: g / (x * x + 1))
sinh = op(np.sinh, dx=lambda g, x: g * np.cosh(x))
cosh = op(np.cosh, dx=lambda g, x: g * np.sinh(x))
tanh = op(np.tanh, places="torch Tensor nn.functional", dx=lambda g, out: g * (1 - out * out))
asinh = op(np.arcsinh, name="asinh", also="arcsinh", dx=lambda g, x: g / np.sqrt(x * x + 1))
acosh = op(np.arccosh, name="acosh", also="arccosh", dx=lambda g, x: g / np.sqrt(x * x - 1), sample=above_one)
atanh = op(np.arctanh, name="atanh", also="arctanh", dx=lambda g, x: g / (1 - x * x), sample=within_one)


# ------------------------------------------------------------------ the first of many corners (piecewise.py)


@op(
    dx=lambda g, out: zero_where(g, out <= 0),
    promotes=("x",),
    takes="iuf",
    inplace=True,
    sample=away_from_zero,
    places="torch Tensor nn.functional",
    kinks="0 at 0",
)
def relu(x):
    """max(0, x); NaN stays NaN, and lets g through. (np.maximum takes the second of two zeros: so -0 stays -0.)"""
    zeros = np.empty_like(x)  # (np.maximum of a number and an array takes twice as long as this)
    zeros.fill(0)
    return np.maximum(zeros, x, out=zeros)
