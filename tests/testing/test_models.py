"""modules: models that fit together, begin with torch's weights, give torch's shapes, and shrink to the least."""

import re

import pytest
from hypothesis import Phase, find, given, settings

import tinygrad_edu as tg
from tinygrad_edu.testing import modules


@given(model=modules())
def test_a_model_gives_the_shape_that_it_says(model):
    x = model.inputs(tg)
    assert x.shape == model.shape
    assert x.dtype == getattr(tg, model.dtype)
    assert model.build(tg)(x).shape == model.out.shape


@pytest.mark.torch
@given(model=modules())
def test_torch_builds_the_same_model(promised, model):
    ours, theirs = model.build(tg, seed=3), model.build(promised, seed=3)
    assert repr(ours) == repr(theirs)
    bits = lambda module: {name: t.detach().numpy().tobytes() for name, t in module.state_dict().items()}
    assert bits(ours) == bits(theirs)
    assert theirs(model.inputs(promised)).shape == model.out.shape


@given(model=modules())
def test_a_model_can_learn(model):
    module = model.build(tg)
    module(model.inputs(tg)).sum().backward()
    assert any(p.grad is not None for p in module.parameters())


def least(strategy, condition):
    return find(strategy, condition, settings=settings(database=None, phases=[Phase.generate, Phase.shrink]))


def layers(model):
    return re.findall(r"(?<== )nn\..*", model.source)


def test_the_least_model_is_one_weight():
    assert layers(least(modules(), lambda model: True)) == ["nn.Linear(1, 1)"]


def test_what_is_looked_for_is_left_alone():
    model = least(modules("image"), lambda model: "Transpose" in model.source)
    assert "nn.ConvTranspose2d(1, 1, 1)" in layers(model)
    assert len(layers(model)) <= 3  # where Hypothesis ends depends on what else is imported


@pytest.mark.parametrize("kind", ["vectors", "sequence", "signal", "image", "tokens"])
def test_a_kind_can_be_asked_for(kind):
    assert least(modules(kind), lambda model: True).given.kind == kind
