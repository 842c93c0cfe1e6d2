"""Statistics: how far numbers spread, medians and quantiles, sums that pass over NaN, covariances."""

import numpy as np

from .. import return_types
from ..compose import composed
from ..ops import reduce
from ..ops.axes import axes, one_dim
from ..ops.elementwise import sqrt
from ..ops.piecewise import clamp, where
from ..ops.places import diagonal
from ..ops.reduce import count, entry, floating, known, mean, some, sum
from ..ops.shape import permute, reshape
from ..tensor import Tensor, made
from ..users import warn
from .extrema import along, selected
from .order import kth, ordered

# ------------------------------------------------------------------ spread


def spread(of, input, dim, unbiased, keepdim, correction):
    """var and std, which take their correction in two ways: unbiased, for 1 or 0, or as a number."""
    name = of.__name__
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise TypeError(
            f"{name}() received an invalid combination of arguments: unbiased is correction 1 or 0, say one"
        )
    correction = 1 if unbiased is None and correction is None else unbiased if correction is None else correction
    if count(input.array.shape, dim) <= correction:
        warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor (input"
            " numel divided by output numel)."
        )
    return of(input, dim, correction + 0, keepdim)


@composed
def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Σ (input - mean)² / (n - correction) over `dim`; the correction is 1 unless given."""
    return spread(reduce.var, input, dim, unbiased, keepdim, correction)


@composed
def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """√var, with slope 0 where it is 0."""
    return spread(reduce.std, input, dim, unbiased, keepdim, correction)


def mean_beside(input, dim, keepdim):
    return mean(input, None if isinstance(dim, bool) else dim, keepdim)


@composed(places="torch")
def var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """The pair of var and mean."""
    return spread(reduce.var, input, dim, unbiased, keepdim, correction), mean_beside(input, dim, keepdim)


@composed(places="torch")
def std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """The pair of std and mean."""
    return spread(reduce.std, input, dim, unbiased, keepdim, correction), mean_beside(input, dim, keepdim)


# ------------------------------------------------------------------ without NaN


@composed
def nansum(input, dim=None, keepdim=False, *, dtype=None):
    """Σ over `dim` of what is not NaN."""
    return sum(known(input) if input.is_floating_point() else input, dim, keepdim, dtype=dtype)


@composed
def nanmean(input, dim=None, keepdim=False, *, dtype=None):
    """The mean over `dim` of what is not NaN."""
    floating("nanmean", input.array)
    n = np.count_nonzero(input.array == input.array, axes(dim, input.array.ndim), keepdims=keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / made(np.asarray(n), None)


# ------------------------------------------------------------------ the middle


def middle(x):
    """The lower median of an array's numbers: NaN if one is."""
    if not x.size:
        return np.asarray(np.nan).astype(x.dtype)
    return x.dtype.type(np.nan) if (x != x).any() else np.partition(x, (x.size - 1) // 2, None)[(x.size - 1) // 2]


def nanmiddle(x):
    """The lower median of those of an array's numbers that are not NaN."""
    return middle(x[x == x])


def middles(x, dim):
    """Where along `dim` the lower median is, or the first NaN."""
    nan = x != x
    return np.where(nan.any(dim, keepdims=True), nan.argmax(dim, keepdims=True), kth(x, (x.shape[dim] - 1) // 2, dim))


def nanmiddles(x, dim):
    """Where along `dim` the lower median is of what is not NaN."""
    n = np.count_nonzero(x == x, dim, keepdims=True)
    return np.take_along_axis(ordered(x, dim), np.maximum(n - 1, 0) // 2, dim)


def median_of(kind, whole, places, input, dim, keepdim):
    """median and nanmedian."""
    x, name = input.array, kind.__name__
    if x.dtype.kind == "b":
        raise NotImplementedError(f'"{name}_cpu" not implemented for {input.dtype}: convert with .to(torch.uint8)')
    if dim is None:
        return entry(input, whole)
    dim = one_dim(dim, x.ndim)
    some(name, x, dim)
    return selected(kind, input, places(x, dim) if x.ndim else np.zeros((), np.int64), dim, keepdim)


@composed
def median(input, dim=None, keepdim=False):
    """The middle number, the lower of two, and NaN if there is one; along `dim`, with where it is."""
    return median_of(return_types.median, middle, middles, input, dim, keepdim)


@composed
def nanmedian(input, dim=None, keepdim=False):
    """The median of what is not NaN; along `dim`, with where it is."""
    return median_of(return_types.nanmedian, nanmiddle, nanmiddles, input, dim, keepdim)


# ------------------------------------------------------------------ quantiles


def between(below, above, weight):
    """below + weight · (above - below), reckoned from the nearer end, so that each end is met exactly."""
    step = above - below
    return where(weight < 0.5, below + weight * step, above - (1 - weight) * step)


def shares(name, input, q):
    """q as a Tensor of input's dtype, after torch's checks."""
    if input.dtype.itemsize < 4 or not input.is_floating_point():
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype, not {input.dtype}")
    if not input.array.size:
        raise RuntimeError(f"{name}() input tensor must be non-empty, and its shape is {list(input.shape)}")
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q}")
        return made(np.asarray(q, input.array.dtype), None)
    if q.array.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor, and its shape is {list(q.shape)}")
    if q.dtype is not input.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor: {q.dtype} and {input.dtype}")
    if not ((q.array >= 0) & (q.array <= 1)).all():
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    return q


def quantiles(name, input, q, dim, keepdim, interpolation, passing):
    """quantile, and (`passing` over NaN) nanquantile."""
    q = shares(name, input, q)
    if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    over = axes(None if dim is None else one_dim(dim, input.array.ndim), input.array.ndim)
    kept = [1 if i in over else n for i, n in enumerate(input.shape)]
    rest = [i for i in range(input.array.ndim) if i not in over]
    x = reshape(permute(input, (*rest, *over)), (*kept, -1)) if input.array.ndim else reshape(input, (1,))
    n, numbers = x.array.shape[-1], np.count_nonzero(x.array == x.array, -1, keepdims=True)
    top = np.maximum(numbers - 1, 0) if passing else np.asarray(n - 1)
    rank = q.reshape(-1) * made(top.astype(x.array.dtype), None)
    if not passing:
        rank = where(made(numbers < n, None), n - 1, rank)  # NaN comes last
    whole = {"lower": np.floor, "higher": np.ceil, "nearest": np.round}.get(interpolation, np.floor)(rank.array)
    below, above = whole.astype(np.int64), np.ceil(rank.array).astype(np.int64)
    # (Of equal numbers torch takes the first only where there are few; of many it is enough to put right these ranks.)
    order = ordered(x.array, -1) if n <= 16 else np.argpartition(x.array, np.unique((below, above)), -1)
    out = along(x, np.take_along_axis(order, below, -1), x.array.ndim - 1)
    if interpolation in ("linear", "midpoint"):
        weight = rank - made(whole, None) if interpolation == "linear" else made(np.full_like(whole, 0.5), None)
        out = between(out, along(x, np.take_along_axis(order, above, -1), x.array.ndim - 1), weight)
    out = permute(out, (-1, *range(out.array.ndim - 1)))
    return reshape(out, (*q.shape, *(kept if keepdim else [input.shape[i] for i in rest])))


@composed
def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """The number that a share q of the numbers (along `dim`) lie below, between its neighbours; NaN if one is."""
    return quantiles("quantile", input, q, dim, keepdim, interpolation, False)


@composed
def nanquantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """The quantile of what is not NaN."""
    return quantiles("nanquantile", input, q, dim, keepdim, interpolation, True)


# ------------------------------------------------------------------ covariance


def weights(name, given, n, floats):
    """Weights of the observations, after torch's checks."""
    if given is None:
        return
    if given.array.ndim > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with {given.array.ndim} dimensions"
        )
    if given.is_floating_point() != floats or given.array.dtype.kind == "b":
        raise RuntimeError(
            f"cov(): expected {name} to have {'floating point' if floats else 'integral'} dtype but got {name} with {given.dtype}"
        )
    if given.array.size != n:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got {given.array.size} != {n}"
        )
    if n and (given.array < 0).any():
        raise RuntimeError(f"cov(): {name} cannot be negative")


@composed
def cov(input, *, correction=1, fweights=None, aweights=None):
    """Σ w (x - x̄)(x - x̄)ᵀ / (Σ w - correction), for a row of observations per variable; w counts, or weighs, them."""
    if input.array.ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {input.array.ndim} dimensions"
        )
    if input.array.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = input.reshape(1, -1) if input.array.ndim < 2 else input
    n = x.array.shape[1]
    weights("fweights", fweights, n, False)
    weights("aweights", aweights, n, True)
    w = fweights if aweights is None else aweights if fweights is None else fweights * aweights
    if w is None:
        free, x = n - correction, x - sum(x, 1, True) / n
    else:
        total = sum(w)
        free = total - correction * (sum(w * aweights) / total if aweights is not None and correction else 1)
        x = x - sum(x * w, 1, True) / total
    if free <= 0:
        warn("cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.")
        free = free * 0
    return (x @ (x if w is None else x * w).mT / free).squeeze()


@composed
def corrcoef(input):
    """cov scaled to variances of 1: Pearson's r of each pair of rows."""
    c = cov(input)
    if not c.array.ndim:
        return c / c
    s = sqrt(diagonal(c))
    return clamp(c / s.unsqueeze(1) / s, -1, 1)
