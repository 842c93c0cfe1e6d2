"""The walk: deep and wide graphs, what it frees, what it shares, and what an interruption leaves behind."""

import gc
import subprocess
import sys
import time
import weakref

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import graph


def leaf(*values, dtype=tg.float64):
    return tg.tensor(values[0] if len(values) == 1 else list(values), dtype=dtype, requires_grad=True)


def test_a_chain_of_200_000_ops_needs_no_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(200_000):
        y = y + x
    y.backward()
    assert x.grad.item() == 200_001
    del y  # freeing the chain must not recurse either


def test_fifty_doublings_cost_fifty_steps():
    x = leaf(1.0)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        y = x
        for _ in range(50):
            y = y + y
        x.grad = None
        y.backward()
        times.append(time.perf_counter() - start)
    assert x.grad.item() == 2.0**50
    assert min(times) < 0.010


def test_a_value_used_twice_gets_the_sum():
    a = leaf(3.0)
    b = a + a
    c = b + b
    c.backward()
    assert a.grad.item() == 4


def test_reference_counting_frees_the_graph_at_once():
    gc.disable()
    try:
        x = leaf(1.0, 2.0)
        y = (x * 2).exp()
        node, middle = weakref.ref(y.node), weakref.ref(y.node.edges[0])
        y.sum().backward()
        del y
        assert node() is None
        assert middle() is None
    finally:
        gc.enable()


TRAINING = """
import gc, resource
import tinygrad_edu as tg

model = tg.nn.Sequential(tg.nn.Linear(8, 16), tg.nn.ReLU(), tg.nn.Linear(16, 1), tg.nn.Sigmoid())
optimizer = tg.optim.Adam(model.parameters())
x, y = tg.rand(16, 8), tg.rand(16)


def train(steps):
    for _ in range(steps):
        optimizer.zero_grad()
        tg.nn.functional.binary_cross_entropy(model(x).squeeze(), y).backward()
        optimizer.step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


gc.disable()
before, objects = train(500), len(gc.get_objects())
print(train(10_000) - before, len(gc.get_objects()) - objects)
"""


def test_training_leaves_memory_flat_with_the_collector_off():
    """In a process of its own, where nobody else allocates."""
    kibibytes, objects = map(int, subprocess.check_output([sys.executable, "-c", TRAINING]).split())
    assert kibibytes < 1024  # one leaked batch a step would be five times this
    assert objects < 50


# ------------------------------------------------------------------ what is shared


def arrays_of(*tensors):
    return [t.grad.array for t in tensors]


@pytest.mark.parametrize(
    "loss",
    [
        lambda x, y: (x + y).sum(),
        lambda x, y: (x - y).sum() + (x + y).sum(),
        lambda x, y: x.reshape(2, 1).sum() + y.t().sum(),
        lambda x, y: (x.clone() + y.clone()).sum(),
        lambda x, y: tg.cat([x, y]).sum(),
        lambda x, y: tg.stack([x, y]).mean() + x.expand(3, 2).sum(),
    ],
)
def test_no_two_gradients_share_memory_and_all_can_be_written(loss):
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    loss(x, y).backward()
    a, b = arrays_of(x, y)
    assert not np.shares_memory(a, b)
    for g in (a, b):
        assert g.flags.writeable
        assert 0 not in g.strides
        g += 1
    first = x.grad
    loss(x, y).backward()
    assert x.grad is first, "one tensor for as long as the leaf lives"


def test_the_gradient_that_was_passed_in_is_not_kept():
    x, g = leaf(1.0, 2.0), tg.ones(2, dtype=tg.float64)
    x.backward(g)
    assert not np.shares_memory(x.grad.array, g.array)
    x.backward(g)
    assert g.tolist() == [1, 1]
    assert x.grad.tolist() == [2, 2]


def test_grad_returns_arrays_of_its_own():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    a, b = tg.autograd.grad((x + y).sum(), [x, y])
    assert not np.shares_memory(a.array, b.array)


def test_a_float32_leaf_never_gets_a_float64_gradient():
    x = leaf(1.0, 2.0, dtype=tg.float32)
    (x.double() * leaf(2.0, 3.0)).sum().backward()
    assert x.grad.dtype is tg.float32
    (x * tg.tensor([1.0, 2.0], dtype=tg.float64)).sum().backward()
    assert x.grad.dtype is tg.float32


# ------------------------------------------------------------------ interruptions and errors


class Interruption(Exception):
    pass


@pytest.mark.parametrize("error", [Interruption, KeyboardInterrupt])
def test_an_exception_inside_a_rule_leaves_the_next_backward_right(error, monkeypatch):
    x = leaf(2.0, 3.0)
    x.grad = tg.tensor([10.0, 10.0], dtype=tg.float64)

    def broken(node, g):
        raise error

    exp = tg.exp.op
    loss = (x.exp() * x).sum() + x.sum()
    with monkeypatch.context() as patched:
        patched.setattr(exp, "pull", broken)
        with pytest.raises(error):
            loss.backward()
    assert x.grad.tolist() == [10, 10], "nothing half-added"
    assert graph.thread.grad, "and graphs are built as before"
    x.grad = None
    ((x.exp() * x).sum() + x.sum()).backward()
    assert np.allclose(x.grad.array, np.exp([2, 3]) * [3, 4] + 1)


def test_a_rule_of_the_wrong_shape_is_named():
    x = leaf([[1.0, 2.0]])
    y = x.exp()
    wrong = lambda node, g: (g.sum(0),)
    before, y.node.op.pull = y.node.op.pull, wrong
    try:
        with pytest.raises(
            RuntimeError, match=r"a rule of exp gave a gradient of shape \[2\] for an input of shape \[1, 2\]"
        ):
            y.sum().backward()
    finally:
        y.node.op.pull = before


def test_a_freed_graph_says_so_and_retain_graph_keeps_it():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8
    with pytest.raises(RuntimeError, match=r"(?s)second time.*mul.*retain_graph"):
        y.backward()
    z = x + 1
    z.backward()
    z.backward()  # it saved nothing, so nothing was freed: as in torch


def test_each_op_keeps_only_what_a_live_rule_will_ask_for():
    x, c = leaf(1.0, 2.0), tg.tensor([3.0, 4.0], dtype=tg.float64)
    assert (x + c).node.saved == ()
    assert [s is not None for s in (x * c).node.saved] == [False, True]
    assert [s is not None for s in (c * x).node.saved] == [True, False]
    assert [s is not None for s in (x * x).node.saved] == [True, True]
    temporary = weakref.ref(hidden := x * 2)
    y = hidden + 1
    del hidden
    assert temporary() is None, "edges point to nodes, so a value that no rule wants dies at once"
    y.sum().backward()


def test_threads_have_their_own_modes():
    from threading import Thread

    seen = []
    with tg.no_grad():
        worker = Thread(target=lambda: seen.append((leaf(1.0) * 2).requires_grad))
        worker.start()
        worker.join()
        assert not (leaf(1.0) * 2).requires_grad
    assert seen == [True]


def test_third_derivatives_of_a_composite():
    x = leaf(0.7)
    y = (x.sin() * x.exp()).log1p()
    slopes = [y]
    for _ in range(3):
        slopes += tg.autograd.grad(slopes[-1], x, create_graph=True)
    h = 1e-3
    f = lambda t: np.log1p(np.sin(t) * np.exp(t))
    third = (f(0.7 + 2 * h) - 2 * f(0.7 + h) + 2 * f(0.7 - h) - f(0.7 - 2 * h)) / (2 * h**3)
    assert abs(slopes[3].item() - third) < 1e-4


def test_third_derivatives_equal_torchs(torch):
    results = []
    for engine in (tg, torch):
        x = engine.tensor([0.3, 0.7, 1.1], dtype=engine.float64, requires_grad=True)
        w = engine.tensor([[0.2, -0.5, 0.1], [0.4, 0.3, -0.2], [0.1, 0.6, 0.7]], dtype=engine.float64)
        y = (engine.tanh(w @ x) * engine.sigmoid(x)).logsumexp(0) + (x**3).mean() / x.exp().sum()
        for _ in range(3):
            (g,) = engine.autograd.grad(y, x, create_graph=True)
            y = (g * g).sum()
        results.append([y.item(), *g.tolist()])
    assert np.allclose(*results, rtol=1e-12, atol=1e-14)


def test_create_graph_warns_of_the_cycle_as_torch_does():
    x = leaf(2.0)
    with pytest.warns(UserWarning, match="create_graph=True will create a reference cycle"):
        (x**3).backward(create_graph=True)
    (second,) = tg.autograd.grad(x.grad, x)
    assert second.item() == 12
