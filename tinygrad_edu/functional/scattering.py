"""Single numbers of a tensor, chosen by indices or by masks: gathered, scattered, filled, written over."""

from operator import gt

import numpy as np

from ..compose import composed
from ..constants import constant, converted
from ..inplace import as_number, one_dtype
from ..ops import scatter as along
from ..ops.axes import one_dim
from ..ops.elementwise import div
from ..ops.index import additem, as_index, getitem, setitem
from ..ops.piecewise import where
from ..ops.shape import expand, reshape
from ..tensor import Tensor, made
from .indexing import as_vector, expect, restored
from .views import broadcast_shapes, broadcast_tensors

# ------------------------------------------------------------------ along one dim


@composed(out="exact apart")
def gather(input, dim, index, *, sparse_grad=False):
    """out[i, j] = input[i, index[i, j]], for dim 1 of 2."""
    expect("gather", 3, index=index)
    return along.gather(input, index, one_dim(dim, input.array.ndim))


def part_for(index, src):
    """As much of src as there are indices for."""
    if not index.array.size:
        return expand(constant(0, src.array.dtype), index.shape)
    if src.shape == index.shape or src.array.ndim != index.array.ndim or any(map(gt, index.shape, src.shape)):
        return src
    return getitem(src, tuple(map(slice, index.shape)))


@composed(inplace=True, out="exact apart")
def scatter(input, dim, index, src=None, *, value=None, reduce=None):
    """input, with input[i, index[i, j]] = src[i, j], or one number, for dim 1 of 2; the last to come to a place stays.

    `reduce` "add" or "multiply" combines them with what is there."""
    expect("scatter", 3, index=index)
    dim, src = one_dim(dim, input.array.ndim), value if src is None else src
    if reduce not in (None, "add", "multiply"):
        raise RuntimeError(f"reduce argument must be either add or multiply, not {reduce!r}")
    if not isinstance(src, Tensor):
        src = expand(converted(src, input.array.dtype), index.shape)
    combine = {None: along.scatter, "add": along.scatter_add, "multiply": along.scatter_prod}[reduce]
    return combine(input, index, part_for(index, src), dim)


@composed(inplace=True, out="exact apart")
def scatter_add(input, dim, index, src):
    """input, with src[i, j] added to input[i, index[i, j]], for dim 1 of 2: the adjoint of gather."""
    expect("scatter_add", 3, index=index)
    expect("scatter_add", 4, src=src)
    return along.scatter_add(input, index, part_for(index, src), one_dim(dim, input.array.ndim))


# What a place holds before the first number comes to it, if not what was there: a number that changes nothing.
STARTS = {
    "sum": lambda d: 0,
    "prod": lambda d: 1,
    "mean": lambda d: 0,
    "amax": lambda d: -np.inf if d.kind == "f" else 0 if d.kind == "b" else np.iinfo(d).min,
    "amin": lambda d: np.inf if d.kind == "f" else 1 if d.kind == "b" else np.iinfo(d).max,
}


@composed(inplace=True, out="exact apart")
def scatter_reduce(input, dim, index, src, reduce, *, include_self=True):
    """input, with all of src that belong to one place reduced there: by "sum", "prod", "mean", "amax" or "amin".

    Without `include_self`, what was there before is not heard."""
    expect("scatter_reduce", 3, index=index)
    expect("scatter_reduce", 4, src=src)
    if reduce not in STARTS:
        raise RuntimeError(f"reduce argument must be either {', '.join(STARTS)}, got {reduce!r}")
    dim, src = one_dim(dim, input.array.ndim), part_for(index, src)
    if not include_self:
        start = constant(STARTS[reduce](input.array.dtype), input.array.dtype)
        input = along.scatter(input, index, expand(start, index.shape), dim)
    combine = {"sum": along.scatter_add, "mean": along.scatter_add, "prod": along.scatter_prod}
    combine |= {"amax": along.scatter_amax, "amin": along.scatter_amin}
    out = combine[reduce](input, index, src, dim)
    if reduce != "mean":
        return out
    before = made(np.full(input.shape, int(include_self)), None)
    count = along.scatter_add(before, index, expand(constant(1, before.array.dtype), index.shape), dim).clamp(min=1)
    if not out.is_floating_point():
        return made(np.asarray(out.array // count.array, out.array.dtype), None)
    return div(out, count)


@composed(out="exact apart")
def take_along_dim(input, indices, dim=None):
    """gather, where input and indices broadcast in all other dims; from the flattened tensor, without dim."""
    expect("take_along_dim", 2, indices=indices)
    if dim is None:
        return take_along_dim(reshape(input, (-1,)), reshape(indices, (-1,)), 0)
    if indices.array.dtype != np.int64:
        raise RuntimeError(f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype}")
    if input.array.ndim != indices.array.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got"
            f" {input.array.ndim} dimensions for input, and {indices.array.ndim} dimensions for indices"
        )
    dim = one_dim(dim, input.array.ndim)
    n = input.shape[dim] if input.array.ndim else 1
    shape = list(broadcast_shapes(*((*t.shape[:dim], 1, *t.shape[dim + 1 :]) for t in (input, indices))))
    input, indices = (expand(t, (*shape[:dim], *t.shape[dim : dim + 1], *shape[dim + 1 :])) for t in (input, indices))
    return along.gather(input, where(indices < 0, indices + n, indices), dim)


# ------------------------------------------------------------------ anywhere


@composed(out="exact apart")
def take(input, index):
    """The numbers at these places of the flattened tensor, in the index's shape."""
    return getitem(reshape(input, (-1,)), row("take", index))


def row(name, index):
    """Places in a row of all numbers: an index for getitem and its kin."""
    expect(name, 2, index=index)
    if index.array.dtype != np.int64:
        raise RuntimeError(f"{name}(): Expected a long tensor for index, but got {index.dtype}")
    return (index.array.copy(),)


@composed(places="Tensor", inplace=True)
def put(self, index, source, accumulate=False):
    """self, with `source` written (or added) at these places of the flattened tensor."""
    expect("put_", 3, source=source)
    if source.dtype is not self.dtype:
        raise RuntimeError(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = {self.dtype} and"
            f" source.dtype = {source.dtype}"
        )
    at = row("put_", index)
    if source.array.size != index.array.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() ="
            f" {source.array.size}, index.numel() = {index.array.size}"
        )
    write = additem if accumulate else setitem
    return reshape(write(reshape(self, (-1,)), reshape(source, index.shape), at), self.shape)


@composed(inplace=True)
def index_put(input, indices, values, accumulate=False):
    """input with input[indices] = values; or, if they `accumulate`, with values added there."""
    expect("index_put", 3, values=values)
    if not isinstance(indices, (tuple, list)) or not all(isinstance(i, Tensor) for i in indices):
        raise TypeError(
            "index_put(): argument 'indices' (position 1) must be tuple of Tensors: [] takes slices and numbers too"
        )
    one_dtype(input, values)
    return (additem if accumulate else setitem)(input, values, as_index(tuple(indices)))


@composed(out="exact apart")
def nonzero(input, *, as_tuple=False):
    """Where numbers other than 0 are: a row of indices for each of them; as a tuple, a vector of indices for each dim."""
    if as_tuple:
        return tuple(made(at, None) for at in np.nonzero(np.atleast_1d(input.array)))
    return made(np.argwhere(input.array), None)


@composed(out="exact apart")
def argwhere(input):
    """Where numbers other than 0 are: a row of indices for each of them."""
    return nonzero(input)


# ------------------------------------------------------------------ by masks


def truths(name, mask):
    """A mask, which must be bool."""
    expect(name, 2, mask=mask)
    if mask.array.dtype != bool:
        raise RuntimeError(f"{name} only supports boolean masks, but got mask with dtype {mask.dtype}: mask.bool()")
    return mask


@composed(inplace=True)
def masked_fill(input, mask, value):
    """input, but one number where the mask is true."""
    return where(truths("masked_fill_", mask), as_number(value, input, "masked_fill_"), input)


@composed(out="exact apart")
def masked_select(input, mask):
    """The numbers where the mask is true, in a row."""
    input, mask = broadcast_tensors(input, truths("masked_select", mask))
    return getitem(as_vector(input), as_index(as_vector(mask)))


@composed(inplace=True)
def masked_scatter(input, mask, source):
    """input, with the numbers of `source` put, one after the other, where the mask is true."""
    expect("masked_scatter", 3, source=source)
    if source.dtype is not input.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got {input.dtype} and {source.dtype}"
        )
    input, mask = broadcast_tensors(input, truths("masked_scatter_", mask))
    count = int(mask.array.sum())
    if source.array.size < count:
        raise RuntimeError(
            f"masked_scatter: Number of elements of source < number of ones in mask: {source.array.size} < {count}"
        )
    return restored(setitem(as_vector(input), reshape(source, (-1,))[:count], as_index(as_vector(mask))), input)
