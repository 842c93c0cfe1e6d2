"""Initialisers: what they draw is in tests/test_random.py; here is what they refuse, and those not to the bit."""

import math

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.draws import bits
from tests.snippets import outcome


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (5, 5), (3, 2, 2), (16, 40), (1, 1)])
def test_orthogonal_is_torchs_to_rounding_from_the_same_draw(shape, dtype, promised):
    for seed in range(20):
        made = []
        for engine in (tg, promised):
            engine.manual_seed(seed)
            w = engine.nn.init.orthogonal_(engine.empty(*shape, dtype=getattr(engine, dtype)), gain=1.5)
            made.append((w.numpy(), bits(engine.get_rng_state())))
        (ours, state), (theirs, their_state) = made
        assert state == their_state
        assert ours.dtype == theirs.dtype
        eps = np.finfo(dtype).eps
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=400 * eps)
        flat = ours.reshape(shape[0], -1) / 1.5
        gram = flat @ flat.T if flat.shape[0] <= flat.shape[1] else flat.T @ flat
        np.testing.assert_allclose(gram, np.eye(len(gram)), atol=20 * eps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_trunc_normal_out_in_the_tail_is_torchs(dtype, promised):
    """Here torch compares with the logarithm of its vendor's library: one draw in some 2²⁴ (2⁵³) may be decided otherwise."""
    for seed in range(50):
        made = []
        for engine in (tg, promised):
            engine.manual_seed(seed)
            w = engine.empty(6, 7, dtype=getattr(engine, dtype))
            with pytest.warns(UserWarning, match="more than 2 std"):
                engine.nn.init.trunc_normal_(w, mean=1.0, std=0.5, a=2.1, b=4.0)
            assert ((w >= 2.1) & (w <= 4.0)).all()
            made.append([bits(w), bits(engine.get_rng_state())])
        assert made[0] == made[1]


def test_trunc_normal_of_a_parameter_stays_within_the_bounds_without_torch():
    weight = tg.nn.Parameter(tg.empty(1000))
    assert tg.nn.init.trunc_normal_(weight, 0, 1, -1, 1.5) is weight
    assert weight.requires_grad
    assert weight.is_leaf
    assert -1 <= weight.min().item() < -0.9
    assert 1.4 < weight.max().item() <= 1.5
    assert abs(weight.detach().numpy().mean() - 0.11) < 0.1


PROGRAMS = {
    "constant_": lambda t: t.nn.init.constant_(t.empty(2, 3), 0.3),
    "ones_": lambda t: t.nn.init.ones_(t.empty(2, 3)),
    "zeros_": lambda t: t.nn.init.zeros_(t.ones(2, 3)),
    "eye_": lambda t: t.nn.init.eye_(t.nn.Parameter(t.empty(3, 5))),
    "dirac_ 1d": lambda t: t.nn.init.dirac_(t.empty(4, 3, 3)),
    "dirac_ 2d": lambda t: t.nn.init.dirac_(t.ones(6, 2, 3, 4), groups=3),
    "dirac_ 3d": lambda t: t.nn.init.dirac_(t.empty(2, 2, 2, 2, 3)),
    "gains": lambda t: [
        t.nn.init.calculate_gain(*a)
        for a in [("linear",), ("conv_transpose2d",), ("tanh",), ("selu",), ("leaky_relu",), ("leaky_relu", 0.2)]
    ],
    "fans": lambda t: list(t.nn.init._calculate_fan_in_and_fan_out(t.empty(3, 5, 2, 2))),
    "mode in capitals": lambda t: t.nn.init.kaiming_normal_(t.zeros(2, 2), mode="FAN_OUT").shape[0],
    "kaiming_uniform_ of nothing": lambda t: t.nn.init.kaiming_uniform_(t.empty(0, 3)),
    "kaiming_normal_ of nothing": lambda t: t.nn.init.kaiming_normal_(t.empty(0, 3)),
    "orthogonal_ of nothing": lambda t: t.nn.init.orthogonal_(t.empty(0, 3)),
    "no gain": lambda t: t.nn.init.calculate_gain("gelu"),
    "slope True": lambda t: t.nn.init.calculate_gain("leaky_relu", True),
    "slope a word": lambda t: t.nn.init.calculate_gain("leaky_relu", "steep"),
    "no such mode": lambda t: t.nn.init.kaiming_uniform_(t.empty(2, 2), mode="fan"),
    "xavier of a vector": lambda t: t.nn.init.xavier_uniform_(t.empty(3)),
    "kaiming of a vector": lambda t: t.nn.init.kaiming_normal_(t.empty(3)),
    "eye_ of a vector": lambda t: t.nn.init.eye_(t.empty(3)),
    "dirac_ of a matrix": lambda t: t.nn.init.dirac_(t.empty(3, 3)),
    "dirac_, groups": lambda t: t.nn.init.dirac_(t.empty(4, 3, 3), groups=3),
    "orthogonal_ of a vector": lambda t: t.nn.init.orthogonal_(t.empty(3)),
    "sparse_ of a vector": lambda t: t.nn.init.sparse_(t.empty(3), 0.5),
    "normal_, negative std": lambda t: t.nn.init.normal_(t.empty(3), 0, -1),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_initialisers_do_and_refuse_what_torchs_do(name, torch):
    ours, theirs = (outcome(PROGRAMS[name], engine) for engine in (tg, torch))
    assert type(ours) is type(theirs), (ours, theirs)
    if not isinstance(ours, Exception):
        assert ours == theirs


def test_nothing_to_initialise_warns(torch):
    for engine in (tg, torch):
        for name in ("kaiming_uniform_", "kaiming_normal_"):
            with pytest.warns(UserWarning, match="zero-element tensors is a no-op") as caught:
                getattr(engine.nn.init, name)(engine.empty(0, 3))
            assert caught[0].filename == __file__


def test_the_gain_makes_up_for_relu():
    """A deep relu network keeps the size of its signal under kaiming_normal_, and loses it under xavier_normal_."""
    tg.manual_seed(0)
    sizes = {}
    for name, options in (("kaiming_normal_", dict(nonlinearity="relu")), ("xavier_normal_", {})):
        x = tg.randn(50, 100)
        for _ in range(20):
            x = (x @ getattr(tg.nn.init, name)(tg.empty(100, 100), **options).t()).relu()
        sizes[name] = math.sqrt((x * x).mean().item())
    assert 0.3 < sizes["kaiming_normal_"] < 3
    assert sizes["xavier_normal_"] < 0.01
