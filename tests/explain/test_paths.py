"""A gradient is the sum over its paths: of 500 random graphs, and of graphs whose paths can be counted by hand."""

import random

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import explain
from tinygrad_edu.autograd import Function

EPS = np.finfo(np.float64).eps

# What a random graph is made of: x and y are values made before, of any of the shapes below.
ONE = [
    lambda x: x.tanh(),
    lambda x: (x * 0.5).exp(),
    lambda x: x.relu(),
    lambda x: x.sum(0, keepdim=True) if x.ndim else x * 2,
    lambda x: x.mean(),
    lambda x: x.mT if x.ndim == 2 else x.reshape(-1, 1),
    lambda x: x[..., :1] if x.ndim else -x,
    lambda x: x.softmax(-1) if x.ndim else x,
    lambda x: x.reshape(-1),
    lambda x: tg.cat([x, x.flip(0)]) if x.ndim and x.numel() < 9 else x.abs(),
]
TWO = [lambda x, y: x + y, lambda x, y: x * y, lambda x, y: x - y, lambda x, y: x / (y * y + 1), lambda x, y: x @ y]


def graph(seed):
    """(loss, leaves) of a random graph, in which values are used again and again, broadcast, and looked at in part."""
    tg.manual_seed(seed)
    choose = random.Random(seed)
    shapes = [(), (2,), (3,), (2, 3), (3, 1), (2, 2)]
    leaves = [tg.randn(choose.choice(shapes), dtype=tg.float64, requires_grad=True) for _ in range(2)]
    values = [*leaves]
    while len(values) < 8:
        inputs = choose.choices(values, k=choose.choice((1, 2)))
        try:
            values.append(choose.choice(ONE if len(inputs) == 1 else TWO)(*inputs))
        except (RuntimeError, IndexError):  # shapes that do not fit
            continue
    return sum(value.sum() for value in (*values[-3:], *leaves)), leaves


def entries(leaf):
    return np.ndindex(*leaf.shape)


@pytest.mark.parametrize("chunk", range(5))
def test_the_sum_over_the_paths_is_grad(chunk):
    for seed in range(100 * chunk, 100 * chunk + 100):
        loss, leaves = graph(seed)
        every = [(leaf, index, explain.paths(loss, leaf, index)) for leaf in leaves for index in entries(leaf)]
        loss.backward()
        for leaf, index, found in every:
            expected = leaf.grad[index].item()
            assert abs(found.total - expected) <= 4 * EPS * found.size


def test_what_is_listed_adds_up_and_the_largest_come_first():
    for seed in range(30):
        loss, leaves = graph(seed)
        for leaf in leaves:
            for index in entries(leaf):
                found = explain.paths(loss, leaf, index, most=10**6)
                assert len(found.listed) == found.count
                brought = [path.contribution for path in found.listed]
                assert sum(brought) == pytest.approx(found.total, abs=8 * EPS * found.size)
                assert sum(map(abs, brought)) == pytest.approx(found.size)
                assert sorted(map(abs, brought), reverse=True) == list(map(abs, brought))
                for path in found.listed:
                    assert path.contribution == np.prod([1.0, *(link.slope for link in path.links)])


def test_what_flows_into_the_entry_is_the_gradient():
    loss, (leaf, _) = graph(3)
    found = explain.paths(loss, leaf, next(entries(leaf)), most=10**6)
    into = [share for share, node, i in found.shares if node.edges[i] is leaf.node]
    out_of = [share for share, node, i in found.shares if node is loss.node]
    assert sum(into) == pytest.approx(found.total)
    assert sum(out_of) == pytest.approx(found.total)


def test_paths_double_and_are_counted_without_walking_them():
    x = value = tg.tensor(1.0, requires_grad=True)
    for _ in range(50):
        value = value + value
    found = explain.paths(value, x)
    assert (found.count, found.total, found.ratio, found.listed) == (2**50, 2.0**50, 1.0, [])
    assert [share for share, _, _ in found.shares] == [2.0**49] * 20


def test_cancellation_is_said():
    x = tg.tensor(3.0, dtype=tg.float64, requires_grad=True)
    y = x * 1000 - x * 999
    found = explain.paths(y, x)
    assert (found.total, found.size, found.ratio) == (1.0, 1999.0, 1999.0)
    assert "most of it cancels; their sizes add up to 1999, 2e+03 times as much" in str(found)
    nothing = explain.paths(x - x, x)
    assert (nothing.count, nothing.total, nothing.ratio) == (2, 0.0, float("inf"))


def test_an_intermediate_value_has_paths_too_and_a_closed_gate_has_none():
    x = tg.tensor([1.0, -1.0], requires_grad=True)
    h = x * 3
    y = h.relu().sum()
    assert explain.paths(y, h, 0).total == 1
    assert str(explain.paths(y, h, 1)) == "∂y/∂h[1] = 0: no path leads there whose slopes are all different from zero"
    assert explain.paths(y, y).total == 1


def test_a_function_with_several_outputs():
    class Both(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            return g * 2 + h * 3

    x = tg.ones(2, requires_grad=True)
    a, b = Both.apply(x)
    y = (a * b).sum()  # 6 x²
    found = explain.paths(y, x, 1)
    assert (found.count, found.total) == (2, 12.0)
    y.backward()
    assert x.grad[1] == 12


def test_what_is_asked_for_must_be_there():
    x, other = tg.ones(2, requires_grad=True), tg.ones(1, requires_grad=True)
    y = (x * x).sum()
    with pytest.raises(RuntimeError, match="there is no path from the loss"):
        explain.paths(y, other)
    with pytest.raises(IndexError, match="has 2 entries, and None names no single one"):
        explain.paths(y, x)
    with pytest.raises(IndexError):
        explain.paths(y, x, 2)
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        explain.paths(x * x, x, 0)
    y.backward()
    with pytest.raises(RuntimeError, match="a second time"):
        explain.paths(y, x, 0)
    assert x.grad.tolist() == [2, 2]


def test_the_table_shows_what_the_text_shows():
    x = tg.tensor(2.0, requires_grad=True)
    y = x * x
    page = explain.paths(y, x)._repr_html_()
    assert "∂y/∂x = 4: the sum over 2 paths" in page
    assert page.count("<tr>") == 3
