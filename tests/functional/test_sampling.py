"""Grids of places, Gumbel's samples and aligned texts: what torch's table of operators leaves out."""

import numpy as np
import pytest

import tinygrad_edu as tg


@pytest.mark.parametrize("size", [(2, 3, 4, 5), (2, 1, 3, 4, 2), (2, 3, 1, 5)], ids=str)
@pytest.mark.parametrize("corners", [True, False])
@pytest.mark.filterwarnings("ignore:Since version 1.3.0", "ignore:affine_grid has changed")
def test_affine_grid_is_torchs(size, corners, torch, rng):
    theta = rng.standard_normal((2, len(size) - 2, len(size) - 1))

    def run(t):
        x = t.tensor(theta, requires_grad=True)
        out = t.nn.functional.affine_grid(x, size, align_corners=corners)
        (out**2).sum().backward()
        return out.detach().numpy(), x.grad.numpy()

    for ours, theirs in zip(run(tg), run(torch)):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize("hard", [True, False])
def test_gumbel_softmax_draws_torchs_bits(hard, promised, rng):
    logits = rng.standard_normal((4, 5)).astype(np.float32)

    def run(t):
        t.manual_seed(3)
        x = t.tensor(logits, requires_grad=True)
        out = t.nn.functional.gumbel_softmax(x, tau=0.7, hard=hard)
        (out * t.arange(5.0)).sum().backward()
        return out.detach().numpy(), x.grad.numpy()

    for ours, theirs in zip(run(tg), run(promised)):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def recordings(rng):
    """Arguments of ctc_loss: any lengths, texts as rows or in a row, some too long for their recording."""
    steps, n, labels, longest = rng.integers(1, 9), rng.integers(1, 4), rng.integers(2, 5), rng.integers(0, 5)
    x, blank = rng.standard_normal((steps, n, labels)), int(rng.integers(labels))
    inputs, texts = rng.integers(0, steps + 1, n), rng.integers(0, longest + 1, n)
    targets = rng.choice([label for label in range(labels) if label != blank], (n, longest))
    if n > 1 and rng.random() < 0.5:
        targets = np.concatenate([row[:k] for row, k in zip(targets, texts)])
    options = dict(reduction=str(rng.choice(["none", "mean", "sum"])), zero_infinity=bool(rng.random() < 0.5))
    return x, [targets, inputs, texts], dict(blank=blank, **options)


@pytest.mark.parametrize("seed", range(60))
def test_ctc_loss_is_torchs_for_any_lengths(seed, torch):
    x, where, options = recordings(np.random.default_rng(seed))

    def run(t):
        leaf = t.tensor(x, requires_grad=True)
        out = t.nn.functional.ctc_loss(leaf, *(t.tensor(a, dtype=t.int64) for a in where), **options)
        out.sum().backward()
        return out.detach().numpy(), leaf.grad.numpy()

    for ours, theirs in zip(run(tg), run(torch)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


CTC_WRONG = {
    "lengths beyond the steps": dict(input_lengths=[9]),
    "texts beyond the targets": dict(target_lengths=[5]),
    "lengths for more than there are": dict(input_lengths=[4, 4]),
    "a negative length": dict(input_lengths=[-1]),
    "lengths that count nothing": dict(input_lengths=[4.0]),
    "a blank that is no label": dict(blank=9),
    "texts in a row, too short": dict(targets=[1]),
    "no such reduction": dict(reduction="x"),
}


@pytest.mark.parametrize("case", CTC_WRONG)
def test_ctc_loss_refuses_what_torch_refuses(case, torch):
    def run(t):
        given = dict(targets=[[1, 2]], input_lengths=[4], target_lengths=[2]) | CTC_WRONG[case]
        given = {name: t.tensor(v) if isinstance(v, list) else v for name, v in given.items()}
        t.nn.functional.ctc_loss(t.zeros(4, 1, 5), **given)

    with pytest.raises((RuntimeError, ValueError)) as theirs:
        run(torch)
    with pytest.raises(theirs.type):
        run(tg)
