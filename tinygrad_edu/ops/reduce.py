"""Many numbers to one: sums, means, maxima. Forward reduces, so backward copies."""

import math

import numpy as np

from ..dtype import as_dtype
from ..op import op
from ..sums import total
from .axes import axes, one_dim, restored
from .elementwise import away_from_zero, zero_where
from .piecewise import sgn
from .places import apply
from .scan import cumprod, joined, span, through_products

LONG = np.dtype(np.int64)


def copied(g, shape, dim, keepdim):
    """The adjoint of summing: every summand hears the same g."""
    return np.broadcast_to(restored(g, shape, dim, keepdim), shape)


def count(shape, dim):
    """n: how many entries are reduced to one."""
    return math.prod(shape[i] for i in axes(dim, len(shape)))


def floating(name, x, dtype=None):
    """torch's error for a mean of integers, and for one that is to be an integer."""
    if (as_dtype(dtype).dtype if dtype else x.dtype).kind != "f":
        which = "Optional" if dtype else "Input"
        raise RuntimeError(
            f"{name}(): could not infer output dtype. {which} dtype must be either a floating point or complex dtype. Got:"
            f" {as_dtype(dtype or x.dtype)}: convert with .float(), or say dtype="
        )


def some(name, x, dim):
    """torch's errors where no numbers are to be reduced to one that no number is."""
    if x.size:
        return
    if dim is None or dim == ():
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the"
            " 'dim' argument."
        )
    for i in axes(dim, x.ndim):
        if not x.shape[i]:
            raise IndexError(f"{name}(): Expected reduction dim {i} to have non-zero size.")


OVER = [([(2, 3)], {}), ([(2, 3, 2)], {"dim": 1}), ([(2, 3, 2)], {"dim": (0, -1), "keepdim": True})]


# ------------------------------------------------------------------ sums and products


def over_dims(name):
    """torch's name for a sum over some dims is another than for one over all."""
    return lambda node: f"{name}Backward{int(node.params[0] is not None)}"


@op(
    numpy=np.sum,
    dx=lambda g, shape, dim, keepdim: copied(g, shape, dim, keepdim),
    torch=over_dims("Sum"),
    cases=OVER,
)
def sum(x, dim=None, keepdim=False, *, dtype=None):
    """Σ x over `dim` (all of them by default); integers and bools are counted in int64."""
    wanted = as_dtype(dtype).dtype if dtype else None if x.dtype.kind == "f" else LONG
    if wanted is not None and x.dtype.kind != wanted.kind:
        x = x.astype(wanted)
    return total(x, axes(dim, x.ndim), wanted, keepdim)


@op(
    numpy=np.mean,
    dx=lambda g, shape, dim, keepdim: copied(g / count(shape, dim), shape, dim, keepdim),
    torch=over_dims("Mean"),
    cases=OVER,
)
def mean(x, dim=None, keepdim=False, *, dtype=None):
    """Σ x / n over `dim`."""
    if dtype or x.dtype.kind != "f":
        floating("mean", x, dtype)
    n = count(x.shape, dim)
    sums = total(x, axes(dim, x.ndim), as_dtype(dtype).dtype if dtype else None, keepdim)
    return sums / n if n else sums * np.nan


@op(dx=lambda g, x: g * (x == x), places="", cases=[([(2, 3)], {})])
def known(x):
    """x, with 0 in the place of NaN."""
    return zero_where(x, x != x)


def others(x, out, dim):
    """For every entry the product of all others: out / x, or, if some x is 0, what the last of the running products says."""
    if not (x == 0).any():
        return out / x
    if dim is None or not x.shape:
        return others(x.reshape(-1), out.reshape(-1), 0).reshape(x.shape)
    running = apply(cumprod, x, dim)
    zeros = np.zeros_like(x)
    last = joined([span(zeros, dim, 0, -1), span(zeros, dim, -1) + 1], dim)
    return through_products(last, x, running, dim)


@op(
    numpy=np.prod,
    dx=lambda g, x, out, shape, dim, keepdim: (
        restored(g, shape, dim, keepdim) * others(x, restored(out, shape, dim, keepdim), dim)
    ),
    cases=[([(2, 3)], {}), ([(2, 3, 2)], {"dim": 1}), ([(2, 3, 2)], {"dim": -1, "keepdim": True})],
    sample=away_from_zero,
)
def prod(x, dim=None, keepdim=False, *, dtype=None):
    """Π x over one dim, or over all."""
    wanted = as_dtype(dtype).dtype if dtype else x.dtype if x.dtype.kind == "f" else LONG
    over = axes(None if dim is None else one_dim(dim, x.ndim), x.ndim)
    return np.multiply.reduce(x.astype(wanted, copy=False), over, wanted, keepdims=keepdim)


# ------------------------------------------------------------------ how far numbers lie apart


def centred(x, dim):
    """x - mean, of an array or a Tensor."""
    return x - total(x, axes(dim, len(x.shape)), keepdims=True) / count(x.shape, dim)


def through_variance(g, x, shape, dim, correction, keepdim):
    """2 (x - mean) / (n - correction)."""
    return restored(g, shape, dim, keepdim) / ((count(shape, dim) - correction) / 2) * centred(x, dim)


SPREADS = [*OVER, ([(2, 3)], {"correction": 0})]


@op(
    dx=lambda g, x, shape, dim, correction, keepdim: through_variance(g, x, shape, dim, correction, keepdim),
    cases=SPREADS,
)
def var(x, dim=None, correction=1, keepdim=False):
    """Σ (x - mean)² / (n - correction) over `dim`."""
    if x.dtype.kind != "f":
        raise RuntimeError("std and var only support floating point and complex dtypes: convert with .float()")
    squares = total(np.square(centred(x, dim)), axes(dim, x.ndim), None, keepdim)
    return squares / max(0, count(x.shape, dim) - correction)


@op(
    dx=lambda g, x, out, shape, dim, correction, keepdim: through_variance(
        np.where(out == 0, 0, g / (2 * out)), x, shape, dim, correction, keepdim
    ),
    cases=SPREADS,
    kinks="0 where it is 0",
)
def std(x, dim=None, correction=1, keepdim=False):
    """√var, with slope 0 where it is 0."""
    return np.sqrt(var.op.forward(x, dim, correction, keepdim))


# ------------------------------------------------------------------ extrema


def same(x, out):
    """Which entries of x are the number `out`, or NaN as it is."""
    return x == out if out == out else x != x


def shared_by(found, g):
    """g, in equal parts, to what was found. Where nothing was it is not 0 but NaN: 0 would be an answer."""
    n = total(found, tuple(range(len(found.shape))), g.dtype)
    return np.where(found, g / n, 0 / n)


@op(
    dx=lambda g, x, out: shared_by(same(x, out), g),
    places="",
    cases=[([(2, 3)], {"find": np.max})],
    kinks="shared by equal entries",
)
def entry(x, find):
    """find(x), which is one of x's entries; all that are equal to it share its gradient."""
    return find(x)


def shared(g, x, out, shape, dim, keepdim):
    """To where the extremum is: g, in equal parts where several are."""
    found = x == restored(out, shape, dim, keepdim)
    return restored(g, shape, dim, keepdim) / total(found, axes(dim, len(shape)), g.dtype, keepdims=True) * found


def extremum(ufunc, name):
    """The forward of amax and amin."""

    def forward(x, dim=(), keepdim=False):
        some(name, x, dim)
        return ufunc.reduce(x, axes(dim, x.ndim), keepdims=keepdim)

    forward.__doc__ = (
        f"The {'largest' if name == 'amax' else 'smallest'} entry of x over `dim` (all of them by default)."
    )
    return forward


amax, amin = (
    op(
        extremum(ufunc, name),
        name=name,
        dx=lambda g, x, out, shape, dim, keepdim: shared(g, x, out, shape, dim, keepdim),
        sample=away_from_zero,
        cases=OVER,
        kinks="shared by equal extrema",
    )
    for name, ufunc in (("amax", np.maximum), ("amin", np.minimum))
)


# ------------------------------------------------------------------ norms


def slopes(x, out, ord, dim):
    """∂‖x‖/∂x = sign(x) (|x| / ‖x‖)^(ord - 1), 0 where x or ‖x‖ is; for ord 1 sign(x), for ±∞ shared by the extrema."""
    if ord == 0:
        return np.zeros_like(x)
    if ord == 1:
        return sgn(x)
    if ord == 2:
        return np.where(out == 0, 0, x / out)
    if abs(ord) == math.inf:
        found = (np.abs(x) == out) | (x != x)
        return sgn(x) * found / total(found, axes(dim, len(x.shape)), x.dtype, keepdims=True)
    ratio = np.abs(x) / np.where(out == 0, 1, out)
    return np.where((x == 0) | (out == 0), 0, sgn(x) * ratio ** (ord - 1))


def normed(x, over, ord, keepdims):
    """(Σ |x|^ord)^(1 / ord); for ord 0 the number of nonzeros, for ±∞ an extremum."""
    if ord == 0:
        return total(x != 0, over, x.dtype, keepdims)
    if ord == 2:
        return np.sqrt(total(x * x, over, None, keepdims))
    size = np.abs(x)
    if ord == 1:
        return total(size, over, None, keepdims)
    if abs(ord) == math.inf:
        return (np.maximum if ord > 0 else np.minimum).reduce(size, over, keepdims=keepdims)
    return total(size**ord, over, None, keepdims) ** (1 / ord)


@op(
    dx=lambda g, x, out, shape, ord, dim, keepdim: (
        restored(g, shape, dim, keepdim) * slopes(x, restored(out, shape, dim, keepdim), ord, dim)
    ),
    places="linalg",
    torch="LinalgVectorNorm",
    cases=[*OVER, *(([(2, 3)], {"ord": p, "dim": 1}) for p in (0, 0.5, 1, 2.5, 3, math.inf, -math.inf, -1))],
    sample=away_from_zero,
    kinks="0 at 0; for ord ±∞ shared by equal extrema",
)
def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    """(Σ |x|^ord)^(1 / ord) over `dim`, all of them by default; for ord 0 the number of nonzeros, for ±∞ an extremum."""
    if x.dtype.kind != "f":
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {as_dtype(x.dtype)}:"
            " convert with .float()"
        )
    if dtype and not as_dtype(dtype).is_floating_point:
        raise RuntimeError(f"linalg.vector_norm: dtype should be floating point or complex. Got {as_dtype(dtype)}")
    if dtype and as_dtype(dtype).itemsize < x.itemsize:
        raise RuntimeError(
            f"linalg.vector_norm: the dtype of the input ({as_dtype(x.dtype)}) should be convertible without narrowing to"
            f" the specified dtype ({as_dtype(dtype)})"
        )
    over = axes(dim, x.ndim)
    if (ord < 0 or ord == math.inf) and not count(x.shape, dim):
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {ord} norm on an empty tensor because the operation does not have an"
            f" identity: the input has shape {list(x.shape)}"
        )
    return normed(x.astype(as_dtype(dtype).dtype, copy=False) if dtype else x, over, ord, keepdim)
