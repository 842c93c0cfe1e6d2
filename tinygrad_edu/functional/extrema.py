"""Extrema with their places: max, min, argmax, argmin."""

from collections import namedtuple

import numpy as np

from ..compose import composed
from ..ops.axes import one_dim
from ..ops.index import getitem
from ..ops.piecewise import maximum, minimum
from ..ops.reduce import amax, amin
from ..tensor import Tensor, made


class Extremum(namedtuple("Extremum", "values indices")):
    """The extrema along a dim, and where they are."""

    def __repr__(self):
        return f"torch.return_types.{self.name}(\nvalues={self.values},\nindices={self.indices})"


class Maxima(Extremum):
    name = "max"


class Minima(Extremum):
    name = "min"


def place(find, x, dim, keepdim):
    """Where along `dim` the extremum is first found; NaN counts as one."""
    if dim is None:
        return made(np.asarray(find(x.array)).reshape((1,) * (keepdim * x.array.ndim)), None)
    at = np.asarray(find(x.array, one_dim(dim, x.array.ndim))) if x.array.ndim else np.zeros((), np.int64)
    return made(np.expand_dims(at, dim) if keepdim and x.array.ndim else at, None)


@composed
def argmax(input, dim=None, keepdim=False):
    """The index of the largest number: of the flattened tensor, or along `dim`."""
    return place(np.argmax, input, dim, keepdim)


@composed
def argmin(input, dim=None, keepdim=False):
    """The index of the smallest number: of the flattened tensor, or along `dim`."""
    return place(np.argmin, input, dim, keepdim)


def along(x, indices, dim):
    """x at the place that `indices` names along `dim`, for every place along the other dims."""
    if not x.array.ndim:
        return x.clone()
    grid = list(np.ogrid[tuple(slice(n) for n in indices.shape)])
    grid[dim] = indices
    return getitem(x, tuple(grid))


def extremum(kind, find, whole, pairwise, input, dim, other, keepdim):
    if isinstance(dim, Tensor) or other is not None:
        return pairwise(input, dim if other is None else other)
    if dim is None:
        out = whole(input)
        if not np.isnan(out.array):
            return out
        return getitem(input.reshape(-1), (int(find(input.array)),))  # the NaN hears of g, and nothing else
    dim = one_dim(dim, input.array.ndim)
    at = place(find, input, dim, True).array
    values = along(input, at, dim)
    if not keepdim and input.array.ndim:
        values, at = values.squeeze(dim), at.squeeze(dim)
    return kind(values, made(at, None))


@composed
def max(input, dim=None, keepdim=False, *, other=None):
    """The largest number; along `dim`, with where it is; or, given two tensors, the larger of each pair."""
    return extremum(Maxima, np.argmax, amax, maximum, input, dim, other, keepdim)


@composed
def min(input, dim=None, keepdim=False, *, other=None):
    """The smallest number; along `dim`, with where it is; or, given two tensors, the smaller of each pair."""
    return extremum(Minima, np.argmin, amin, minimum, input, dim, other, keepdim)
