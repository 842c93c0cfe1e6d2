"""gradcheck and gradgradcheck: verdicts beside torch's, and what only ours says of corners."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.autograd.programs import leaf
from tests.snippets import outcome
from tinygrad_edu.autograd.differences import corner


def custom(t, backward):
    """x * x, with this for a backward."""
    forward = lambda ctx, x: (ctx.save_for_backward(x), x * x)[1]
    return type(
        "F", (t.autograd.Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    ).apply


def nondeterministic(t):
    calls = []
    return custom(t, lambda ctx, g: (calls.append(1), g * (2 * ctx.saved_tensors[0] + len(calls) * 1e-7))[1])


FUNCTIONS = {
    "right": lambda t: lambda x: x * x.exp(),
    "wrong": lambda t: lambda x: x.detach() * x,
    "wrong in the second derivative": lambda t: lambda x: x.detach() ** 2 * x + (x - x.detach()) * 2 * x.detach() ** 2,
    "several": lambda t: lambda x: (x * x, x.sum()),
    "one of several is wrong": lambda t: lambda x: (x * x, x * x.detach()),
    "one of several is cut off": lambda t: lambda x: (x * x, x.detach() * 2),
    "integers beside": lambda t: lambda x: (x * x, (x * 0).long()),
    "a list": lambda t: lambda x: [x * x, x * 3],
    "nothing": lambda t: lambda x: None,
    "nothing beside": lambda t: lambda x: (x * x, None),
    "a number": lambda t: lambda x: 3,
    "cut off": lambda t: lambda x: x.detach() * 2,
    "constant": lambda t: lambda x: t.ones(2, dtype=t.float64),
    "NaN": lambda t: lambda x: (x - 1).log(),
    "NaN on both sides": lambda t: lambda x: x * float("nan"),
    "NaN on one side": lambda t: lambda x: t.where((x > 1) & (x < 1.5), t.full_like(x, float("nan")), x),
    "infinite": lambda t: lambda x: x / 0,
    "empty": lambda t: lambda x: x[:0],
    "the input": lambda t: lambda x: x,
    "a view": lambda t: lambda x: x.view(-1),
    "summed": lambda t: lambda x: x.sum(),
    "linear": lambda t: lambda x: x * 3,
    "not a function of g": lambda t: custom(t, lambda ctx, g: 2 * ctx.saved_tensors[0]),
    "not deterministic": nondeterministic,
}
POINTS = {
    "vector": lambda t: leaf(t, 1.0, 2.0),
    "0-d": lambda t: leaf(t, 1.5).sum().detach().requires_grad_(),
    "empty": lambda t: leaf(t),
    "transposed": lambda t: t.arange(1.0, 7.0, dtype=t.float64).reshape(2, 3).t().requires_grad_(),
    "constants beside": lambda t: (leaf(t, 1.0, 2.0),),
    "no leaf": lambda t: leaf(t, 1.0, 2.0) * 1.5,
    "a list": lambda t: [leaf(t, 1.0, 2.0)],
    "no gradient wanted": lambda t: t.ones(2, dtype=t.float64),
    "stride 0": lambda t: leaf(t, 1.0).expand(3),
}


def same(program, ours, theirs):
    """The same verdict, or an error of the same name, or of one that derives from it."""
    ours, theirs = outcome(program, ours), outcome(program, theirs)
    if isinstance(theirs, Exception):
        assert type(theirs).__name__ in [c.__name__ for c in type(ours).__mro__], f"{ours!r} for {theirs!r}"
    else:
        assert ours == theirs


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("fast_mode", [False, True])
@pytest.mark.parametrize("raise_exception", [False, True])
@pytest.mark.parametrize("check", ["gradcheck", "gradgradcheck"])
def test_verdicts_equal_torchs(check, function, fast_mode, raise_exception, torch):
    options = dict(fast_mode=fast_mode, raise_exception=raise_exception)
    same(lambda t: getattr(t.autograd, check)(FUNCTIONS[function](t), POINTS["vector"](t), **options), tg, torch)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("fast_mode", [False, True])
@pytest.mark.parametrize("check", ["gradcheck", "gradgradcheck"])
def test_verdicts_at_any_point_equal_torchs(check, point, fast_mode, torch):
    same(lambda t: getattr(t.autograd, check)(lambda x: x**3, POINTS[point](t), fast_mode=fast_mode), tg, torch)


OPTIONS = [
    dict(check_forward_ad=False, check_backward_ad=False),
    dict(check_batched_grad=True),
    dict(check_batched_grad=True, check_backward_ad=False, check_forward_ad=True),
    dict(check_batched_forward_grad=True),
    dict(check_undefined_grad=False),
    dict(check_grad_dtypes=True),
    dict(masked=True),
    dict(nondet_tol=1.0),
    dict(eps=1e-4, atol=1e-3, rtol=0.0),
    dict(atol=0.0, rtol=1e-16),
]
SECOND = [
    dict(check_fwd_over_rev=False, check_rev_over_rev=False),
    dict(check_rev_over_rev=False, check_fwd_over_rev=True),
    dict(check_rev_over_rev=False, check_fwd_over_rev=True, check_undefined_grad=False, check_batched_grad=True),
    dict(gen_non_contig_grad_outputs=True),
    dict(check_batched_grad=True, masked=True, nondet_tol=0.1, check_grad_dtypes=True),
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options_of_gradcheck(options, torch):
    same(lambda t: t.autograd.gradcheck(lambda x: x.exp(), leaf(t, 1.0, 2.0), **options), tg, torch)
    same(lambda t: t.autograd.gradcheck(nondeterministic(t), leaf(t, 1.0, 2.0), **options), tg, torch)


@pytest.mark.parametrize("options", SECOND, ids=str)
def test_options_of_gradgradcheck(options, torch):
    same(lambda t: t.autograd.gradgradcheck(lambda x: x.exp(), leaf(t, 1.0, 2.0), **options), tg, torch)


@pytest.mark.parametrize(
    "gs", [lambda t: leaf(t, 3.0, 4.0), lambda t: t.ones(2, dtype=t.float64), lambda t: (leaf(t, 3.0),)]
)
def test_gradgradcheck_takes_gradients(gs, torch):
    same(lambda t: t.autograd.gradgradcheck(lambda x: x.exp(), leaf(t, 1.0, 2.0), gs(t)), tg, torch)


def test_several_inputs(torch):
    for f in (lambda x, k, y, c: x * y * k + c, lambda x, k, y, c: x * y.detach() * k + c):
        program = lambda t, f=f: t.autograd.gradcheck(
            f, (leaf(t, 1.0, 2.0), 3.0, leaf(t, 4.0), t.ones(2, dtype=t.float64))
        )
        same(program, tg, torch)


def test_float32_is_warned_of_as_in_torch(torch):
    for t in (tg, torch):
        with pytest.warns(UserWarning, match="Input #0 requires gradient and is not a double precision"):
            t.autograd.gradcheck(lambda x: x * 2, t.ones(1, requires_grad=True), raise_exception=False)


def test_no_forward_mode():
    with pytest.raises(NotImplementedError, match="no forward mode"):
        tg.autograd.gradcheck(lambda x: x, leaf(tg, 1.0), check_forward_ad=True)


def test_the_input_is_put_back_and_its_gradient_left_alone():
    x = leaf(tg, 0.3, 0.7)
    array = x.array

    def breaks(y):
        if y.tolist() != [0.3, 0.7]:
            raise ValueError("elsewhere")
        return y * 2

    with pytest.raises(ValueError, match="elsewhere"):
        tg.autograd.gradcheck(breaks, x)
    tg.autograd.gradcheck(lambda x: x * x, x)
    assert x.array is array
    assert x.tolist() == [0.3, 0.7]
    assert x.grad is None
    assert x._version == 0


def test_the_worst_entry_is_named():
    with pytest.raises(tg.autograd.GradcheckError, match="output 1 with respect to input 2") as raised:
        tg.autograd.gradcheck(lambda x, n, y: (x, x * y.detach() + y * x), (leaf(tg, 1.0, 2.0), 3, leaf(tg, 1.0, 5.0)))
    assert "entry 1 of the input and 1 of the output" in str(raised.value)
    assert str(raised.value).endswith("and backward 2")


# ------------------------------------------------------------------ corners


CORNERS = {
    "relu": (lambda x: tg.relu(x), [0.0, 1.0], (0, 0, 0, 1, 0)),
    "minus relu": (lambda x: -tg.relu(-x), [1.0, 0.0], (1, 1, 1, 0, 0)),
    "clamp": (lambda x: x.clamp(0.0, 1.0), [0.5, 1.0], (1, 1, 1, 0, 1)),
    "where": (lambda x: tg.where(x > 2, x * 5, x * 3 + 4), [1.0, 2.0], (1, 1, 3, 5, 3)),
    "far from 0": (lambda x: tg.relu(x - 1000) * 7, [1000.0, 1.0], (0, 0, 0, 7, 0)),
    "curved": (lambda x: tg.relu(x.exp() - 1) + x**2, [0.0, 1.0], (0, 0, 0, 1, 0)),
}


@pytest.mark.parametrize("name", CORNERS)
@pytest.mark.parametrize("fast_mode", [False, True])
def test_a_kink_is_called_one(name, fast_mode):
    f, at, (entry, output, left, right, analytical) = CORNERS[name]
    with pytest.raises(tg.autograd.KinkError, match="KINK") as raised:
        tg.autograd.gradcheck(f, leaf(tg, *at), fast_mode=fast_mode)
    kink = raised.value
    assert isinstance(kink, tg.autograd.GradcheckError)
    assert (kink.input, kink.entry, kink.output, kink.at) == (0, entry, 0, output)
    assert np.allclose([kink.left, kink.right, kink.analytical], [left, right, analytical], atol=1e-3)
    assert not tg.autograd.gradcheck(f, leaf(tg, *at), fast_mode=fast_mode, raise_exception=False)
    assert tg.autograd.gradcheck(f, leaf(tg, *(np.array(at) + 0.3)), fast_mode=fast_mode)


@pytest.mark.parametrize("f", [lambda x: abs(x), lambda x: tg.maximum(x, -x), lambda x: x.abs().sum()])
def test_at_a_corner_whose_slope_is_the_mean_of_both_there_is_nothing_to_tell(f):
    """As in torch: the central difference is the mean of the two slopes, too."""
    assert tg.autograd.gradcheck(f, leaf(tg, 0.0, 1.0))


def test_no_corner_excuses_a_slope_that_is_none_of_its():
    wrong = lambda x: tg.relu(x) + 3 * (x - x.detach())
    with pytest.raises(tg.autograd.GradcheckError, match=r"at a corner: 0.* to the left, .*1.* to the right") as raised:
        tg.autograd.gradcheck(wrong, leaf(tg, 0.0))
    assert not isinstance(raised.value, tg.autograd.KinkError)


def test_a_kink_hides_no_wrong_gradient():
    f = lambda x: tg.stack([tg.relu(x[0]), x[1] * x[1].detach()])
    with pytest.raises(tg.autograd.GradcheckError, match="entry 1 of the input") as raised:
        tg.autograd.gradcheck(f, leaf(tg, 0.0, 0.1))
    assert not isinstance(raised.value, tg.autograd.KinkError)


def verdict(f, x, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            tg.autograd.gradcheck(f, x, **options)
        except tg.autograd.GradcheckError as error:
            return type(error).__name__
        return "right"


@given(
    st.floats(-1, 1),  # how far off the corner is, in steps
    st.floats(-100, 100),
    st.tuples(st.floats(-10, 10), st.floats(-10, 10)).filter(lambda s: abs(s[0] - s[1]) > 0.1),
    st.floats(-5, 5),
    st.floats(-1e3, 1e3),
)
def test_corners_within_a_step_are_kinks_if_they_are_noticed_at_all(off, at, slopes, bend, level):
    """f is a corner upon a parabola, at any height, at any place, at any distance up to eps of the point."""
    left, right = slopes
    corner = at + off * 1e-6

    def f(x):
        d = x - corner
        return tg.where(d > 0, d * right, d * left) + bend * d * d + level

    assert verdict(f, leaf(tg, at)) in ("right", "KinkError")


def test_a_sharp_bend_is_no_corner():
    """Its one-sided slopes differ, by 0.08 over 8 eps, and a wrong one of 0.02 lies between them."""
    assert verdict(lambda x: 1e4 * x * x + 0.02 * (x - x.detach()), leaf(tg, 0.0)) == "GradcheckError"


def test_what_rounding_may_have_made_is_no_corner():
    f = lambda x: x.sin() + 1e9
    assert "KinkError" not in {verdict(f, leaf(tg, at)) for at in np.linspace(0, 3, 100)}
    x = leaf(tg, 0.0)
    at = lambda level: corner(lambda x: 0.03 * tg.relu(x) + level, (x,), x, 0, 0, 0, 1e-6, 1e-5)
    assert np.allclose(at(0), (0, 0.03))
    assert at(1e9) is None


@given(st.floats(-3, 3), st.floats(-1e3, 1e3), st.floats(-50, 50), st.sampled_from([1.001, 0.5, 1.5, 0.0, -1.0]))
def test_a_wrong_gradient_of_a_curve_is_no_kink(at, level, bend, wrong):
    """f's own gradient, times something."""

    def f(x):
        y = x.sin() + bend * x * x + level
        return y.detach() + (y - y.detach()) * wrong

    slope = abs(np.cos(at) + 2 * bend * at)
    if abs(slope * (1 - wrong)) > 2 * (1e-5 + 1e-3 * slope):
        assert verdict(f, leaf(tg, at)) == "GradcheckError"


@given(st.floats(-3, 3), st.floats(-1e6, 1e6), st.floats(-1e3, 1e3))
def test_a_right_gradient_of_a_curve_is_never_a_kink_though_rounding_may_hide_it(at, level, bend):
    f = lambda x: x.sin() + bend * x * x + level
    assert verdict(f, leaf(tg, at)) in ("right", "GradcheckError") if abs(level) > 1e4 else "right"
