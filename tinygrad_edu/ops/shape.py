"""The same numbers in other places: nearly all views, whose adjoints are views back."""

import numpy as np

from ..op import op
from ..tensor import Tensor
from .axes import axes, one_dim


def sizes(x, shape):
    """`shape` with its -1, if any, worked out."""
    known = int(np.prod([n for n in shape if n != -1], dtype=int))
    if shape.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    if any(n < -1 for n in shape):
        raise RuntimeError(f"invalid shape dimension {min(shape)}")
    if -1 in shape and known and x.size % known == 0:
        shape = tuple(x.size // known if n == -1 else n for n in shape)
    if int(np.prod(shape, dtype=int)) != x.size or -1 in shape:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {x.size}")
    return shape


@op(
    dx=lambda g, shape: g.reshape(shape),
    view=True,
    spread=True,
    numpy=np.reshape,
    cases=[([(2, 6)], {"size": (3, -1)})],
)
def reshape(x, size):
    """The same numbers, in the same order, in another shape; a view where the memory allows it."""
    return x.reshape(sizes(x, size))


@op(dx=lambda g, shape: g.reshape(shape), view=True, spread=True, places="Tensor", cases=[([(2, 6)], {"size": (3, 4)})])
def view(x, size):
    """reshape that never copies: an error where the memory does not allow a view."""
    new = x.reshape(sizes(x, size))
    if x.size and not np.may_share_memory(new, x):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two"
            " contiguous subspaces). Use .reshape(...) instead."
        )
    return new


@op(dx=lambda g, shape: g.reshape(shape), view=True, torch="View", cases=[([(2, 3, 2)], {"start_dim": 1})])
def flatten(x, start_dim=0, end_dim=-1):
    """The dims from start_dim to end_dim as one."""
    first, last = one_dim(start_dim, x.ndim), one_dim(end_dim, x.ndim)
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    return x.reshape(*x.shape[:first], -1 if x.size else int(np.prod(x.shape[first : last + 1])), *x.shape[last + 1 :])


@op(
    dx=lambda g, shape: g.reshape(shape),
    view=True,
    numpy=np.squeeze,
    cases=[([(2, 1, 3, 1)], {}), ([(2, 1, 3, 1)], {"dim": 1})],
)
def squeeze(x, dim=None):
    """Without its axes of length 1 (or those of `dim` that are)."""
    if dim is None:
        return x.squeeze()
    gone = [i for i in axes(dim, x.ndim) if x.shape[i] == 1]
    return x.reshape([n for i, n in enumerate(x.shape) if i not in gone])


@op(dx=lambda g, shape: g.reshape(shape), view=True, numpy=np.expand_dims, cases=[([(2, 3)], {"dim": -1})])
def unsqueeze(x, dim):
    """With an axis of length 1 put in at `dim`."""
    return np.expand_dims(x, one_dim(dim, x.ndim + 1))


@op(
    dx=lambda g, dims: np.permute_dims(g, inverse(dims)),
    view=True,
    spread=True,
    numpy=np.permute_dims,
    cases=[([(2, 3, 4)], {"dims": (2, 0, 1)})],
)
def permute(x, dims):
    """The axes in another order."""
    if len(dims) != x.ndim:
        raise RuntimeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = {x.ndim} is not equal to len(dims) = {len(dims)}"
        )
    return x.transpose(axes(dims, x.ndim) if dims else ())


def inverse(dims):
    """The order that undoes an order."""
    return tuple(int(i) for i in np.argsort([d % len(dims) for d in dims]))


@op(
    dx=lambda g, dim0, dim1: np.swapaxes(g, dim0, dim1) if g.ndim else g,
    view=True,
    numpy=np.swapaxes,
    cases=[([(2, 3, 4)], {"dim0": 0, "dim1": -1})],
)
def transpose(x, dim0, dim1):
    """Two axes exchanged."""
    return x.swapaxes(one_dim(dim0, x.ndim), one_dim(dim1, x.ndim)) if x.ndim else x.view()


@op(
    dx=lambda g: g,
    view=True,
    spread=True,
    broadcasts=True,
    numpy=np.broadcast_to,
    places="Tensor",
    cases=[([(2, 1)], {"size": (4, -1, 3)})],
)
def expand(x, size):
    """Axes of length 1 (and new ones in front) stretched without copying; -1 keeps a length."""
    lead = len(size) - x.ndim
    if lead < 0:
        raise RuntimeError(
            f"expand: the number of sizes provided ({len(size)}) must be greater or equal to the number of dimensions in the tensor ({x.ndim})"
        )
    wanted = tuple(x.shape[i - lead] if n == -1 and i >= lead else n for i, n in enumerate(size))
    for have, want in zip(reversed(x.shape), reversed(wanted)):
        if have not in (1, want):
            raise RuntimeError(
                f"The expanded size of the tensor ({want}) must match the existing size ({have}): expand stretches only axes of length 1, and {list(x.shape)} is not one of {list(size)}"
            )
    return np.broadcast_to(x, wanted) if wanted != x.shape else x[...]


def matrix_transpose(x):
    """mT: the last two axes exchanged."""
    if x.ndim < 2:
        raise RuntimeError(f"tensor.mT is only supported on matrices or batches of matrices. Got {x.ndim}-D tensor.")
    return x.transpose(-2, -1)


def reversed_axes(x):
    """T: all axes in reverse order."""
    return x.permute(tuple(range(x.ndim))[::-1])


for name, get in {"mT": matrix_transpose, "T": reversed_axes}.items():
    setattr(Tensor, name, property(get))


@op(dx=lambda g: g)
def clone(x):
    """A copy with memory of its own, still in the graph."""
    return x.copy()


@op(dx=lambda g: g, torch="ToCopy", places="", cases=[([(2, 3)], {"dtype": np.dtype(np.float64)})])
def cast(x, dtype):
    """The same numbers in another dtype."""
    return x.astype(dtype)


def pieces(g, dim, lengths):
    """The adjoint of joining: g cut where the inputs were joined."""
    ends = np.cumsum(lengths)
    return tuple(g[(slice(None),) * dim + (slice(int(end - n), int(end)),)] for n, end in zip(lengths, ends))


@op(
    d=lambda g, dim, lengths: pieces(g, dim, lengths),
    inputs=("tensors",),
    variadic=True,
    promotes=("tensors",),
    places="",
    cases=[([(2, 1), (2, 3)], {"dim": 1, "lengths": (1, 3)})],
)
def concatenate(*tensors, dim, lengths):
    """Arrays joined along an axis."""
    return np.concatenate(tensors, dim)
