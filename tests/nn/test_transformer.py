"""Transformers beside torch's: masks of every kind, both orders of norm, dropout's bits, training."""

import numpy as np
import pytest

import tinygrad_edu as tg


def causal(t, n, kind):
    hidden = t.ones(n, n, dtype=t.bool).triu(1)
    return {"none": None, "truths": hidden, "floats": t.nn.Transformer.generate_square_subsequent_mask(n)}[kind]


def run(t, norm_first, mask, training):
    """Loss, outputs and every gradient of a transformer of two by two layers, with padding and dropout."""
    t.manual_seed(0)
    model = t.nn.Transformer(8, 2, 2, 2, 16, 0.3, "gelu", batch_first=True, norm_first=norm_first).train(training)
    src, tgt = t.randn(3, 5, 8), t.randn(3, 4, 8, requires_grad=True)
    padding = t.tensor([[False] * 5, [False] * 5, [False, False, False, True, True]])
    if mask == "floats":
        padding = t.zeros(3, 5).masked_fill(padding, -np.inf)
    out = model(src, tgt, tgt_mask=causal(t, 4, mask), src_key_padding_mask=padding, memory_key_padding_mask=padding)
    loss = (out * t.arange(8.0)).square().mean()
    loss.backward()
    return [
        loss.detach().numpy(),
        out.detach().numpy(),
        tgt.grad.numpy(),
        *(p.grad.numpy() for p in model.parameters()),
    ]


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("mask", ["none", "truths", "floats"])
@pytest.mark.parametrize("training", [True, False])
def test_outputs_and_gradients_are_torchs(norm_first, mask, training, promised):
    pytest.importorskip("scipy")  # the exact gelu's
    for ours, theirs in zip(
        run(tg, norm_first, mask, training), run(promised, norm_first, mask, training), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_a_stack_finds_out_that_its_mask_is_causal():
    layer = tg.nn.TransformerEncoderLayer(4, 1, 8, 0.0)
    seen = []
    layer.forward = lambda x, src_mask, is_causal, src_key_padding_mask: seen.append(is_causal) or x
    stack = tg.nn.TransformerEncoder(layer, 1)
    mask = tg.nn.Transformer.generate_square_subsequent_mask(3)
    for given in (mask, mask + 1, mask[:2, :2], None):
        stack(tg.ones(3, 4), mask=given)
    stack(tg.ones(3, 4), mask=mask + 1, is_causal=True)
    assert seen == [True, False, False, False, True]


WRONG = {
    "no such activation": lambda t: t.nn.TransformerEncoderLayer(4, 2, activation="tanh"),
    "heads that do not share evenly": lambda t: t.nn.MultiheadAttention(5, 2),
    "no heads": lambda t: t.nn.MultiheadAttention(4, 0),
    "other batches": lambda t: t.nn.Transformer(4, 2, 1, 1, 4)(t.ones(3, 2, 4), t.ones(3, 1, 4)),
    "other widths": lambda t: t.nn.Transformer(4, 2, 1, 1, 4)(t.ones(3, 2, 5), t.ones(3, 2, 5)),
    "another width": lambda t: t.nn.MultiheadAttention(4, 2)(*[t.ones(3, 2, 5)] * 3),
    "a mask of another shape": lambda t: t.nn.MultiheadAttention(4, 2)(*[t.ones(3, 2, 4)] * 3, attn_mask=t.ones(2, 2)),
}


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_raises_what_it_raises_in_torch(case, torch):
    with pytest.raises((RuntimeError, AssertionError, ValueError)) as theirs:
        WRONG[case](torch)
    with pytest.raises(theirs.type):
        WRONG[case](tg)
