"""Orthogonal weights are torch's: the maps, their gradients, the way back, checkpoints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.functional.agree import agree
from tests.nn.beside import numbers, weighted

MAPS = ["matrix_exp", "cayley", "householder"]
SHAPES = [(3, 3), (5, 3), (3, 5), (1, 4), (2, 4, 3), (2, 3, 3), (1, 1)]


def holder(t, shape, scale=1.0):
    module = t.nn.Module()
    module.weight = t.nn.Parameter(t.tensor(numbers(*shape) * scale, dtype=t.float64))
    return module


def orthogonal_in(t, shape, kind, base):
    t.manual_seed(5)
    return t.nn.utils.parametrizations.orthogonal(holder(t, shape), orthogonal_map=kind, use_trivialization=base)


def away_from_orthogonal(t, layer, scale):
    """Add numbers to the original, as an optimizer does, but not to the signs that it has on its diagonal."""
    X = layer.parametrizations.weight.original
    step = t.tensor(numbers(*X.shape) * scale)
    step.diagonal(dim1=-2, dim2=-1).zero_()
    with t.no_grad():
        X.add_(step)


@pytest.mark.parametrize("base", [True, False])
@pytest.mark.parametrize("kind", [*MAPS, None])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@given(scale=st.sampled_from([0.0, 0.1, 1.0, 20.0]))
def test_weights_gradients_and_originals_are_torchs(shape, kind, base, scale):
    torch = pytest.importorskip("torch")

    def program(t):
        layer = orthogonal_in(t, shape, kind, base)
        begun = layer.weight
        away_from_orthogonal(t, layer, scale)
        weight = layer.weight
        (gradient,) = t.autograd.grad(weighted(weight), list(layer.parameters()))
        return [repr(layer), begun, weight, gradient, " ".join(layer.state_dict()), *layer.state_dict().values()]

    agree(program, tg, torch)


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_they_are_orthogonal(shape, kind):
    layer = orthogonal_in(tg, shape, kind, True)
    away_from_orthogonal(tg, layer, 3.0)
    Q = layer.weight if shape[-2] >= shape[-1] else layer.weight.mT
    assert (Q.mT @ Q - tg.eye(Q.shape[-1])).abs().max().item() < 1e-12


@pytest.mark.parametrize("base", [True, False])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_an_orthogonal_matrix_is_assigned(shape, base, torch):
    def program(t):
        layer = orthogonal_in(t, shape, "householder", base)
        away_from_orthogonal(t, layer, 1.0)
        value = t.nn.init.orthogonal_(t.empty(*shape[-2:], dtype=t.float64)).expand(shape)
        layer.weight = value
        assert (layer.weight - value).abs().max().item() < 1e-12
        return [layer.weight]

    agree(program, tg, torch)


def test_checkpoints_travel_both_ways(torch):
    for here, there in ((tg, torch), (torch, tg)):
        layer, other = (orthogonal_in(t, (5, 3), None, True) for t in (here, there))
        away_from_orthogonal(here, layer, 1.0)
        other.load_state_dict({k: there.tensor(v.detach().numpy()) for k, v in layer.state_dict().items()})
        assert abs(layer.weight.detach().numpy() - other.weight.detach().numpy()).max() < 1e-12


@pytest.mark.parametrize("kind", MAPS)
def test_it_stays_orthogonal_in_float32_while_it_is_learned(kind):
    tg.manual_seed(0)
    layer = tg.nn.utils.parametrizations.orthogonal(tg.nn.Linear(6, 4), orthogonal_map=kind)
    optimizer = tg.optim.SGD(layer.parameters(), lr=0.5)
    x, y = tg.randn(20, 6), tg.randn(20, 4)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = (layer(x) - y).pow(2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert layer.weight.dtype is tg.float32
    assert (layer.weight @ layer.weight.mT - tg.eye(4)).abs().max().item() < 1e-5


WRONG = {
    "no such map": lambda t: orthogonal_in(t, (3, 3), "x", True),
    "a vector": lambda t: orthogonal_in(t, (3,), None, True),
    "no such tensor": lambda t: t.nn.utils.parametrizations.orthogonal(t.nn.Linear(2, 2), "wrong"),
    "another shape": lambda t: setattr(orthogonal_in(t, (3, 3), None, True), "weight", t.zeros(2, 2)),
    "no way back": lambda t: setattr(orthogonal_in(t, (3, 3), "cayley", False), "weight", t.zeros(3, 3)),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_raises_what_it_raises_in_torch(case, torch):
    said = []
    for t in (tg, torch):
        with pytest.raises((ValueError, NotImplementedError)) as raised:
            WRONG[case](t)
        said.append((raised.type, str(raised.value)[:40]))
    assert said[0] == said[1]
