"""Whole numbers: steps, which are flat, and division with a remainder."""

import numpy as np

from ..dtype import as_dtype
from ..op import op
from .elementwise import positive
from .places import apply

between_integers = lambda rng, shape: rng.integers(-3, 3, shape) + rng.uniform(0.1, 0.4, shape)


# ------------------------------------------------------------------ steps, which are flat

floor, ceil, trunc = (
    op(f, takes="iuf", also=also, dx=lambda g: np.zeros_like(g), sample=between_integers, kinks="0 at whole numbers")
    for f, also in ((np.floor, ""), (np.ceil, ""), (np.trunc, "fix"))
)


@op(
    dx=lambda g: np.zeros_like(g),
    promotes=("x",),
    takes="iuf",
    inplace=True,
    also="special.round",
    sample=between_integers,
    kinks="0 half-way between two",
)
def round(x, *, decimals=0):
    """The nearest multiple of 10 ** -decimals; half-way between two, the even one."""
    if decimals and x.dtype.kind != "f":
        raise NotImplementedError(f'"round" with decimals not implemented for {as_dtype(x.dtype)}: call .float() first')
    return np.round(x, decimals)


@op(dx=lambda g: g, promotes=("x",), takes="f", inplace=True, sample=between_integers, kinks="1 at whole numbers")
def frac(x):
    """x - trunc(x): what stands after the point."""
    return x - np.trunc(x)


# ------------------------------------------------------------------ division with a remainder


def divisible(x, y):
    """Raise torch's error where truths, or integers by zero, are divided."""
    if x.dtype == bool:
        raise NotImplementedError("the division of truths is not implemented: convert with .long() first")
    if x.dtype.kind != "f" and not y.all():
        raise RuntimeError("ZeroDivisionError: an integer divided by zero has no quotient; make one of them float")


def unknown(g):
    """The rule of a function whose slope torch refuses too: it is 0, and no one who asks for it wants that."""
    raise RuntimeError(
        "derivative for aten::floor_divide is not implemented: detach() its inputs, or call div with"
        " rounding_mode='floor', whose derivative is 0"
    )


@op(
    operator="floordiv",
    dx=lambda g: unknown(g),
    dy=lambda g: unknown(g),
    numpy=np.floor_divide,
    broadcasts=True,
    promotes=("x", "y"),
    inplace=True,
    cases=[],
)
def floor_divide(x, y):
    """⌊x / y⌋."""
    divisible(x, y)
    return np.floor_divide(x, y)


FLAT = dict(
    places="",
    torch="Div",
    broadcasts=True,
    promotes=("x", "y"),
    sample=positive,
    kinks="0 where y divides x",
)


@op(dx=lambda g: np.zeros_like(g), dy=lambda g: np.zeros_like(g), **FLAT)
def floor_quotient(x, y):
    """⌊x / y⌋, for those who do want its slope."""
    return floor_divide.op.forward(x, y)


@op(dx=lambda g: np.zeros_like(g), dy=lambda g: np.zeros_like(g), **FLAT)
def trunc_divide(x, y):
    """x / y without what stands after the point."""
    divisible(x, y)
    return np.trunc(x / y) if x.dtype.kind == "f" else (x - np.fmod(x, y)) // y


@op(
    operator="mod",
    dx=lambda g: g,
    dy=lambda g, x, y: -g * apply(floor_quotient, x, y),
    numpy=np.remainder,
    broadcasts=True,
    promotes=("x", "y"),
    inplace=True,
    sample=positive,
    kinks="where y divides x: as on the side away from 0",
)
def remainder(x, y):
    """x - y ⌊x / y⌋, which has the sign of y."""
    divisible(x, y)
    if x.dtype.kind != "f":
        return np.remainder(x, y)
    rest = np.asarray(np.fmod(x, y))  # (NumPy's remainder gives 0 the sign of y)
    return np.add(rest, y, out=rest, where=(rest != 0) & ((rest < 0) != (y < 0)))


@op(
    dx=lambda g: g,
    dy=lambda g, x, y: -g * apply(trunc_divide, x, y),
    numpy=np.fmod,
    broadcasts=True,
    promotes=("x", "y"),
    numbers=("y",),
    inplace=True,
    sample=positive,
    kinks="where y divides x: as on the side away from 0",
)
def fmod(x, y):
    """x - y trunc(x / y), which has the sign of x."""
    divisible(x, y)
    return np.fmod(x, y)
