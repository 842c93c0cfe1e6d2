"""Order: sorting, the k-th of the sorted numbers, and the most frequent one.

NaN is the largest number, and equal numbers stay in the order they came in.
"""

import numpy as np

from .. import return_types
from ..compose import composed
from ..ops.axes import one_dim
from ..ops.reduce import some
from ..ops.scan import span
from ..tensor import made
from .extrema import along, selected


def ordered(x, dim, descending=False):
    """The indices that sort an array along `dim`."""
    if not x.ndim:
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(x, dim, kind="stable")
    backwards = np.argsort(np.flip(x, dim), dim, kind="stable")
    return x.shape[dim] - 1 - np.flip(backwards, dim)


@composed(out="exact")
def sort(input, dim=-1, descending=False, stable=False):
    """The numbers sorted along `dim`, and where they came from."""
    dim = one_dim(dim, input.array.ndim)
    at = ordered(input.array, dim, descending)
    return return_types.sort(along(input, at, dim), made(at, None))


@composed(out="exact")
def argsort(input, dim=-1, descending=False, stable=False):
    """The indices that sort along `dim`."""
    return made(ordered(input.array, one_dim(dim, input.array.ndim), descending), None)


@composed(out="exact")
def msort(input):
    """The numbers sorted along dim 0."""
    return sort(input, 0).values


@composed(out="exact apart")
def topk(input, k, dim=-1, largest=True, sorted=True):
    """The k largest numbers along `dim`, the largest first (or smallest), and where they are."""
    x = input.array
    dim = one_dim(dim, x.ndim)
    if x.dtype.kind == "b":
        raise RuntimeError("topk does not support bool dtypes on CPU: convert with .to(torch.uint8)")
    n = x.shape[dim] if x.ndim else 1
    if not 0 <= k <= n:
        raise RuntimeError(f"selected index k out of range: k = {k} of {n} numbers")
    if not x.ndim:
        return return_types.topk(input.clone(), made(np.zeros((), np.int64), None))
    if 0 < k < n:  # sort only the k chosen ones, in the order they came in
        halves = np.argpartition(x, n - k if largest else k - 1, dim)
        chosen = np.sort(span(halves, dim, n - k) if largest else span(halves, dim, 0, k), dim)
        at = np.take_along_axis(chosen, ordered(np.take_along_axis(x, chosen, dim), dim, largest), dim)
    else:
        at = span(ordered(x, dim, largest), dim, 0, k)
    return return_types.topk(along(input, at, dim), made(at, None))


@composed(out="exact apart")
def kthvalue(input, k, dim=-1, keepdim=False):
    """The k-th smallest number along `dim`, and where it is."""
    x = input.array
    dim = one_dim(dim, x.ndim)
    some("kthvalue", x, dim)
    if x.dtype.kind == "b":
        raise NotImplementedError('"kthvalue_cpu" not implemented for torch.bool: convert with .to(torch.uint8)')
    if not 1 <= k <= (x.shape[dim] if x.ndim else 1):
        raise RuntimeError(
            f"kthvalue(): selected number k out of range for dimension {dim}: k = {k} for {list(x.shape)}"
        )
    return selected(return_types.kthvalue, input, kth(x, k - 1, dim), dim, keepdim)


def kth(x, k, dim):
    """Where along `dim` the number is that a stable sort puts at place k, an axis of length 1; found without sorting."""
    if not x.ndim:
        return np.zeros((), np.int64)
    value = np.take(np.partition(x, k, dim), [k], dim)
    nan = value != value
    less = np.count_nonzero((x < value) | (nan & (x == x)), dim, keepdims=True)
    equal = (x == value) | (nan & (x != x))
    return np.argmax(np.cumsum(equal, dim) > k - less, dim, keepdims=True)


@composed(out="exact apart")
def mode(input, dim=-1, keepdim=False):
    """The most frequent number along `dim`, the smallest if there are several, and where it was last met."""
    x = input.array
    dim = one_dim(dim, x.ndim)
    some("mode", x, dim)
    if not x.ndim:
        return selected(return_types.mode, input, np.zeros((), np.int64), dim, keepdim)
    order = np.moveaxis(ordered(x, dim), dim, -1)
    runs = np.take_along_axis(np.moveaxis(x, dim, -1), order, -1)
    steps = np.arange(x.shape[dim])
    begins = np.concatenate([np.ones_like(runs[..., :1], bool), runs[..., 1:] != runs[..., :-1]], -1)
    lengths = steps - np.maximum.accumulate(np.where(begins, steps, 0), -1)  # how many equal ones come before
    last = np.argmax(lengths, -1, keepdims=True)
    at = np.moveaxis(np.take_along_axis(order, last, -1), -1, dim)
    return selected(return_types.mode, input, at, dim, keepdim)
