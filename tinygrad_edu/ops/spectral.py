"""The singular value decomposition: x = u diag(s) vᵀ, with orthonormal columns in u and in v.

Townsend, Differentiating the singular value decomposition, 2016.
"""

import numpy as np

from ..dtype import as_dtype
from ..op import op
from .inverse import LinAlgError
from .places import apply


def decomposed(name, x, **options):
    """NumPy's svd, with torch's errors."""
    if x.ndim < 2:
        raise RuntimeError(f"linalg.{name}: The input tensor A must have at least 2 dimensions.")
    if x.dtype.kind != "f":
        raise RuntimeError(
            f"linalg.{name}: Expected a floating point or complex tensor as input. Got {as_dtype(x.dtype)}"
        )
    try:
        return np.linalg.svd(x, full_matrices=False, **options)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            f"linalg.{name}: The algorithm failed to converge because the input matrix contained non-finite values."
        ) from None


@op(
    dx=lambda g, x: through_values(g, x),
    places="linalg",
    torch="LinalgSvd",
    cases=[([(3, 2)], {}), ([(2, 2, 3)], {})],
)
def svdvals(x):
    """The singular values of each matrix, the largest first."""
    return decomposed("svdvals", x, compute_uv=False)


def through_values(g, x):
    """Σ gᵢ uᵢ vᵢᵀ."""
    u, _, vt = unpacked(apply(svd, x), x.shape)
    return (u * g[..., None, :]) @ vt


# ------------------------------------------------------------------ with the vectors


@op(
    dx=lambda g, out, shape: through_svd(unpacked(g, shape), unpacked(out, shape)),
    places="",
    cases=[([(3, 2)], {}), ([(2, 3)], {}), ([(2, 2, 2)], {})],
)
def svd(x):
    """u, s and vᵀ of each matrix, one after the other in one row, for `unpacked` to take apart."""
    *stack, m, n = x.shape
    u, s, vt = decomposed("svd", x)
    return np.concatenate([u.reshape(*stack, m * s.shape[-1]), s, vt.reshape(*stack, s.shape[-1] * n)], -1)


def unpacked(row, shape):
    """The u, s and vᵀ of matrices of that shape, or the gradients of these, out of the row that svd makes of them."""
    *stack, m, n = shape
    k = min(m, n)
    u, s, vt = row[..., : m * k], row[..., m * k : (m + 1) * k], row[..., (m + 1) * k :]
    return u.reshape(*stack, m, k), s, vt.reshape(*stack, k, n)


def skew(x):
    return x - x.mT


def through_svd(g, parts):
    """dx = u [diag(ds) + (skew(uᵀdu) s + s skew(vᵀdv)) / (sⱼ² - sᵢ²)] vᵀ, and what du and dv have outside of u and v."""
    (du, ds, dvt), (u, s, vt) = g, parts
    rows, columns = s[..., :, None], s[..., None, :]
    same = np.eye(s.shape[-1], dtype=bool)
    turning = skew(u.mT @ du) * columns + rows * skew(vt @ dvt.mT)
    core = np.where(same, ds[..., None], turning / np.where(same, 1, columns * columns - rows * rows))
    inside = u @ core @ vt
    if u.shape[-2] > s.shape[-1]:
        out = du / columns
        return inside + (out - u @ (u.mT @ out)) @ vt
    if vt.shape[-1] > s.shape[-1]:
        out = dvt / rows
        return inside + u @ (out - (out @ vt.mT) @ vt)
    return inside
