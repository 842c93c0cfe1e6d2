"""Declaring ops: what a declaration may say, and what it is told where it says something wrong."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.op import op, registry


@pytest.fixture(autouse=True)
def nothing_stays_declared():
    before = dict(registry)
    yield
    registry.clear()
    registry.update(before)


def leaf(*values):
    return tg.tensor(values, dtype=tg.float64, requires_grad=True)


def test_a_joint_rule_gives_every_gradient_and_hears_which_are_needed():
    heard = []

    def both(g, x, y, need):
        heard.append(need)
        return g * y, g * x

    product = op(lambda x, y: x * y, name="product", d=both, inputs=("x", "y"), places="")
    x, y = leaf(2.0), leaf(3.0)
    product(x, y).backward()
    assert (x.grad.item(), y.grad.item()) == (3, 2)
    product(x, y.detach()).backward()
    assert x.grad.item() == 6
    assert heard == [(True, True), (True, False)]
    assert tg.autograd.gradgradcheck(product, (x, y))


def test_an_op_declared_once_refuses_a_second_derivative():
    cube = op(lambda x: x**3, name="cube", dx=lambda g, x: g * 3 * x**2, once=True, places="")
    x = leaf(2.0)
    cube(x).backward()
    assert x.grad.item() == 12
    with pytest.raises(RuntimeError, match="cube can be differentiated once only"):
        tg.autograd.grad(cube(x), x, create_graph=True)


def test_a_rule_is_named_in_tracebacks():
    def broken(g, x):
        raise ZeroDivisionError

    f = op(lambda x: x, name="f", dx=broken, places="")
    with pytest.raises(ZeroDivisionError) as caught:
        f(leaf(1.0)).backward()
    assert caught.traceback[-1].name == "dx of f"


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (dict(dx=lambda g: g, inplce=False), "op f: there is no option 'inplce'"),
        (dict(dx=lambda g, X: g * X), "op f: a rule asks for 'X'; it may ask for need, out, shape, x"),
    ],
)
def test_a_wrong_declaration_is_told_so(facts, message):
    with pytest.raises(TypeError, match=message):
        op(np.positive, name="f", **facts)
    assert "f" not in registry


def weighted(t, **named):
    x = t.tensor([0.3, 0.6], requires_grad=True)
    return t.nn.functional.binary_cross_entropy(x, t.ones(2), **named)


def test_an_input_without_a_rule_must_not_want_a_gradient(torch):
    for engine in (tg, torch):
        weight = engine.ones(2, requires_grad=True)
        with pytest.raises(RuntimeError, match=r"not differentiable with respect to argument 'weight'"):
            weighted(engine, weight=weight)
        with engine.no_grad():
            weighted(engine, weight=weight)
        weighted(engine, weight=weight.detach()).backward()
