"""The strategies for shapes, indices and tensors draw what they promise, and simple things first."""

import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.snippets import outcome
from tinygrad_edu import testing


@given(testing.broadcastable(3))
def test_shapes_broadcast_to_the_result(drawn):
    shapes, result = drawn
    assert len(shapes) == 3
    assert np.broadcast_shapes(*shapes) == result


@given(st.data())
def test_every_index_fits(data):
    shape = data.draw(testing.shapes(min_side=1))
    index = data.draw(testing.indices(shape))
    x = tg.arange(int(np.prod(shape))).reshape(shape)
    assert set(x[index].numpy().ravel().tolist()) <= set(range(x.numel()))
    for item in index if isinstance(index, tuple) else (index,):
        assert not isinstance(item, slice) or item.step is None or item.step > 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_indices_mean_what_they_mean_in_torch(data, torch):
    shape = data.draw(testing.shapes(min_side=1))
    index = data.draw(testing.indices(shape))
    read = lambda t: t.arange(int(np.prod(shape))).reshape(shape)[index].tolist()
    assert outcome(read, tg) == outcome(read, torch)


@pytest.mark.parametrize("kind", [list, slice, type(None), type(Ellipsis), np.ndarray, int])
def test_there_are_indices_of_every_kind(kind):
    of = lambda index: any(type(item) is kind for item in (index if isinstance(index, tuple) else (index,)))
    find(testing.indices((3, 2)), of)


@given(testing.tensors(dtype=st.sampled_from(["float32", "float64", "float16"]), requires_grad=st.booleans()))
def test_tensors_are_small_numbers_that_print_as_they_are(x):
    assert x.isfinite().all()
    assert (x.abs() <= 4).all()
    assert np.array_equal(x.detach().numpy() * 8 % 1, np.zeros(x.shape))


def test_tensors_shrink_to_nothing():
    assert find(testing.tensors(), lambda x: True).shape == ()
    assert find(testing.tensors(shape=(2,)), lambda x: x.sum() > 0).sum() <= 2


def test_tensors_are_arrays_or_another_engines():
    assert isinstance(find(testing.tensors(torch=None, shape=(2,)), lambda x: True), np.ndarray)
    assert find(testing.tensors(dtype=tg.int64, shape=()), lambda x: x != 0).dtype is tg.int64


def test_tensors_are_torchs(torch):
    x = find(testing.tensors(dtype=torch.float32, torch=torch, requires_grad=True), lambda x: True)
    assert isinstance(x, torch.Tensor)
    assert x.requires_grad
    assert x.dtype is torch.float32


def test_without_hypothesis_it_says_what_to_install(monkeypatch):
    monkeypatch.delattr(testing, "shapes", raising=False)
    for name in [name for name in sys.modules if name.split(".")[0] == "hypothesis"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "tinygrad_edu.testing.strategies", raising=False)
    with pytest.raises(ImportError, match=r'pip install "tinygrad_edu\[test\]"'):
        _ = testing.shapes
