"""Products of matrices. z = x y gives dx = g yᵀ and dy = xᵀ g: dimension analysis finds them again."""

import math

import numpy as np

from ..dtype import as_dtype
from ..dtype import bool as truth
from ..op import op
from ..sums import sum_of_rows
from ..teaching import taught

TRUTH = truth.dtype


def one_dtype(name, *factors):
    """torch's errors for factors of several dtypes, which no product promotes, and for truths, which none has."""
    dtypes = [x.dtype for x in factors if x is not None]
    if any(dtype != dtypes[0] for dtype in dtypes):
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {' != '.join(repr(as_dtype(d)) for d in dtypes)}, as the"
            f" factors of {name}: convert one with .to(other.dtype)"
        )
    if dtypes[0] == TRUTH:
        raise NotImplementedError(f'"{name}" not implemented for {truth}: convert with .to(torch.int64), or .float()')


def fitting(name, x, y, rows, columns):
    """torch's errors for two factors whose shapes do not fit: the product would sum over `rows` of x, `columns` of y."""
    if not x.ndim or not y.ndim:
        raise RuntimeError(f"both arguments to {name} need to be at least 1D, but they are {x.ndim}D and {y.ndim}D")
    if rows != columns:
        transposed = y.T if name == "linear" else y  # which is what torch shows
        sizes = " and ".join("x".join(map(str, a.shape)) for a in (x, transposed))
        raise RuntimeError(
            taught(
                f"mat1 and mat2 shapes cannot be multiplied ({sizes}).",
                why=f"{name} adds up products along one axis of both, which has {rows[0]} entries in the first and"
                f" {columns[0]} in the second",
                fix=fitted(name, x, y),
            )
        )
    raise RuntimeError(f"{name}: the leading dims of {list(x.shape)} and {list(y.shape)} do not broadcast")


def fitted(name, x, y):
    """What would make two factors fit."""
    if name == "linear":
        return f"give the layer inputs of {y.shape[-1]} features, or make it for those, `in_features={x.shape[-1]}`"
    if y.ndim > 1 and y.shape[-1] == x.shape[-1]:
        return "transpose the second, `.mT`"
    if x.ndim > 1 and x.shape[-2] == (y.shape[-2:-1] or y.shape)[0]:
        return "transpose the first, `.mT`"
    return "the last axis of the first must be as long as the last but one of the second (or a vector's only one)"


def times(x, y):
    """x @ y, row by row in memory. (Two matrices are multiplied sooner by NumPy's older name for it; a sum of one term is no sum.)"""
    arrays = type(x) is np.ndarray
    if arrays and x.ndim == y.ndim == 2:
        return x.dot(y)
    if x.ndim > 1 < y.ndim and x.shape[-1] == 1:
        return np.multiply(x, y, order="C") if arrays else x * y
    return x @ y


def left(g, y, shape):
    """dx = g yᵀ; a vector x stands for a row, a vector y for a column."""
    if y.ndim == 1:
        g, y = g[..., None], y[:, None]
    if len(shape) == 1:
        return times(g[..., None, :], y.mT)[..., 0, :]
    return times(g, y.mT)


def right(g, x, shape):
    """dy = xᵀ g."""
    if x.ndim == 1:
        x, g = x[None, :], g[..., None, :] if len(shape) > 1 else g[..., None]
    if len(shape) == 1:
        return times(x.mT, g[..., None])[..., 0]
    return times(x.mT, g)


@op(
    operator="matmul",
    numpy=np.matmul,
    dx=lambda g, y, shape: left(g, y, shape),
    dy=lambda g, x, shape: right(g, x, shape),
    broadcasts=True,
    torch=lambda node: f"{('Dot', 'Mv', 'Mm', 'Bmm')[min(len(node.shape), 3)]}Backward0",
    also="linalg.matmul",
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
    if (dtype := x.dtype) is not y.dtype or dtype is TRUTH:
        one_dtype("matmul", x, y)
    try:
        return x.dot(y) if x.ndim == y.ndim == 2 else np.matmul(x, y)
    except ValueError:
        fitting("matmul", x, y, x.shape[-1:], y.shape[-2:-1] or y.shape)


def rows(x):
    """All but the last axis as one: a batch of any shape, as a matrix of its items."""
    return x if len(x.shape) == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


@op(
    dx=lambda g, w: times(g, w) if w.ndim == 2 else g[..., None] * w,
    dw=lambda g, x, shape: times(rows(g).mT, rows(x)) if len(shape) == 2 else times(g.reshape(-1), rows(x)),
    db=lambda g, shape: sum_of_rows(rows(g)) if () != shape == g.shape[-1:] else g,
    broadcasts=True,
    places="nn.functional",
    torch="Addmm",
    cases=[
        ([(4, 3), (2, 3), (2,)], {}),
        ([(4, 3), (2, 3), None], {}),
        ([(3,), (2, 3), (2,)], {}),
        ([(2, 4, 3), (2, 3), (2,)], {}),
        ([(2, 4, 3), (2, 3), (4, 2)], {}),
        ([(2, 4, 3), (3,), None], {}),
    ],
)
def linear(x, w, b=None):
    """x wᵀ + b, for w of shape (out features, in features); a vector w is one row, whose axis the output lacks."""
    if (dtype := x.dtype) is not w.dtype or dtype is TRUTH or (b is not None and b.dtype is not dtype):
        one_dtype("linear", x, w, b)
    if x.ndim == 0 or not 0 < w.ndim < 3 or x.shape[-1] != w.shape[-1]:
        fitting("linear", x, w, x.shape[-1:], w.shape[-1:])
    out = times(x, w.T)
    if b is not None:
        try:
            out += b
        except ValueError:
            raise RuntimeError(
                f"linear: a bias of shape {list(b.shape)} for outputs of shape {list(out.shape)}"
            ) from None
    return out
