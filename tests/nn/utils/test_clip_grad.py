"""Clipped gradients, and parameters as a vector, as in torch."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg


def parameters(t, gradients):
    found = []
    for g in gradients:
        p = t.zeros(3, 2, dtype=t.float64, requires_grad=True)
        p.grad = None if g is None else t.tensor(g)
        found.append(p)
    return found


@given(
    seed=st.integers(0, 10**6),
    scale=st.sampled_from([0.0, 1e-3, 1.0, 1e6, math.inf, math.nan]),
    max_norm=st.sampled_from([0.5, 2, 100.0]),
    norm_type=st.sampled_from([2, 2.0, 1, math.inf, 3.0, 0.5]),
    missing=st.booleans(),
)
def test_clipping_is_torchs(seed, scale, max_norm, norm_type, missing):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    gradients = [None if missing else rng.standard_normal((3, 2)), rng.standard_normal((3, 2)) * scale]

    def run(t, clip):
        ps = parameters(t, gradients)
        norm = clip(t, ps)
        return [
            np.nan if norm is None else norm.item(),
            *(np.zeros(1) if p.grad is None else p.grad.numpy() for p in ps),
        ]

    for clip in (
        lambda t, ps: t.nn.utils.clip_grad_norm_(ps, max_norm, norm_type),
        lambda t, ps: t.nn.utils.clip_grad_norm_(iter(ps), max_norm),
        lambda t, ps: t.nn.utils.clip_grad_norm_(ps[1], max_norm),
        lambda t, ps: t.nn.utils.clip_grad_value_(ps, max_norm),
        lambda t, ps: t.nn.utils.get_total_norm([p.grad for p in ps if p.grad is not None], norm_type),
    ):
        for ours, theirs in zip(run(tg, clip), run(torch, clip), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=0)


def test_a_norm_that_is_not_finite_is_refused_if_asked(torch):
    for t in (tg, torch):
        ps = parameters(t, [np.full((3, 2), np.inf)])
        with pytest.raises(
            RuntimeError, match=r"The total norm of order 2\.0 for gradients from `parameters` is non-finite"
        ):
            t.nn.utils.clip_grad_norm_(ps, 1.0, error_if_nonfinite=True)
        assert np.isinf(ps[0].grad.numpy()).all()


def test_no_parameters(torch):
    for t in (tg, torch):
        with pytest.warns(UserWarning, match="empty generator"):
            assert t.nn.utils.clip_grad_norm_((p for p in []), 1.0).item() == 0
        assert t.nn.utils.clip_grad_norm_([], 1.0).item() == 0
        with pytest.warns(FutureWarning, match="deprecated"):
            t.nn.utils.clip_grad_norm(parameters(t, [None]), 1.0)


def test_parameters_as_a_vector_and_back(torch):
    for t in (tg, torch):
        model = t.nn.Linear(3, 2)
        vector = t.nn.utils.parameters_to_vector(model.parameters())
        vector.sum().backward()
        assert model.weight.grad.tolist() == [[1.0] * 3] * 2
        t.nn.utils.vector_to_parameters(t.arange(8.0), model.parameters())
        assert model.weight.tolist() == [[0, 1, 2], [3, 4, 5]]
        assert model.bias.tolist() == [6, 7]
        assert model.bias.requires_grad
        with pytest.raises(TypeError, match=r"expected torch\.Tensor"):
            t.nn.utils.vector_to_parameters([1.0], model.parameters())
