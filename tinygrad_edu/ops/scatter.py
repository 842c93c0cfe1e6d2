"""Reading and writing along one dim, at the places that a tensor of indices names: gather, and its adjoint scatter_add."""

import math

import numpy as np

from ..dtype import as_dtype
from ..op import op
from ..tensor import Tensor, made
from .elementwise import away_from_zero
from .index import outside, unreplaced
from .places import apply


def places(shape, index, dim):
    """The place, in a row of all numbers of an x of this shape, of x[i, index[i, j]] (for dim 1 of 2)."""
    at = index.astype(np.int64, copy=False) * math.prod(shape[dim + 1 :])
    for d, n in enumerate(index.shape):
        if d != dim:
            at = at + (np.arange(n) * math.prod(shape[d + 1 :])).reshape(-1, *[1] * (index.ndim - 1 - d))
    return at


def check(x, index, dim, name, src=None):
    """torch's errors for an index that does not fit x, and what is written there, if anything."""
    if src is not None and src.dtype != x.dtype:
        raise RuntimeError(
            f"{name}(): Expected self.dtype to be equal to src.dtype, but they are {as_dtype(x.dtype)} and"
            f" {as_dtype(src.dtype)}"
        )
    if not index.size:
        return
    if index.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index, but got {as_dtype(index.dtype)}")
    for role, y in ("self", x), ("src", src):
        if y is not None and max(y.ndim, 1) != max(index.ndim, 1):
            raise RuntimeError(
                f"Index tensor must have the same number of dimensions as {role} tensor, but {name}() got an index of"
                f" shape {list(index.shape)} and {role} of {list(y.shape)}"
            )
        if y is not None and any(n > m for d, (n, m) in enumerate(zip(index.shape, y.shape)) if d != dim or y is src):
            raise RuntimeError(
                f"Size does not match: {name}() expected index {list(index.shape)} to be no larger than {role}"
                f" {list(y.shape)}" + f" apart from dimension {dim}" * (y is x)
            )
    n = x.shape[dim] if x.ndim else 1
    if (stray := outside(index, 0, n)) is not None:
        raise RuntimeError(f"index {stray} is out of bounds for dimension {dim} with size {n}")


def gathered(g, index, dim):
    """g[i, index[i, j]] (for dim 1 of 2)."""
    return apply(gather, g, index, dim)


def totals(g, index, shape, dim):
    """The adjoint of gathering: for each place, Σ of the g of all that was read from it."""
    if isinstance(g, Tensor):
        return scatter_add(made(np.zeros(shape, g.array.dtype), None), index, g, dim)
    return combined(np.add, np.zeros(shape, g.dtype), index, g, dim)


def combined(ufunc, out, index, src, dim):
    """out, each of its numbers combined with those of src that belong to its place, one after the other."""
    ufunc.at(out.reshape(-1), places(out.shape, index, dim).reshape(-1), src.reshape(-1))
    return out


TWO = {"index": lambda rng, shape: rng.integers(0, 2, shape)}
WRITES = [([(2, 4), (2, 3), (2, 3)], {"dim": 1}), ([(3, 4), (5, 2), (5, 2)], {"dim": 0})]


@op(
    dx=lambda g, x, index, dim: totals(
        g, index, x.shape, dim
    ),  # (of x itself, as torch has it: to write to it is an error)
    dindex=None,
    places="",
    sample=TWO,
    cases=[(shapes[:2], params) for shapes, params in WRITES],
)
def gather(x, index, dim):
    """out[i, j] = x[i, index[i, j]] (for dim 1 of 2)."""
    check(x, index, dim, "gather")
    return x.take(places(x.shape, index, dim))


@op(
    dx=lambda g, index, shape, dim: totals(g.reshape(index.shape), index, shape, dim),
    dindex=None,
    places="",
    sample={"index": lambda rng, shape: rng.integers(0, 2, shape)},
    cases=[([(2, 4), (2, 3)], {"dim": 1}), ([(2, 4), (2, 1)], {"dim": 1, "keepdim": False})],
)
def picked(x, index, dim, keepdim=True):
    """x at the places that were found along dim: gather, for those that found them in x itself."""
    out = x.take(places(x.shape, index, dim))
    return out if keepdim or not x.ndim else out.squeeze(dim)


@op(
    dx=lambda g: g,
    dindex=None,
    dsrc=lambda g, index, dim: gathered(g, index, dim),
    places="",
    sample=TWO,
    cases=WRITES,
)
def scatter_add(x, index, src, dim):
    """x, with src[i, j] added to x[i, index[i, j]] (for dim 1 of 2)."""
    check(x, index, dim, "scatter_add", src)
    return combined(np.add, x.copy(), index, src, dim)


@op(
    dx=lambda g, index, dim: vacated(g, index, dim),
    dindex=None,
    dsrc=lambda g, index, dim: surviving(g, index, dim),
    places="",
    sample=TWO,
    cases=WRITES,
)
def scatter(x, index, src, dim):
    """x, with src[i, j] written to x[i, index[i, j]] (for dim 1 of 2); the last to be written to a place stays."""
    check(x, index, dim, "scatter", src)
    out = x.copy()
    out.reshape(-1)[places(x.shape, index, dim).reshape(-1)] = src.reshape(-1)
    return out


@op(
    dx=lambda g, index: gathered(g, index, 1),
    dindex=None,
    places="",
    sample={"index": lambda rng, shape: np.stack([rng.permutation(6)[: shape[1]] for _ in range(shape[0])])},
    cases=[([(2, 4), (2, 4)], {"n": 6})],
)
def put_back(x, index, n):
    """out[i, index[i, j]] = x[i, j] in rows of n numbers, the others 0: unpooling. As in torch, each of several that were put
    to one place hears its gradient, though but the last stayed there."""
    out = np.zeros((len(x), n), x.dtype)
    np.put_along_axis(out, index, x, 1)
    return out


def vacated(g, index, dim):
    """The adjoint of being written over: g, but 0 wherever something was written."""
    nothing = np.zeros(index.shape, getattr(g, "array", g).dtype)
    return apply(scatter, g, index, nothing, dim)


def surviving(g, index, dim):
    """The adjoint of writing: each hears the g of its place, if it stayed there. (torch lets the replaced hear it too.)"""
    at = places(g.shape, getattr(index, "array", index), dim)
    return unreplaced(gathered(g, index, dim), at, math.prod(g.shape))


# ------------------------------------------------------------------ where many meet in one place


def shares(g, x, index, src, out, dim):
    """The g of each place, divided among all the numbers there that are the extremum."""
    return g / (1 * (x == out) + totals(1 * (src == gathered(out, index, dim)), index, x.shape, dim))


def extremum(ufunc):
    """The forward of scatter_amax and scatter_amin."""

    def forward(x, index, src, dim):
        """The extremum of x[i, index[i, j]] and src[i, j] (for dim 1 of 2)."""
        check(x, index, dim, "scatter_reduce", src)
        return combined(ufunc, x.copy(), index, src, dim)

    return forward


scatter_amax, scatter_amin = (
    op(
        extremum(ufunc),
        name=name,
        dx=lambda g, x, index, src, out, dim: shares(g, x, index, src, out, dim) * (x == out),
        dindex=None,
        dsrc=lambda g, x, index, src, out, dim: (
            gathered(shares(g, x, index, src, out, dim), index, dim) * (src == gathered(out, index, dim))
        ),
        places="",
        torch="ScatterReduce",
        sample=TWO,
        cases=WRITES,
    )
    for name, ufunc in (("scatter_amax", np.maximum), ("scatter_amin", np.minimum))
)


def others(y, zeros, nonzero, out):
    """For each y the product of all others of its place: out / y; or if y alone is 0 there, that of the nonzero ones."""
    return np.where(y == 0, np.where(zeros == 1, nonzero, 0), out / np.where(y == 0, 1, y))


def without_zeros(x, index, src, dim):
    """For each place, how many of its numbers are 0, and the product of those that are not."""
    zeros = 1 * (x == 0) + totals(1 * (src == 0), index, x.shape, dim)
    if isinstance(x, Tensor) and bool((zeros > 1).any()):
        raise RuntimeError("a product that is 0 twice over, scattered, can be differentiated once only")
    return zeros, apply(scatter_prod, np.where(x == 0, 1, x), index, np.where(src == 0, 1, src), dim)


def through_product(g, x, index, src, out, dim):
    """dx = g · out / x, the product of the other factors."""
    return g * others(x, *without_zeros(x, index, src, dim), out)


def through_factors(g, x, index, src, out, dim):
    """dsrc = g · out / src at the place where src went, again the product of the other factors."""
    per_place = (*without_zeros(x, index, src, dim), out)
    return gathered(g, index, dim) * others(src, *(gathered(p, index, dim) for p in per_place))


@op(
    dx=lambda g, x, index, src, out, dim: through_product(g, x, index, src, out, dim),
    dindex=None,
    dsrc=lambda g, x, index, src, out, dim: through_factors(g, x, index, src, out, dim),
    places="",
    torch="ScatterReduce",
    sample=TWO | {"x": away_from_zero, "src": away_from_zero},
    cases=WRITES,
)
def scatter_prod(x, index, src, dim):
    """x, with x[i, index[i, j]] multiplied by src[i, j] (for dim 1 of 2)."""
    check(x, index, dim, "scatter_reduce", src)
    return combined(np.multiply, x.copy(), index, src, dim)
