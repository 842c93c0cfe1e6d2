"""Slices of a tensor, chosen by indices along one dim: taken out, filled, added to, written over."""

import numpy as np

from ..compose import composed
from ..inplace import as_number, copied_over, copy_
from ..ops.axes import one_dim
from ..ops.elementwise import mul
from ..ops.index import additem, getitem, outside, setitem
from ..ops.places import diagonal
from ..ops.shape import clone, reshape
from ..tensor import Tensor, made


def expect(name, position, **given):
    """Raise torch's TypeError for what should be a tensor, and is not."""
    for argument, value in given.items():
        if not isinstance(value, Tensor):
            raise TypeError(
                f"{name}(): argument '{argument}' (position {position}) must be Tensor, not {type(value).__name__}"
            )


# ------------------------------------------------------------------ slices of one dim


@composed
def select(input, dim, index):
    """The slice at one index of a dim, without that dim: a view."""
    if not input.array.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim, index = one_dim(dim, input.array.ndim), int(index)
    if not -input.shape[dim] <= index < input.shape[dim]:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(input.shape)} at dimension {dim}"
        )
    return getitem(input, (slice(None),) * dim + (index,))


def slices(name, input, dim, index, wrong=IndexError, wraps=False):
    """Which slices `index` means, for getitem and its kin. `wrong` is torch's error for one that is not there."""
    expect(name, 3, index=index)
    dim, at = one_dim(dim, input.array.ndim), index.array
    if at.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"{name}(): Expected dtype int32 or int64 for index, but got {index.dtype}")
    if at.ndim > 1:
        raise (RuntimeError if wraps else IndexError)(
            f"{name}(): Index is supposed to be a vector, but has shape {list(at.shape)}"
        )
    n = input.array.shape[dim] if input.array.ndim else 1
    if (stray := outside(at, -n if wraps else 0, n)) is not None:
        raise wrong(f"{name}(): index {stray} is out of bounds for dimension {dim} with size {n}")
    return (slice(None),) * dim + (np.array(at, np.int64, ndmin=1),)


def as_vector(input):
    """torch takes a tensor of no dims for one of length 1."""
    return input if input.array.ndim else reshape(input, (1,))


def restored(out, input):
    return out if input.array.ndim else reshape(out, ())


@composed(out="exact apart")
def index_select(input, dim, index):
    """The slices of a dim that `index`, a vector, names, in its order."""
    expect("index_select", 3, index=index)
    if not input.array.ndim and index.array.size != 1:
        raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {index.array.size} value(s)")
    return restored(getitem(as_vector(input), slices("index_select", input, dim, index)), input)


def sources(name, input, dim, at, source):
    """`source`, of one dtype and one shape with the slices it is for."""
    expect(name, 4, source=source)
    if source.dtype is not input.dtype:
        raise RuntimeError(
            f"{name}(): self ({input.dtype}) and source ({source.dtype}) must have the same scalar type: convert the one"
            " with .to(other.dtype)"
        )
    shape, source = list(as_vector(input).shape), as_vector(source)
    dim, count = one_dim(dim, len(shape)), at[-1].size
    if len(source.shape) == len(shape) and source.shape[dim] != count:
        raise (IndexError if name == "index_copy_" else RuntimeError)(
            f"{name}(): Number of indices ({count}) should be equal to source.size(dim): ({source.shape[dim]}), for dim:"
            f" {dim}"
        )
    shape[dim] = count
    if list(source.shape) != shape:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape ="
            f" {list(input.shape)} source.shape = {list(source.shape)}"
        )
    return source


@composed(inplace=True, out="exact apart")
def index_add(input, dim, index, source, *, alpha=1):
    """input, with alpha times the slices of `source` added to those that `index` names."""
    at = slices("index_add_", input, dim, index, RuntimeError)
    source = sources("index_add_", input, dim, at, source)
    source = source if alpha == 1 else mul(source, made(np.array(alpha).astype(source.array.dtype), None))
    return restored(additem(as_vector(input), source, at), input)


@composed(inplace=True, out="exact apart")
def index_copy(input, dim, index, source):
    """input, with the slices that `index` names replaced by those of `source`."""
    at = slices("index_copy_", input, dim, index)
    return restored(setitem(as_vector(input), sources("index_copy_", input, dim, at, source), at), input)


@composed(inplace=True)
def index_fill(input, dim, index, value):
    """input, with one number in all the slices that `index` names."""
    at = slices("index_fill_", input, dim, index, wraps=True)
    return restored(setitem(as_vector(input), as_number(value, input, "index_fill_"), at), input)


# ------------------------------------------------------------------ whole views, in a copy


@composed
def fill(input, value):
    """One number in the shape of input."""
    return copied_over(input, as_number(value, input, "fill_"))


def embedded(input, src, part):
    """A copy of input, with src in that part of it."""
    out = clone(input)
    place = part(out)
    if place.shape != src.shape:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size ="
            f" {list(place.shape)}"
        )
    copy_(place, src)
    return out


@composed
def select_scatter(input, src, dim, index):
    """input, with src for the slice at one index of a dim."""
    expect("select_scatter", 2, src=src)
    return embedded(input, src, lambda out: select(out, dim, index))


@composed
def slice_scatter(input, src, dim=0, start=None, end=None, step=1):
    """input, with src for input[start:end:step] of a dim."""
    expect("slice_scatter", 2, src=src)
    at = (slice(None),) * one_dim(dim, input.array.ndim) + (slice(start, end, step),)
    return embedded(input, src, lambda out: out[at])


@composed
def diagonal_scatter(input, src, offset=0, dim1=0, dim2=1):
    """input, with src on the diagonal of two dims."""
    expect("diagonal_scatter", 2, src=src)
    return embedded(input, src, lambda out: diagonal(out, offset, dim1, dim2))
