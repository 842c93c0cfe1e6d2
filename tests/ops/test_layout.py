"""How results lie in memory: as torch's do, which a reader of strides, a view and a mask of dropout can tell."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg

with_torch = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

PAIRS = {
    "add": lambda t, x, y: x + y,
    "add, taped": lambda t, x, y: x.requires_grad_() + y,
    "gt": lambda t, x, y: x > y,
    "where": lambda t, x, y: t.where(x > 0, y, x),
    "clamp": lambda t, x, y: t.clamp(x, min=y),
    "atan2": lambda t, x, y: t.atan2(x, y),
}


@st.composite
def laid_out(draw, shape, stretches=True):
    """A function of an engine: numbers that fill this shape, or stretch to it, by rows or turned, with gaps or without."""
    order = draw(st.permutations(range(len(shape))))
    stretched = draw(st.sets(st.sampled_from(range(len(shape))))) if stretches else ()
    gaps, expanded = draw(st.sampled_from([1, 1, 2])), draw(st.booleans())
    sizes = [1 if axis in stretched else shape[axis] for axis in order]
    numbers = np.random.default_rng(0).normal(size=(*sizes[:-1], sizes[-1] * gaps)).astype(np.float32)

    def made(t):
        x = t.from_numpy(numbers)[..., ::gaps].permute(*np.argsort(order).tolist())
        return x.expand(*shape) if expanded else x

    return made


def steps(x):
    """The strides of x; those of an axis of one entry mean nothing."""
    return [stride for stride, n in zip(x.stride(), x.shape) if n > 1]


@pytest.mark.parametrize("name", PAIRS)
@with_torch
@given(data=st.data())
def test_the_result_of_a_pair_lies_in_memory_as_torchs(torch, name, data):
    shape = data.draw(st.lists(st.integers(2, 4), min_size=2, max_size=4).map(tuple))
    x, y = data.draw(laid_out(shape, stretches=False)), data.draw(laid_out(shape))
    ours, theirs = (PAIRS[name](t, x(t), y(t)).detach() for t in (tg, torch))
    assert steps(ours) == steps(theirs)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)


@with_torch
@given(data=st.data())
def test_a_leafs_gradient_lies_in_memory_as_the_leaf_or_else_by_rows(torch, data):
    shape = data.draw(st.lists(st.integers(2, 4), min_size=1, max_size=4).map(tuple))
    made, weight = data.draw(laid_out(shape, stretches=False)), data.draw(laid_out(shape))

    def gradient(t):
        leaf = made(t).requires_grad_()
        (leaf * weight(t)).sum().backward()
        return leaf.grad

    assert steps(gradient(tg)) == steps(gradient(torch))
