"""Norms: how large a vector is, a matrix, or the difference of two tensors."""

import math

from ..compose import composed
from ..dtype import as_dtype
from ..ops.axes import axes
from ..ops.elementwise import sub
from ..ops.piecewise import abs
from ..ops.reduce import amax, amin, sum, vector_norm
from ..ops.shape import permute
from ..ops.spectral import svdvals

MATRIX = ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)


@composed(places="linalg")
def matrix_norm(input, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """Of matrices over two dims: 'fro' √Σ x², 'nuc' Σ σ, ±2 the largest or least σ, ±1 and ±∞ such a column's or row's Σ |x|."""
    ndim = input.array.ndim
    if ord not in MATRIX:
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported: it is one of {', '.join(map(str, MATRIX))}")
    if ndim < 2:
        raise RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    if not input.is_floating_point():
        raise RuntimeError(
            f"linalg.matrix_norm: Expected a floating point or complex tensor as input. Got {input.dtype}"
        )
    if not isinstance(dim, (tuple, list)) or len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {dim}")
    if dim[0] == dim[1]:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    rows, columns = axes(dim, ndim)
    if ord == "fro":
        return vector_norm(input, 2, (rows, columns), keepdim, dtype=dtype)
    x = input if dtype is None else input.to(as_dtype(dtype))
    extreme = amin if ord in (-1, -2, -math.inf) else largest
    if ord in (1, -1):
        return reduced(extreme, sum(abs(x), rows, True), columns, rows, keepdim)
    if ord in (math.inf, -math.inf):
        return reduced(extreme, sum(abs(x), columns, True), rows, columns, keepdim)
    rest = [i for i in range(ndim) if i not in (rows, columns)]
    s = svdvals(permute(x, (*rest, rows, columns)))
    out = sum(s, -1) if ord == "nuc" else extreme(s, -1)
    for i in sorted((rows, columns)) if keepdim else ():
        out = out.unsqueeze(i)
    return out


def largest(x, dim, keepdim=False):
    """The largest of sizes: 0, if there are none."""
    return (amax if x.array.shape[dim] else sum)(x, dim, keepdim)


def reduced(extreme, x, dim, gone, keepdim):
    """The extreme along `dim`, and without the axis that is gone already."""
    out = extreme(x, dim, True)
    return out if keepdim else out.squeeze((dim, gone))


@composed(name="norm", places="linalg")
def linalg_norm(input, ord=None, dim=None, keepdim=False, *, dtype=None):
    """matrix_norm where two dims are given, or the input is a matrix; else vector_norm; with no ord, ‖x‖₂ over all dims."""
    ndim = input.array.ndim
    if ord is not None and dim is None and ndim not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {ndim}D.")
    of_matrix = ndim == 2 if dim is None else isinstance(dim, (tuple, list)) and len(dim) == 2
    if isinstance(ord, str) or (ord is not None and of_matrix):
        return matrix_norm(input, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm(input, 2 if ord is None else ord, dim, keepdim, dtype=dtype)


@composed
def norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """The older form: ‖x‖ₚ over `dim`, or over all dims; 'fro' is ‖x‖₂, 'nuc' the sum of a matrix's singular values."""
    if isinstance(p, str) and p != "fro":
        both = tuple(range(input.array.ndim)) if dim is None else dim
        return matrix_norm(input, p, both, keepdim, dtype=dtype)
    return vector_norm(input, 2 if p in ("fro", None) else p, dim, keepdim, dtype=dtype)


@composed
def dist(input, other, p=2):
    """‖input - other‖ₚ."""
    return vector_norm(sub(input, other), p)
