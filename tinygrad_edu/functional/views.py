"""The same memory, seen otherwise: compositions of the views that have a rule of their own."""

import math

import numpy as np

from ..arraylike import Size
from ..compose import composed
from ..device import contiguous_format, is_laid_out, preserve_format
from ..dtype import dtype
from ..forms import spread
from ..memory import owner, whole
from ..names import publish
from ..ops.axes import one_dim
from ..ops.places import strided
from ..ops.shape import clone, filled_in, reshape, view
from ..tensor import Tensor, made
from ..thread import thread

# ------------------------------------------------------------------ other shapes


def view_or_bits(self, *size, **named):
    """The same numbers in another shape, or the same bits as numbers of another dtype, always in the same memory."""
    d = size[0] if size else named.get("dtype")
    return bits(self, d) if isinstance(d, dtype) else view(self, *size, **named)


def bits(x, d):
    """The same memory read as another dtype: no gradient flows through it, but a write to it is noticed."""
    ratio = x.array.itemsize / d.itemsize
    last = x.array.shape[-1] * ratio if x.array.ndim else 1
    if ratio != 1 and (not x.array.ndim or last % 1 or x.stride(-1) != 1):
        raise RuntimeError(
            f"view({d}) of a tensor of {x.dtype}, shape {list(x.shape)} and strides {list(x.stride())}: its last dim must"
            f" have stride 1 and a length that makes whole numbers of {d.itemsize} bytes"
        )
    out = made(x.array.view(d.dtype), None)
    out.base = x
    return out


publish(view_or_bits, "view", "Tensor")


@composed(places="Tensor")
def view_as(self, other):
    """view in another tensor's shape."""
    return view(self, other.shape)


@composed(places="Tensor")
def reshape_as(self, other):
    """reshape to another tensor's shape."""
    return reshape(self, other.shape)


@composed
def flatten(input, start_dim=0, end_dim=-1):
    """The dims from start_dim to end_dim as one."""
    shape = input.shape
    first, last = one_dim(start_dim, len(shape)), one_dim(end_dim, len(shape))
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if shape and first == last:
        return input
    return reshape(input, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


@composed
def ravel(input):
    """All numbers in one dim."""
    return view(contiguous(input), -1 if input.array.size else 0)


@composed
def unflatten(input, dim, sizes):
    """One dim as several, of these sizes, one of which may be -1."""
    sizes, shape = spread((sizes,)), input.shape
    dim = one_dim(dim, len(shape))
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    if not shape:
        raise RuntimeError("unflatten: a tensor without dims has none to unflatten")
    try:
        sizes = filled_in(sizes, shape[dim])
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({shape[dim]}) in the input"
            " tensor"
        ) from None
    return view(input, (*shape[:dim], *sizes, *shape[dim + 1 :]))


# ------------------------------------------------------------------ stretched


@composed(places="Tensor")
def expand_as(self, other):
    """expand to another tensor's shape."""
    return self.expand(other.shape)


@composed
def broadcast_to(input, size):
    """Stretched to this size: its axes of length 1, and new ones in front."""
    return input.expand(size)


@composed(places="torch")
def broadcast_shapes(*shapes):
    """The shape that tensors of these shapes have together."""
    shapes = [spread((shape,)) for shape in shapes]
    if any(n < 0 for shape in shapes for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension: {shapes}")
    try:
        return Size(np.broadcast_shapes(*shapes))
    except ValueError:
        raise RuntimeError(
            f"Shape mismatch: objects cannot be broadcast to a single shape: {', '.join(map(str, shapes))}. Sizes match"
            " from the right if they are equal or one of them is 1"
        ) from None


@composed(places="torch")
def broadcast_tensors(*tensors):
    """The tensors, all stretched to the shape that they have together."""
    tensors = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    shape = broadcast_shapes(*(t.shape for t in tensors))
    return tuple(t if t.shape == shape else t.expand(shape) for t in tensors)


# ------------------------------------------------------------------ in order, and out of order


@composed(places="Tensor")
def contiguous(self, *, memory_format=contiguous_format):
    """Itself if its numbers lie in order, else a copy where they do."""
    if is_laid_out(self.array, memory_format):
        return self
    if memory_format is preserve_format:
        raise RuntimeError("preserve memory format is unsupported by the contiguous operator")
    return clone(self, memory_format=memory_format)


@composed
def as_strided(input, size, stride, storage_offset=None):
    """The memory of a tensor read with any strides, from any offset, both counted in numbers: a view.

    Raises RuntimeError where that leads out of the memory, or, if a gradient must flow, out of the tensor itself."""
    size, stride = spread((size,)), spread((stride,))
    if len(size) != len(stride):
        raise RuntimeError(f"mismatch in length of strides and shape: {list(stride)} and {list(size)}")
    if any(n < 0 for n in (*size, *stride)):
        raise RuntimeError(
            f"as_strided: Negative sizes or strides are not supported, got {list(size)} and {list(stride)}"
        )
    offset = input.storage_offset() if storage_offset is None else storage_offset
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    end = offset + sum((n - 1) * s for n, s in zip(size, stride)) if 0 not in size else offset - 1
    for home in (input, whole(input), owner(input)):
        block = home.permute([int(d) for d in np.argsort([-s for s in home.array.strides], kind="stable")])
        start = home.storage_offset()
        if block.is_contiguous() and start <= offset and end < start + block.array.size:
            return strided(block, size, stride, offset - start)
        if input.node is not None and thread.grad:
            raise RuntimeError(
                f"as_strided(): a gradient flows through numbers of the tensor itself only, which must lie in one block: here"
                f" those from {offset} to {end} of its memory were asked for"
            )
    raise RuntimeError(
        f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset} are out of bounds for storage of"
        f" {owner(input).array.size} numbers"
    )
