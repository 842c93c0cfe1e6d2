"""Orthogonal weights: matrices whose columns have length 1 and stand at right angles, whatever the optimizer does.

Lezcano-Casado and Martínez-Rubio, Cheap orthogonal constraints in neural networks, 2019 (the maps); Lezcano-Casado,
Trivializations for gradient-based optimization on manifolds, 2019 (the base).
"""

import math
from typing import Any, TypeVar

import numpy as np

from ...autograd import no_grad
from ...creation import eye, zeros_like
from ...functional.joining import cat
from ...linalg import solve
from ...random import randn
from ...tensor import Tensor, made
from ..module import Module
from .parametrize import register_parametrization

M = TypeVar("M", bound=Module)

# ------------------------------------------------------------------ from any matrix to an orthogonal one


def skew(X: Tensor) -> Tensor:
    """A = L - Lᵀ for the lower triangle L of X, with columns of zeros where X is not square."""
    n, k = X.shape[-2:]
    L = X.tril()
    if n != k:
        L = cat([L, L.new_zeros(*X.shape[:-2], n, n - k)], dim=-1)
    return L - L.mT


def matrix_exp(X: Tensor) -> Tensor:
    """exp(A) = Σ Aⁱ / i!, taken of A / 2ˢ, where few terms are enough, and squared s times."""
    A = skew(X)
    norm = A.detach().abs().sum(-2).max().item() if A.numel() else 0.0
    s = max(0, math.ceil(math.log2(norm)) + 1) if 0 < norm < math.inf else 0
    one, A = eye(A.shape[-1], dtype=A.dtype), A / 2**s
    out = one
    for i in range(16, 0, -1):  # 1 + A (1 + A/2 (1 + A/3 (...))): ½¹⁷ / 17! is below the rounding of float64
        out = one + A @ out / i
    for _ in range(s):
        out = out @ out
    return out[..., : X.shape[-1]]


def cayley(X: Tensor) -> Tensor:
    """(I - A/2)⁻¹ (I + A/2)."""
    half = skew(X) * 0.5
    one = eye(half.shape[-1], dtype=X.dtype)
    return solve(one - half, one + half)[..., : X.shape[-1]]


def householder(X: Tensor) -> Tensor:
    """The product of the reflections I - 2 v vᵀ / vᵀv, where v is a column of X below the diagonal, and 1 on it; the diagonal
    itself has the columns' signs."""
    n, k = X.shape[-2:]
    A, one = X.tril(-1), eye(n, k, dtype=X.dtype)
    V, tau, Q = A + one, 2.0 / (1.0 + (A * A).sum(dim=-2)), one
    for i in reversed(range(k)):
        v = V[..., i : i + 1]
        Q = Q - tau[..., i, None, None] * v @ (v.mT @ Q)
    return Q * X.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)


MAPS = {"matrix_exp": matrix_exp, "cayley": cayley, "householder": householder}

# ------------------------------------------------------------------ and back


def nearby(A: Tensor) -> Tensor:
    """The Q of A = QR, with signs such that the diagonal of R is positive."""
    Q, R = np.linalg.qr(A.array)
    return made(Q * np.sign(R.diagonal(axis1=-2, axis2=-1))[..., None, :], None)


def is_orthogonal(Q: Tensor) -> bool:
    n, k = Q.shape[-2:]
    near = 10.0 * n * np.finfo(Q.array.dtype).eps
    return np.allclose((Q.mT @ Q).array, np.eye(k), atol=near)


def reflections(Q: Tensor) -> Tensor:
    """The inverse of `householder`."""
    h, tau = np.linalg.qr(Q.array, mode="raw")
    A = np.array(h.swapaxes(-2, -1))
    signs = np.sign(A.diagonal(axis1=-2, axis2=-1)) * np.where(tau == 0, -1, 1)
    i = np.arange(tau.shape[-1])
    A[..., i, i] = signs
    return made(A, None)


class _Orthogonal(Module):
    """base · map(X), wide matrices transposed. The base, if wanted, is the matrix that was assigned last; then X = -I, where
    the map is the identity."""

    base: Any  # a buffer

    def __init__(self, orthogonal_map: str, shape: Any, use_trivialization: bool) -> None:
        super().__init__()
        self.orthogonal_map, self.shape, self.use_trivialization = orthogonal_map, shape, use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        wide = X.shape[-2] < X.shape[-1]
        Q = MAPS[self.orthogonal_map](X.mT if wide else X)
        if self.use_trivialization:
            Q = self.base @ Q
        return Q.mT if wide else Q

    @no_grad()
    def right_inverse(self, Q: Tensor) -> Tensor:
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {Q.shape}."
            )
        wide = Q.shape[-2] < Q.shape[-1]
        tall = Q.mT if wide else Q
        if self.use_trivialization:
            self.base = completed(tall)
            X = zeros_like(Q)
            X.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
            return X
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley parametrizations when"
                " use_trivialization=False."
            )
        A = reflections(tall)
        return A.mT if wide else A


def completed(Q):
    """The square orthogonal matrix that begins with the columns of Q, or with others near them, if Q is not orthogonal."""
    n, k = Q.shape[-2:]
    if n == k:
        return Q.clone() if is_orthogonal(Q) else nearby(Q)
    return nearby(cat([Q, randn(*Q.shape[:-2], n, n - k, dtype=Q.dtype)], dim=-1))


def orthogonal(
    module: M, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> M:
    """QᵀQ = I for a tall weight Q, QQᵀ = I for a wide one: Q is the "matrix_exp" or the "cayley" map of a skew-symmetric matrix,
    or a product of "householder" reflections, of the original's numbers, times a fixed orthogonal matrix.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.orthogonal.html"""
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if weight.dim() < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.dim()} dimensions.")
    square = weight.shape[-2] == weight.shape[-1]
    orthogonal_map = orthogonal_map or ("matrix_exp" if square else "householder")
    if orthogonal_map not in MAPS:
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    parametrization = _Orthogonal(orthogonal_map, weight.shape, use_trivialization)
    return register_parametrization(module, name, parametrization, unsafe=True)
