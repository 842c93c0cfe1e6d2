"""Tensors cut: views of parts that lie side by side."""

import operator

import numpy as np

from ..compose import composed
from ..memory import SEVERAL, seal
from ..names import publish
from ..ops.axes import one_dim
from ..ops.index import getitem
from ..tensor import Tensor


def part(x, dim, start, end):
    """x from start up to end along dim."""
    return getitem(x, (slice(None),) * dim + (slice(start, end),))


def some_dim(name, dim, x):
    """`dim`, counted from the front, of a tensor that must have dims."""
    if not x.array.ndim:
        raise RuntimeError(f"{name} expects at least a 1-dimensional tensor")
    return one_dim(dim, x.array.ndim)


def sealed(views):
    """What a function returns that cuts: views that, as in torch, must not be written to where a gradient flows."""
    for view in views:
        seal(view, SEVERAL)
    return tuple(views)


@composed
def narrow(input, dim, start, length):
    """`length` slices along `dim`, from `start` on."""
    if not input.array.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if isinstance(start, Tensor) and (start.array.ndim or start.array.dtype.kind not in "iu"):
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    dim, start, length = one_dim(dim, input.array.ndim), operator.index(start), operator.index(length)
    n = input.array.shape[dim]
    if length < 0:
        raise RuntimeError(f"narrow(): length must be non-negative, and is {length}")
    if not -n <= start <= n:
        raise IndexError(f"start out of range (expected to be in range of [{-n}, {n}], but got {start})")
    start += n * (start < 0)
    if start + length > n:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({n}).")
    return part(input, dim, start, start + length)


@composed
def unbind(input, dim=0):
    """The slices along `dim`."""
    if not input.array.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    dim = one_dim(dim, input.array.ndim)
    return sealed([getitem(input, (slice(None),) * dim + (i,)) for i in range(input.array.shape[dim])])


@composed
def split_with_sizes(input, split_sizes, dim=0):
    """Pieces of these lengths along `dim`."""
    dim, n = some_dim("split", dim, input), 0
    lengths = [operator.index(k) for k in split_sizes]
    if any(k < 0 for k in lengths):
        raise RuntimeError(f"split_with_sizes expects split_sizes have only non-negative entries, but got {lengths}")
    if sum(lengths) != (n := input.array.shape[dim]):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension {dim}), but got"
            f" split_sizes={lengths}"
        )
    ends = np.cumsum(lengths, dtype=int).tolist()
    return sealed([part(input, dim, end - k, end) for k, end in zip(lengths, ends)])


def split(tensor, split_size_or_sections, dim=0):
    """Pieces of this length along `dim`, of which the last may be shorter; or of these lengths."""
    size = split_size_or_sections
    if isinstance(size, (list, tuple)):
        return split_with_sizes(tensor, size, dim)
    dim, size = some_dim("split", dim, tensor), operator.index(size)
    n = tensor.array.shape[dim]
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0 and n:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}")
    starts = range(0, n, size) if n else (0,)
    return sealed([part(tensor, dim, start, min(start + size, n)) for start in starts])


composed(split, places="torch")
publish(lambda self, split_size, dim=0: split(self, split_size, dim), "split", "Tensor")


@composed
def chunk(input, chunks, dim=0):
    """At most so many pieces of one length along `dim`, of which the last may be shorter."""
    dim, chunks = some_dim("chunk", dim, input), operator.index(chunks)
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    n = input.array.shape[dim]
    return split(input, -(-n // chunks), dim) if n else split_with_sizes(input, [0] * chunks, dim)


@composed
def tensor_split(input, indices_or_sections=None, dim=0, *, sections=None, indices=None):
    """So many pieces along `dim`, the first ones longer by one if need be; or cut at these places."""
    if not input.array.ndim:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    dim, where = one_dim(dim, input.array.ndim), one_of(indices_or_sections, sections, indices)
    if isinstance(where, Tensor):
        if where.array.ndim > 1 or where.array.dtype != np.int64:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional int64 tensor,"
                f" but got {where.dtype} of shape {list(where.shape)}"
            )
        where = where.tolist()
    n = input.array.shape[dim]
    if isinstance(where, int):
        if where <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {where}")
        where = [i * (n // where) + min(i, n % where) for i in range(1, where)]
    starts, ends = [0, *where], [*where, n]
    return tuple(part(input, dim, start, end) for start, end in zip(starts, ends))


def one_of(*given):
    """The one argument of these that is given."""
    (where,) = [value for value in given if value is not None]
    return where


def splitter(name, dim, least):
    """hsplit, vsplit and dsplit: tensor_split along one dim, into equal parts if their number is given."""

    def cut(input, indices_or_sections=None, *, sections=None, indices=None):
        ndim = input.array.ndim
        if ndim < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension{'s' * (least > 1)}, but got a tensor with"
                f" {ndim} dimensions!"
            )
        d = 0 if ndim == 1 else dim
        k, n = one_of(indices_or_sections, sections, indices), input.array.shape[d]
        if isinstance(k, int) and (k <= 0 or n % k):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {d}, but the size of the dimension {n} is not divisible"
                f" by the split_size {k}!"
            )
        return tensor_split(input, k, d)

    cut.__doc__ = f"tensor_split along dim {dim}, into equal parts if their number is given."
    return composed(cut, name=name)


hsplit, vsplit, dsplit = splitter("hsplit", 1, 1), splitter("vsplit", 0, 2), splitter("dsplit", 2, 3)
