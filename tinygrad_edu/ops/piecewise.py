"""Functions in pieces: the larger, the chosen one; and torch's choice of a slope where the pieces meet."""

import numpy as np

from ..dtype import as_dtype
from ..op import op
from ..tensor import Tensor, made
from .elementwise import BITS, away_from_zero, zero_where


def chosen(condition, x, y):
    """x where the condition holds, else y: on the bits, as in zero_where."""
    if isinstance(x, Tensor) or isinstance(y, Tensor) or x.dtype not in BITS or x.dtype != y.dtype:
        return np.where(condition, x, y)
    bits = BITS[x.dtype]
    of_x = (-condition.view(np.int8)).astype(bits)  # all bits where the condition holds, none elsewhere
    y = y.view(bits)
    return (y ^ ((x.view(bits) ^ y) & of_x)).view(x.dtype)


def two_valued(condition, x, y, like):
    """The number x where the condition holds, else the number y: a factor in the dtype of `like`, which has no slope."""
    if isinstance(condition, Tensor):
        return made(two_valued(condition.array, x, y, like.array), None)
    return chosen(condition, np.asarray(x, like.dtype), np.asarray(y, like.dtype))


def sgn(x):
    """1 where x > 0, -1 where x < 0, else 0, for NaN too."""
    return sign(x) if isinstance(x, Tensor) else ((x > 0).view(np.int8) - (x < 0).view(np.int8)).astype(x.dtype)


@op(
    numpy=np.sign,
    also="sgn",
    dx=lambda g: np.zeros_like(g),
    promotes=("x",),
    inplace=True,
    sample=away_from_zero,
    kinks="0 at 0",
)
def sign(x):
    """1, 0 or -1, as x is above, at or below 0; for NaN 0."""
    return sgn(x)


abs = op(
    np.absolute,
    name="abs",
    operator="abs",
    also="absolute",
    takes="iuf",
    dx=lambda g, x: g * sgn(x),
    sample=away_from_zero,
    kinks="0 at 0",
)


@op(
    dcondition=None,
    dx=lambda g, condition: zero_where(g, ~condition),
    dy=lambda g, condition: zero_where(g, condition),
    numpy=np.where,
    places="torch",
    broadcasts=True,
    promotes=("x", "y"),
    sample={"condition": lambda rng, shape: rng.random(shape) < 0.5},
    cases=[([(2, 3), (2, 3), (2, 3)], {}), ([(3,), (2, 1), ()], {})],
)
def where(condition, x, y):
    """input where the condition holds, else other; each receives g only where it was chosen."""
    if condition.dtype not in (bool, np.uint8):
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {as_dtype(condition.dtype)}"
        )
    return chosen(condition.astype(bool, copy=False), x, y)


# ------------------------------------------------------------------ the larger, the smaller, the nearer

maximum = op(
    np.maximum,
    numbers=(),
    dx=lambda g, x, y: chosen(x == y, g / 2, zero_where(g, x < y)),
    dy=lambda g, x, y: chosen(x == y, g / 2, zero_where(g, y < x)),
    inplace=False,
    sample=away_from_zero,
    kinks="1/2 each where x = y",
)
minimum = op(
    np.minimum,
    numbers=(),
    dx=lambda g, x, y: chosen(x == y, g / 2, zero_where(g, x > y)),
    dy=lambda g, x, y: chosen(x == y, g / 2, zero_where(g, y > x)),
    inplace=False,
    sample=away_from_zero,
    kinks="1/2 each where x = y",
)
fmax = op(
    np.fmax,
    numbers=(),
    dx=lambda g, x, y: zero_where(g, ~((x >= y) | (y != y))),
    dy=lambda g, x, y: zero_where(g, (x >= y) | (y != y)),
    inplace=False,
    sample=away_from_zero,
    kinks="1 in x where x = y",
)
fmin = op(
    np.fmin,
    numbers=(),
    dx=lambda g, x, y: zero_where(g, ~((x <= y) | (y != y))),
    dy=lambda g, x, y: zero_where(g, (x <= y) | (y != y)),
    inplace=False,
    sample=away_from_zero,
    kinks="1 in x where x = y",
)


def inside(x, min, max):
    """Where clamp leaves x as it is."""
    return (x >= min) & (x <= max) if min is not None and max is not None else x >= min if max is None else x <= max


@op(
    dx=lambda g, x, min, max: zero_where(g, ~inside(x, min, max)),
    dmin=lambda g, x, min, max: zero_where(g, ~(x < min if max is None else (x < min) & (min < max))),
    dmax=lambda g, x, min, max: zero_where(g, ~(x > max if min is None else (x > max) | (max < min))),
    broadcasts=True,
    promotes=("x", "min", "max"),
    numbers=("min", "max"),
    inplace=True,
    also="clip",
    torch=lambda node: f"ClampBackward{int(node.edges[1:] == (None, None))}",
    sample={
        "x": away_from_zero,
        "min": lambda rng, shape: np.full(shape, -0.2),
        "max": lambda rng, shape: np.full(shape, 0.9),
    },
    cases=[([(2, 6), (), ()], {}), ([(2, 6), (6,), None], {}), ([(2, 6), None, (2, 1)], {})],
    kinks="1 in x at the bounds",
)
def clamp(x, min=None, max=None):
    """min(max(x, lower), upper): slope 1 between the bounds and on them, 0 outside; either bound may be missing."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if min is not None and max is not None:
        return np.clip(x, min, max)
    return np.maximum(min, x) if max is None else np.minimum(max, x)


@op(
    dx=lambda g, x, y, out: zero_where(g * (out / x), x == 0),
    dy=lambda g: np.zeros_like(g),
    numpy=np.copysign,
    broadcasts=True,
    promotes=("x", "y"),
    numbers=("y",),
    floats=True,
    inplace=True,
    sample=away_from_zero,
    kinks="0 where x = 0",
)
def copysign(x, y):
    """|x| with the sign of y."""
    return np.copysign(x, y)


@op(dx=lambda g, x: zero_where(g, ~(x - x == 0)), inplace=True, promotes=("x",), numpy=np.nan_to_num)
def nan_to_num(x, nan=None, posinf=None, neginf=None):
    """x with numbers for NaN (0, if not said), inf and -inf (the largest and the smallest number)."""
    return (
        np.nan_to_num(x, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)
        if x.dtype.kind == "f"
        else x.copy()
    )


@op(
    dx=None,
    dvalues=None,
    broadcasts=True,
    inplace=True,
    cases=[([(2, 3), (3,)], {})],
)
def heaviside(x, values):
    """0 below 0, `values` at 0, 1 above."""
    if x.dtype != values.dtype:
        raise RuntimeError(
            f"heaviside is not yet implemented for tensors with different dtypes: {as_dtype(x.dtype)} and"
            f" {as_dtype(values.dtype)}"
        )
    return np.where(x == 0, values, (x > 0).astype(x.dtype))


nextafter = op(
    np.nextafter,
    numbers=(),
    takes="f",
    dx=lambda g, x, y: zero_where(g, x == y),
    dy=lambda g: np.zeros_like(g),
    kinks="0 where x = y",
)
