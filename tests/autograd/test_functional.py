"""vjp, jvp, jacobian, hessian, vhp and hvp beside torch's: results, their structure, and what strict mode refuses."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.snippets import outcome

INPUTS = {
    "vector": lambda t: values(t, 1, 2),
    "vectors": lambda t: (values(t, 1, 2), values(t, 3, 4)),
    "matrix": lambda t: values(t, 1, 2, 3, 4).reshape(2, 2),
    "one number": lambda t: values(t, 2),
    "0-d": lambda t: values(t, 2).reshape(()),
    "a tuple of one": lambda t: (values(t, 1, 2),),
    "a list": lambda t: [values(t, 1, 2)],
    "a number among them": lambda t: (values(t, 1, 2), 3),
}
FUNCTIONS = {
    "square": lambda x, *y: x * x,
    "two outputs": lambda x, *y: (x.exp() * x, (x * (y[0] if y else x)).sum()),
    "constant": lambda x, *y: x.detach() * 2,
    "cubes": lambda x, *y: (x**3 * (y[0] ** 2 if y else 1)).sum(),
    "linear": lambda x, *y: 2 * x,
    "linear sum": lambda x, *y: (2 * x).sum(),
    "a tuple of one": lambda x, *y: (x.sum(),),
    "a list": lambda x, *y: [x, x],
    "nothing": lambda x, *y: None,
    "only the first": lambda x, *y: (x**3).sum(),
}


def values(t, *numbers):
    return t.tensor([float(n) for n in numbers], dtype=t.float64)


def like(t, x):
    """A v of the same structure; None for what has none."""
    if isinstance(x, tuple):
        return tuple(like(t, part) for part in x)
    return t.arange(1.0, x.numel() + 1, dtype=t.float64).reshape(x.shape) if hasattr(x, "numel") else x


VECTORS = {
    "none": lambda t, x: None,
    "like the input": like,
    "a vector": lambda t, x: values(t, 5, 6),
    "a tuple of one": lambda t, x: (values(t, 5, 6),),
    "a vector and a number": lambda t, x: (values(t, 5, 6), values(t, 7).reshape(())),
    "a number": lambda t, x: 3,
}


def shape_of(result):
    """Which parts are tuples, and which tensors can be differentiated."""
    if isinstance(result, (tuple, list)):
        return tuple(map(shape_of, result))
    return tuple(result.shape), str(result.dtype), result.requires_grad


@pytest.mark.parametrize("product", ["vjp", "jvp", "vhp", "hvp", "jacobian", "hessian"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_results_structures_and_errors_equal_torchs(product, function, torch):
    compared = 0
    whole = product in ("jacobian", "hessian")
    for inputs, v, create_graph, strict in itertools.product(INPUTS, VECTORS, (False, True), (False, True)):
        if whole and v != "none":
            continue

        def program(t, inputs=inputs, v=v, create_graph=create_graph, strict=strict):
            x = INPUTS[inputs](t)
            arguments = (x,) if whole else (x, VECTORS[v](t, x))
            options = dict(create_graph=create_graph, strict=strict)
            result = getattr(t.autograd.functional, product)(FUNCTIONS[function], *arguments, **options)
            return [result, [str(shape_of(result)), type(result) is tuple]]

        ours, theirs = outcome(program, tg), outcome(program, torch)
        where = f"{product}({function}, {inputs}, {v}, {create_graph=}, {strict=})"
        if isinstance(theirs, Exception):
            assert type(ours) is type(theirs), f"{where}: {ours!r} for {theirs!r}"
            start = str(theirs)[:40]
            assert str(ours)[:40] == start or "strict" not in str(theirs), f"{where}: {ours} for {theirs}"
        else:
            assert not isinstance(ours, Exception), f"{where}: {ours!r}"
            assert ours[1] == theirs[1], where
            assert str(np.shape(ours[0]) if not isinstance(ours[0], list) else "") == str(
                np.shape(theirs[0]) if not isinstance(theirs[0], list) else ""
            )
            np.testing.assert_equal(flat(ours[0]), flat(theirs[0]), where)
            compared += 1
    assert compared or function in ("a list", "nothing") or product in ("vhp", "hvp", "hessian")


def flat(result):
    """All numbers in nested lists."""
    return [n for part in result for n in flat(part)] if isinstance(result, list) else [round(result, 10)]


@pytest.mark.parametrize(
    "options",
    [
        dict(vectorize=True),
        dict(vectorize=True, strict=True),
        dict(strategy="sideways"),
        dict(strategy="forward-mode"),
        dict(strategy="forward-mode", vectorize=True, strict=True),
        dict(strategy="forward-mode", vectorize=True, create_graph=True),
    ],
    ids=str,
)
def test_means_of_speed_are_accepted_and_refused_as_torch_does(options, torch):
    for f, x in ((FUNCTIONS["square"], "vector"), (FUNCTIONS["two outputs"], "vectors")):
        program = lambda t, f=f, x=x: t.autograd.functional.jacobian(f, INPUTS[x](t), **options)
        ours, theirs = outcome(program, tg), outcome(program, torch)
        assert type(ours) is type(theirs)
        if not isinstance(theirs, Exception):
            np.testing.assert_equal(flat(ours), flat(theirs))
    options = {{"strategy": "outer_jacobian_strategy"}.get(k, k): v for k, v in options.items()}
    program = lambda t: t.autograd.functional.hessian(FUNCTIONS["cubes"], INPUTS["vectors"](t), **options)
    ours, theirs = outcome(program, tg), outcome(program, torch)
    assert type(ours) is type(theirs)


@pytest.mark.parametrize("product", ["vjp", "jvp", "vhp", "hvp"])
def test_what_is_made_with_a_graph_can_be_differentiated_again(product, torch):
    def program(t):
        x, v = (values(t, *n).requires_grad_() for n in ((1, 2), (3, 4)))
        scalar = product in ("vhp", "hvp")
        f = lambda x: (x**3).sum() * x[0] if scalar else x**3 * x.sum()
        out, result = getattr(t.autograd.functional, product)(f, x, v, create_graph=True)
        grads = t.autograd.grad((result * result).sum() + out.sum(), [x, v])
        kept = [x.grad is None, v.grad is None]
        return [out, result, *grads, kept]

    np.testing.assert_allclose(flat(outcome(program, tg)), flat(outcome(program, torch)), rtol=1e-12)


def test_the_hessian_can_be_differentiated_again(torch):
    def program(t):
        x = values(t, 1, 2).requires_grad_()
        H = t.autograd.functional.hessian(lambda x: (x**4).sum() * x[1], x, create_graph=True)
        return [H, *t.autograd.grad((H * H).sum(), x)]

    np.testing.assert_allclose(flat(outcome(program, tg)), flat(outcome(program, torch)), rtol=1e-12)


def test_inputs_known_to_the_function_from_elsewhere_are_constants(torch):
    def program(t):
        x = values(t, 1, 2).requires_grad_()
        with t.no_grad():
            J = [t.autograd.functional.jacobian(lambda y: y * x, x, create_graph=graph) for graph in (False, True)]
            return [J, x.requires_grad, t.is_grad_enabled()]

    assert outcome(program, tg) == outcome(program, torch)


def test_gradients_in_batches(torch):
    def program(t):
        x = values(t, 1, 2).requires_grad_()
        rows = t.eye(2, dtype=t.float64)
        both = t.autograd.grad((x * x, x.sum()), x, (rows, values(t, 5, 6)), is_grads_batched=True)
        return [*t.autograd.grad(x * x, x, rows, is_grads_batched=True), *both]

    assert outcome(program, tg) == outcome(program, torch)


MATRICES = st.lists(st.floats(-2, 2), min_size=6, max_size=6).map(lambda n: np.array(n).reshape(2, 3))


@given(
    MATRICES, st.tuples(*[st.floats(-2, 2)] * 3), st.tuples(*[st.floats(-2, 2)] * 3), st.tuples(*[st.floats(-2, 2)] * 2)
)
def test_the_products_are_products_with_the_derivatives(A, x, v, u):
    """For y = tanh(A x): J is diag(1 - y²) A, and every product is what NumPy makes of it."""
    F, (A, x, v, u) = tg.autograd.functional, (tg.tensor(np.array(n)) for n in (A, x, v, u))
    f = lambda x: tg.tanh(A @ x)
    J = F.jacobian(f, x).numpy()
    y = np.tanh(A.numpy() @ x.numpy())
    close = lambda a, b: np.testing.assert_allclose(a.numpy() if hasattr(a, "numpy") else a, b, rtol=1e-9, atol=1e-12)
    close(J, (1 - y**2)[:, None] * A.numpy())
    close(F.jvp(f, x, v)[1], J @ v.numpy())
    close(F.vjp(f, x, u)[1], u.numpy() @ J)
    g = lambda x: (f(x) ** 2).sum()
    H = F.hessian(g, x).numpy()
    close(H, H.T)
    close(F.hvp(g, x, v)[1], H @ v.numpy())
    close(F.vhp(g, x, v)[1], v.numpy() @ H)
