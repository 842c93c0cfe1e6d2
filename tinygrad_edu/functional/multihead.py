"""Attention with several heads, each of which looks at its own projection of queries, keys and values."""

import math

import numpy as np

from ..compose import composed
from ..dtype import bool as truth
from ..ops.linalg import linear, matmul
from ..ops.piecewise import where
from ..ops.softmax import softmax
from ..tensor import made
from ..users import warn
from .attention import scaled_dot_product_attention
from .dropout import dropout
from .joining import cat


@composed(places="nn.functional")
def multi_head_attention_forward(
    query,
    key,
    value,
    embed_dim_to_check,
    num_heads,
    in_proj_weight,
    in_proj_bias,
    bias_k,
    bias_v,
    add_zero_attn,
    dropout_p,
    out_proj_weight,
    out_proj_bias,
    training=True,
    key_padding_mask=None,
    need_weights=True,
    attn_mask=None,
    use_separate_proj_weight=False,
    q_proj_weight=None,
    k_proj_weight=None,
    v_proj_weight=None,
    static_k=None,
    static_v=None,
    average_attn_weights=True,
    is_causal=False,
):
    """(linear(attention of all heads), the heads' weights, averaged) for query (L, N, E), key and value (S, N, E), N may lack.

    `attn_mask` (L, S) or (N · heads, L, S) and `key_padding_mask` (N, S) are added to the scores; a truth there means: not
    this key. `bias_k` and `bias_v` are one more key and value, and `add_zero_attn` one of zeros.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html"""
    batched = fitting(query, key, value, key_padding_mask, attn_mask, embed_dim_to_check, num_heads, is_causal)
    if not batched:
        query, key, value = (x.unsqueeze(1) for x in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, n, width = query.shape
    hint = is_causal and key_padding_mask is None and not need_weights
    mask = None if hint else merged(attn_mask, key_padding_mask, query, len(key.array), num_heads)
    weights = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else thirds(in_proj_weight)
    q, k, v = (linear(x, w, b) for x, w, b in zip((query, key, value), weights, thirds(in_proj_bias)))
    if (bias_k is None) != (bias_v is None):
        raise AssertionError("one of bias_k and bias_v is set but the other is None")
    if bias_k is not None:
        k, v = (cat([x, more.expand(1, n, width)]) for x, more in ((k, bias_k), (v, bias_v)))
    q, k, v = (x.reshape(len(x.array), n * num_heads, width // num_heads).transpose(0, 1) for x in (q, k, v))
    k, v = (x if static is None else static for x, static in ((k, static_k), (v, static_v)))
    if add_zero_attn:
        k, v = (cat([x, made(np.zeros_like(x.array[:, :1]), None)], 1) for x in (k, v))
    if mask is not None and (extra := k.shape[1] - mask.shape[-1]):
        mask = cat([mask, made(np.zeros((*mask.shape[:-1], extra), mask.array.dtype), None)], -1)
    p = dropout_p if training else 0.0
    if need_weights:
        scores = matmul(q * math.sqrt(1 / q.shape[-1]), k.mT)
        heard = softmax(scores if mask is None else scores + mask, -1)
        heard = dropout(heard, p) if p > 0 else heard
        heads = matmul(heard, v)
    else:
        heads = scaled_dot_product_attention(q, k, v, mask, p, hint)
    out = linear(heads.transpose(0, 1).contiguous().reshape(length, n, width), out_proj_weight, out_proj_bias)
    out = out if batched else out.squeeze(1)
    if not need_weights:
        return out, None
    heard = heard.reshape(n, num_heads, length, k.shape[1])
    heard = heard.mean(1) if average_attn_weights else heard
    return out, heard if batched else heard.squeeze(0)


def thirds(x):
    """What projects queries, keys and values, which lie in one tensor one below the other."""
    if x is None:
        return None, None, None
    n = len(x.array) // 3
    return x[:n], x[n : 2 * n], x[2 * n :]


def merged(attn_mask, key_padding_mask, query, keys, num_heads):
    """Both masks as one of floats, that is added to the scores (N · heads, L, S)."""
    length, n, _ = query.shape
    if attn_mask is not None:
        wanted = (length, keys) if attn_mask.array.ndim == 2 else (n * num_heads, length, keys)
        if attn_mask.shape != wanted:
            raise RuntimeError(
                f"The shape of the {attn_mask.array.ndim}D attn_mask is {attn_mask.shape}, but should be {wanted}."
            )
        attn_mask = additive("attn_mask", attn_mask, query)
    if key_padding_mask is None:
        return attn_mask
    if key_padding_mask.shape != (n, keys):
        raise AssertionError(f"key_padding_mask has shape {key_padding_mask.shape}, but should have {(n, keys)}")
    padding = additive("key_padding_mask", key_padding_mask, query).reshape(n, 1, 1, keys)
    padding = padding.expand(n, num_heads, 1, keys).reshape(n * num_heads, 1, keys)
    return padding if attn_mask is None else attn_mask + padding


def additive(name, mask, query):
    """A mask that is added: -∞ where one of truths says to look away."""
    if mask.dtype is truth:
        return where(mask, made(np.asarray(-np.inf, query.array.dtype), None), 0)
    if not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {name} are supported")
    return mask


def fitting(query, key, value, key_padding_mask, attn_mask, embed_dim, num_heads, is_causal):
    """Whether there is a batch; torch's errors for what does not fit."""
    dims = query.array.ndim
    if dims not in (2, 3):
        raise AssertionError(f"query should be unbatched 2D or batched 3D tensor but received {dims}-D query tensor")
    query_is = f"For {'batched (3-D)' if dims == 3 else 'unbatched (2-D)'} `query`"
    if key.array.ndim != dims or value.array.ndim != dims:
        raise AssertionError(
            f"{query_is}, expected `key` and `value` to be {dims}-D but found {key.array.ndim}-D and {value.array.ndim}-D"
            " tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.array.ndim != dims - 1:
        raise AssertionError(
            f"{query_is}, expected `key_padding_mask` to be `None` or {dims - 1}-D but found"
            f" {key_padding_mask.array.ndim}-D tensor instead"
        )
    if attn_mask is not None and attn_mask.array.ndim not in (2, 3):
        raise AssertionError(
            f"{query_is}, expected `attn_mask` to be `None`, 2-D or 3-D but found {attn_mask.array.ndim}-D tensor instead"
        )
    if is_causal and attn_mask is None:
        raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
    if attn_mask is not None and key_padding_mask is not None and attn_mask.dtype is not key_padding_mask.dtype:
        warn("Support for mismatched key_padding_mask and attn_mask is deprecated. Use same type for both instead.")
    if query.shape[-1] != embed_dim:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim}, but got {query.shape[-1]}")
    if embed_dim % num_heads:
        raise AssertionError(f"embed_dim {embed_dim} not divisible by num_heads {num_heads}")
    if key.shape[:-1] != value.shape[:-1]:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
    return dims == 3
