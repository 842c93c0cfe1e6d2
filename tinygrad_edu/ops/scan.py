"""Running totals: what has come together up to each place. Forward looks back, so backward looks ahead."""

import numpy as np

from ..dtype import as_dtype
from ..op import op
from ..tensor import Tensor
from .axes import one_dim
from .places import apply
from .shape import concatenate

DOUBLE = np.dtype(np.float64)
SCANS = [([(3,)], {"dim": 0}), ([(2, 4, 2)], {"dim": -2})]


def accumulated(ufunc, x, dim, dtype=None):
    """The running ufunc of x along `dim`: floats in double precision, as torch takes them, each result rounded once."""
    wanted = as_dtype(dtype).dtype if dtype else x.dtype if x.dtype.kind == "f" else np.dtype(np.int64)
    if wanted.kind == "b":
        raise NotImplementedError(f"a running {ufunc.__name__} is not implemented for torch.bool: count in integers")
    dim, x = one_dim(dim, x.ndim), np.asarray(x, wanted, order="C")
    if not x.ndim:
        return x.copy()
    return ufunc.accumulate(x, dim, DOUBLE if wanted.kind == "f" else wanted).astype(wanted, copy=False)


def span(x, dim, start, stop=None):
    """x[start:stop] along `dim`."""
    return x[(slice(None),) * (dim % len(x.shape)) + (slice(start, stop),)]


def joined(parts, dim):
    """Arrays, or Tensors, joined along `dim`."""
    dim %= len(parts[0].shape)
    if not isinstance(parts[0], Tensor):
        return np.concatenate(parts, dim)
    return concatenate(*parts, dim=dim, lengths=tuple(part.shape[dim] for part in parts))


# ------------------------------------------------------------------ sums


@op(dx=lambda g, dim: apply(reverse_cumsum, g, dim), inplace=True, cases=SCANS)
def cumsum(x, dim, *, dtype=None):
    """out_k = x_0 + ... + x_k along `dim`."""
    return accumulated(np.add, x, dim, dtype)


@op(dx=lambda g, dim: apply(cumsum, g, dim), places="", cases=SCANS)
def reverse_cumsum(x, dim):
    """The adjoint of cumsum: out_k = x_k + ... + x_n along `dim`."""
    return np.flip(accumulated(np.add, np.flip(x, dim), dim), dim) if x.ndim else x.copy()


# ------------------------------------------------------------------ products, and sums of exponentials


def recurrence(a, g, dim):
    """s where s_k = g_k + a_k s_{k+1}, and s_n = g_n, along `dim`; a is shorter by one.

    Two such steps are one step of twice the length, so log₂ n of them are enough."""
    n, step = g.shape[dim], 1
    while step < n:
        near, far = span(g, dim, 0, n - step), span(g, dim, step)
        g = joined([near + span(a, dim, 0, n - step) * far, span(g, dim, n - step)], dim)
        a = span(a, dim, 0, -step) * span(a, dim, step)
        step *= 2
    return g


def through_products(g, x, out, dim):
    """The adjoint of cumprod: dx_k = Σ_{i≥k} g_i out_i / x_k; and where some x is 0, Σ_{i≥k} g_i Π_{j≤i, j≠k} x_j."""
    if not g.shape or g.shape[dim] == 1:
        return g
    if not (x == 0).any():
        return apply(reverse_cumsum, g * out, dim) / x
    # (The factors behind are of x, not of out: where this is differentiated, out hears nothing of it.)
    behind = apply(cumprod, span(x, dim, 0, -1), dim)
    ahead = recurrence(span(x, dim, 1), g, dim)
    return joined([span(ahead, dim, 0, 1), behind * span(ahead, dim, 1)], dim)


@op(dx=lambda g, x, out, dim: through_products(g, x, out, dim), inplace=True, cases=SCANS)
def cumprod(x, dim, *, dtype=None):
    """out_k = x_0 · ... · x_k along `dim`."""
    return accumulated(np.multiply, x, dim, dtype)


def through_exponentials(g, x, out, dim):
    """The adjoint of logcumsumexp: dx_k = Σ_{i≥k} g_i exp(x_k - out_i), with no exponential of a positive number."""
    if not g.shape:
        return g
    steps = np.exp(span(out, dim, 0, -1) - span(out, dim, 1))
    return np.exp(x - out) * recurrence(steps, g, dim)


@op(dx=lambda g, x, out, dim: through_exponentials(g, x, out, dim), cases=SCANS)
def logcumsumexp(x, dim):
    """out_k = log(exp(x_0) + ... + exp(x_k)) along `dim`."""
    if x.dtype.kind != "f":
        raise NotImplementedError(
            f'"logcumsumexp" not implemented for {as_dtype(x.dtype)}: convert with .float() first'
        )
    return accumulated(np.logaddexp, x, dim)
