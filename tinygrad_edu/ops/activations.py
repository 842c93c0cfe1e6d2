"""The nonlinear functions between the layers of a network."""

import math

import numpy as np

from ..op import op
from .elementwise import away_from_zero, logistic, zero_where
from .piecewise import chosen, two_valued
from .places import apply
from .special import erf

# What they have in common: F's functions of floats, which no integer network needs.
FLOATS = dict(promotes=("x",), takes="f", places="nn.functional")


# ------------------------------------------------------------------ straight lines


@op(
    dx=lambda g, x, negative_slope: g * two_valued(x > 0, 1, negative_slope, like=x),
    **FLOATS,
    inplace=True,
    sample=away_from_zero,
    kinks="negative_slope at 0",
)
def leaky_relu(x, negative_slope=0.01):
    """x where x > 0, else negative_slope · x."""
    return x * two_valued(x > 0, 1, negative_slope, like=x)


@op(
    dx=lambda g, x, w: chosen(x > 0, g, g * w),
    dw=lambda g, x: zero_where(g * x, x > 0),
    broadcasts=True,
    places="",
    torch="PreluKernel",
    sample=away_from_zero,
    kinks="w at 0",
)
def rectified(x, w):
    """x where x > 0, else w · x."""
    return chosen(x > 0, x, x * w)


@op(
    dx=lambda g, x, min_val, max_val: zero_where(g, (x <= min_val) | (x >= max_val)),
    promotes=("x",),
    takes="iuf",
    places="nn.functional",
    inplace=True,
    kinks="0 at both",
)
def hardtanh(x, min_val=-1.0, max_val=1.0):
    """x between min_val and max_val, else the nearer of them."""
    if min_val > max_val:
        raise ValueError(f"min_val cannot be greater than max_val: {min_val} > {max_val}")
    if min_val < 0 and x.dtype.kind == "u":
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits: convert with .float() first")
    return np.clip(x, *(np.asarray(bound, x.dtype) for bound in (min_val, max_val)))


SIXTH = float(np.float32(1 / 6))  # torch's slope of hardsigmoid, a float32 number even in float64


@op(dx=lambda g, x: zero_where(g * SIXTH, ~((x > -3) & (x < 3))), **FLOATS, inplace=True, kinks="0 at both")
def hardsigmoid(x):
    """(x + 3) / 6 between 0 and 1, else the nearer of them."""
    return np.clip(x + 3, 0, 6) / 6


@op(
    dx=lambda g, x: zero_where(chosen(x < 3, g * (x / 3 + 0.5), g), x <= -3),
    **FLOATS,
    inplace=True,
    kinks="0 at -3, 1 at 3",
)
def hardswish(x):
    """x · hardsigmoid(x)."""
    return x * np.clip(x + 3, 0, 6) / 6


@op(dx=lambda g, out: zero_where(g, out == 0), **FLOATS, kinks="0 at both")
def softshrink(x, lambd=0.5):
    """x, drawn nearer to 0 by lambd."""
    if not lambd >= 0:
        raise RuntimeError(f"lambda must be in range [0, inf), but found {lambd}")
    return np.copysign(x - np.minimum(lambd, np.maximum(-lambd, x)), x)


@op(
    dx=lambda g, x, lambd: zero_where(g, (x >= -lambd) & (x <= lambd)),
    promotes=("x",),
    takes="f",
    places="torch Tensor nn.functional",
    kinks="0 at both",
)
def hardshrink(x, lambd=0.5):
    """x, but 0 between -lambd and lambd."""
    return zero_where(x, (x >= -lambd) & (x <= lambd))


@op(
    dx=lambda g, x, threshold: zero_where(g, x <= threshold),
    promotes=("x",),
    inplace=True,
    takes="iuf",
    kinks="0 at it",
    cases=[([(2, 3)], {"threshold": 0.1, "value": 2.0})],
)
def threshold(x, threshold, value):
    """x where x > threshold, else value."""
    return chosen(x <= threshold, np.asarray(value, x.dtype), x)


# ------------------------------------------------------------------ curves


def log_sigmoid(x):
    """What logsigmoid is, of an array, or, in the rules of losses, of a Tensor."""
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


@op(dx=lambda g, x: g * logistic(-x), **FLOATS, torch="LogSigmoid")
def logsigmoid(x):
    """log σ(x) = min(x, 0) - log(1 + e^-|x|), whose slope is σ(-x)."""
    return log_sigmoid(np.asarray(x, order="C"))


@op(
    dx=lambda g, x, beta, threshold: chosen(x * beta > threshold, g, g * logistic(x * beta)),
    **FLOATS,
    cases=[([(2, 3)], {}), ([(2, 3)], {"beta": 2.0, "threshold": 1.0})],
)
def softplus(x, beta=1.0, threshold=20.0):
    """log(1 + e^βx) / β, and x itself once βx > threshold; its slope is σ(βx)."""
    z = x * beta
    out = np.asarray(np.log1p(np.exp(z)) / beta)
    np.copyto(out, x, where=z > threshold)  # (as few are, this is faster than to choose)
    return out


@op(
    dx=lambda g, x, alpha, scale, inner: chosen(
        x <= 0, g * (np.exp(zero_where(x, ~(x < 0)) * inner) * (alpha * scale * inner)), g * scale
    ),
    promotes=("x",),
    takes="f",
    places="",
    sample=away_from_zero,
    cases=[([(2, 3)], {}), ([(2, 3)], {"alpha": 1.5, "scale": 1.1, "inner": 0.5})],
    torch="Elu",
    kinks="α · scale · inner at 0",
)
def exponential_unit(x, alpha=1.0, scale=1.0, inner=1.0):
    """scale · (x where x > 0, else α (e^(inner x) - 1)): elu, selu and celu."""
    return chosen(x > 0, x * scale, np.expm1(x * inner) * (alpha * scale))


def sloped(x):
    """The slope of x σ(x)."""
    p = logistic(x)
    return p * (1 + x * (1 - p))


@op(dx=lambda g, x: g * sloped(x), **FLOATS, inplace=True)
def silu(x):
    """x σ(x)."""
    return x / (1 + np.exp(-x))


def mished(x):
    """The slope of x tanh(softplus(x)): with t that tanh, t + x (1 - t²) σ(x)."""
    t = np.tanh(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))
    return t + x * (1 - t * t) * logistic(x)


@op(dx=lambda g, x: g * mished(x), **FLOATS, inplace=True)
def mish(x):
    """x tanh(log(1 + eˣ))."""
    return x * np.tanh(np.log1p(np.exp(x)))


# ------------------------------------------------------------------ gelu: x times the share of a normal distribution below x

BEND = 0.044715
STEEP, ROOT_HALF = math.sqrt(2 / math.pi), math.sqrt(0.5)


def bent(x):
    """The tanh that stands for 2 ndtr(x) - 1."""
    return np.tanh(STEEP * (x + BEND * (x * x * x)))


def bent_slope(x):
    """(1 + t + x (1 - t²) √(2/π) (1 + 3 · 0.044715 x²)) / 2, for t = tanh(√(2/π) (x + 0.044715 x³))."""
    t = bent(x)
    return 0.5 * (1 + t + x * (1 - t * t) * (STEEP * (1 + 3 * BEND * (x * x))))


@op(dx=lambda g, x: g * bent_slope(x), promotes=("x",), takes="f", places="", torch="Gelu")
def gelu_tanh(x):
    """x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2."""
    return 0.5 * x * (1 + bent(x))


@op(
    dx=lambda g, x: g * (0.5 * (1 + apply(erf, x * ROOT_HALF)) + x * np.exp(-0.5 * x * x) * (STEEP / 2)),
    promotes=("x",),
    takes="f",
    places="",
    torch="Gelu",
    needs="scipy",
)
def gelu_erf(x):
    """x (1 + erf(x / √2)) / 2. The error function is SciPy's; the tanh form needs none."""
    return 0.5 * x * (1 + apply(erf, x * ROOT_HALF))
