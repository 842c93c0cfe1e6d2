"""Attention: masks, heads and dropout, beside torch."""

import itertools
import math

import numpy as np
import pytest

import tinygrad_edu as tg

from .agree import agree, slopes, values


def attend(t, dims, mask=None, p=0.0, **options):
    """Attention of 3 queries to 5 keys, with its gradients; the first query's mask lets nothing through."""
    q, k, v = (values(t, *[2] * (dims - 2), n, 4) * n for n in (3, 5, 5))
    truths = t.tensor([[False] * 5, [True, False, True, True, False], [True] * 5])
    masks = {"truths": truths, "-inf": t.where(truths, 0.0, -math.inf).double(), "floats": values(t, 3, 5)}
    t.manual_seed(3)
    attention = t.nn.functional.scaled_dot_product_attention
    return slopes(t, lambda q, k, v: attention(q, k, v, masks.get(mask), p, **options), q, k, v)


PROGRAMS = {
    **{
        f"{dims}D, mask of {mask}, dropout {p}": lambda t, dims=dims, mask=mask, p=p: attend(t, dims, mask, p)
        for dims, mask, p in itertools.product([2, 3, 4], [None, "truths", "-inf", "floats"], [0.0, 0.4, 1.0])
    },
    "causal": lambda t: attend(t, 4, is_causal=True),
    "another scale": lambda t: attend(t, 3, scale=-0.3),
    "a causal mask and another": lambda t: attend(t, 3, "truths", is_causal=True),
    "dropped too often": lambda t: attend(t, 3, p=1.5),
    "keys and values shared by two heads": lambda t: slopes(
        t,
        lambda q, k, v: t.nn.functional.scaled_dot_product_attention(q, k, v, enable_gqa=True),
        *(values(t, 2, n, m, 8) for n, m in ((4, 3), (2, 5), (2, 5))),
    ),
    "heads that cannot be shared": lambda t: t.nn.functional.scaled_dot_product_attention(
        values(t, 2, 3, 3, 8), values(t, 2, 2, 5, 8), values(t, 2, 2, 5, 8), enable_gqa=True
    ),
    "a mask of integers": lambda t: t.nn.functional.scaled_dot_product_attention(
        values(t, 3, 4), values(t, 5, 4), values(t, 5, 4), t.ones(3, 5, dtype=t.int64)
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_what_it_does_in_torch(name, promised):
    agree(PROGRAMS[name], tg, promised)


HEADS = list(itertools.product([False, True], [None, "2d", "3d", "truths"], [None, "truths", "floats"], [False, True]))


@pytest.mark.parametrize(("batched", "mask", "padding", "need_weights"), HEADS)
@pytest.mark.parametrize(("more", "p"), [(False, 0.0), (True, 0.4)])
def test_heads_are_torchs(batched, mask, padding, need_weights, more, p, promised, rng):
    """`more`: separate projections, a bias for keys and values, and a key of zeros."""
    length, keys, n, width, heads = 3, 5, 2 if batched else 1, 4, 2
    shape = lambda count: (count, n, width) if batched else (count, width)
    given = [rng.standard_normal(s) for s in (shape(length), shape(keys), shape(keys), (12, 4), (12,), (4, 4), (4,))]
    biases = [rng.standard_normal((1, 1, width)) for _ in range(2)]
    masks = {
        "2d": rng.standard_normal((length, keys)),
        "3d": rng.standard_normal((n * heads, length, keys)),
        "truths": rng.random((length, keys)) < 0.3,
    }
    paddings = {"truths": rng.random((n, keys)) < 0.3, "floats": rng.standard_normal((n, keys))}
    paddings = {name: p if batched else p[0] for name, p in paddings.items()}

    def program(t):
        t.manual_seed(5)
        q, k, v, w, b, out_w, out_b = (t.tensor(x, requires_grad=True) for x in given)
        bias_k, bias_v = (t.tensor(x, requires_grad=True) if more else None for x in biases)
        split = dict(q_proj_weight=w[:4], k_proj_weight=w[4:8], v_proj_weight=w[8:], use_separate_proj_weight=True)
        attn_mask, padding_mask = (None if x is None else t.tensor(x) for x in (masks.get(mask), paddings.get(padding)))
        out, weights = t.nn.functional.multi_head_attention_forward(
            q, k, v, width, heads, None if more else w, b, bias_k, bias_v, more, p, out_w, out_b, attn_mask=attn_mask,
            key_padding_mask=padding_mask, need_weights=need_weights, average_attn_weights=not more, **split if more else {},
        )  # fmt: skip
        loss = (out * out).sum() + (0 if weights is None else (weights * weights).sum())
        leaves = [q, k, v, w, b, out_w, out_b] + ([bias_k, bias_v] if more else [])
        return [out, weights, *t.autograd.grad(loss, leaves)]

    agree(program, tg, promised)


def test_a_query_that_hears_nothing_has_slopes_of_zero_twice():
    q, k, v = (tg.tensor(np.random.default_rng(0).standard_normal((2, 3)), requires_grad=True) for _ in range(3))
    mask = tg.tensor([[True, True], [False, False]])
    attention = lambda q, k, v: tg.nn.functional.scaled_dot_product_attention(q, k, v, mask)
    assert attention(q, k, v)[1].tolist() == [0, 0, 0]
    assert tg.autograd.gradcheck(attention, (q, k, v))
    assert tg.autograd.gradgradcheck(attention, (q, k, v))
