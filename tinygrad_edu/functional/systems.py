"""Square matrices under torch.linalg's names: systems of equations, determinants with their signs, powers."""

import numpy as np

from ..compose import composed
from ..ops import inverse
from ..ops.inverse import inv, log_abs_det, sign_of_det, square
from ..ops.linalg import matmul, one_dtype
from ..return_types import linalg_slogdet
from ..tensor import made
from .matrices import scaled


@composed(places="linalg", also="torch.slogdet Tensor.slogdet")
def slogdet(A):
    """(the sign of det A, log |det A|): the determinant where it would overflow."""
    square("slogdet", A.array)
    return linalg_slogdet(sign_of_det(A), log_abs_det(A))


@composed
def logdet(input):
    """log det A: NaN where the determinant is negative."""
    sign, logabsdet = slogdet(input)
    return logabsdet + made(np.where(sign.array < 0, np.nan, 0).astype(sign.array.dtype), None)


@composed(places="linalg")
def solve(A, B, *, left=True):
    """The X of A X = B, or of X A = B if not `left`. B is a vector, or a stack of such, if it lacks A's last axis."""
    square("solve", A.array)
    one_dtype("linalg.solve", A.array, B.array)
    vector = B.array.ndim == 1 or (A.array.ndim == B.array.ndim + 1 and A.shape[:-1] == B.shape)
    columns = B[..., None] if vector else B
    if columns.array.ndim < 2 or columns.shape[-2 if left else -1] != A.shape[-1]:
        raise RuntimeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation {'AX' if left else 'XA'} = B ({list(A.shape)} and"
            f" {list(B.shape)})"
        )
    X = inverse.solve(A, columns) if left else inverse.solve(A.mT, columns.mT).mT
    return X[..., 0] if vector else X


@composed(places="linalg")
def cholesky(A, *, upper=False):
    """The lower triangular L with L Lᵀ = A, for a symmetric positive-definite A; Lᵀ if `upper`."""
    L = inverse.cholesky(A)
    return L.mT if upper else L


@composed(places="linalg", also="torch.matrix_power Tensor.matrix_power")
def matrix_power(A, n):
    """A A ... A, by repeated squaring; negative powers are those of the inverse."""
    if not isinstance(n, int):
        raise TypeError(f"linalg_matrix_power(): argument 'n' (position 2) must be int, not {type(n).__name__}")
    if A.is_floating_point():
        square("matrix_power", A.array)
    if n == 0:
        return scaled(A, 0) + made(np.eye(A.shape[-1], dtype=A.array.dtype), None)
    squares, n = (inv(A), -n) if n < 0 else (A.clone(), n)
    power = None
    while True:
        if n % 2:
            power = squares if power is None else matmul(power, squares)
        n //= 2
        if not n:
            return power
        squares = matmul(squares, squares)
