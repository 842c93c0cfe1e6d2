"""Where graphs are built, inference and anomaly mode, `grad` and `backward`, beside torch."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.autograd.programs import agree, error, leaf
from tinygrad_edu.thread import inferred


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
    with t.no_grad():
        seen += [switched(), t.is_grad_enabled()]
    return [*seen, quiet(), bare(), switched(), (x * 2).requires_grad, t.is_grad_enabled()]


def modes_after_an_error(t):
    seen = []
    for mode in (t.no_grad, t.enable_grad, lambda: t.set_grad_enabled(False)):
        with t.enable_grad():
            with pytest.raises(ValueError, match="thrown"), mode():
                raise ValueError("thrown")
            seen.append(t.is_grad_enabled())
    return seen


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


def view_without_a_graph(t):
    """It wants a gradient, as what it is a view of, but none comes to it."""
    x = leaf(t, 2.0, 3.0)
    with t.no_grad():
        view = x[0]
    y = view * x[1]
    y.backward(retain_graph=True)
    nobody = [node is None for node, _ in y.grad_fn.next_functions]
    missed = [error(lambda: view.backward()), error(lambda: t.autograd.grad(y, view, retain_graph=True))]
    none = t.autograd.grad(y, view, allow_unused=True)[0] is None
    return [view.requires_grad, view.is_leaf, view.grad is None, x.grad, *nobody, *missed, none]


def names(t):
    x = leaf(t, 1.0, 2.0)
    y = (x * 2).exp().sum()
    chain, node = [], y.grad_fn
    while node.next_functions:
        chain.append(node.name())
        node = node.next_functions[0][0]
    return [chain, x.grad_fn is None, x.is_leaf, y.is_leaf, y.detach().is_leaf]


def inference(t):
    mode = t.autograd.inference_mode
    x, n, seen = leaf(t, 1.0, 2.0), t.tensor([1.0, 2.0]), []
    with mode():
        i = n * 2
        made = [i, i[0], i.detach(), i.data, t.ones(2), t.tensor([1.0]), n.clone(), t.rand(2), n.sum(), x * 2]
        seen += [y.is_inference() for y in made]
        seen += [y.is_inference() for y in (n, n[0], n.view(-1), n.detach(), n.data, x)]
        seen += [(x * 2).requires_grad, t.is_grad_enabled(), t.ones(1, requires_grad=True).requires_grad]
        with t.enable_grad():
            seen.append((x * 2).requires_grad)
        with mode(False):
            y = x * 2
            seen += [y.requires_grad, y.is_inference(), t.is_grad_enabled()]
        i.add_(1)
        n.add_(1)
        seen.append((x * 2).requires_grad)
    seen += [i[0].is_inference(), i.detach().is_inference(), i.clone().is_inference(), (i * 2).is_inference()]
    seen += [t.is_grad_enabled(), (x * 2).requires_grad, (x + i).requires_grad, i.requires_grad, i.is_leaf]

    @mode
    def bare():
        return t.ones(1)

    @mode(mode=False)
    def off():
        return t.ones(1)

    @mode()
    def steps():
        yield t.ones(1)
        yield x * 2

    seen += [f().is_inference() for f in (bare, mode()(bare), off)]
    for y in steps():
        seen += [y.is_inference(), (x * 2).requires_grad]
    with t.no_grad(), mode(False):
        seen.append((x * 2).requires_grad)
    return [*seen, i, n]


def inference_and_errors(t):
    with t.autograd.inference_mode():
        i = t.ones(2)
    saving = {"forward": lambda ctx, x: (ctx.save_for_backward(i), x * 1)[1], "backward": lambda ctx, g: g}
    saving = type("F", (t.autograd.Function,), {name: staticmethod(f) for name, f in saving.items()})
    with pytest.raises(ValueError, match="thrown"), t.autograd.inference_mode():
        raise ValueError("thrown")
    return [
        error(lambda: i.requires_grad_()),
        error(lambda: setattr(i, "requires_grad", True)),
        error(lambda: i.requires_grad_(False)),
        error(lambda: i.add_(1)),
        error(lambda: i[0].mul_(2)),
        error(lambda: t.nn.Parameter(i)),
        error(lambda: saving.apply(leaf(t, 1.0, 2.0))),
        t.ones(1).is_inference(),
    ]


def anomaly(t):
    def is_on():
        x = leaf(t, -1.0)
        return error(lambda: x.sqrt().sum().backward()) != "none"

    mode, switch = t.autograd.detect_anomaly, t.autograd.set_detect_anomaly
    seen = [is_on()]
    with mode():
        seen.append(is_on())
        with switch(False):
            seen.append(is_on())
            with mode(check_nan=False):
                seen.append(is_on())
            with mode():
                seen.append(is_on())
        seen.append(is_on())
    seen.append(is_on())
    switch(True)
    seen.append(is_on())
    with switch(False):
        seen.append(is_on())
    seen.append(is_on())
    switch(True, check_nan=False)
    seen.append(is_on())
    switch(False)
    return [*seen, is_on()]


def variables(t):
    Variable, x, n = t.autograd.Variable, leaf(t, 1.0, 2.0), t.tensor([1.0, 2.0])
    a, b = Variable(n), Variable(x, requires_grad=True)
    a.add_(1)
    (b * 2).sum().backward()
    seen = [isinstance(n, Variable), isinstance(3, Variable), isinstance(a, t.Tensor), a.requires_grad, a is n, n]
    seen += [b is x, b.is_leaf, b.grad, x.grad, Variable(x).requires_grad, Variable(x * 2).is_leaf, Variable(n, True)]
    return [*seen, error(lambda: Variable(3.0)), error(lambda: Variable(t.tensor([1]), requires_grad=True))]


@pytest.mark.parametrize(
    "program",
    [
        modes,
        modes_after_an_error,
        view_without_a_graph,
        gradients,
        accumulation,
        switched_off_after_forward,
        names,
        inference,
        inference_and_errors,
        anomaly,
        variables,
    ],
)
def test_results_equal_torchs(program, torch):
    agree(program, tg, torch)


def test_what_is_switched_can_be_asked():
    assert not tg.autograd.is_inference_mode_enabled()
    assert not tg.autograd.is_anomaly_enabled()
    with tg.autograd.inference_mode():
        assert tg.autograd.is_inference_mode_enabled()
        with tg.autograd.detect_anomaly(check_nan=False):
            assert tg.autograd.is_anomaly_enabled()
            assert not tg.autograd.is_anomaly_check_nan_enabled()
            assert (tg.ones(1) * 2).is_inference(), "also where somebody watches"
        assert (tg.ones(1) * 2).is_inference()
    assert tg.autograd.is_anomaly_check_nan_enabled()
    assert not (tg.ones(1) * 2).is_inference()


def test_what_is_noted_of_inference_tensors_dies_with_them():
    with tg.autograd.inference_mode():
        before = len(inferred)
        x = [tg.ones(3) * 2 for _ in range(10)]
        assert len(inferred) == before + 20 - 10
        del x
        assert len(inferred) == before


def test_gradients_through_inference_tensors_are_right():
    """torch refuses to save them; here a write to one is noticed."""
    x = leaf(tg, 1.0, 2.0)
    with tg.autograd.inference_mode():
        i = tg.tensor([3.0, 4.0], dtype=tg.float64)
    (x * i).sum().backward()
    assert x.grad.tolist() == [3, 4]
    y = (x * i).sum()
    with tg.autograd.inference_mode():
        i.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_anomaly_mode_names_the_op_and_the_line():
    x = leaf(tg, -1.0)
    with tg.autograd.detect_anomaly():
        y = x.sqrt()  # here
        with pytest.raises(
            RuntimeError, match=r"(?s)'SqrtBackward0' returned nan values in its 0th output.*y = x.sqrt\(\)  # here"
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
        with pytest.raises(
            RuntimeError,
            match=r"(?s)exp saved its output.*saved at File .*y = x.exp\(\).*overwritten at File .*y.add_\(1\)",
        ):
            y.sum().backward()
