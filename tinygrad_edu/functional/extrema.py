"""Extrema with their places: max, min, argmax, argmin, aminmax, and the running cummax and cummin."""

import numpy as np

from .. import return_types
from ..compose import composed
from ..ops.axes import one_dim
from ..ops.piecewise import maximum, minimum
from ..ops.reduce import amax, amin, entry, some
from ..ops.scatter import picked
from ..tensor import Tensor, made


def along(x, indices, dim):
    """x at the places that `indices` names along `dim`, for every place along the other dims."""
    return picked(x, made(indices, None), dim)


def selected(kind, x, at, dim, keepdim):
    """The named tuple of x at the places `at`, of which there is one along `dim`, and of these places."""
    values = picked(x, made(at, None), dim, keepdim)
    return kind(values, made(at if keepdim or not x.array.ndim else at.squeeze(dim), None))


def place(find, x, dim):
    """Where along `dim` the extremum is first found, an axis of length 1; NaN counts as one."""
    some(find.__name__.removeprefix("arg"), x, dim)
    return np.asarray(find(x, dim, keepdims=True)) if x.ndim else np.zeros((), np.int64)


def first(find, input, dim, keepdim):
    """argmax and argmin."""
    if input.array.dtype.kind == "b":
        raise RuntimeError(f"{find.__name__}(): does not support bool input: convert with .to(torch.uint8)")
    if dim is None:
        if not input.array.size:
            raise IndexError(f"{find.__name__}(): Expected reduction dim to be specified for input.numel() == 0.")
        return made(np.asarray(find(input.array, keepdims=keepdim)), None)
    dim = one_dim(dim, input.array.ndim)
    at = place(find, input.array, dim)
    return made(at if keepdim or not at.ndim else at.squeeze(dim), None)


@composed(out="exact")
def argmax(input, dim=None, keepdim=False):
    """The index of the largest number: of the flattened tensor, or along `dim`."""
    return first(np.argmax, input, dim, keepdim)


@composed(out="exact")
def argmin(input, dim=None, keepdim=False):
    """The index of the smallest number: of the flattened tensor, or along `dim`."""
    return first(np.argmin, input, dim, keepdim)


def extremum(kind, find, argfind, pairwise, input, dim, other, keepdim):
    """max and min, which are three functions each."""
    if isinstance(dim, Tensor) or other is not None:
        return pairwise(input, dim if other is None else other)
    if dim is None:
        if keepdim:
            raise TypeError(f"{find.__name__}(): keepdim=True needs a dim: a{find.__name__}() takes it without")
        some(find.__name__, input.array, None)
        return entry(input, find)
    dim = one_dim(dim, input.array.ndim)
    return selected(kind, input, place(argfind, input.array, dim), dim, keepdim)


@composed
def max(input, dim=None, keepdim=False, *, other=None):
    """The largest number; along `dim`, with where it is; or, given two tensors, the larger of each pair."""
    return extremum(return_types.max, np.max, np.argmax, maximum, input, dim, other, keepdim)


@composed
def min(input, dim=None, keepdim=False, *, other=None):
    """The smallest number; along `dim`, with where it is; or, given two tensors, the smaller of each pair."""
    return extremum(return_types.min, np.min, np.argmin, minimum, input, dim, other, keepdim)


@composed(out="exact apart")
def aminmax(input, *, dim=None, keepdim=False):
    """amin and amax, of all numbers or along one `dim`."""
    if dim is not None:
        dim = one_dim(dim, input.array.ndim)
    return return_types.aminmax(amin(input, dim, keepdim), amax(input, dim, keepdim))


def running(kind, ufunc, x, dim):
    """The extremum so far, and where it was last met; NaN is one, and remains."""
    dim = one_dim(dim, x.array.ndim)
    if not x.array.ndim:
        return kind(x.clone(), made(np.zeros((), np.int64), None))
    so_far = ufunc.accumulate(x.array, dim)
    met = (x.array == so_far) | (x.array != x.array)
    steps = np.arange(x.array.shape[dim]).reshape(-1, *[1] * (x.array.ndim - 1 - dim))
    at = np.maximum.accumulate(np.where(met, steps, 0), dim)
    return kind(along(x, at, dim), made(at, None))


@composed(out="exact")
def cummax(input, dim):
    """The largest number so far along `dim`, and where it was last met."""
    return running(return_types.cummax, np.maximum, input, dim)


@composed(out="exact")
def cummin(input, dim):
    """The smallest number so far along `dim`, and where it was last met."""
    return running(return_types.cummin, np.minimum, input, dim)
