"""Functions of one's own, beside torch's: what they are given and may return, save and mark, and every misuse."""

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.autograd.programs import agree, error, leaf
from tinygrad_edu.testing.rounding import spread


def function(t, forward, backward, setup_context=None, name="My"):
    """A Function of these."""
    methods = {"forward": forward, "backward": backward, "setup_context": setup_context}
    return type(name, (t.autograd.Function,), {k: staticmethod(f) for k, f in methods.items() if f is not None})


def cube(t):
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    return function(t, forward, lambda ctx, g: g * 3 * ctx.saved_tensors[0] ** 2, name="Cube")


def grads(t, y, *xs):
    return [None if g is None else g.tolist() for g in t.autograd.grad(y, xs, allow_unused=True)]


# ------------------------------------------------------------------ programs with results


def what_forward_and_backward_see(t):
    x, c, seen = leaf(t, 1.0, 2.0), t.tensor([3.0, 4.0], dtype=t.float64), []

    def forward(ctx, a, b, k, flag=True):
        seen.append([list(ctx.needs_input_grad), t.is_grad_enabled(), a.requires_grad, b.requires_grad])
        seen.append([isinstance(ctx, t.autograd.function.FunctionCtx), list(ctx.saved_tensors)])
        ctx.save_for_backward(a, None, b)
        ctx.k = k
        return a * b * k

    def backward(ctx, g):
        a, nothing, b = ctx.saved_tensors
        seen.append([g.tolist(), t.is_grad_enabled(), a is x, nothing, ctx.k, list(ctx.needs_input_grad)])
        return g * b * ctx.k, None, None, None

    f = function(t, forward, backward)
    y = f.apply(x, c, 5, False)
    node = y.grad_fn
    seen += [node.name(), node.k, [s is None for s in node.saved_tensors], node.metadata]
    seen += [[edge is None for edge, _ in node.next_functions], [nr for _, nr in node.next_functions]]
    y.sum().backward()
    with t.no_grad():
        seen.append(f.apply(x, c, 5, False).requires_grad)
    seen += [f.apply(c, x.detach(), 5, False).requires_grad, t.is_grad_enabled()]
    return [seen, y, x.grad]


def second_and_third_derivatives(t):
    x = leaf(t, 0.5, 2.0)
    y, found = cube(t).apply(x), []
    for _ in range(3):
        (y,) = t.autograd.grad(y.sum(), x, create_graph=True)
        found.append(y)
    return found


def a_saved_output_is_differentiated_too(t):
    def forward(ctx, x):
        y = 2 * x
        ctx.save_for_backward(y)
        return y

    square = function(
        t, forward, lambda ctx, g: g * ctx.saved_tensors[0]
    )  # not 2x's slope, but whose derivative counts
    x = leaf(t, 0.5, 2.0)
    (g,) = t.autograd.grad(square.apply(x).sum(), x, create_graph=True)
    return [g, *grads(t, g.sum(), x)]


def an_intermediate_is_a_constant(t):
    def forward(ctx, x):
        twice = x * 2
        ctx.save_for_backward(twice)
        return twice * twice

    x = leaf(t, 1.0, 2.0)
    f = function(t, forward, lambda ctx, g: g * 4 * ctx.saved_tensors[0])
    (g,) = t.autograd.grad(f.apply(x).sum(), x, create_graph=True)
    return [g, g.requires_grad]


def setup_apart(t):
    seen = []

    def setup(ctx, inputs, output):
        seen.append([t.is_grad_enabled(), len(inputs), inputs[1], inputs[2]])
        ctx.save_for_backward(output)
        ctx.save_for_forward(output)

    f = function(t, lambda x, k=2, bias=None: k * x, lambda ctx, g: (g * ctx.saved_tensors[0], None, None), setup)
    x = leaf(t, 3.0, 4.0)
    for y in (f.apply(x), f.apply(x, 5), f.apply(x, k=7)):
        y.sum().backward()
    return [seen, x.grad]


def several_outputs(t):
    seen = []

    def backward(ctx, *gs):
        seen.append([None if g is None else g.tolist() for g in gs])
        return gs[0] * 2 + gs[1] * 3

    f = function(t, lambda ctx, x: (x * 2, x * 3, 7, None, x > 1), backward)
    x = leaf(t, 1.0, 2.0)
    a, b, *others = f.apply(x)
    seen += [a.output_nr, b.output_nr, a.grad_fn is b.grad_fn, others[2].requires_grad, others[:2]]
    seen += [a.grad_fn.name(), (a * b).grad_fn.next_functions[1][1], (a * b).grad_fn.next_functions[1][0] is a.grad_fn]
    found = [grads(t, y.sum(), x) for y in (f.apply(x)[0], f.apply(x)[1], f.apply(x)[0] * f.apply(x)[1], a + b + a)]
    a, b, *_ = f.apply(x)
    a.mul_(10)
    return [seen, found, grads(t, (a * a * b + b).sum(), x)]


def several_outputs_twice(t):
    def forward(ctx, x):
        y, z = x**2, x**3
        ctx.save_for_backward(x, y, z)
        return y, z

    def backward(ctx, g, h):
        x, y, z = ctx.saved_tensors
        return 2 * x * g + 3 * h * y + 0 * z

    f, x = function(t, forward, backward), leaf(t, 0.5, 2.0)
    y, z = f.apply(x)
    (first,) = t.autograd.grad((y * z).sum(), x, create_graph=True)
    (second,) = t.autograd.grad(first.sum(), x, create_graph=True)
    return [first, second, *grads(t, second.sum(), x)]


def gradients_for_unused_outputs(t):
    seen = []

    def forward(ctx, x, zeros):
        ctx.set_materialize_grads(zeros)
        kept, flat = x * 1, x * 2
        ctx.mark_non_differentiable(flat)
        return kept, flat, x * 3

    def backward(ctx, *gs):
        seen.append([None if g is None else g.tolist() for g in gs])
        return gs[0], None

    f, x = function(t, forward, backward), leaf(t, 1.0, 2.0)
    for zeros in (True, False):
        for i in (0, 2):
            seen.append(grads(t, f.apply(x, zeros)[i].sum(), x))
    return [seen, f.apply(x, True)[1].requires_grad]


def gradients_of_other_shapes_and_dtypes(t):
    found = []
    for ret in (
        lambda g: g[None],
        lambda g: t.stack([g, g, g]),
        lambda g: g.float(),
        lambda g: g.long(),
        lambda g: (g, None, None),
        lambda g: None,
    ):
        x = leaf(t, 1.0, 2.0)
        function(t, lambda ctx, a: a * 1, lambda ctx, g, ret=ret: ret(g)).apply(x).sum().backward()
        found.append(x.grad)
    return found


def inputs_overwritten(t):
    def forward(ctx, x, y):
        x.mul_(y)
        ctx.mark_dirty(x)
        ctx.save_for_backward(x, y)
        return x

    def backward(ctx, g):
        out, y = ctx.saved_tensors
        return g * y, g * out / y

    f, x, w = function(t, forward, backward), leaf(t, 1.0, 2.0, 3.0), leaf(t, 4.0, 5.0, 6.0)
    seen = []
    y = x * 1
    z = f.apply(y, w)
    seen += [z is y, *grads(t, (z * z).sum(), x, w)]
    base = x * 1
    part = base[1:]
    f.apply(part, w[:2])
    seen += [part, base, *grads(t, (base * base).sum() + part.sum(), x, w)]
    base = x * 1
    part = base[1:]
    f.apply(base, w)
    seen += [part, *grads(t, (part * part).sum(), x, w)]
    c = t.ones(3, dtype=t.float64)
    f.apply(c, w)
    return [seen, c, c.requires_grad, *grads(t, c.sum(), w)]


def an_input_returned(t):
    f = function(t, lambda ctx, x: x, lambda ctx, g: g * 2)
    x, c = leaf(t, 1.0, 2.0), t.ones(2, dtype=t.float64)
    y = f.apply(x)
    with t.no_grad():
        z = f.apply(x)
    return [y is x, y.is_leaf, x.is_leaf, z.requires_grad, f.apply(c).requires_grad, *grads(t, y.sum(), x), y, z]


def a_walk_inside_backward(t):
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**4

    def backward(ctx, g):
        with t.enable_grad():
            x = ctx.saved_tensors[0].detach().requires_grad_()
            (slope,) = t.autograd.grad((x**4).sum(), x)
            (x**2).sum().backward()
        return g * slope + 0 * x.grad

    x = leaf(t, 1.0, 2.0)
    y = function(t, forward, backward).apply(x * 3)
    (y * y).sum().backward()
    return [x.grad, t.is_grad_enabled()]


def a_function_inside_a_function(t):
    inner = cube(t)

    def forward(ctx, x):
        with t.enable_grad():
            ctx.x = x.detach().requires_grad_()
            ctx.y = inner.apply(ctx.x).sum()
        return ctx.y.detach()

    x = leaf(t, 1.0, 2.0)
    f = function(t, forward, lambda ctx, g: g * t.autograd.grad(ctx.y, ctx.x)[0])
    return grads(t, f.apply(inner.apply(x)) * 2, x)


def one_input_twice_and_a_list(t):
    x = leaf(t, 1.0, 2.0)
    f = function(t, lambda ctx, a, b, many: a * b, lambda ctx, g: (g, g * 2, None))
    return [*grads(t, f.apply(x, x, [x]).sum(), x), f.apply(x.detach(), x.detach(), [x]).requires_grad]


def named_inputs(t):
    x, w = leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    f = function(t, lambda ctx, a, b=None, k=2: a * b, lambda ctx, *g: (g[0] * 2, g[0] * 3))
    return grads(t, f.apply(x, b=w).sum(), x, w)


def outputs_that_are_no_tensors(t):
    x = leaf(t, 1.0)
    return [
        function(t, lambda ctx, x, out=out: out(x), lambda ctx, *g: g[0]).apply(x)
        for out in (lambda x: "text", lambda x: None, lambda x: [x * 1], lambda x: (x * 1, [x * 2]), lambda x: ())
    ]


def retained_and_kept_graphs(t):
    f, x = cube(t), leaf(t, 1.0, 2.0)
    y = f.apply(x).sum()
    y.backward(retain_graph=True)
    y.backward()
    unread = function(t, lambda ctx, x: (ctx.save_for_backward(x), x * 2)[1], lambda ctx, g: g * 2).apply(x).sum()
    unread.backward()
    unread.backward()  # what was freed is not asked for
    return x.grad


def once_differentiable(t):
    def backward(ctx, g):
        return g * 3 * ctx.saved_tensors[0] ** 2, t.is_grad_enabled()

    seen = []
    once = t.autograd.function.once_differentiable(
        lambda ctx, g: (seen.append(backward(ctx, g)[1]), backward(ctx, g)[0])[1]
    )
    x = leaf(t, 1.0, 2.0)
    f = function(t, lambda ctx, x: (ctx.save_for_backward(x), x**3)[1], once)
    f.apply(x).sum().backward()
    weights = leaf(t, 1.0, 1.0)
    (g,) = t.autograd.grad(f.apply(x), x, weights, create_graph=True)
    return [seen, x.grad, g, g.requires_grad, error(lambda: t.autograd.grad(g.sum(), [x, weights], allow_unused=False))]


def vjp_is_another_name(t):
    methods = {"forward": staticmethod(lambda ctx, x: x * 1), "vjp": staticmethod(lambda ctx, g: g * 5)}
    f, x = type("My", (t.autograd.Function,), methods), leaf(t, 1.0)
    return grads(t, f.apply(x), x)


RESULTS = [
    what_forward_and_backward_see,
    second_and_third_derivatives,
    a_saved_output_is_differentiated_too,
    an_intermediate_is_a_constant,
    setup_apart,
    several_outputs,
    several_outputs_twice,
    gradients_for_unused_outputs,
    gradients_of_other_shapes_and_dtypes,
    inputs_overwritten,
    an_input_returned,
    a_walk_inside_backward,
    a_function_inside_a_function,
    one_input_twice_and_a_list,
    named_inputs,
    outputs_that_are_no_tensors,
    retained_and_kept_graphs,
    once_differentiable,
    vjp_is_another_name,
]


@pytest.mark.parametrize("program", RESULTS)
def test_results_equal_torchs(program, torch):
    agree(program, tg, torch)


# ------------------------------------------------------------------ programs that are refused

X = lambda t: leaf(t, 1.0, 2.0)
RETURNS = {
    "too few": lambda g: (g,),
    "too many": lambda g: (g, None, None, g),
    "a list": lambda g: [g, None, None],
    "one for a number": lambda g: (g, g, g),
    "a number": lambda g: (3.0, None, None),
    "too small": lambda g: (g[:1], None, None),
    "summed": lambda g: (g.sum(), None, None),
}
FORWARDS = {
    "a number saved": lambda ctx, a: (ctx.save_for_backward(a, 3), a * 1)[1],
    "a list saved": lambda ctx, a: (ctx.save_for_backward([a]), a * 1)[1],
    "dirty, not returned": lambda ctx, a: (a.mul_(2), ctx.mark_dirty(a), a * 1)[2],
    "dirty, not an input": lambda ctx, a: (ctx.mark_dirty(a * 1), a * 1)[1],
    "an error": lambda ctx, a: 1 / 0,
}


def backward_returns(t, ret):
    f = function(t, lambda ctx, a, b, k: a * 1, lambda ctx, g: ret(g))
    f.apply(X(t), t.ones(2, dtype=t.float64), 4).sum().backward()


def dirty(t, a):
    function(t, lambda ctx, a: (a.mul_(2), ctx.mark_dirty(a), a)[2], lambda ctx, g: g).apply(a)


def overwritten(t, saved):
    """A function that saves its input or its output, which is then written to."""

    def forward(ctx, x):
        y = x * 2
        ctx.save_for_backward(x if saved == "input" else y)
        return y

    x = X(t) * 1
    y = function(t, forward, lambda ctx, g: g * ctx.saved_tensors[0]).apply(x)
    {"input": x, "output": y}[saved].add_(1)
    y.sum().backward()


def overwritten_through_numpy(t):
    """mark_dirty alone says that there was a write."""

    def forward(ctx, x):
        x.detach().numpy()[:] = 5
        ctx.mark_dirty(x)
        return x

    y = X(t) * 1
    z = y * y
    function(t, forward, lambda ctx, g: g * 0).apply(y)
    z.sum().backward()


REFUSED = {
    **{f"backward returns {name}": lambda t, ret=ret: backward_returns(t, ret) for name, ret in RETURNS.items()},
    **{
        f"forward: {name}": lambda t, f=f: function(t, f, lambda ctx, g: g).apply(X(t) * 1)
        for name, f in FORWARDS.items()
    },
    "a leaf overwritten": lambda t: dirty(t, X(t)),
    "a view of a leaf overwritten": lambda t: dirty(t, X(t)[0]),
    "a saved input overwritten": lambda t: overwritten(t, "input"),
    "a saved output overwritten": lambda t: overwritten(t, "output"),
    "an input overwritten through NumPy": overwritten_through_numpy,
    "walked twice": lambda t: [y.backward() for y in [cube(t).apply(X(t)).sum()] * 2],
    "freed and read": lambda t: [(y.sum().backward(), y.grad_fn.saved_tensors) for y in [cube(t).apply(X(t))]],
    "no forward": lambda t: type("F", (t.autograd.Function,), {}).apply(X(t)),
    "no backward": lambda t: (
        type("F", (t.autograd.Function,), {"forward": lambda ctx, x: x * 1}).apply(X(t)).sum().backward()
    ),
    "an instance called": lambda t: cube(t)()(X(t)),
    "a keyword that forward has not": lambda t: cube(t).apply(X(t), nothing=1),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_have_torchs_type(name, torch):
    theirs = error(lambda: REFUSED[name](torch))
    assert theirs != "none"
    assert error(lambda: REFUSED[name](tg)) == theirs
    assert tg.autograd.is_grad_enabled(), "an error in forward leaves the mode as it was"


@pytest.mark.parametrize(
    ("name", "message"),
    {
        "backward returns too few": r"function MyBackward returned an incorrect number of gradients \(expected 3, got 1\)",
        "backward returns one for a number": "different than None at position 3, but the corresponding forward input",
        "backward returns too small": r"MyBackward returned an invalid gradient at index 0 - got \[1\] but expected.*\[2\]",
        "a saved input overwritten": "modified by an inplace operation: a tensor of shape .2., saved for MyBackward",
        "walked twice": "through the graph a second time",
        "forward: a number saved": "can only save variables, but argument 1 is of type int",
    }.items(),
)
def test_refusals_say_why(name, message):
    with pytest.raises((RuntimeError, TypeError), match=message):
        REFUSED[name](tg)


# ------------------------------------------------------------------ where we promise more than torch


def test_what_is_once_differentiable_raises_where_torch_takes_saved_tensors_for_constants():
    x = leaf(tg, 1.0, 2.0)
    once = tg.autograd.function.once_differentiable(lambda ctx, g: g * 3 * ctx.saved_tensors[0] ** 2)
    f = function(tg, lambda ctx, x: (ctx.save_for_backward(x), x**3)[1], once)
    (g,) = tg.autograd.grad(f.apply(x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice a function that was marked with @once_differentiable"):
        tg.autograd.grad((g * x).sum(), x, allow_unused=True)


@pytest.mark.parametrize("view", [lambda x: x, lambda x: x.view(-1), lambda x: x.detach(), lambda x: x[:1]])
def test_an_output_never_shares_an_inputs_memory(view):
    """torch refuses writes to such an output, or (detach) lets them change the input behind its rules' back."""
    x = leaf(tg, 1.0, 2.0)
    base = x * 1
    f = function(tg, lambda ctx, a: view(a), lambda ctx, g: g * 2 if len(g) == 2 else tg.cat([g * 2, g * 0]))
    y = f.apply(base)
    y.mul_(3)
    base.mul_(5)
    assert base.tolist() == [5, 10]
    assert y.tolist() == [3, 6][: len(y)]
    (g,) = tg.autograd.grad(y.sum() + base.sum(), x)
    assert g.tolist() == [11, 11 if len(y) == 2 else 5]


def test_the_gradient_of_two_inputs_may_be_one_tensor():
    x, w = leaf(tg, 1.0, 2.0), leaf(tg, 3.0, 4.0)
    kept = tg.ones(2, dtype=tg.float64)
    function(tg, lambda ctx, a, b: a + b, lambda ctx, g: (kept, kept)).apply(x, w).sum().backward()
    x.grad.add_(1)
    assert [x.grad.tolist(), w.grad.tolist(), kept.tolist()] == [[2, 2], [1, 1], [1, 1]]


def test_a_function_is_freed_at_once():
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(x, y)
        return y, x * 2

    f = function(tg, forward, lambda ctx, g, h: g * ctx.saved_tensors[1] + 2 * h)
    gc.disable()
    try:
        y, z = f.apply(leaf(tg, 1.0, 2.0))
        node, array = weakref.ref(y.grad_fn), weakref.ref(y.grad_fn.saved_tensors[0].array)
        (y + z).sum().backward()
        assert array() is None, "what it saved goes with the walk"
        del y, z
        assert node() is None
    finally:
        gc.enable()


def test_the_judge_sees_the_ops_inside():
    x = tg.tensor([0.3, 0.7], requires_grad=True)
    f = function(
        tg,
        lambda ctx, x: (ctx.save_for_backward(x), x.sin(), x * 3)[1:],
        lambda ctx, g, h: g * ctx.saved_tensors[0].cos() + 3 * h,
    )

    def step():
        x.grad = None
        y, z = f.apply(x)
        (y * z).sum().backward()
        return {"y": y.detach().numpy(), "grad": x.grad.numpy()}

    results, sigma = spread(step)
    assert np.allclose(results["grad"], 3 * (np.sin([0.3, 0.7]) + np.array([0.3, 0.7]) * np.cos([0.3, 0.7])))
    assert (sigma["grad"] > 0).all()
    assert (sigma["grad"] < 1e-5).all()


def test_anomaly_mode_names_the_function_and_its_line():
    f = function(tg, lambda ctx, x: (x * 2, x * 3), lambda ctx, g, h: g * float("nan"))
    with tg.autograd.detect_anomaly():
        y, z = f.apply(leaf(tg, 1.0))  # here
        with pytest.raises(
            RuntimeError, match=r"(?s)'MyBackward' returned nan values in its 0th output.*apply.*# here"
        ):
            (y + z).sum().backward()


# ------------------------------------------------------------------ the same graph with and without


UNARY = {
    "exp": (lambda x: x.exp(), lambda g, x: g * x.exp()),
    "sin": (lambda x: x.sin(), lambda g, x: g * x.cos()),
    "tanh": (lambda x: x.tanh(), lambda g, x: g * (1 - x.tanh() ** 2)),
    "cube": (lambda x: x**3, lambda g, x: g * 3 * x**2),
}
CUSTOM = {
    name: function(
        tg, lambda ctx, x, f=f: (ctx.save_for_backward(x), f(x))[1], lambda ctx, g, d=d: d(g, *ctx.saved_tensors)
    )
    for name, (f, d) in UNARY.items()
}


def split_forward(ctx, x, y):
    ctx.save_for_backward(x, y)
    return x * y, x + y


SPLIT = function(
    tg,
    split_forward,
    lambda ctx, g, h: (g * ctx.saved_tensors[1] + h, g * ctx.saved_tensors[0] + h),
)
STEPS = st.lists(st.tuples(st.sampled_from([*UNARY, "split"]), st.integers(0, 9), st.integers(0, 9)), max_size=8)


@given(STEPS)
def test_random_programs_give_what_ops_give_up_to_the_second_derivative(steps):
    """The same program made of ops, and made of Functions, of which one has two outputs: values, gradients, and theirs."""
    found = []
    for custom in (False, True):
        x = leaf(tg, 0.3, -0.4)
        values = [x, x * 0.5]
        for name, i, j in steps:
            a, b = values[i % len(values)], values[j % len(values)]
            if name == "split":
                values += SPLIT.apply(a, b) if custom else (a * b, a + b)
            else:
                values.append((CUSTOM[name].apply if custom else UNARY[name][0])(a * 0.5))
        y = sum(((i + 1) * v.tanh().sum() for i, v in enumerate(values)), tg.zeros((), dtype=tg.float64))
        (first,) = tg.autograd.grad(y, x, create_graph=True)
        (second,) = tg.autograd.grad((first * first).sum(), x, retain_graph=True)
        y.backward()
        found.append([y.tolist(), first.tolist(), second.tolist(), x.grad.tolist()])
    for ours, theirs in zip(*found):
        assert np.allclose(ours, theirs, rtol=1e-10, atol=1e-12)
