"""assert_gradients: right gradients pass, wrong ones are named, and so are kinks."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.testing import assert_gradients

x, y, w, b = (np.random.default_rng(i).normal(size=shape) for i, shape in enumerate([(5, 3), (5, 2), (3, 2), (2,)]))


def problem(*args, **kwargs):
    with pytest.raises(AssertionError) as caught:
        assert_gradients(*args, **kwargs)
    return str(caught.value)


def loss(w, b):
    return np.mean(np.maximum(x @ w + b, 0) * y)


def backward(w, b):
    g = (x @ w + b > 0) * y / y.size
    return x.T @ g, g.sum(0)


def test_right_gradients_pass():
    assert_gradients(lambda x, w: tg.relu(x @ w), x, w)
    assert_gradients(lambda w: w.exp(), tg.tensor([0.1, 0.2]))
    assert_gradients(lambda x, i: (x[i], x * 2), w, tg.tensor([0, 2]))
    assert_gradients(loss, w, b, gradients=backward)
    assert_gradients(lambda w, n: (w**n).sum(), w, 3, gradients=lambda w, n: n * w ** (n - 1))


def test_the_inputs_are_left_as_they_are():
    given = tg.tensor([0.1, 0.2], requires_grad=True)
    before = w.copy()
    assert_gradients(lambda given, w: given.sum() * w, given, w)
    assert given.grad is None
    assert np.array_equal(w, before)


def test_a_wrong_rule_is_a_bug():
    wrong = lambda x: x.detach() * x
    assert problem(lambda i, x: wrong(x), 1, np.array([[0.5, 2.0]])).startswith(
        "a bug: the gradient for entry [0, 1] of input 1 (of entry 1 of output 0) is 2, and its slope by finite differences is 4"
    )
    assert problem(lambda x: x.detach() * 2, b).startswith("a bug: Numerical gradient for function expected to be zero")


def test_a_backward_by_hand_is_judged():
    summed = lambda w, b: (backward(w, b)[0], backward(w, b)[1] * 2)
    assert "a bug: the gradient for entry [" in problem(loss, w, b, gradients=summed)
    assert "of input 1 is" in problem(loss, w, b, gradients=summed)
    assert "shapes [(2, 3), (2,)], and the inputs of floats have [(3, 2), (2,)]" in problem(
        loss, w, b, gradients=lambda w, b: (backward(w, b)[0].T, backward(w, b)[1])
    )
    assert "shapes [(3, 2)]" in problem(loss, w, b, gradients=lambda w, b: backward(w, b)[0])
    assert "is nan" in problem(loss, w, b, gradients=lambda w, b: (w * np.nan, b))


def test_a_corner_is_a_kink():
    assert problem(tg.relu, np.array([1.0, 0.0])) == (
        "a kink: the gradient for entry [1] of input 0 (of entry 1 of output 0) is 0, and f has a corner there: its slope is 0"
        " to the left and 1 to the right. Judge it at another point"
    )
    assert problem(lambda x: np.abs(x).sum(), np.zeros(2), gradients=lambda x: x * 0 + 0.5).startswith("a kink")
    assert problem(lambda x: np.abs(x).sum(), np.zeros(2), gradients=lambda x: x * 0 + 3).startswith("a bug")


def test_what_cannot_be_judged():
    with pytest.raises(ValueError, match="needs an input of floats"):
        assert_gradients(lambda n: n, 3)
    with pytest.raises(ValueError, match="f must give one number"):
        assert_gradients(lambda w: w, w, gradients=lambda w: w)
