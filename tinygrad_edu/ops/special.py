"""Functions that calculus books have in the appendix. Those that are integrals or infinite sums are SciPy's."""

import math
from importlib import import_module

import numpy as np

from ..op import op
from ..tensor import Tensor
from .elementwise import LN2, away_from_zero, positive, within_one, zero_where
from .piecewise import sgn
from .places import apply

hypot = op(np.hypot, numbers=(), takes="f", dx=lambda g, x, out: g * (x / out), dy=lambda g, y, out: g * (y / out))
atan2 = op(
    np.arctan2,
    name="atan2",
    also="arctan2",
    numbers=(),
    dx=lambda g, x, y: g * (y * per_square(x, y)),
    dy=lambda g, x, y: g * (-x * per_square(x, y)),
    kinks="0 at the origin",
)


def per_square(x, y):
    """1 / r² of the point (x, y), but 0 at the origin."""
    square = x * x + y * y
    return zero_where(1 / square, square == 0)


@op(
    numpy=np.logaddexp,
    dx=lambda g, x, y: g / (1 + np.exp(y - x)),
    dy=lambda g, x, y: g / (1 + np.exp(x - y)),
    broadcasts=True,
    promotes=("x", "y"),
    numbers=(),
    takes="f",
)
def logaddexp(x, y):
    """log(eˣ + eʸ) = max + log(1 + e^-|x - y|), which overflows nowhere. (fmin makes 0 of the NaN that is inf - inf.)"""
    return np.maximum(x, y) + np.log1p(np.exp(np.fmin(-np.abs(x - y), 0)))


@op(
    numpy=np.logaddexp2,
    dx=lambda g, x, y: g / (1 + np.exp(LN2 * (y - x))),
    dy=lambda g, x, y: g / (1 + np.exp(LN2 * (x - y))),
    broadcasts=True,
    promotes=("x", "y"),
    numbers=(),
    takes="f",
)
def logaddexp2(x, y):
    """log₂(2ˣ + 2ʸ)."""
    return np.maximum(x, y) + np.log1p(np.exp2(np.fmin(-np.abs(x - y), 0))) / LN2


# ------------------------------------------------------------------ x log y and its kin, which are 0 where x is

PI = math.pi
within_unit = lambda rng, shape: rng.uniform(0.1, 0.9, shape)


def put_where(rare, value, x):
    """x with the value in the few places where it is wanted: an array of ours is written to, which is fastest."""
    if isinstance(x, Tensor):
        return np.where(rare, value, x)
    x = np.asarray(x)
    np.copyto(x, value, where=rare)
    return x


def times_log(x, log, y):
    """x · log y, where 0 times anything but NaN is 0."""
    return put_where((x == 0) & (y == y), 0, x * log)


@op(
    dx=lambda g, x, y: zero_where(times_log(g, np.log(y), y), (x == 0) & (y <= 0)),
    dy=lambda g, x, y: g * x / y,
    broadcasts=True,
    promotes=("x", "y"),
    floats=True,
    inplace=True,
    sample=positive,
    also="special.xlogy",
)
def xlogy(x, y):
    """x log y, and 0 where x = 0."""
    return times_log(x, np.log(y), y)


@op(
    dx=lambda g, x, y: zero_where(times_log(g, np.log1p(y), y), (x == 0) & (y <= -1)),
    dy=lambda g, x, y: g * x / (y + 1),
    broadcasts=True,
    promotes=("x", "y"),
    floats=True,
    sample=positive,
    places="special",
)
def xlog1py(x, y):
    """x log(1 + y), and 0 where x = 0."""
    return times_log(x, np.log1p(y), y)


@op(dx=lambda g, x: -g * (1 + np.log(x)), promotes=("x",), floats=True, places="special", sample=positive)
def entr(x):
    """-x log x, what an outcome of probability x adds to the entropy: 0 at 0, -inf below."""
    return put_where(x < 0, -np.inf, put_where(x == 0, 0, -x * np.log(x)))


def outside(x, eps):
    """Where logit is flat, or has no meaning."""
    return ~((x >= eps) & (x <= 1 - eps))


@op(
    dx=lambda g, x, eps: (
        g / np.sqrt(x * (1 - x)) ** 2  # which is NaN outside, where log(x / (1 - x)) is
        if eps is None
        else zero_where(g / np.abs(x * (1 - x)), outside(x, eps))
    ),
    promotes=("x",),
    floats=True,
    inplace=True,
    sample=within_unit,
    also="special.logit",
    kinks="1 / (x (1 - x)) at eps and 1 - eps",
)
def logit(x, eps=None):
    """log(x / (1 - x)), whose inverse is σ; x is first brought into [eps, 1 - eps], if eps is given."""
    x = x if eps is None else np.minimum(np.maximum(x, eps), 1 - eps)
    return np.log(x / (1 - x))


@op(
    dx=lambda g, x: zero_where(g * (np.cos(PI * x) - np.sin(PI * x) / (PI * x)) / x, x == 0),
    promotes=("x",),
    floats=True,
    inplace=True,
    numpy=np.sinc,
    also="special.sinc",
    sample=away_from_zero,
)
def sinc(x):
    """sin(πx) / (πx), and 1 at 0."""
    return np.where(x == 0, 1, np.sin(PI * x) / (PI * x)).astype(x.dtype)


# ------------------------------------------------------------------ SciPy's

DOUBLE = np.dtype(np.float64)  # SciPy knows no wider type
ROOT_PI, ROOT_2PI = math.sqrt(math.pi), math.sqrt(2 * math.pi)
FLOATS = dict(promotes=("x",), floats=True, needs="scipy")
METHOD = dict(**FLOATS, inplace=True)
SPECIAL = dict(**FLOATS, places="special")


def scipy(name, x, *orders):
    """SciPy's function of that name, which is loaded when it is first called."""
    try:
        function = getattr(import_module("scipy.special"), name)
    except ImportError:
        raise ImportError(f"{name} is computed by SciPy: pip install 'tinygrad_edu[special]'") from None
    return np.asarray(function(*orders, x.astype(min(x.dtype, DOUBLE), copy=False))).astype(x.dtype, copy=False)


@op(dx=lambda g, x: g * (2 / ROOT_PI) * np.exp(-x * x), also="special.erf", **METHOD)
def erf(x):
    """2/√π ∫₀ˣ e^(-t²) dt."""
    return scipy("erf", x)


@op(dx=lambda g, x: g * (-2 / ROOT_PI) * np.exp(-x * x), also="special.erfc", **METHOD)
def erfc(x):
    """1 - erf x, exact where erf x rounds to 1."""
    return scipy("erfc", x)


@op(dx=lambda g, x, out: g * (2 * x * out - 2 / ROOT_PI), **SPECIAL)
def erfcx(x):
    """e^(x²) erfc x."""
    return scipy("erfcx", x)


@op(dx=lambda g, out: g * (ROOT_PI / 2) * np.exp(out * out), also="special.erfinv", sample=within_one, **METHOD)
def erfinv(x):
    """The y for which erf y = x."""
    return np.copysign(scipy("erfinv", x), x)


@op(dx=lambda g, out: g * (ROOT_2PI * np.exp(out * out / 2)), sample=within_unit, **SPECIAL)
def ndtri(x):
    """The y below which a standard normal distribution has the share x."""
    return scipy("ndtri", x)


@op(dx=lambda g, x: g * (math.sqrt(2 / math.pi) / apply(erfcx, x * -math.sqrt(0.5))), **SPECIAL)
def log_ndtr(x):
    """log of the share below x, exact where that rounds to 0."""
    return scipy("log_ndtr", x)


@op(dx=lambda g, x: g * apply(digamma, x), also="special.gammaln", sample=positive, **METHOD)
def lgamma(x):
    """log |Γ(x)|."""
    return np.where(x == -np.inf, np.asarray(np.inf, x.dtype), scipy("gammaln", x))


@op(dx=lambda g, x: g * apply(polygamma, x, 1), also="special.digamma special.psi", sample=positive, **METHOD)
def digamma(x):
    """d/dx log Γ(x)."""
    return scipy("psi", x)


@op(
    dx=lambda g, x, n: g * apply(polygamma, x, n + 1),
    sample=positive,
    cases=[([(2, 3)], {"n": 1}), ([(2, 3)], {"n": 2})],
    **METHOD | dict(places="Tensor"),
)
def polygamma(x, n):
    """The n-th derivative of digamma, n >= 0."""
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return scipy("polygamma", x, n)


@op(dx=lambda g, x: g * apply(i1, x), also="special.i0", **METHOD)
def i0(x):
    """The modified Bessel function of order 0."""
    return scipy("i0", x)


@op(dx=lambda g, x, out: g * (apply(i1e, x) - sgn(x) * out), **SPECIAL)
def i0e(x):
    """e^-|x| i0(x)."""
    return scipy("i0e", x)


@op(dx=lambda g, x, out: g * half_at_zero(apply(i0, x) - out / (x + (x == 0)), x), **SPECIAL)
def i1(x):
    """The modified Bessel function of order 1."""
    return scipy("i1", x)


@op(dx=lambda g, x, out: g * half_at_zero(apply(i0e, x) - sgn(x) * out - out / (x + (x == 0)), x), **SPECIAL)
def i1e(x):
    """e^-|x| i1(x)."""
    return scipy("i1e", x)


def half_at_zero(slope, x):
    """The slope, which at 0, where it is i0(0) - lim i1(x) / x, is 1/2."""
    elsewhere = np.abs(x) > (1e-7 if x.itemsize == 4 else 1e-15)  # nearer, i1(x) / x and its slope are mere rounding
    return zero_where(slope, ~elsewhere) + 0.5 * ~elsewhere
