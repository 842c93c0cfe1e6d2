"""Numbers by their places: diagonals, triangles and windows, and what is turned round."""

import math

import numpy as np

from ..op import op
from ..tensor import Tensor
from .axes import axes, one_dim
from .index import placed


def apply(call, g, *args):
    """An op of ours in a rule, where g is an array or a Tensor."""
    return call(g, *args) if isinstance(g, Tensor) else call.op.forward(g, *args)


# ------------------------------------------------------------------ turned round

TURNED = [([(2, 3)], {"dims": (0,)}), ([(2, 3, 2)], {"dims": (0, -1)})]


@op(dx=lambda g, dims: apply(flip, g, dims), spread=True, cases=TURNED)
def flip(x, dims):
    """The axes in `dims` read backwards: a copy."""
    return np.flip(x, axes(dims, x.ndim) if dims else ()).copy("C" if 0 in x.strides else "K")


ROLLED = [([(2, 3)], {"shifts": 4}), ([(2, 3)], {"shifts": (1, -2), "dims": (0, 1)})]


@op(dx=lambda g, shifts, dims: apply(roll, g, back(shifts), dims), cases=ROLLED)
def roll(x, shifts, dims=None):
    """Each number `shifts` places further along `dims`, those that fall off the end put in front; flattened without dims."""
    shifts, dims = several(shifts), () if dims is None else several(dims)
    if not shifts:
        raise RuntimeError("`shifts` required")
    if len(dims) != len(shifts) and (dims or len(shifts) != 1):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    if dims and not x.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    dims = tuple(one_dim(d, x.ndim) for d in dims)
    return np.roll(in_order(x), shifts if dims else shifts[0], dims or None)


def in_order(x):
    return x if x.flags.c_contiguous else x.copy()


def several(n):
    return (n,) if isinstance(n, int) else tuple(n)


def back(shifts):
    """The shifts that undo shifts."""
    return tuple(-n for n in several(shifts))


# ------------------------------------------------------------------ triangles

TRIANGLES = [([(3, 4)], {}), ([(2, 4, 3)], {"diagonal": -1})]


def at_least_a_matrix(name, x):
    if x.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions, and it has {x.ndim}")


@op(dx=lambda g, diagonal: apply(tril, g, diagonal), inplace=True, cases=TRIANGLES)
def tril(x, diagonal=0):
    """The lower triangle of each matrix, up to and with the diagonal so many above the main one; 0 above."""
    at_least_a_matrix("tril", x)
    return np.tril(in_order(x), diagonal)


@op(dx=lambda g, diagonal: apply(triu, g, diagonal), inplace=True, cases=TRIANGLES)
def triu(x, diagonal=0):
    """The upper triangle of each matrix, down to and with the diagonal so many above the main one; 0 below."""
    at_least_a_matrix("triu", x)
    return np.triu(in_order(x), diagonal)


# ------------------------------------------------------------------ diagonals


@op(
    dx=lambda g, shape, offset, dim1, dim2: apply(on_diagonal, g, shape, offset, dim1, dim2),
    view=True,
    cases=[([(3, 4)], {"offset": 1}), ([(2, 3, 4)], {"offset": -1, "dim1": 0, "dim2": -1})],
)
def diagonal(x, offset=0, dim1=0, dim2=1):
    """The diagonal of two dims, `offset` above the main one, as the last dim."""
    first, second = one_dim(dim1, x.ndim), one_dim(dim2, x.ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    out = np.diagonal(x, offset, first, second)
    out.flags.writeable = x.flags.writeable
    return out


@op(
    dx=lambda g, offset, dim1, dim2: apply(diagonal, g, offset, dim1, dim2),
    places="",
    cases=[
        ([(3,)], {"size": (3, 4), "offset": 1}),
        ([(3, 1)], {"size": (2, 3, 4), "offset": -1, "dim1": 0, "dim2": -1}),
    ],
)
def on_diagonal(x, size, offset=0, dim1=0, dim2=1):
    """The adjoint of reading a diagonal: zeros of this size, but x on the diagonal."""
    out = np.zeros(size, x.dtype)
    diagonal.op.forward(out, offset, dim1, dim2)[...] = x
    return out


# ------------------------------------------------------------------ windows

WINDOWS = [([(7,)], {"dimension": 0, "size": 3, "step": 2}), ([(2, 5)], {"dimension": -1, "size": 2, "step": 3})]


@op(
    dx=lambda g, shape, dimension, size, step: apply(folded, g, shape, dimension, size, step),
    view=True,
    places="Tensor",
    cases=WINDOWS,
)
def unfold(x, dimension, size, step):
    """Each run of `size` numbers along a dim, the next one starting `step` further on, as the last dim: they may overlap."""
    dim, length = one_dim(dimension, x.ndim), x.shape[dimension] if x.ndim else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > length:
        raise RuntimeError(f"maximum size for tensor at dimension {dim} is {length} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if not x.ndim:
        return x[np.newaxis][:size]
    runs = np.lib.stride_tricks.sliding_window_view(x, size, dim, writeable=x.flags.writeable)
    return runs[(slice(None),) * dim + (slice(None, None, step),)]


@op(
    dx=lambda g, dimension, size, step: apply(unfold, g, dimension, size, step),
    places="",
    cases=[([(3, 3)], {"into": (7,), "dimension": 0, "size": 3, "step": 2})],
)
def folded(x, into, dimension, size, step):
    """The adjoint of taking windows: each number back in its place, summed where windows overlap."""
    out = np.zeros(into, x.dtype)
    if not out.ndim:
        return out + x.sum()
    runs = unfold.op.forward(out, dimension, size, step)
    for i in range(size):
        runs[..., i] += x[..., i]  # no two of these share a place
    return out


# ------------------------------------------------------------------ any strides at all


def positions(size, stride, start):
    """Where in a row of numbers each of those is that a view with these strides shows."""
    steps = np.ogrid[tuple(map(slice, size))]
    return start + sum((i * s for i, s in zip(steps, stride)), np.zeros(size, np.int64))


@op(
    dx=lambda g, shape, size, stride, start: placed(g, (math.prod(shape),), (positions(size, stride, start),)).reshape(
        shape
    ),
    view=True,
    places="",
    torch="AsStrided",
    cases=[([(3, 4)], {"size": (2, 3), "stride": (2, 1), "start": 1})],
)
def strided(x, size, stride, start):
    """The numbers of a contiguous x, read with other strides from its start-th on."""
    steps = [s * x.itemsize for s in stride]
    return np.lib.stride_tricks.as_strided(x.reshape(-1)[start:], size, steps, writeable=x.flags.writeable)
