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
            t.nn.utils.clip_grad_norm(parameters(t, [None]), 1.0, foreach=False)


@pytest.mark.filterwarnings("error")
def test_only_clipping_by_the_norm_warns_of_no_parameters(torch):
    for t in (tg, torch):
        assert t.nn.utils.get_total_norm(p for p in []).item() == 0
        assert t.nn.utils.clip_grads_with_norm_([], 1.0, t.tensor(2.0)) is None


def test_gradients_of_several_dtypes(torch):
    seen = []
    for t in (tg, torch):
        ps = [t.zeros(3, dtype=dtype, requires_grad=True) for dtype in (t.float32, t.float16, t.float64, t.float32)]
        for i, p in enumerate(ps):
            p.grad = (t.arange(3.0) - i).to(p.dtype)
        norm = t.nn.utils.clip_grad_norm_(ps, 2.0)
        seen.append([str(norm.dtype), *(str(p.grad.dtype) for p in ps)])
        seen.append(np.concatenate([[norm.item()], *(p.grad.numpy() for p in ps)]))
    assert seen[0] == seen[2]
    np.testing.assert_allclose(seen[1], seen[3], rtol=2e-3)  # of float16


def test_what_is_no_bound_is_refused(torch):
    for t in (tg, torch):
        for clip in (t.nn.utils.clip_grad_value_, t.nn.utils.clip_grad_norm_):
            with pytest.raises(ValueError, match="could not convert string to float"):
                clip(t.zeros(1), "x")


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
        with pytest.raises(RuntimeError, match="is not compatible"):
            t.nn.utils.parameters_to_vector([t.zeros(3, 2).T])
        with pytest.raises(ValueError, match="non-empty list"):
            t.nn.utils.parameters_to_vector([])


def test_a_vector_that_is_too_short_changes_nothing():
    model = tg.nn.Linear(3, 2)
    before = tg.nn.utils.parameters_to_vector(model.parameters()).tolist()
    with pytest.raises(RuntimeError):
        tg.nn.utils.vector_to_parameters(tg.zeros(7), model.parameters())
    assert tg.nn.utils.parameters_to_vector(model.parameters()).tolist() == before
