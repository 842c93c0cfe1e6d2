"""How far apart, and in which direction: lengths, distances and angles of vectors."""

import numpy as np

from ..compose import composed
from ..dtype import as_dtype, result_type
from ..ops.elementwise import sub
from ..ops.index import getitem
from ..ops.linalg import one_dtype
from ..ops.piecewise import clamp
from ..ops.reduce import vector_norm
from ..tensor import made
from .views import broadcast_tensors


@composed(places="nn.functional")
def normalize(input, p=2.0, dim=1, eps=1e-12):
    """x / max(‖x‖, ε): vectors along `dim` made to have length 1."""
    return input / clamp(vector_norm(input, p, dim, True), eps)


@composed(places="torch nn.functional")
def cosine_similarity(x1, x2, dim=1, eps=1e-08):
    """x₁ · x₂ / (max(‖x₁‖, ε) max(‖x₂‖, ε)), the cosine of the angle between vectors along `dim`."""
    if eps < 0:
        raise RuntimeError(f"cosine_similarity: eps must be non-negative, got: {eps}")
    dtype = as_dtype(result_type(x1.array, x2.array))
    if not dtype.is_floating_point:
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {dtype}")
    x1, x2 = broadcast_tensors(x1.to(dtype), x2.to(dtype))
    return (unit(x1, dim, eps) * unit(x2, dim, eps)).sum(dim)


def unit(x, dim, eps):
    """x over its length, or over ε if that is larger; but with the slope of the length even then, as torch has it."""
    length = vector_norm(x, 2, dim, True)
    return x / (length + made(np.asarray(np.maximum(eps - length.array, 0)), None))


@composed(places="torch nn.functional")
def pairwise_distance(x1, x2, p=2.0, eps=1e-06, keepdim=False):
    """‖x₁ - x₂ + ε‖ over the last dim."""
    return vector_norm(sub(x1, x2) + eps, p, -1, keepdim)


@composed(places="torch nn.functional")
def pdist(input, p=2.0):
    """‖xᵢ - xⱼ‖ for every pair i < j of the rows of (N, M), in their order."""
    if input.array.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.array.ndim}D")
    if not input.is_floating_point():
        raise RuntimeError(f"pdist only supports floating-point dtypes, got: {input.dtype}")
    if p < 0:
        raise RuntimeError(f"pdist only supports non-negative p values, and got {p}")
    i, j = np.triu_indices(len(input), 1)
    return vector_norm(getitem(input, (i,)) - getitem(input, (j,)), p, -1)


MODES = [f"{do}use_mm_for_euclid_dist{when}" for do, when in (("", "_if_necessary"), ("", ""), ("donot_", ""))]


@composed(places="torch")
def cdist(x1, x2, p=2.0, compute_mode="use_mm_for_euclid_dist_if_necessary"):
    """out[..., i, j] = ‖x1[..., i, :] - x2[..., j, :]‖; the slope between equal vectors is 0.

    `compute_mode` is checked, but not needed: the differences are always taken, which is slower, and exact."""
    for name, x in (("X1", x1), ("X2", x2)):
        if x.array.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {x.array.ndim}D")
        if not x.is_floating_point():
            raise RuntimeError(f"cdist only supports floating-point dtypes, {name} got: {x.dtype}")
    one_dtype("cdist", x1.array, x2.array)
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}")
    if compute_mode not in MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode: {', '.join(MODES)}")
    if p < 0:
        raise RuntimeError(f"cdist only supports non-negative p values, and got {p}")
    return vector_norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, -1)
