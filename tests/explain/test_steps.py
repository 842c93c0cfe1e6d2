"""The steps carry the engine's own numbers: their products and sums are `.grad`, for every op and every kind of node."""

import re
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import tinygrad_edu as tg
from tests.declared import cases, draw, name_of, tensors
from tests.snippets import outcome
from tinygrad_edu.explain import explain, recording
from tinygrad_edu.explain.formulas import formula, rules
from tinygrad_edu.op import registry
from tinygrad_edu.testing import programs

from . import losses

ALL = list(cases())


def ulps(a, b):
    """How many numbers of their dtype lie between two arrays, at most."""
    return (
        0
        if np.array_equal(a, b, equal_nan=True)
        else np.max(np.abs(a - b) / np.spacing(np.maximum(np.abs(a), np.abs(b))))
    )


def grads_equal(explanation, limit=0):
    """Every leaf's step has what backward() has put in its `.grad`."""
    leaves = [step for step in explanation if step.keeps_grad]
    assert leaves
    for step in leaves:
        assert ulps(step.grad_after, step.node.grad.array) <= limit
        assert step.grad_after.dtype == step.node.grad.array.dtype


def through_jacobians(explanation):
    """Each leaf's gradient once more, of nothing but the Jacobians that the steps carry, in float64."""
    gradients = {explanation[0].node: np.ones(1)}
    for step in explanation:
        for share in step.shares:
            part = gradients[step.node] @ share.jacobian.astype(float)
            gradients[share.edge] = gradients.get(share.edge, 0) + part
    return {step: gradients[step.node] for step in explanation if step.is_leaf}


@pytest.mark.parametrize("loss", [losses.book, losses.two_layers])
@pytest.mark.parametrize("dtype", [tg.float32, tg.float64])
def test_what_arrives_at_the_parameters_is_their_grad(loss, dtype):
    model, compute = loss(dtype=dtype)
    value = compute()
    found = explain(value, names=model)
    value.backward()
    grads_equal(found)
    assert {step.name for step in found if step.is_leaf} == dict(model.named_parameters()).keys()
    for name, parameter in model.named_parameters():
        assert np.array_equal(found[name].gradient, parameter.grad.numpy())


@pytest.mark.parametrize("loss", [lambda: losses.book(5), lambda: losses.two_layers(2, hidden=3)])
def test_the_product_of_the_jacobians_is_grad(loss):
    model, compute = loss()
    value = compute()
    found = explain(value, names=model)
    value.backward()
    for step, product in through_jacobians(found).items():
        entries = product.astype(np.float32).reshape(step.gradient.shape)
        assert ulps(entries, step.node.grad.array) <= 1


def test_each_product_is_the_gradient_times_the_jacobian():
    _, compute = losses.two_layers(2, tg.float64)
    shares = [(step, share) for step in explain(compute()) for share in step.shares]
    assert len(shares) == 8
    for step, share in shares:
        product = step.gradient.ravel() @ share.jacobian
        np.testing.assert_allclose(share.incoming.ravel(), product, rtol=1e-13, atol=1e-16)


# ---------------------------------------------------------------- every op


def test_every_op_has_a_formula():
    assert [op.name for op in registry.values() if not formula(op)] == []
    assert formula(registry["cumsum"]) == "out_k = x_0 + ... + x_k along `dim`"
    without = [(op.name, rule) for op in registry.values() for rule in rules(op).values() if not rule.expression]
    assert without == []


def test_every_function_that_a_rule_calls_says_what_it_computes():
    called = {h.name: h for op in registry.values() for rule in rules(op).values() for h in rule.helpers}
    assert [name for name, helper in called.items() if not helper.formula] == []


@pytest.mark.parametrize("case", [case for case in ALL if case[0].differentiable], ids=name_of)
def test_every_op_has_its_steps(case, rng):
    op, shapes, params = case
    with recording():
        out = op.call(*tensors(op, draw(op, shapes, rng)), **params)
        loss = (out * tg.tensor(rng.standard_normal(out.shape))).sum()
    found = explain(loss)
    loss.backward()
    grads_equal(found)
    mine = next(step for step in found if step.node is out.node)
    assert mine.line.endswith("out = op.call(*tensors(op, draw(op, shapes, rng)), **params)")
    assert np.array_equal(mine.value, out.array)
    assert len(mine.shares) == sum(edge is not None for edge in out.node.edges)
    assert str(found).count("step ") >= len(found)
    assert all(share.rule.expression for share in mine.shares)


def test_no_op_is_missing():
    """(What a write in place makes is tested below, and a floored quotient has no slope: its rule is an error.)"""
    present = {op.name for op in registry.values() if op.differentiable and (op.needs is None or find_spec(op.needs))}
    assert present - {case[0].name for case in ALL} == {"overwritten", "floor_divide"}


# ---------------------------------------------------------------- every kind of node


def test_a_sum_over_two_paths_is_old_plus_incoming():
    a = tg.tensor(3.0, requires_grad=True)
    b = a * a
    (first, second) = explain(b)["b"].shares
    assert (first.old, first.incoming, first.new) == (None, 3, 3)
    assert (second.old, second.incoming, second.new) == (3, 3, 6)


def test_what_was_stretched_is_summed():
    x, b = tg.ones(2, 3, requires_grad=True), tg.ones(3, requires_grad=True)
    _, share = explain((x * b).sum())["mul1"].shares
    assert share.stretched
    assert share.product.shape == (2, 3)
    assert share.incoming.tolist() == [2, 2, 2]


def test_neither_grad_nor_the_graph_is_touched():
    x = tg.ones(3, requires_grad=True)
    y = x.exp()
    y.retain_grad()
    loss = (y * y).sum()
    x.grad = tg.tensor([1.0, 2.0, 3.0])
    first, second = explain(loss), explain(loss)
    assert x.grad.tolist() == [1, 2, 3]
    assert y.grad is None
    assert str(first) == str(second)
    assert first["x"].grad.tolist() == [1, 2, 3]
    loss.backward()
    grads_equal(first)


def test_a_freed_graph_gives_the_engines_error():
    x = tg.ones(3, requires_grad=True)
    loss = x.exp().sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        explain(loss)


def test_what_backward_refuses_is_refused():
    with pytest.raises(RuntimeError, match="does not require grad"):
        explain(tg.ones(()))
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        explain(tg.ones(3, requires_grad=True) * 2)
    x = tg.ones(3, requires_grad=True)
    y = x.exp()
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        explain(y.sum())


def test_views_and_writes_in_place():
    x = tg.arange(6.0).requires_grad_()
    with recording():
        y = x * 2
        y[2:4] = x[:2] * x[4:]
        y.view(2, 3)[0].mul_(x[:3])
        loss = (y * y).sum()
    found = explain(loss)
    loss.backward()
    grads_equal(found)
    assert "overwritten" in {step.op for step in found}
    assert all(step.line for step in found if step.op == "overwritten")


def test_hooks_are_seen():
    x = tg.ones(3, requires_grad=True)
    y = x.exp()
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    loss = y.sum()
    loss.grad_fn.register_hook(lambda parts, gs: (parts[0] * 2,))
    y.grad_fn.register_prehook(lambda gs: (gs[0] * 3,))
    found = explain(loss)
    loss.backward()
    grads_equal(found)
    assert found["y"].gradient.tolist() == [20, 20, 20]
    assert found["y"].arrived.tolist() == [2, 2, 2]
    assert found["loss"].hooked


def test_a_hook_of_a_leafs_own_node():
    x = tg.ones(3, requires_grad=True)
    loss = (x * 2).sum()
    (accumulate, _), *_ = loss.grad_fn.next_functions[0][0].next_functions
    accumulate.register_prehook(lambda gs: (gs[0] * 5,))
    found = explain(loss)
    loss.backward()
    grads_equal(found)
    assert found["x"].gradient.tolist() == [10, 10, 10]


def test_the_gradient_of_a_gradient():
    x = tg.tensor(2.0, requires_grad=True)
    (slope,) = tg.autograd.grad(x**5, x, create_graph=True)
    found = explain(slope)
    assert found["x"].gradient == 160
    slope.backward()
    grads_equal(found)


class Both(tg.autograd.Function):
    """(x², x³)."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2, x**3

    @staticmethod
    def backward(ctx, g, h):
        """dx = 2 g x + 3 h x²."""
        (x,) = ctx.saved_tensors
        return 2 * g * x + 3 * h * x**2


class Cube(tg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = x**3
        ctx.save_for_backward(x, out)
        return out

    @staticmethod
    def backward(ctx, g):
        x, _ = ctx.saved_tensors
        return 3 * g * x**2


def test_functions_of_your_own():
    x = tg.tensor([2.0, 3.0], requires_grad=True)
    with recording():
        square, cube = Both.apply(x)
        loss = (square * cube + Cube.apply(x)).sum()
    found = explain(loss)
    loss.backward()
    grads_equal(found)
    (share,) = found["Both1"].shares
    assert found["Both1"].formula == "(x², x³)"
    assert found["Both1"].line.endswith("square, cube = Both.apply(x)")
    assert found["cube"].line == found["Both1"].line
    assert share.rule.helpers[0].formula == "dx = 2 g x + 3 h x²"
    assert "3 * h * x**2" in share.rule.helpers[0].source
    assert found["Cube1"].shares[0].jacobian.tolist() == [[12, 0], [0, 27]]
    assert [a.tolist() for a in found["Cube1"].saved.values()] == [[2, 3], [8, 27]]


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(program=programs())
def test_random_programs(program):
    """Whatever a program walks back from, with its views, writes, hooks and errors: the steps are what backward() does."""
    backward = tg.Tensor.backward

    def checked(loss, *how, **options):
        if any(how) or options:
            return backward(loss, *how, **options)
        happened = outcome(lambda _: explain(loss), None)
        if isinstance(happened, Exception):
            with pytest.raises(type(happened), match=re.escape(str(happened))):
                backward(loss)
            raise happened
        backward(loss)
        assert str(happened)
        return grads_equal(happened) if any(step.keeps_grad for step in happened) else None

    with pytest.MonkeyPatch.context() as patch, recording():
        patch.setattr(tg.Tensor, "backward", checked)
        assert program.run(tg).get("error") != "AssertionError"
