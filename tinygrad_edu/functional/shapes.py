"""Tensors joined, and cut."""

from ..compose import composed
from ..ops.axes import one_dim
from ..ops.index import getitem
from ..ops.shape import concatenate, unsqueeze
from ..tensor import Tensor


@composed(places="torch", also="concat concatenate")
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


@composed(places="torch")
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


@composed
def t(input):
    """A matrix transposed; a vector as it is."""
    if input.array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.array.ndim}D")
    return input.transpose(0, 1) if input.array.ndim == 2 else input


@composed(places="Tensor")
def view_as(self, other):
    """view in another tensor's shape."""
    return self.view(other.shape)


@composed(places="Tensor")
def expand_as(self, other):
    """expand to another tensor's shape."""
    return self.expand(other.shape)


@composed(places="Tensor")
def contiguous(self):
    """Itself if its numbers lie in order, else a copy where they do."""
    return self if self.is_contiguous() else self.clone()


@composed
def unbind(input, dim=0):
    """The slices along `dim`, as a tuple of views."""
    dim = one_dim(dim, input.array.ndim)
    return tuple(getitem(input, (slice(None),) * dim + (i,)) for i in range(input.array.shape[dim]))
