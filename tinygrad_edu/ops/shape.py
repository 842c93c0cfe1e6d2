"""The same numbers in other places: nearly all views, whose adjoints are views back."""

import math

import numpy as np

from ..device import blank, copied, preserve_format
from ..op import op
from .axes import axes, one_dim


def filled_in(sizes, n):
    """The sizes of n numbers, with the -1 among them, if any, worked out."""
    total = math.prod(sizes)
    if total < 0 and n % total == 0:
        sizes = tuple(n // -total if k == -1 else k for k in sizes)
    if math.prod(sizes) != n or min(sizes, default=0) < 0:
        if sizes.count(-1) > 1:
            raise RuntimeError("only one dimension can be inferred")
        raise RuntimeError(f"shape '{list(sizes)}' is invalid for input of size {n}")
    return sizes


@op(
    dx=lambda g, shape: g.reshape(shape),
    view=True,
    spread=True,
    numpy=np.reshape,
    torch="View",
    cases=[([(2, 6)], {"size": (3, -1)})],
)
def reshape(x, size):
    """The same numbers, in the same order, in another shape; a view where the memory allows it."""
    return x.reshape(filled_in(size, x.size))


@op(dx=lambda g, shape: g.reshape(shape), view=True, spread=True, places="Tensor", cases=[([(2, 6)], {"size": (3, 4)})])
def view(x, size):
    """reshape that never copies: an error where the memory does not allow a view."""
    try:
        return x.reshape(filled_in(size, x.size), copy=False)
    except ValueError:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two"
            " contiguous subspaces). Use .reshape(...) instead."
        ) from None


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
    gone = [i for i in axes(dim, x.ndim) if x.shape[i] == 1] if dim != () else []
    return x.reshape([n for i, n in enumerate(x.shape) if i not in gone])


@op(dx=lambda g, shape: g.reshape(shape), view=True, numpy=np.expand_dims, cases=[([(2, 3)], {"dim": -1})])
def unsqueeze(x, dim):
    """With an axis of length 1 put in at `dim`."""
    dim = one_dim(dim, x.ndim + 1)
    return x.reshape(*x.shape[:dim], 1, *x.shape[dim:])


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
            f"permute: {list(dims)} does not order all dimensions of a tensor of shape {list(x.shape)}, which has {x.ndim}"
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
    dim0, dim1 = one_dim(dim0, x.ndim), one_dim(dim1, x.ndim)
    return x.swapaxes(dim0, dim1) if x.ndim else x[...]


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
            f"expand: the number of sizes provided ({len(size)}) must be greater or equal to the number of dimensions in"
            f" the tensor ({x.ndim})"
        )
    wanted = tuple(x.shape[i - lead] if n == -1 and i >= lead else n for i, n in enumerate(size))
    if any(n < 0 for n in wanted):
        raise RuntimeError(f"The expanded size of the tensor ({min(wanted)}) isn't allowed: {list(size)}")
    for have, want in zip(reversed(x.shape), reversed(wanted)):
        if have not in (1, want):
            raise RuntimeError(
                f"The expanded size of the tensor ({want}) must match the existing size ({have}): expand stretches only"
                f" axes of length 1, and {list(x.shape)} is not one of {list(size)}"
            )
    out = np.broadcast_to(x, wanted)
    out.flags.writeable = x.flags.writeable  # inplace.refuse knows better than NumPy which of these may be written to
    return out


@op(dx=lambda g: g)
def clone(x, *, memory_format=preserve_format):
    """A copy with memory of its own, still in the graph."""
    return copied(x, memory_format)


@op(dx=lambda g: g, torch="ToCopy", places="", cases=[([(2, 3)], {"dtype": np.dtype(np.float64)})])
def cast(x, dtype, memory_format=preserve_format):
    """The same numbers in another dtype."""
    if memory_format is preserve_format:
        return x.astype(dtype)
    out = blank(x.shape, dtype, memory_format)
    out[...] = x
    return out


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
    torch="Cat",
    cases=[([(2, 1), (2, 3)], {"dim": 1, "lengths": (1, 3)})],
)
def concatenate(*tensors, dim, lengths):
    """Arrays joined along an axis."""
    return np.concatenate(tensors, dim)


@op(
    d=lambda g, dim: tuple(g[(slice(None),) * dim + (i,)] for i in range(g.shape[dim])),
    inputs=("tensors",),
    variadic=True,
    promotes=("tensors",),
    places="",
    torch="Stack",
    cases=[([(2, 3), (2, 3)], {"dim": 1})],
)
def stacked(*tensors, dim):
    """Arrays joined along a new axis."""
    return np.stack(tensors, dim)
