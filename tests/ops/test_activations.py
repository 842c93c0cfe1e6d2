"""Activations beside torch's: the flag and the forms that work in place, the random one, and what is refused."""

import sys

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.snippets import outcome

X = np.array([-3.5, -1.0, -0.3, 0.2, 0.9, 4.0, 7.0])
FLAGGED = {
    "relu": (),
    "relu6": (),
    "leaky_relu": (0.2,),
    "elu": (1.5,),
    "selu": (),
    "celu": (0.7,),
    "silu": (),
    "mish": (),
    "hardtanh": (-2.0, 0.5),
    "hardsigmoid": (),
    "hardswish": (),
    "threshold": (0.1, 20.0),
    "rrelu": (0.1, 0.3, False),
}
FORMS = [
    ("nn.functional", f"{name}_")
    for name in ["relu", "leaky_relu", "elu", "selu", "celu", "hardtanh", "threshold", "rrelu"]
]
FORMS += [("torch", f"{name}_") for name in ["relu", "selu", "celu", "threshold", "rrelu"]]


def stepped(engine, activation):
    """(value, whether it is the very tensor that was given, gradient) of the activation at a tensor that has a maker."""
    x = engine.tensor(X, requires_grad=True)
    given = x * 1
    out = activation(given)
    out.backward(engine.tensor(X[::-1].copy()))
    return out.tolist(), out is given, x.grad.tolist()


def agrees(ours, theirs):
    assert np.allclose(ours[0], theirs[0], 1e-14, 1e-14)
    assert ours[1] == theirs[1]
    assert np.allclose(ours[2], theirs[2], 1e-7, 1e-14)  # (torch's slope of hardsigmoid is a float32 number)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("name", FLAGGED)
def test_the_flag(name, inplace, torch):
    ours, theirs = (
        stepped(t, lambda x, F=t.nn.functional: getattr(F, name)(x, *FLAGGED[name], inplace=inplace))
        for t in (tg, torch)
    )
    agrees(ours, theirs)
    assert ours[1] == inplace


@pytest.mark.parametrize(("place", "name"), FORMS)
def test_the_form_in_place(place, name, torch):
    forms = ((t, getattr(t if place == "torch" else t.nn.functional, name)) for t in (tg, torch))
    ours, theirs = (stepped(t, lambda x, form=form: form(x, *FLAGGED[name[:-1]])) for t, form in forms)
    agrees(ours, theirs)
    assert ours[1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rrelu_draws_torchs_numbers(dtype, torch):
    for seed in range(20):
        results = []
        for engine in (tg, torch):
            engine.manual_seed(seed)
            x = engine.tensor(X, dtype=getattr(engine, dtype), requires_grad=True)
            out = engine.nn.functional.rrelu(x, 0.1, 0.4, training=True)
            out.sum().backward()
            results.append([out.detach().numpy().tobytes(), x.grad.numpy().tobytes(), engine.rand(2).tolist()])
        assert results[0] == results[1], seed


def test_gelu_without_scipy(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(ImportError, match=r"tinygrad_edu\[special\]"):
        tg.nn.functional.gelu(tg.ones(2))
    assert tg.nn.functional.gelu(tg.zeros(2), approximate="tanh").tolist() == [0, 0]


MISTAKES = {
    "lerp of whole numbers": lambda t: t.lerp(t.tensor([1]), t.tensor([1]), 0.5),
    "lerp to another dtype": lambda t: t.lerp(t.ones(1), t.tensor([1]), 0.5),
    "lerp by weights of another dtype": lambda t: t.lerp(t.ones(1), t.ones(1), t.ones(1, dtype=t.float64)),
    "addcdiv of whole numbers": lambda t: t.addcdiv(t.tensor([1]), t.tensor([1]), t.tensor([1])),
    "div rounded in an unknown way": lambda t: t.div(t.ones(1), 2, rounding_mode="up"),
    "whole numbers divided by 0": lambda t: t.div(t.tensor([1]), 0, rounding_mode="floor"),
    "the slope of floor_divide": lambda t: (t.ones(1, requires_grad=True) // 2).sum().backward(),
    "celu of alpha 0": lambda t: t.celu(t.ones(1), 0.0),
    "hardtanh upside down": lambda t: t.nn.functional.hardtanh(t.ones(1), 1.0, -1.0),
    "an odd number to halve": lambda t: t.nn.functional.glu(t.ones(3)),
    "minus of truths": lambda t: -t.tensor([True]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_raise_torchs_errors(mistake, torch):
    theirs = outcome(MISTAKES[mistake], torch)
    assert isinstance(theirs, Exception)
    assert type(outcome(MISTAKES[mistake], tg)) is type(theirs)


def test_not_a_number_stays_one(torch):
    F = tg.nn.functional
    x = tg.tensor([float("nan")])
    for f in (
        F.relu,
        F.relu6,
        F.leaky_relu,
        F.hardswish,
        F.elu,
        F.softplus,
        F.hardshrink,
        lambda x: F.threshold(x, 0.1, 20.0),
    ):
        assert f(x).isnan().all(), f
