"""Second derivatives where a rule might hide an infinity behind a 0: at kinks and poles, far out, and at NaN."""

import numpy as np
import pytest

import tinygrad_edu as tg

FAR = [-1000.0, -200.0, -3.0, -1.0, -0.0, 0.0, 1e-30, 0.3, 2.0, 3.0, 100.0, 1000.0]
FUNCTIONS = {
    "elu": lambda t, x: t.nn.functional.elu(x, 1.5),
    "selu": lambda t, x: t.selu(x),
    "celu": lambda t, x: t.celu(x, 0.5),
    "silu": lambda t, x: t.nn.functional.silu(x),
    "gelu_tanh": lambda t, x: t.nn.functional.gelu(x, approximate="tanh"),
    "softplus": lambda t, x: t.nn.functional.softplus(x),
    "leaky_relu": lambda t, x: t.nn.functional.leaky_relu(x),
    "hardswish": lambda t, x: t.nn.functional.hardswish(x),
    "sigmoid": lambda t, x: t.sigmoid(x),
    "tanh": lambda t, x: t.tanh(x),
    "abs": lambda t, x: abs(x),
    "clamp": lambda t, x: x.clamp(-1, 2),
    **{f"x ** {n}": lambda t, x, n=n: x**n for n in (0, 1, 2, 3, 4, 2.0)},
    "fmod": lambda t, x: t.fmod(t.full_like(x, 2.5), x),
    "remainder": lambda t, x: t.remainder(t.full_like(x, 2.5), x),
    "maximum": lambda t, x: t.maximum(x, t.full_like(x, 0.3)),
    "logaddexp": lambda t, x: t.logaddexp(x, t.zeros_like(x)),
}


def curvature(t, f, values):
    """(slopes, second derivatives) of f at the values, one by one."""
    x = t.tensor(values, dtype=t.float64, requires_grad=True)
    (slope,) = t.autograd.grad(f(t, x).sum(), x, create_graph=True)
    if not slope.requires_grad:
        return slope.tolist(), [0.0] * len(values)
    (second,) = t.autograd.grad(slope.sum(), x, allow_unused=True, materialize_grads=True)
    return slope.tolist(), (second + 0).tolist()  # (torch has zeros without memory)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_second_derivatives_far_out_and_at_kinks_are_torchs(name, torch):
    for ours, theirs in zip(*(curvature(t, FUNCTIONS[name], FAR) for t in (tg, torch))):
        assert np.allclose(ours, theirs, 1e-9, 1e-12, equal_nan=True), [*zip(FAR, ours, theirs)]


@pytest.mark.parametrize("name", ["elu", "selu", "celu", "clamp", "hardswish", "leaky_relu"])
def test_slopes_at_nan_are_torchs(name, torch):
    ours, theirs = (curvature(t, FUNCTIONS[name], [np.nan])[0] for t in (tg, torch))
    assert np.array_equal(ours, theirs, equal_nan=True)


def test_bessel_functions_are_smooth_at_0(torch):
    pytest.importorskip("scipy")
    for name in ("i1", "i1e"):
        ours, theirs = (
            curvature(t, lambda t, x, name=name: getattr(t.special, name)(x), [-1e-30, 0.0, 1e-30, 0.5])
            for t in (tg, torch)
        )
        assert np.allclose(ours, theirs, 1e-9)
