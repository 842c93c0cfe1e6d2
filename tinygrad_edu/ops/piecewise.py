"""Functions in pieces: the larger, the nearer, the chosen one; and torch's choice of a slope where the pieces meet."""

import numpy as np

from ..dtype import as_dtype
from ..op import op
from .elementwise import away_from_zero, zero_where

maximum = op(
    np.maximum,
    dx=lambda g, x, y: np.where(x == y, g / 2, zero_where(g, x < y)),
    dy=lambda g, x, y: np.where(x == y, g / 2, zero_where(g, y < x)),
    inplace=False,
    sample=away_from_zero,
)
minimum = op(
    np.minimum,
    dx=lambda g, x, y: np.where(x == y, g / 2, zero_where(g, x > y)),
    dy=lambda g, x, y: np.where(x == y, g / 2, zero_where(g, y > x)),
    inplace=False,
    sample=away_from_zero,
)


def inside(x, min, max):
    """Where clamp leaves x as it is."""
    return (x >= min) & (x <= max) if min is not None and max is not None else x >= min if max is None else x <= max


@op(
    dx=lambda g, x, min, max: np.where(inside(x, min, max), g, 0),
    dmin=lambda g, x, min, max: np.where(x < min if max is None else (x < min) & (min < max), g, 0),
    dmax=lambda g, x, min, max: np.where(x > max if min is None else (x > max) | (max < min), g, 0),
    broadcasts=True,
    promotes=("x", "min", "max"),
    inplace=True,
    sample={
        "x": away_from_zero,
        "min": lambda rng, shape: np.full(shape, -0.2),
        "max": lambda rng, shape: np.full(shape, 0.9),
    },
    cases=[([(2, 6), (), ()], {}), ([(2, 6), (6,), None], {}), ([(2, 6), None, (2, 1)], {})],
)
def clamp(x, min=None, max=None):
    """min(max(x, lower), upper): slope 1 between the bounds and on them, 0 outside; either bound may be missing."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    x = x if min is None else np.maximum(x, min)
    return x if max is None else np.minimum(x, max)


@op(
    dcondition=None,
    dx=lambda g, condition: np.where(condition, g, 0),
    dy=lambda g, condition: np.where(condition, 0, g),
    numpy=np.where,
    places="torch",
    broadcasts=True,
    promotes=("x", "y"),
    sample={"condition": lambda rng, shape: rng.random(shape) < 0.5},
    cases=[([(2, 3), (2, 3), (2, 3)], {}), ([(3,), (2, 1), ()], {})],
)
def where(condition, x, y):
    """input where the condition holds, else other; each receives g only where it was chosen."""
    if condition.dtype != bool:
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {as_dtype(condition.dtype)}"
        )
    return np.where(condition, x, y)
