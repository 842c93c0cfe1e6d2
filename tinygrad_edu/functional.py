"""Functions that need no rule of their own: they are made of ops, and the chain rule does the rest."""

from collections import namedtuple

import numpy as np

from .dtype import as_dtype, float16, float32, float64, int16, int32, int64
from .dtype import bool as truth
from .inplace import write
from .ops import elementwise
from .ops.axes import one_dim
from .ops.elementwise import maximum, minimum
from .ops.index import getitem
from .ops.reduce import amax, amin
from .ops.shape import cast, concatenate, unsqueeze
from .tensor import Tensor, made


def method(function):
    """Make a function a method of Tensor too."""
    setattr(Tensor, function.__name__, function)
    return function


# ------------------------------------------------------------------ a multiple of the second operand


@method
def add(input, other, *, alpha=1):
    """input + alpha · other."""
    return elementwise.add(input, other if alpha == 1 else elementwise.mul(other, alpha))


@method
def sub(input, other, *, alpha=1):
    """input - alpha · other."""
    return elementwise.sub(input, other if alpha == 1 else elementwise.mul(other, alpha))


@method
def add_(input, other, *, alpha=1):
    """input += alpha · other, in input's memory."""
    return write(input, elementwise.add.op, (other if alpha == 1 else elementwise.mul(other, alpha),), {})


@method
def sub_(input, other, *, alpha=1):
    """input -= alpha · other, in input's memory."""
    return write(input, elementwise.sub.op, (other if alpha == 1 else elementwise.mul(other, alpha),), {})


# ------------------------------------------------------------------ other dtypes


@method
def to(self, *args, dtype=None, device=None, non_blocking=False, copy=False):
    """This tensor in another dtype (or as another tensor's); itself if nothing would change, unless `copy`."""
    for a in args:
        if isinstance(a, Tensor):
            dtype = a.dtype
        elif isinstance(a, (str, type(self.device))):
            device = a
        elif not isinstance(a, (bool, type(None))):
            dtype = a
    if device is not None and str(device).split(":")[0] != "cpu":
        raise RuntimeError(f"tensors live on the CPU here, and there is no device '{device}'")
    wanted = self.dtype if dtype is None else as_dtype(dtype)
    if wanted is self.dtype and not copy:
        return self
    return cast(self if wanted.is_floating_point else self.detach(), wanted.dtype)


def converter(name, wanted):
    def convert(self):
        return to(self, wanted)

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = f"This tensor as {wanted}."
    return method(convert)


for name, wanted in {
    "float": float32,
    "double": float64,
    "half": float16,
    "int": int32,
    "long": int64,
    "short": int16,
    "bool": truth,
}.items():
    converter(name, wanted)


@method
def type_as(self, other):
    """This tensor in the other's dtype."""
    return to(self, other.dtype)


# ------------------------------------------------------------------ extrema with their places


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


@method
def argmax(input, dim=None, keepdim=False):
    """The index of the largest number: of the flattened tensor, or along `dim`."""
    return place(np.argmax, input, dim, keepdim)


@method
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


@method
def max(input, dim=None, keepdim=False, *, other=None):
    """The largest number; along `dim`, with where it is; or, given two tensors, the larger of each pair."""
    return extremum(Maxima, np.argmax, amax, maximum, input, dim, other, keepdim)


@method
def min(input, dim=None, keepdim=False, *, other=None):
    """The smallest number; along `dim`, with where it is; or, given two tensors, the smaller of each pair."""
    return extremum(Minima, np.argmin, amin, minimum, input, dim, other, keepdim)


# ------------------------------------------------------------------ shapes


def cat(tensors, dim=0):
    """The tensors joined along `dim`: equal in all other dims."""
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(t).__name__}")
    tensors = [t for t in tensors if t.shape != (0,)] or list(tensors)[:1]
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    dim = one_dim(dim, tensors[0].array.ndim)
    for i, t in enumerate(tensors):
        if not t.array.ndim:
            raise RuntimeError(
                f"zero-dimensional tensor (at position {i}) cannot be concatenated: stack() joins along a new dim"
            )
        rest = [(d, n) for d, n in enumerate(t.shape) if d != dim]
        if rest != [(d, n) for d, n in enumerate(tensors[0].shape) if d != dim]:
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {dim}. Expected {list(tensors[0].shape)} but got"
                f" {list(t.shape)} for tensor number {i} in the list."
            )
    return concatenate.op.general(tensors, {"dim": dim, "lengths": tuple(t.shape[dim] for t in tensors)})


def stack(tensors, dim=0):
    """The tensors, all of one shape, joined along a new dim."""
    tensors = list(tensors)
    for t in tensors:
        if t.shape != tensors[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(tensors[0].shape)} at entry 0 and {list(t.shape)}"
            )
    if not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    return cat([unsqueeze(t, dim) for t in tensors], dim)


@method
def t(input):
    """A matrix transposed; a vector as it is."""
    if input.array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.array.ndim}D")
    return input.transpose(0, 1) if input.array.ndim == 2 else input


@method
def view_as(self, other):
    """view in another tensor's shape."""
    return self.view(other.shape)


@method
def expand_as(self, other):
    """expand to another tensor's shape."""
    return self.expand(other.shape)


@method
def contiguous(self):
    """Itself if its numbers lie in order, else a copy where they do."""
    return self if self.is_contiguous() else self.clone()


@method
def unbind(input, dim=0):
    """The slices along `dim`, as a tuple of views."""
    dim = one_dim(dim, input.array.ndim)
    return tuple(getitem(input, (slice(None),) * dim + (i,)) for i in range(input.array.shape[dim]))


# ------------------------------------------------------------------ comparisons of whole tensors


def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """|input - other| <= atol + rtol · |other|, entry by entry."""
    return made(np.isclose(input.array, other.array, rtol, atol, equal_nan), None)


@method
def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all entries are close."""
    return np.allclose(input.array, other.array, rtol, atol, equal_nan)


@method
def equal(input, other):
    """Whether shape and every entry are equal."""
    return np.array_equal(input.array, other.array)


@method
def all(input, dim=None, keepdim=False):
    """Whether every entry (along `dim`) is true."""
    return made(np.asarray(np.all(input.array, dim, keepdims=keepdim)), None)


@method
def any(input, dim=None, keepdim=False):
    """Whether some entry (along `dim`) is true."""
    return made(np.asarray(np.any(input.array, dim, keepdims=keepdim)), None)
