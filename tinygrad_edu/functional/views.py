"""The same memory, seen otherwise: compositions of the views that have a rule of their own."""

import functools
import math

import numpy as np

from .. import dtype as number
from ..arraylike import Size
from ..compose import composed
from ..device import contiguous_format, is_laid_out, preserve_format
from ..forms import spread
from ..memory import owner, whole
from ..names import publish
from ..ops.axes import axes, one_dim
from ..ops.places import strided
from ..ops.shape import clone, filled_in, reshape, transpose, view
from ..tensor import Tensor, made
from ..thread import thread
from ..users import warn

# ------------------------------------------------------------------ other shapes


def view_or_bits(self, *size, **named):
    """The same numbers in another shape, or the same bits as numbers of another dtype, always in the same memory."""
    d = size[0] if size else named.get("dtype")
    return bits(self, d) if isinstance(d, number.dtype) else view(self, *size, **named)


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


# ------------------------------------------------------------------ other orders of the dims


@composed
def t(input):
    """A matrix transposed; a vector as it is."""
    if input.array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.array.ndim}D")
    return input.transpose(0, 1 if input.array.ndim == 2 else 0)


@composed
def swapaxes(input, axis0, axis1):
    """Two dims exchanged."""
    return input.transpose(axis0, axis1)


publish(transpose, "swapdims", "torch Tensor")


@composed(also="moveaxis")
def movedim(input, source, destination):
    """The dims in `source` moved to the places in `destination`; the others keep their order."""
    source, destination = (((d,) if isinstance(d, int) else tuple(d)) for d in (source, destination))
    if len(source) != len(destination):
        raise RuntimeError(
            "movedim: Invalid source or destination dims: source"
            f" ({list(source)} dims) should contain the same number of dims as destination ({list(destination)} dims)"
        )
    n = input.array.ndim
    source, destination = axes(source, n) if source else (), axes(destination, n) if destination else ()
    if not n:
        return input.view(())
    dims = [d for d in range(n) if d not in source]
    for to, d in sorted(zip(destination, source)):
        dims.insert(to, d)
    return input.permute(dims)


def flat(name, ndim):
    """torch's warning where a tensor of so many dims is no matrix."""
    if ndim == 0:
        warn(f"Tensor.{name} is deprecated on 0-D tensors. This function is the identity in these cases.")
    elif name == "T" and ndim != 2:
        warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw an"
            " error in a future release. Consider `x.mT` to transpose batches of matrices or `x.permute(...)`."
        )


@composed
def adjoint(input):
    """Each matrix transposed (and conjugated, which changes no real number)."""
    return matrices_transposed(input, "adjoint()")


def matrices_transposed(x, name):
    if x.array.ndim == 1:
        raise RuntimeError(f"tensor.{name} is only supported on matrices or batches of matrices. Got 1-D tensor.")
    if not x.array.ndim:
        flat(name, 0)
        return x
    return x.transpose(-2, -1)


def matrix_transposed(x):
    """H: a matrix transposed (and conjugated, which changes no real number)."""
    if x.array.ndim not in (0, 2):
        raise RuntimeError(f"tensor.H is only supported on matrices (2-D tensors). Got {x.array.ndim}-D tensor.")
    return matrices_transposed(x, "H")


def dims_reversed(x):
    """T: all dims in reverse order."""
    flat("T", x.array.ndim)
    return x.permute(tuple(range(x.array.ndim))[::-1])


Tensor.mT = property(lambda x: matrices_transposed(x, "mT"))
Tensor.mH = property(lambda x: matrices_transposed(x, "mH"))
Tensor.H = property(matrix_transposed)
Tensor.T = property(dims_reversed)


# ------------------------------------------------------------------ as many dims as it takes


def listed(name, tensors):
    """A list of tensors, and nothing else."""
    if isinstance(tensors, Tensor):
        raise TypeError(f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor")
    tensors = list(tensors)
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(t).__name__}")
    return tensors


def one_or_several(function):
    """The function of one tensor, to which a list of them, or several, may be given too: a tuple comes back."""

    @functools.wraps(function)
    def call(*tensors):
        if len(tensors) == 1 and isinstance(tensors[0], Tensor):
            return function(tensors[0])
        return tuple(map(function, listed(function.__name__, tensors[0] if len(tensors) == 1 else tensors)))

    publish(call, function.__name__, "torch")
    return call


@one_or_several
def atleast_1d(input):
    """A number as a vector of one; others as they are."""
    return input if input.array.ndim else reshape(input, (1,))


@one_or_several
def atleast_2d(input):
    """A number or vector as a matrix of one row; others as they are."""
    return input if input.array.ndim > 1 else reshape(input, (1, -1 if input.array.size else 0))


@one_or_several
def atleast_3d(input):
    """A number or vector with a dim put in before and behind it, a matrix with one behind it; others as they are."""
    return input if input.array.ndim > 2 else atleast_2d(input).unsqueeze(-1)


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
        raise RuntimeError(f"as_strided: Negative sizes or strides are not supported, got {list(size)} and {list(stride)}")
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
