"""A recording: the user's line and the numbers of each node; and nothing where none is open."""

import gc

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import graph
from tinygrad_edu.explain import recording
from tinygrad_edu.explain.record import recorded, records
from tinygrad_edu.thread import thread


def test_what_went_in_and_came_out():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    with recording():
        y = (x * 3).sum(0)
    mul = recorded(y.node.edges[0])
    assert [a.tolist() for a in mul.arrays] == [[1, 2], 3]
    assert mul.out.tolist() == [3, 6]
    assert recorded(y.node).params["dim"] == 0
    assert mul.line.startswith(f'File "{__file__}", line ')
    assert mul.line.endswith(": y = (x * 3).sum(0)")


def test_a_later_write_changes_nothing():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    with recording():
        y = x + 1
    with tg.no_grad():
        x.fill_(0)
        y.fill_(0)
    assert recorded(y.node).arrays[0].tolist() == [1, 2]
    assert recorded(y.node).out.tolist() == [2, 3]


def test_nothing_is_recorded_outside():
    x = tg.tensor(1.0, requires_grad=True)
    with recording():
        assert thread.run is None
    y = x * 2
    assert recorded(y.node) is None
    assert thread.run is not None


def test_a_record_lives_as_long_as_its_node():
    x = tg.tensor(1.0, requires_grad=True)
    gc.collect()
    before = len(records)
    with recording():
        y = x * 2
        z = y * 2
    assert len(records) == before + 2
    del y, z
    assert len(records) == before


def test_errors_know_the_line():
    x = tg.ones(2, requires_grad=True)
    with recording():
        y = x.exp()
    y.add_(1)
    with pytest.raises(RuntimeError, match=r"saved at File .*: y = x\.exp\(\)"):
        y.sum().backward()


def test_a_function_of_your_own_has_its_line_only():
    class Cube(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x**3

        @staticmethod
        def backward(ctx, g):
            return g

    x = tg.ones(2, requires_grad=True)
    with recording():
        y = Cube.apply(x)
    assert recorded(y.node).line.endswith("y = Cube.apply(x)")
    assert recorded(y.node).out is None
    assert graph.origin[y.node] == recorded(y.node).line


def test_numbers_are_the_same_while_recording():
    x = tg.tensor(np.linspace(-2, 2, 7), requires_grad=True)
    with recording():
        slow = tg.sigmoid(x * 2 + 1).sum()
    assert slow.item() == tg.sigmoid(x * 2 + 1).sum().item()
