"""Where graphs are built, hooks, anomaly mode, and `grad`, beside torch."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.snippets import outcome


def leaf(t, *values):
    return t.tensor(values, dtype=t.float64, requires_grad=True)


def modes(t):
    x, seen = leaf(t, 1.0), []
    with t.no_grad():
        seen.append((x * 2).requires_grad)
        with t.enable_grad():
            seen.append((x * 2).requires_grad)
        with t.set_grad_enabled(True):
            seen.append((x * 2).requires_grad)
        seen.append((x * 2).requires_grad)
    t.set_grad_enabled(False)
    seen.append((x * 2).requires_grad)
    t.set_grad_enabled(True)

    @t.no_grad()
    def quiet():
        return (x * 2).requires_grad

    @t.no_grad
    def bare():
        return (x * 2).requires_grad

    @t.set_grad_enabled(False)
    def switched():
        return (x * 2).requires_grad

    @t.no_grad()
    def steps():
        yield (x * 2).requires_grad
        yield (x * 2).requires_grad

    @t.no_grad()
    def echo():
        got = yield (x * 2).requires_grad
        yield got

    talk = echo()
    seen += [next(talk), talk.send(7)]
    for flag in steps():
        seen += [flag, (x * 2).requires_grad]
    return [*seen, quiet(), bare(), switched(), (x * 2).requires_grad, t.is_grad_enabled()]


def modes_after_an_error(t):
    seen = []
    for mode in (t.no_grad, t.enable_grad, lambda: t.set_grad_enabled(False)):
        with t.enable_grad():
            with pytest.raises(ValueError, match="thrown"), mode():
                raise ValueError("thrown")
            seen.append(t.is_grad_enabled())
    return seen


def hooks(t):
    x, seen = leaf(t, 1.0, 2.0), []
    y = x * 3
    y.retain_grad()
    handle = y.register_hook(lambda g: seen.append(g.tolist()))
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: seen.append(g.tolist()))
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.tolist()))
    (y * y).sum().backward(retain_graph=True)
    handle.remove()
    (y * y).sum().backward()
    return [seen, y.grad, x.grad]


def gradients(t):
    x, w = leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    y = x * w
    z = (y * y).sum() + x.sum()
    parts = t.autograd.grad(z, [x, y], retain_graph=True)
    none = t.autograd.grad(z, [leaf(t, 1.0)], retain_graph=True, allow_unused=True)[0] is None
    zero = t.autograd.grad(z, [leaf(t, 1.0)], retain_graph=True, allow_unused=True, materialize_grads=True)
    several = t.autograd.grad([y, z], w, [t.ones(2, dtype=t.float64), None], retain_graph=True)
    z.backward(inputs=[w])
    return [*parts, none, *zero, *several, x.grad is None, w.grad]


def accumulation(t):
    x = leaf(t, 1.0, 2.0)
    (x * 2).sum().backward()
    (x * 3).sum().backward()
    first = x.grad.clone()
    t.autograd.backward([x.sum(), (x * x)], [None, t.tensor([1.0, 10.0], dtype=t.float64)])
    x.requires_grad_(False)
    kept = x.grad.clone()
    return [first, kept]


def switched_off_after_forward(t):
    x, w = leaf(t, 1.0), leaf(t, 2.0)
    y = (x * w).sum()
    w.requires_grad_(False)
    y.backward()
    return [x.grad, w.grad is None]


def names(t):
    x = leaf(t, 1.0, 2.0)
    y = (x * 2).exp().sum()
    chain, node = [], y.grad_fn
    while node.next_functions:
        chain.append(node.name())
        node = node.next_functions[0][0]
    return [chain, x.grad_fn is None, x.is_leaf, y.is_leaf, y.detach().is_leaf]


@pytest.mark.parametrize(
    "program", [modes, modes_after_an_error, hooks, gradients, accumulation, switched_off_after_forward, names]
)
def test_results_equal_torchs(program, torch):
    ours, theirs = outcome(program, tg), outcome(program, torch)
    assert not isinstance(theirs, Exception), theirs
    if isinstance(ours, Exception):
        raise ours
    assert ours == theirs


def test_anomaly_mode_names_the_op_and_the_line():
    x = leaf(tg, -1.0)
    with tg.autograd.detect_anomaly():
        y = x.sqrt()  # here
        with pytest.raises(
            RuntimeError, match=r"'SqrtBackward0' returned nan values in its 0th output.*y = x.sqrt\(\)  # here"
        ):
            y.sum().backward()
    y = x.sqrt()
    y.sum().backward()
    assert np.isnan(x.grad.item()), "and off, nothing is checked"


def test_anomaly_mode_names_the_line_of_what_was_overwritten():
    x = leaf(tg, 1.0)
    with tg.autograd.detect_anomaly():
        y = x.exp()
        y.add_(1)
        with pytest.raises(RuntimeError, match=r"exp saved its output.*made at File .*y = x.exp\(\)"):
            y.sum().backward()


def test_gradcheck_finds_a_wrong_gradient():
    x = leaf(tg, 0.3, 0.7)
    wrong = lambda x: x.detach() * x  # the slope of half of x * x
    with pytest.raises(tg.autograd.GradcheckError, match="Jacobian mismatch for output 0 with respect to input 0"):
        tg.autograd.gradcheck(wrong, x)
    assert not tg.autograd.gradcheck(wrong, x, raise_exception=False)
    assert not tg.autograd.gradcheck(wrong, x, raise_exception=False, fast_mode=True)
    assert tg.autograd.gradcheck(lambda x: x * x, x, fast_mode=True)
    half = lambda x: (x * x.detach() ** 2).sum()  # a first derivative that forgets part of the second
    assert not tg.autograd.gradgradcheck(lambda x: half(x) + (x**3).sum() * 0, x, raise_exception=False)
    with pytest.raises(TypeError, match="float64"):
        tg.autograd.gradcheck(lambda x: x, tg.ones(1, requires_grad=True))
    with pytest.raises(ValueError, match="at least one input tensor to require grad"):
        tg.autograd.gradcheck(lambda x: x, tg.ones(1, dtype=tg.float64))
    assert x.tolist() == [0.3, 0.7], "the input is put back"
