"""Tensors joined, repeated and combined, and turned by whole dims."""

import itertools
import operator

import numpy as np

from ..compose import composed
from ..device import contiguous_format
from ..dtype import as_dtype
from ..forms import spread
from ..ops.axes import one_dim
from ..ops.index import getitem
from ..ops.places import flip, on_diagonal
from ..ops.shape import concatenate, reshape, stacked
from ..tensor import Tensor, made
from ..users import warn
from .dims import atleast_1d, atleast_2d, atleast_3d, listed
from .views import broadcast_tensors

# ------------------------------------------------------------------ joined


@composed(places="torch", also="concat concatenate", out="apart")
def cat(tensors, dim=0):
    """The tensors joined along `dim`: equal in all other dims."""
    tensors = some("cat", tensors)
    shape = next((t.array.shape for t in tensors if t.array.shape != (0,)), (0,))
    dim = one_dim(dim, len(shape))
    others = shape[:dim], shape[dim + 1 :]
    for i, t in enumerate(tensors):
        if not t.array.ndim:
            raise RuntimeError(
                f"zero-dimensional tensor (at position {i}) cannot be concatenated: stack() joins along a new dim"
            )
        if t.array.ndim != len(shape) and t.array.shape != (0,):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(shape)} and {t.array.ndim}")
        own = t.array.shape
        if (own[:dim], own[dim + 1 :]) != others and own != (0,):
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {dim}. Expected {list(shape)} but got"
                f" {list(t.shape)} for tensor number {i} in the list."
            )
    if len(shape) > 1:  # (an empty list of numbers fits everywhere)
        tensors = [t if t.array.ndim > 1 else t.reshape(*shape[:dim], 0, *shape[dim + 1 :]) for t in tensors]
    return concatenate.op.general(tensors, {"dim": dim, "lengths": tuple(t.array.shape[dim] for t in tensors)})


def some(name, tensors):
    """A list of tensors that is not empty."""
    tensors = listed(name, tensors)
    if not tensors:
        raise (ValueError if name == "cat" else RuntimeError)(f"{name} expects a non-empty list of Tensors")
    return tensors


@composed(places="torch", out="apart")
def stack(tensors, dim=0):
    """The tensors, all of one shape, joined along a new dim."""
    tensors = some("stack", tensors)
    shape = tensors[0].array.shape
    for i, t in enumerate(tensors):
        if t.array.shape != shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and {list(t.shape)} at entry"
                f" {i}"
            )
    return stacked.op.general(tensors, {"dim": one_dim(dim, len(shape) + 1)})


@composed(places="torch", out="apart")
def hstack(tensors):
    """The tensors side by side: joined along dim 1, vectors and numbers along dim 0."""
    tensors = atleast_1d(some("hstack", tensors))
    return cat(tensors, 0 if tensors[0].array.ndim == 1 else 1)


@composed(places="torch", also="row_stack", out="apart")
def vstack(tensors):
    """The tensors on top of each other: joined along dim 0, vectors as rows."""
    return cat(atleast_2d(some("vstack", tensors)), 0)


@composed(places="torch")
def dstack(tensors):
    """The tensors behind each other: joined along dim 2."""
    return cat(atleast_3d(some("dstack", tensors)), 2)


@composed(places="torch")
def column_stack(tensors):
    """The tensors side by side, vectors as columns."""
    columns = [t if t.array.ndim > 1 else reshape(t, (t.array.size, 1)) for t in some("column_stack", tensors)]
    return cat(columns, 1)


@composed(places="torch")
def block_diag(*tensors):
    """The matrices (numbers and vectors as rows) along the diagonal of one matrix of zeros."""
    for i, t in enumerate(tensors):
        if isinstance(t, Tensor) and t.array.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {t.array.ndim} dimensions"
            )
    blocks = atleast_2d(some("block_diag", tensors)) if tensors else (made(np.zeros((1, 0), np.float32), None),)
    width, before, rows = sum(b.shape[1] for b in blocks), 0, []
    for b in blocks:
        zeros = [made(np.zeros((b.shape[0], n), b.array.dtype), None) for n in (before, width - before - b.shape[1])]
        rows.append(cat([zeros[0], b, zeros[1]], 1))
        before += b.shape[1]
    return cat(rows, 0)


# ------------------------------------------------------------------ repeated


@composed(places="Tensor")
def repeat(self, *repeats, **named):
    """The whole tensor so many times along each dim (new ones in front)."""
    repeats, shape = spread(repeats, **named), self.shape
    lead = len(repeats) - len(shape)
    if lead < 0:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor:"
            f" {list(repeats)} for a tensor of shape {list(shape)}"
        )
    if any(n < 0 for n in repeats):
        raise RuntimeError(f"Trying to create tensor with negative dimension: repeats are {list(repeats)}")
    shape = (1,) * lead + tuple(shape)
    apart = self.reshape([k for n in shape for k in (1, n)]).expand([k for pair in zip(repeats, shape) for k in pair])
    return own(apart.reshape([r * n for r, n in zip(repeats, shape)]))


def own(x):
    """x in memory of its own, where it is a view."""
    return x.clone(memory_format=contiguous_format) if x._is_view() else x


@composed
def tile(input, *dims, **named):
    """repeat, where dims that are not named are repeated once."""
    dims = spread(dims, **named)
    return repeat(input, (1,) * (input.array.ndim - len(dims)) + dims)


@composed
def repeat_interleave(input, repeats=None, dim=None, *, output_size=None):
    """Each number, or slice along `dim`, so many times in a row: all equally often, or each as often as `repeats` says."""
    if repeats is None:  # torch's other form: how often each index is named
        return repeat_interleave(made(np.arange(input.array.size), None), input, 0, output_size=output_size)
    if dim is None:
        return repeat_interleave(input.reshape(-1), repeats, 0, output_size=output_size)
    dim = one_dim(dim, input.array.ndim)
    n = input.array.shape[dim] if input.array.ndim else 1
    times = repeats.array if isinstance(repeats, Tensor) else np.array(operator.index(repeats))
    if times.dtype not in (np.int32, np.int64):
        raise NotImplementedError(f'"repeat_interleave" not implemented for repeats of {as_dtype(times.dtype)}')
    if times.ndim > 1:
        raise RuntimeError(f"repeat_interleave only accept 1D vector as repeat, and its shape is {list(times.shape)}")
    if (times < 0).any():
        raise RuntimeError("repeats can not be negative")
    if times.size not in (1, n):
        raise RuntimeError(
            f"repeats must have the same size as input along dim, but got repeats.size(0) = {times.size} and"
            f" input.size({dim}) = {n}"
        )
    total = int(np.broadcast_to(times, n).sum())
    if output_size not in (None, total):
        raise RuntimeError(f"repeat_interleave: Invalid output_size, expected {total} but got {output_size}")
    if times.size > 1:
        return getitem(input, (slice(None),) * dim + (np.repeat(np.arange(n), times),))
    apart = input.reshape(*input.shape[: dim + 1], 1, *input.shape[dim + 1 :])
    stretched = apart.expand(*apart.shape[: dim + 1], int(times.item()), *apart.shape[dim + 2 :])
    return own(stretched.reshape(*input.shape[:dim], total, *input.shape[dim + 1 :]))


# ------------------------------------------------------------------ combined


@composed(places="torch")
def meshgrid(*tensors, indexing=None):
    """Each vector stretched along the dims of the others: all combinations of their numbers."""
    if indexing is None:
        warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument: 'ij' (as now, the"
            " first tensor along the first dim) or 'xy' (along the second)."
        )
    tensors = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    tensors = some("meshgrid", tensors)
    for t in tensors:
        if t.array.ndim > 1:
            raise RuntimeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {list(t.shape)}")
        if t.dtype is not tensors[0].dtype:
            raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    swapped = indexing == "xy" and len(tensors) > 1
    if swapped:
        tensors[:2] = tensors[1::-1]
    n = len(tensors)
    grids = broadcast_tensors(*(t.view((1,) * i + (-1,) + (1,) * (n - i - 1)) for i, t in enumerate(tensors)))
    return (grids[1], grids[0], *grids[2:]) if swapped else grids


@composed(places="torch")
def cartesian_prod(*tensors):
    """All combinations of the vectors' numbers, one a row."""
    tensors = some("cartesian_prod", tensors)
    for t in tensors:
        if t.array.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(t.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([g.flatten() for g in meshgrid(*tensors, indexing="ij")], 1)


@composed
def combinations(input, r=2, with_replacement=False):
    """All combinations of r of a vector's numbers, one a row."""
    if input.array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return made(np.zeros(0, input.array.dtype), None)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    return getitem(input, (np.array([*choose(range(len(input)), r)], np.int64).reshape(-1, r),))


# ------------------------------------------------------------------ diagonals, and quarters of a turn


@composed
def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """The last dim as the diagonal, `offset` above the main one, of the two dims dim1 and dim2 of the result; 0 elsewhere."""
    ndim = input.array.ndim + 1
    first, second = one_dim(dim1, ndim), one_dim(dim2, ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    size = list(input.shape[:-1])
    for d in sorted((first, second)):
        size.insert(d, input.shape[-1] + abs(offset))
    return on_diagonal(input, tuple(size), offset, first, second)


@composed
def diag(input, diagonal=0):
    """A vector as the diagonal of a matrix, or a matrix's diagonal: a copy."""
    if input.array.ndim == 1:
        return diag_embed(input, diagonal)
    if input.array.ndim != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.array.ndim}D")
    return input.diagonal(diagonal).clone()


@composed
def diagflat(input, offset=0):
    """The flattened tensor as the diagonal of a matrix."""
    return diag_embed(input.reshape(-1), offset)


@composed
def fliplr(input):
    """Columns in reverse order."""
    if input.array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, 1)


@composed
def flipud(input):
    """Rows in reverse order."""
    if input.array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, 0)


@composed
def rot90(input, k=1, dims=(0, 1)):
    """k quarters of a turn, from the first of two dims towards the second."""
    ndim = input.array.ndim
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {ndim}")
    first, second = dims
    if first == second or abs(first - second) == ndim:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {first} and dim1 = {second}")
    first, second = one_dim(first, ndim), one_dim(second, ndim)
    if k % 4 == 2:
        return flip(input, first, second)
    if k % 4 == 0:
        return input.clone(memory_format=contiguous_format)
    return flip(input.transpose(first, second), first if k % 4 == 1 else second)
