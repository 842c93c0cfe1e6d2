"""Products of matrices. z = x y gives dx = g yᵀ and dy = xᵀ g: dimension analysis finds them again."""

import numpy as np

from ..dtype import as_dtype
from ..graph import sum_of_rows
from ..op import op


def checked(name, x, y, rows, columns):
    """torch's errors for two factors that do not fit."""
    if x.dtype != y.dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {as_dtype(x.dtype)} != {as_dtype(y.dtype)}, as the two"
            f" factors of {name}: convert one with .to(other.dtype)"
        )
    if not x.ndim or not y.ndim:
        raise RuntimeError(f"both arguments to {name} need to be at least 1D, but they are {x.ndim}D and {y.ndim}D")
    if rows != columns:
        sizes = " and ".join("x".join(map(str, a.shape)) for a in (x, y))
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({sizes}): {name} sums over {rows[0]} here and {columns[0]} there"
        )


def times(x, y):
    """x @ y. (Two matrices are multiplied sooner by NumPy's older name for it.)"""
    return x.dot(y) if type(x) is np.ndarray and x.ndim == y.ndim == 2 else x @ y


def left(g, y, shape):
    """dx = g yᵀ; a vector x stands for a row, a vector y for a column."""
    if y.ndim == len(shape) == 2:
        return times(g, y.mT)
    if y.ndim == 1:
        g, y = g[..., None], y[:, None]
    return (g[..., None, :] @ y.mT)[..., 0, :] if len(shape) == 1 else g @ y.mT


def right(g, x, shape):
    """dy = xᵀ g."""
    if x.ndim == len(shape) == 2:
        return times(x.mT, g)
    if x.ndim == 1:
        x, g = x[None, :], g[..., None, :] if len(shape) > 1 else g[..., None]
    return (x.mT @ g[..., None])[..., 0] if len(shape) == 1 else x.mT @ g


@op(
    operator="matmul",
    numpy=np.matmul,
    dx=lambda g, y, shape: left(g, y, shape),
    dy=lambda g, x, shape: right(g, x, shape),
    broadcasts=True,
    torch="Mm",
    cases=[
        ([(2, 3), (3, 4)], {}),
        ([(3,), (3,)], {}),
        ([(2, 3), (3,)], {}),
        ([(3,), (2, 3, 4)], {}),
        ([(5, 1, 2, 3), (2, 3, 4)], {}),
    ],
)
def matmul(x, y):
    """x y over the last axis of x and the last but one of y (a vector's only one); leading axes broadcast."""
    if x.dtype is not y.dtype:
        checked("matmul", x, y, x.shape[-1:], y.shape[-2:-1] or y.shape)
    try:
        return x.dot(y) if x.ndim == y.ndim == 2 else np.matmul(x, y)
    except ValueError:
        checked("matmul", x, y, x.shape[-1:], y.shape[-2:-1] or y.shape)
        raise


def rows(x):
    """All but the last axis as one: a batch of any shape, as a matrix of its items."""
    return x if len(x.shape) == 2 else x.reshape(-1, x.shape[-1])


@op(
    dx=lambda g, w: times(g, w),
    dw=lambda g, x: times(rows(g).mT, rows(x)),
    db=lambda g: sum_of_rows(rows(g)),
    places="nn.functional",
    torch="Addmm",
    cases=[
        ([(4, 3), (2, 3), (2,)], {}),
        ([(4, 3), (2, 3), None], {}),
        ([(3,), (2, 3), (2,)], {}),
        ([(2, 4, 3), (2, 3), (2,)], {}),
    ],
)
def linear(x, w, b=None):
    """x wᵀ + b, for w of shape (out features, in features)."""
    if x.dtype is not w.dtype or x.ndim == 0 or w.ndim != 2 or x.shape[-1] != w.shape[1]:
        checked("linear", x, w, x.shape[-1:], w.shape[-1:])
    if b is not None and (b.shape[0] != w.shape[0] or b.dtype is not w.dtype):
        raise RuntimeError(
            f"linear: a bias of shape {list(b.shape)} and {as_dtype(b.dtype)} for a weight of {list(w.shape)}, {as_dtype(w.dtype)}"
        )
    out = times(x, w.T)
    if b is not None:
        out += b
    return out
