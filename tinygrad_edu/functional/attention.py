"""Attention: every query takes a weighted mean of the values, weighted by how well their keys match it.

Vaswani et al., Attention is all you need, 2017.
"""

import math

import numpy as np

from ..compose import composed
from ..dtype import bool as truth
from ..ops.linalg import matmul
from ..ops.piecewise import where
from ..ops.softmax import softmax
from ..tensor import Tensor, made
from .dropout import dropout


@composed(places="nn.functional")
def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):
    """softmax(q kᵀ · scale + mask) v, for q (..., L, E), k (..., S, E) and v (..., S, Ev); scale is 1 / √E by default.

    A mask (..., L, S) of truths says which keys a query may hear, one of floats is added; `is_causal` lets it hear the
    first ones, up to its own place. A query that may hear none gets 0. With `enable_gqa`, groups of query heads share a head
    of keys and values. https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
    """
    refuse(query, key, value, attn_mask, dropout_p, is_causal)
    if enable_gqa:
        key, value = shared(key, query), shared(value, query)
    scores = matmul(query * (1 / math.sqrt(query.shape[-1] or 1) if scale is None else scale), key.mT)
    if is_causal:
        attn_mask = made(np.tri(*scores.shape[-2:], dtype=bool), None)
    if attn_mask is not None:
        scores = where(attn_mask, scores, -math.inf) if attn_mask.dtype is truth else scores + attn_mask
    weights = attention(scores)
    if dropout_p > 0:
        weights = dropout(weights, dropout_p)
    return matmul(weights, value)


def attention(scores):
    """softmax over the keys; 0 for a query that may hear none, whose scores are all -∞."""
    deaf = np.isneginf(scores.array).all(-1, keepdims=True)
    if not deaf.any():
        return softmax(scores, -1)
    deaf = made(deaf, None)
    return where(deaf, 0, softmax(where(deaf, 0, scores), -1))


def shared(heads, query):
    """Heads (..., H, S, E), each repeated for as many of the query's as are to share it."""
    if query.array.ndim < 3 or heads.array.ndim < 3:
        raise IndexError(f"enable_gqa: heads are dim -3, which a tensor of shape {list(query.shape)} has not")
    *batch, n, length, width = heads.shape
    if query.shape[-3] % n:
        raise RuntimeError(
            f"Number of heads in key and value must divide the number of heads in query: {n} and {query.shape[-3]}"
        )
    times = query.shape[-3] // n
    return heads.unsqueeze(-3).expand(*batch, n, times, length, width).reshape(*batch, n * times, length, width)


def refuse(query, key, value, attn_mask, dropout_p, is_causal):
    """torch's errors."""
    for name, x in dict(query=query, key=key, value=value).items():
        if not isinstance(x, Tensor):
            raise TypeError(f"scaled_dot_product_attention(): argument '{name}' must be Tensor, not {type(x).__name__}")
        if x.array.ndim < 2:
            raise RuntimeError(
                f"Expected query, key, and value to all be at least 2 dimensional, but got {name}.dim: {x.array.ndim}"
            )
        if x.dtype is not query.dtype:
            raise RuntimeError(
                f"Expected query, key, and value to have the same dtype, but got {name}.dtype: {x.dtype} and query.dtype:"
                f" {query.dtype}"
            )
        if not x.is_floating_point():
            raise RuntimeError(
                f"expected scalar type Float but found {x.dtype}: attention takes means, so convert with .float()"
            )
    if attn_mask is not None:
        if is_causal:
            raise RuntimeError("Explicit attn_mask should not be set when is_causal=True: let the one mask say both")
        if attn_mask.dtype not in (truth, query.dtype):
            raise RuntimeError(
                f"Expected attn_mask dtype to be bool or float or to match query dtype, but got {attn_mask.dtype}"
            )
    if dropout_p > 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p}")
