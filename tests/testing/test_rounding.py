"""How far rounding reaches: σ is about what honest programs of one formula differ by, for any model of our ops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.testing.rounding import FANS, Measure, spread
from tinygrad_edu.testing.updates import terms
from tinygrad_edu.thread import thread, watching

EPS = float(np.finfo(np.float32).eps)
LAST_BIT = EPS / 12**0.5  # the rms rounding of a result that nothing has moved


def of(f, *arrays):
    """The results and σ of a function of tensors, and of its gradients."""
    tensors = [tg.tensor(a, requires_grad=True) for a in arrays]

    def step():
        for t in tensors:
            t.grad = None
        out = f(*tensors)
        out.sum().backward()
        return {"out": out.detach().numpy(), **{f"d{i}": t.grad.numpy() for i, t in enumerate(tensors)}}

    return spread(step)


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_the_results_are_those_of_the_unmoved_step_to_the_bit():
    x, w = normal(0, 50, 7), normal(1, 7, 3)
    results, _ = of(lambda x, w: (x @ w).tanh(), x, w)
    assert np.array_equal(results["out"], (tg.tensor(x) @ tg.tensor(w)).tanh().numpy())
    assert thread.watchers == ()
    assert thread.run is not None


def test_an_entrys_sigma_is_about_its_last_bits():
    x = normal(0, 1000)
    for f in (tg.exp, tg.tanh, tg.sigmoid, lambda x: x * 1.1, lambda x: x / 1.1):
        results, sigma = of(f, x)
        relative = sigma["out"] / np.abs(results["out"]).clip(1e-3)
        assert 0.2 * EPS < np.median(relative) < 4 * EPS


def test_what_only_moves_numbers_about_is_not_rounded():
    x = normal(0, 6, 5)
    for f in (tg.relu, tg.abs, lambda x: -x, lambda x: x.T, lambda x: x[[1, 1, 3]], lambda x: tg.cat([x, x]), tg.amax):
        results, sigma = of(f, x)
        assert sigma["out"] == pytest.approx(LAST_BIT * np.abs(results["out"]))


def test_a_sum_that_happens_to_be_exact_is_rounded_all_the_same():
    for seed in range(100):
        _, sigma = of(lambda x: x[0] * 1.1 + x[1] + x[2], normal(seed, 3))
        assert sigma["out"] > 0


def test_a_mean_of_equal_rows_is_rounded_however_many_entries_it_has():
    x = np.repeat(normal(0, 1, 40), 4, axis=0)
    _, sigma = of(lambda x: (x * 1.1).mean(0), x)
    _, single = of(lambda x: x * 1.1, x[0])
    assert (sigma["out"] > single["out"]).mean() > 0.9


def test_terms_that_cancel_leave_their_rounding_behind():
    x = normal(0, 1000)
    _, plain = of(lambda x: (x * 1.1).sum(), x)
    x[500:] = -x[:500]
    results, cancelled = of(lambda x: (x * 1.1).sum(), x)
    assert abs(results["out"]) < 1e-4
    assert cancelled["out"] == pytest.approx(plain["out"], rel=1)


def test_sigma_covers_what_another_order_of_summation_does():
    x, w = normal(0, 300, 40), normal(1, 40, 8)
    results, sigma = of(lambda x, w: (x @ w).sigmoid(), x, w)
    backwards, _ = of(lambda x, w: (x @ w).sigmoid(), x[:, ::-1].copy(), w[::-1].copy())
    kappa = np.abs(results["out"] - backwards["out"]) / sigma["out"]
    assert 0 < kappa.max() < 16
    assert (np.abs(results["out"] * np.float32(1e-4)) / sigma["out"]).max() > 100


def test_whole_numbers_are_what_they_are():
    """x³ of negative numbers is a number, and there is none near the exponent 3."""
    results, sigma = of(lambda x: x**3, normal(0, 50))
    relative = sigma["out"] / np.abs(results["out"])
    assert relative.min() > 0.2 * EPS
    assert np.median(relative) < 8 * EPS


def test_probabilities_stay_probabilities():
    z = np.array([-120.0, -90, -20, 0, 20, 40], np.float32)
    _, sigma = of(lambda z: tg.nn.functional.binary_cross_entropy(z.sigmoid(), tg.tensor([0.0, 0, 0, 1, 1, 1])), z)
    assert np.isfinite(sigma["out"])


def test_the_generator_is_rewound_for_each_run_and_left_alone():
    tg.manual_seed(3)
    first = tg.rand(4)
    tg.manual_seed(3)
    results, sigma = spread(lambda: {"drawn": tg.rand(4).numpy()})
    assert np.array_equal(results["drawn"], first.numpy())
    assert sigma["drawn"] == pytest.approx(LAST_BIT * first.numpy())
    assert tg.rand(4).equal(first)


@pytest.mark.parametrize("does", [lambda call: call > 0, lambda call: call == 0], ids=["more", "less"])
def test_a_step_that_does_more_or_less_when_called_again_is_refused(does):
    calls, x = iter(range(100)), tg.rand(3)

    def step():
        y = x * 1.1
        if does(next(calls)):
            x.exp()
        return {"y": y.numpy()}

    with pytest.raises(RuntimeError, match="did not do the same"):
        spread(step)


@pytest.mark.parametrize("trace", ["gradient", "parameter", "own generator"])
def test_a_step_that_leaves_traces_is_refused(trace):
    w, generator = tg.ones(3, requires_grad=True), tg.Generator().manual_seed(0)
    x = tg.rand(5, 3)

    def step():
        factor = tg.rand(3, generator=generator) if trace == "own generator" else 1.0
        (x @ w * 1.1).tanh().mean().backward()
        gradient = w.grad * factor
        if trace != "gradient":
            w.grad = None
        if trace == "parameter":
            with tg.no_grad():
                w.sub_(gradient)
        return {"w": gradient.numpy()}

    with pytest.raises(RuntimeError, match="did not do the same"):
        spread(step)


def test_a_saturated_sample_does_not_blind_the_judge():
    """p = 1 moved beyond 1 would be where the loss has no slope, and σ a million times too large."""
    x, y = np.array([[17.0], [0.5], [-0.3]], np.float32), tg.tensor([[1.0], [1.0], [0.0]])
    results, sigma = of(
        lambda w: tg.nn.functional.binary_cross_entropy((tg.tensor(x) @ w).sigmoid(), y), np.ones((1, 1), np.float32)
    )
    assert sigma["d0"] < 100 * EPS * np.abs(results["d0"])


def test_a_sum_of_numbers_too_large_to_have_fractions_is_rounded():
    x = (1e9 * normal(0, 64)).astype(np.float32)
    results, sigma = of(lambda x: x.sum(), x)
    assert np.abs(results["out"] - x.astype(float).sum()) < 16 * sigma["out"]
    assert sigma["out"] > 1


@pytest.mark.parametrize("scale", [1.0, 1e7, 1e12])
def test_a_sum_that_cancels_to_0_or_1_may_be_moved_past_it(scale):
    x = normal(0, 64) * np.float32(scale)
    x -= x.mean()
    for f in (tg.sum, tg.mean, lambda x: x @ tg.ones(64)):
        results, sigma = of(f, x)
        true = x.astype(float).sum() * (1 / 64 if f is tg.mean else 1)
        assert np.abs(results["out"] - true) < 16 * sigma["out"]


def test_an_exact_zero_stays_one():
    """The slope of |a - b| where they are equal is no matter of rounding."""
    a, b = np.array([0.3, 0.7, -0.2], np.float32), tg.tensor([0.3, 0.5, 0.1])
    _, sigma = of(lambda a: (a - b).abs().mean(), a)
    assert (sigma["d0"] <= 2 * EPS).all()


def test_equal_entries_stay_equal():
    x = np.repeat(normal(0, 10), 2).reshape(10, 2)
    _, sigma = of(lambda x: x.amax(1) * 1.1, x)
    assert (sigma["d0"] <= EPS).all()


@pytest.mark.parametrize(
    "find", [tg.max, tg.median, tg.amax, lambda x: x.norm(float("inf"))], ids=["max", "median", "amax", "norm"]
)
def test_which_entry_was_chosen_is_not_in_doubt(find):
    """A rule that looks for x == out finds nothing if both are moved apart: that says nothing about rounding."""
    _, sigma = of(lambda x: find(x) * 2.3, normal(0, 3))
    assert sigma["d0"].max() < 4 * EPS


def test_a_cast_to_more_bits_is_no_rounding():
    x, w = tg.tensor(normal(0, 20, 3)), normal(1, 3).astype(np.float64)
    _, sigma = of(lambda w: (x.double() @ w).tanh().mean(), w)
    assert (sigma["d0"] < 1e-14).all()


def test_a_step_that_does_something_else_each_time_is_refused():
    sizes = iter(range(3, 100))
    for f in (lambda x: x * 1.1, tg.relu):  # what rounds, and what does not
        with pytest.raises(RuntimeError, match="did not do the same"):
            spread(lambda f=f: {"out": f(tg.rand(next(sizes))).numpy()})
    assert thread.watchers == ()


def test_second_derivatives_are_judged_too():
    def step():
        (slope,) = tg.autograd.grad((x**3).sum(), x, create_graph=True)
        return {"out": tg.autograd.grad((slope**2).sum(), x)[0].numpy()}

    x = tg.tensor(normal(0, 20), requires_grad=True)
    results, sigma = spread(step)
    assert np.allclose(results["out"], 36 * x.detach().numpy() ** 3, rtol=1e-5)
    largest = np.abs(results["out"]).argmax()
    assert 0 < sigma["out"][largest] / np.abs(results["out"][largest]) < 10 * EPS


def test_float64_is_judged_by_its_own_bits():
    x = normal(0, 100).astype(np.float64)
    results, sigma = of(lambda x: (x * 1.1).tanh(), x)
    relative = sigma["out"] / np.abs(results["out"]).clip(1e-3)
    assert 0.2 < np.median(relative) / np.finfo(np.float64).eps < 4


SUMS = {  # how many entries of one input an entry of the result is made of, forward; and backward, for each input
    "mul": (lambda: tg.rand(5, 3, requires_grad=True) * tg.rand(3, requires_grad=True), 1, [1, 5]),
    "sum": (lambda: tg.rand(5, 3, requires_grad=True).sum(0), 5, [1]),
    "mean": (lambda: tg.rand(5, 3, requires_grad=True).mean(), 15, [1]),
    "matmul": (lambda: tg.rand(6, 6, requires_grad=True) @ tg.rand(6, 6, requires_grad=True), 6, [6, 6]),
    "bmm": (lambda: tg.rand(9, 2, 7, requires_grad=True) @ tg.rand(9, 7, 3, requires_grad=True), 7, [3, 2]),
    "softmax": (lambda: tg.softmax(tg.rand(4, 9, requires_grad=True), 1), 9, [9]),
    "linear": (
        lambda: tg.nn.functional.linear(*(tg.rand(*s, requires_grad=True) for s in ((8, 5), (2, 5), (2,)))),
        5,
        [2, 8, 8],
    ),
}


@pytest.mark.parametrize("name", SUMS)
def test_how_many_numbers_a_result_is_made_of(name):
    f, forward, backward = SUMS[name]
    FANS.clear()
    with watching(Measure(np.random.default_rng(0))):
        out = f()
        out.backward(tg.rand(out.shape))
    assert [n for n, _ in FANS.values()][-2:] == [[forward], backward]


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40))
def test_an_honest_float32_product_is_within_sigma_of_the_true_one(seed, n, m):
    x, w = normal(seed, m, n), normal(seed + 1, n, 3)
    results, sigma = of(lambda x, w: x @ w, x, w)
    true = {"out": x.astype(float) @ w.astype(float), "d0": np.ones((m, 3)) @ w.T.astype(float)}
    for name, a in true.items():
        assert (np.abs(results[name] - a) <= 16 * sigma[name]).all()


# ------------------------------------------------------------------ an optimizer's terms


def test_terms_are_the_magnitudes_that_an_update_is_the_sum_of():
    p, g = np.array([1.0, -2.0, 1e-3], np.float32), np.array([3.0, 0.0, -3.0], np.float32)
    state = {("parameter", "w"): p, ("gradient", "w"): g}
    update = lambda state: {("parameter", "w"): state["parameter", "w"] - np.float32(0.1) * state["gradient", "w"]}
    results, size = terms(update, state)
    assert np.array_equal(results["parameter", "w"], update(state)["parameter", "w"])
    expected = np.abs(p) + 0.1 * np.abs(g) + np.abs(p - 0.1 * g)
    assert size["parameter", "w"] == pytest.approx(EPS * expected, rel=1e-3)


def test_measuring_moves_nothing():
    with watching(Measure(np.random.default_rng(0))):
        assert tg.ones(3).exp().tolist() == pytest.approx([np.e] * 3)
