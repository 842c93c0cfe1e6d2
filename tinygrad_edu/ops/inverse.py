"""Square matrices undone: determinants, inverses, linear systems, square roots of symmetric ones.

The rules follow from d(A⁻¹) = -A⁻¹ dA A⁻¹ and d(det A) = det A · tr(A⁻¹ dA).
Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation, 2008.
"""

import numpy as np

from ..dtype import as_dtype
from ..op import op
from ..tensor import Tensor


class LinAlgError(RuntimeError):
    """A matrix for which there is no such thing: singular, or not positive-definite."""


def square(name, x):
    """torch's errors for what is no stack of square matrices of floats."""
    if x.ndim < 2:
        raise RuntimeError(f"linalg.{name}: The input tensor A must have at least 2 dimensions.")
    if x.shape[-1] != x.shape[-2]:
        raise RuntimeError(
            f"linalg.{name}: A must be batches of square matrices, but they are {x.shape[-2]} by {x.shape[-1]} matrices"
        )
    if x.dtype.kind != "f":
        raise RuntimeError(
            f"linalg.{name}: Expected a floating point or complex tensor as input. Got {as_dtype(x.dtype)}"
        )
    if x.dtype.itemsize < 4:
        raise RuntimeError(f"linalg.{name}: Low precision dtypes not supported. Got {as_dtype(x.dtype)}")


def inverse(x):
    """x⁻¹."""
    return inv(x) if isinstance(x, Tensor) else inv.op.forward(x)


def solved(a, b):
    """The x of a x = b."""
    return solve(a, b) if isinstance(a, Tensor) else solve.op.forward(a, b)


MATRICES = [([(3, 3)], {}), ([(2, 2, 2)], {})]
regular = lambda rng, shape: rng.standard_normal(shape) + 2 * np.eye(shape[-1])
definite = lambda rng, shape: (a := rng.standard_normal(shape)) @ a.mT + np.eye(shape[-1])


@op(
    dx=lambda g, out: -(out.mT @ g @ out.mT),
    places="linalg",
    also="torch.inverse Tensor.inverse",
    torch="LinalgInvEx",
    sample=regular,
    cases=MATRICES,
)
def inv(x):
    """The inverse of a matrix, or of each of a stack."""
    square("inv", x)
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            "linalg.inv: The inversion could not be completed because the input matrix is singular: its rows are linearly"
            " dependent"
        ) from None


def cofactors(x, det):
    """∂(det A)/∂A = det A · A⁻ᵀ; where A has no inverse, from A = U Σ Vᵀ: det U · det V · U Σ′ Vᵀ, with, in the place of
    each singular value, the product of the others."""
    if det.all():
        return det[..., None, None] * inverse(x).mT
    if isinstance(x, Tensor):
        return signed_minors(x)
    u, s, v = np.linalg.svd(x)
    others = np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]).prod(-1)
    return (np.linalg.det(u) * np.linalg.det(v))[..., None, None] * (u * others[..., None, :] @ v)


def signed_minors(x):
    """The same from the definition: out[i, j] = ± the determinant of A without its row i and column j."""
    n = x.shape[-1]
    if n > 20:
        raise RuntimeError(
            f"det can be differentiated twice where it is 0 up to 20 by 20 matrices, and this one has {n} rows: n² minors"
            " are to be computed. Did it underflow? slogdet() does not."
        )
    others = np.array([[k for k in range(n) if k != i] for i in range(n)], int).reshape(n, n - 1)
    signs = (-1) ** np.add.outer(np.arange(n), np.arange(n))
    return det(x[..., others[:, None, :, None], others[:, None, :]]) * signs.astype(x.array.dtype)


@op(
    dx=lambda g, x, out: g[..., None, None] * cofactors(x, out),
    places="linalg",
    also="torch.det Tensor.det",
    torch="LinalgDet",
    sample=regular,
    cases=MATRICES,
)
def det(x):
    """The determinant of a square matrix, or of each of a stack."""
    square("det", x)
    return np.linalg.det(x)


@op(
    dx=lambda g, x: g[..., None, None] * inverse(x).mT,
    places="",
    torch="LinalgSlogdet",
    sample=regular,
    cases=MATRICES,
)
def log_abs_det(x):
    """log |det A|, which does not overflow."""
    return np.linalg.slogdet(x).logabsdet


@op(dx=lambda g, x: np.zeros_like(x), places="", torch="LinalgSlogdet", sample=regular, cases=MATRICES)
def sign_of_det(x):
    """1, -1 or 0, as det A is positive, negative or 0."""
    return np.linalg.slogdet(x).sign


def both_slopes(g, a, out):
    """The gradients of A and B: those of B are A⁻ᵀ g, and those of A are minus these times Xᵀ."""
    db = solved(a.mT, g)
    return -(db @ out.mT), db


@op(
    d=lambda g, x, out: both_slopes(g, x, out),
    inputs=("x", "y"),
    broadcasts=True,
    places="",
    torch="LinalgSolveEx",
    sample={"x": regular},
    cases=[([(3, 3), (3, 2)], {}), ([(2, 3, 3), (3, 1)], {})],
)
def solve(x, y):
    """The X of A X = B."""
    try:
        return np.linalg.solve(x, y)
    except np.linalg.LinAlgError:
        raise LinAlgError("torch.linalg.solve: The solver failed because the input matrix is singular.") from None
    except ValueError:
        raise RuntimeError(
            f"linalg.solve: the leading dims of {list(x.shape)} and {list(y.shape)} do not broadcast"
        ) from None


def factor_slope(g, out):
    """L⁻ᵀ S L⁻¹, where S is the symmetric part of the lower triangle of Lᵀ g with half of its diagonal."""
    n = out.shape[-1]
    lower = np.tri(n) - np.eye(n) / 2
    half = (out.mT @ g) * lower.astype(out.dtype if isinstance(out, np.ndarray) else out.array.dtype)
    left = solved(out.mT, half + half.mT) / 2
    return solved(out.mT, left.mT).mT


@op(dx=lambda g, out: factor_slope(g, out), places="", torch="LinalgCholeskyEx", sample=definite, cases=MATRICES)
def cholesky(x):
    """The lower triangular L with L Lᵀ = A, for a symmetric positive-definite A, of which only the lower triangle is read.

    As in torch, the slope is that of A's symmetric part."""
    square("cholesky", x)
    try:
        out = np.linalg.cholesky(x)
        if np.isnan(out).any():
            raise np.linalg.LinAlgError
        return out
    except np.linalg.LinAlgError:
        raise LinAlgError(
            "linalg.cholesky: The factorization could not be completed because the input is not positive-definite"
        ) from None
