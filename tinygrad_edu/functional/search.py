"""Which numbers there are, how often each occurs, and where a number belongs among sorted ones."""

import numpy as np

from ..compose import composed
from ..ops.axes import one_dim
from ..tensor import Tensor, made
from ..thread import thread

# ------------------------------------------------------------------ which numbers there are


def underived(name, x):
    """Raise torch's error where a gradient would be wanted."""
    if thread.grad and x.node is not None:
        raise NotImplementedError(f"the derivative for '{name}' is not implemented: detach() what it is given")


def parts(values, inverse, counts):
    """The numbers alone, or a tuple of them and of what else was asked for."""
    found = [made(np.asarray(part), None) for part in (values, inverse, counts) if part is not None]
    return found[0] if len(found) == 1 else tuple(found)


def sliceable(name, x, dim):
    """torch's errors for slices that `unique` cannot compare; the dim counted from the front."""
    if not x.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    dim = one_dim(dim, x.ndim)
    if not all(n for i, n in enumerate(x.shape) if i != dim):
        raise RuntimeError(f"There are 0 sized dimensions, and they aren't selected, so {name} cannot be applied")
    return dim


@composed
def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The different numbers (or slices along `dim`), sorted; where each entry is among them; how often each occurs."""
    x = input.array
    underived("unique", input)
    if dim is not None:
        dim = sliceable("unique", x, dim)
    found = np.unique(x, False, return_inverse, return_counts, dim, equal_nan=False)
    values, *rest = found if isinstance(found, tuple) else (found,)
    inverse = rest[0].reshape(x.shape if dim is None else -1) if return_inverse else None
    return parts(values, inverse, rest[-1] if return_counts else None)


@composed
def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """The numbers (or slices along `dim`) without those that equal the one before; where each entry went; how many did."""
    x = input.array
    underived("unique_consecutive", input)
    rows = x.reshape(-1) if dim is None else np.moveaxis(x, sliceable("unique_consecutive", x, dim), 0)
    new = np.ones(len(rows), bool)
    new[1:] = (rows[1:] != rows[:-1]).any(tuple(range(1, rows.ndim)))
    values = rows[new] if dim is None else np.moveaxis(rows[new], 0, dim)
    inverse = (np.cumsum(new) - 1).reshape(x.shape if dim is None else -1) if return_inverse else None
    return parts(values, inverse, np.diff(np.append(np.flatnonzero(new), len(rows))) if return_counts else None)


# ------------------------------------------------------------------ where a number belongs


def sided(name, right, side):
    """'left' or 'right', which may be said in two ways."""
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.{name}(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            f"torch.{name}(): side and right can't be set to opposites, got side of left while right was True"
        )
    return "right" if right else side or "left"


@composed(places="torch")
def searchsorted(sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None):
    """Before which of the sorted numbers each number goes: the first not smaller, or ('right') the first larger one.

    Of a sequence of several rows, each is for the row of input of the same leading indices."""
    rows, side = sorted_sequence.array, sided("searchsorted", right, side)
    values = input.array if isinstance(input, Tensor) else np.asarray(input)
    if sorter is not None:
        if sorter.shape != sorted_sequence.shape:
            raise RuntimeError(
                f"torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor"
                f" {list(rows.shape)} and got sorter tensor {list(sorter.shape)}"
            )
        rows = np.take_along_axis(rows, sorter.array, -1)
    if rows.ndim != 1 and (values.ndim != rows.ndim or values.shape[:-1] != rows.shape[:-1]):
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor"
            f" and input value tensor must match, but we got boundaries tensor {list(rows.shape)} and input value tensor"
            f" {list(values.shape)}"
        )
    out = np.empty(values.shape, np.int32 if out_int32 else np.int64)
    if rows.ndim == 1:
        out[...] = np.searchsorted(rows, values, side)
    else:
        for i in np.ndindex(rows.shape[:-1]):
            out[i] = np.searchsorted(rows[i], values[i], side)
    return made(out, None)


@composed(places="torch")
def bucketize(input, boundaries, *, out_int32=False, right=False):
    """Between which of the sorted boundaries each number lies: boundaries[i-1] < input <= boundaries[i]."""
    if boundaries.array.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.array.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


# ------------------------------------------------------------------ how many fall where


@composed
def bincount(input, weights=None, minlength=0):
    """How often each of 0, 1, 2, ... occurs; or the sum of its weights."""
    x = input.array
    if x.dtype.kind not in "iu":
        raise NotImplementedError(f'"bincount_cpu" not implemented for {input.dtype}: it counts integers')
    if minlength < 0:
        raise RuntimeError(f"minlength should be >= 0, and it is {minlength}")
    if x.ndim != 1 or (x < 0).any():
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None or not x.size:
        return made(np.bincount(x, minlength=minlength), None)
    if weights.shape != input.shape:
        raise RuntimeError(
            f"weights should be 1-d and have the same length as input: they have {list(weights.shape)}, {list(input.shape)}"
        )
    underived("bincount", weights)
    sums = np.bincount(x, weights.array, minlength)
    return made(sums.astype(np.float32) if weights.array.dtype == np.float32 else sums, None)


@composed
def histc(input, bins=100, min=0, max=0):
    """How many numbers lie in each of `bins` equal steps from min to max (of the numbers, if both are equal)."""
    x = input.array.reshape(-1)
    if x.dtype.kind != "f":
        raise NotImplementedError(f'"histogram_cpu" not implemented for {input.dtype}: convert with .float()')
    if bins <= 0:
        raise RuntimeError(f"torch.histc(): bins must be > 0, but got {bins}")
    low, high = x.dtype.type(min), x.dtype.type(max)
    if low == high and x.size:
        low, high = x.min(), x.max()
    if not np.isfinite([low, high]).all():
        raise RuntimeError(f"torch.histc: range of [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError("torch.histc: max must be larger than min")
    if low == high:
        low, high = low - 1, high + 1
    x = x[(x >= low) & (x <= high)]
    steps = ((x - low) * (bins / (high - low))).astype(np.int64)
    return made(np.bincount(np.minimum(steps, bins - 1), minlength=bins).astype(x.dtype), None)
