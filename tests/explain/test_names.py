"""What nodes are called."""

import sys

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.explain import Names
from tinygrad_edu.graph import reachable


def called(loss, given=None):
    names = Names(loss, given, sys._getframe(1))
    return [names[node] for node in reachable([loss.node])]


def test_variables_then_ops_by_number():
    w = tg.ones(2, requires_grad=True)
    loss = ((w * 2) * (w + 1)).sum()
    assert called(loss) == ["loss", "mul2", "add1", "mul1", "w"]


def test_a_given_name_comes_first():
    w = tg.ones(2, requires_grad=True)
    loss = w.sum()
    assert called(loss, {"theta": w}) == ["loss", "theta"]
    assert called(loss, [("theta", w), ("L", loss)]) == ["L", "theta"]


shared = tg.ones(2, requires_grad=True)


def test_a_local_name_comes_before_a_global_one():
    mine = shared
    assert called(mine * 1)[-1] == "mine"


def test_parameters_are_called_as_in_their_model():
    net = nn.Sequential(nn.Linear(2, 1))
    out = net(tg.ones(2)).sum()
    assert called(out) == ["out", "linear1", "net.0.weight", "net.0.bias"]
    assert called(out, net) == ["out", "linear1", "0.weight", "0.bias"]


def test_no_two_are_called_alike():
    mul1 = tg.ones(2, requires_grad=True)
    w = tg.ones(2, requires_grad=True)
    loss = (mul1 * w).sum()
    assert called(loss) == ["loss", "mul2", "mul1", "w"]
    assert called(loss, {"w": mul1}) == ["loss", "mul1", "w", "leaf1"]


def test_a_leaf_without_a_name_is_numbered():
    loss = (tg.ones(2, requires_grad=True) * tg.ones(2, requires_grad=True)).sum()
    assert sorted(called(loss)) == ["leaf1", "leaf2", "loss", "mul1"]


def test_the_outputs_of_a_function():
    class Twice(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x + x, x - x

        @staticmethod
        def backward(ctx, g, h):
            return g + h

    x = tg.ones((), requires_grad=True)
    first, _ = Twice.apply(x)
    loss = first * first
    assert called(loss) == ["loss", "first", "Twice1", "x"]
