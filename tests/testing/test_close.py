"""assert_close: the judge's verdict in anybody's test, and torch's tolerances where nobody asks for it."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.testing import assert_close


def problem(*args, **kwargs):
    with pytest.raises(AssertionError) as caught:
        assert_close(*args, **kwargs)
    return str(caught.value)


@pytest.fixture
def model():
    tg.manual_seed(0)
    return tg.nn.Sequential(tg.nn.Linear(5, 8), tg.nn.Tanh(), tg.nn.Linear(8, 1))


@pytest.fixture
def step(model):
    x, y = tg.rand(64, 5), tg.rand(64, 1)

    def step():
        model.zero_grad()
        tg.nn.functional.mse_loss(model(x), y).backward()
        return {name: p.grad for name, p in model.named_parameters()}

    return step


def test_rounding_passes_and_a_ten_thousandth_does_not(step):
    exact = {name: g.numpy().copy() for name, g in step().items()}
    honest = {name: (g * np.float32(1 + 3e-7)).astype(np.float32) for name, g in exact.items()}
    assert_close(honest, exact, step=step)
    for name in exact:
        wrong = honest | {name: honest[name] * np.float32(1.0001)}
        message = problem(wrong, exact, step=step)
        assert f"at ['{name}']" in message
        assert "contradicts actual." in message
        assert "contradicts expected." in problem(exact, wrong, step=step)


def test_one_wrong_entry_is_named(step):
    exact = [g.numpy().copy() for g in step().values()]
    wrong = [g.copy() for g in exact]
    wrong[2][0, 5] *= np.float32(1.0001)
    message = problem(wrong, exact, step=lambda: list(step().values()))
    assert "at [2]" in message
    assert "The worst entry is [0, 5]" in message


def test_a_step_of_another_form_is_refused(step):
    gradients = step()
    with pytest.raises(ValueError, match=r"step\(\) must return what"):
        assert_close(gradients, gradients, step=lambda: step()["0.weight"])


def test_a_step_and_a_tolerance_do_not_go_together(step):
    with pytest.raises(ValueError, match="takes no rtol"):
        assert_close(1.0, 1.0, step=lambda: 1.0, rtol=1e-3, atol=0)


def test_a_judged_step_leaves_the_generator_where_it_was(step):
    gradients = step()
    state = tg.get_rng_state()
    expected = tg.rand(3)
    tg.set_rng_state(state)
    assert_close(gradients, gradients, step=step)
    assert tg.rand(3).equal(expected)


def test_truths_whole_numbers_and_missing_gradients_are_compared_too():
    w = tg.ones(3, requires_grad=True)
    step = lambda: [w > 0, (w * 2).sum().detach(), w.grad, tg.arange(3)]
    assert_close(step(), step(), step=step)
    assert_close([], [], step=list)
    assert "at [0]" in problem([~(w > 0), *step()[1:]], step(), step=step)
    assert "at [3]" in problem([*step()[:3], tg.arange(3) + 1], step(), step=step)
    assert "attribute 'shape'" in problem([*step()[:2], tg.ones(3), tg.arange(3)], step(), step=step)


def test_another_engines_numbers_are_judged_without_torch():
    """A hand-written gradient of mean((x w - y)²), right and with N - 1 for N."""
    rng = np.random.default_rng(0)
    x, y, w = (rng.normal(size=shape).astype(np.float32) for shape in ((1000, 3), (1000,), (3,)))
    tensor = tg.tensor(w, requires_grad=True)

    def step():
        return tg.autograd.grad(tg.mean((tg.tensor(x) @ tensor - tg.tensor(y)) ** 2), tensor)[0]

    right = 2 * x.T @ (x @ w - y) / np.float32(1000)
    assert_close(right, step(), step=step)
    assert "step() gives" in problem(right * np.float32(1000 / 999), step(), step=step)


# ------------------------------------------------------------------ torch's rule

PAIRS = [
    (1.0, 1.0),
    (1.0, 1.0 + 1e-8),
    (1.0, 1.0 + 3e-7),
    ([1.0, 2.0], [1.0, 2.0]),
    ([1.0, 2.0], [1.0, 2.1]),
    (np.float32([1, 2]), np.float32([1, 2.000001])),
    (np.float32([1, 2]), np.float32([1, 2.0001])),
    (np.float32([0.0]), np.float32([9e-6])),
    (np.float32([0.0]), np.float32([1.1e-5])),
    (np.array([1, 2]), np.array([1, 2])),
    (np.array([1, 2]), np.array([1, 3])),
    (np.array([2**60]), np.array([2**60 + 1])),
    (np.array([True, False]), np.array([True, True])),
    (np.array([np.nan]), np.array([np.nan])),
    (np.array([np.inf]), np.array([np.inf])),
    (np.array([np.inf]), np.array([-np.inf])),
    (np.zeros((2, 3)), np.zeros((3, 2))),
    (np.zeros(3, np.float32), np.zeros(3)),
    (np.zeros((0, 3)), np.zeros((0, 3))),
]


@pytest.mark.parametrize(
    "options", [{}, {"equal_nan": True}, {"check_dtype": False}, {"rtol": 1e-2, "atol": 1e-2}], ids=str
)
@pytest.mark.parametrize(("actual", "expected"), PAIRS, ids=range(len(PAIRS)))
def test_the_verdict_is_torchs(actual, expected, options, torch):
    def refuses(engine):
        tensor = lambda a: engine.tensor(a) if isinstance(a, np.ndarray) else a
        try:
            engine.testing.assert_close(tensor(actual), tensor(expected), **options)
        except AssertionError:
            return True
        return False

    assert refuses(tg) == refuses(torch)


def test_tensors_of_torch_are_welcome(torch):
    assert_close(tg.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0], requires_grad=True))
    assert_close({"w": [torch.ones(2)]}, {"w": [tg.ones(2)]})


def test_messages():
    assert "Mismatched elements: 1 / 3 (33.3%)" in problem(tg.ones(3), tg.tensor([1.0, 1.0, 2.0]))
    assert "attribute 'shape' do not match at ['w']: (2,) != (3,)" in problem({"w": tg.ones(2)}, {"w": tg.ones(3)})
    assert "only one of them has ['b']" in problem({"w": 1.0, "b": 1.0}, {"w": 1.0})
    assert problem(1.0, 2.0, msg="mine") == "mine"
    assert problem(1.0, 2.0, msg=lambda text: text[:16]) == "Tensor-likes are"
    with pytest.raises(ValueError, match="must both be specified"):
        assert_close(1.0, 1.0, rtol=1e-3)
