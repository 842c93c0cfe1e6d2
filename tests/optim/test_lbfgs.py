"""L-BFGS: its steps are torch's, its line search finds what it promises, its state travels."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.optim.line_search import Point, cubic_minimum, strong_wolfe


def rosenbrock(x):
    """A bent valley, whose lowest point is (1, 1)."""
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def descend(e, steps, **options):
    x = e.tensor([-1.2, 1.0], dtype=e.float64, requires_grad=True)
    optimizer = e.optim.LBFGS([x], **options)
    losses = []

    def closure():
        optimizer.zero_grad()
        loss = rosenbrock(x)
        loss.backward()
        return loss

    for _ in range(steps):
        losses.append(optimizer.step(closure).item())
    return losses, x, optimizer


@pytest.mark.parametrize(
    "options",
    [
        dict(lr=0.1, max_iter=5),
        dict(lr=0.1, max_iter=5, history_size=2),
        dict(line_search_fn="strong_wolfe", max_iter=4),
        dict(line_search_fn="strong_wolfe", max_iter=4, max_eval=3),
        dict(lr=0.5, line_search_fn="strong_wolfe", tolerance_grad=1.0),
    ],
    ids=str,
)
def test_each_step_is_torchs(options, torch):
    """The valley magnifies differences, so few steps are taken."""
    ours, theirs = (descend(e, 3, **options) for e in (tg, torch))
    assert np.allclose(ours[0], theirs[0], rtol=1e-9)
    assert np.allclose(ours[1].detach().numpy(), theirs[1].detach().numpy(), rtol=1e-9)
    mine, reference = (optimizer.state_dict()["state"][0] for _, _, optimizer in (ours, theirs))
    assert list(mine) == list(reference)
    assert (mine["n_iter"], mine["func_evals"]) == (reference["n_iter"], reference["func_evals"])
    assert [type(v).__name__ for v in mine.values()] == [type(v).__name__ for v in reference.values()]
    assert len(mine["old_dirs"]) == len(reference["old_dirs"])


def test_it_finds_the_end_of_the_valley():
    _, x, _ = descend(tg, 3, line_search_fn="strong_wolfe")
    assert np.allclose(x.tolist(), 1, atol=1e-4)


def test_it_stops_where_nothing_is_left_to_do():
    (_, x, few), (_, y, many) = (descend(tg, n, line_search_fn="strong_wolfe") for n in (6, 16))
    assert x.tolist() == y.tolist()
    assert many.state[y]["func_evals"] == few.state[x]["func_evals"] + 10


def test_parameters_without_gradient_stay_where_they_are():
    x, y = tg.ones(2, requires_grad=True), tg.ones(2, 1, requires_grad=True)
    optimizer = tg.optim.LBFGS([y, x], max_iter=2)

    def closure():
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert y.tolist() == [[1], [1]]
    assert x.tolist() != [1, 1]


def test_a_closure_that_fails_in_the_line_search_leaves_the_parameters():
    x = tg.tensor([3.0], requires_grad=True)
    optimizer, calls = tg.optim.LBFGS([x], line_search_fn="strong_wolfe"), []

    def closure():
        calls.append(x.item())
        if len(calls) == 2:
            raise KeyboardInterrupt
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    with pytest.raises(KeyboardInterrupt):
        optimizer.step(closure)
    assert calls[1] != 3
    assert x.item() == 3


# ------------------------------------------------------------------ the line search


def along(f, slope):
    """The line of a function of one variable, and its start."""
    at = lambda t: Point(t, f(float(t)), tg.tensor([slope(float(t))]), tg.tensor(slope(float(t)), dtype=tg.float64))
    return at, at(0.0)


LINES = pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda t: (t - 2) ** 2, lambda t: 2 * (t - 2)),
        (lambda t: np.cosh(t / 50 - 1), lambda t: np.sinh(t / 50 - 1) / 50),
        (lambda t: -t / (t * t + 2), lambda t: (t * t - 2) / (t * t + 2) ** 2),
        (
            lambda t: np.sqrt(1 + (t - 3) ** 2) + np.sin(t) / 4,
            lambda t: (t - 3) / np.sqrt(1 + (t - 3) ** 2) + np.cos(t) / 4,
        ),
    ],
)


@pytest.mark.parametrize("first", [1e-3, 0.1, 1.0, 30.0])
@LINES
def test_what_is_found_is_low_enough_and_flat_enough(f, slope, first):
    at, start = along(f, slope)
    found = strong_wolfe(at, start, first, 1.0, 25)
    assert found.loss <= start.loss + 1e-4 * found.t * start.slope
    assert abs(found.slope) <= 0.9 * abs(start.slope)


@pytest.mark.parametrize("first", [1e-3, 0.1, 1.0, 30.0, 1000.0, 9000.0])
@pytest.mark.parametrize("most", [0, 1, 3, 6, 25])
@LINES
def test_it_looks_where_torch_looks(f, slope, first, most, torch):
    from torch.optim.lbfgs import _strong_wolfe

    at, start = along(f, slope)
    looked, theirs = [], []
    found = strong_wolfe(lambda t: looked.append(float(t)) or at(t), start, first, 1.0, most)

    def evaluate(x, t, d):
        theirs.append(float(t))
        return f(float(t)), torch.tensor([slope(float(t))], dtype=torch.float64)

    gradient, d = torch.tensor([slope(0.0)], dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    loss, _, t, _ = _strong_wolfe(evaluate, None, first, d, f(0.0), gradient, gradient.dot(d), max_ls=most)
    assert looked == pytest.approx(theirs, rel=1e-9)
    assert (float(found.t), found.loss) == pytest.approx((float(t), loss), rel=1e-9)


def test_it_looks_at_no_more_points_than_it_may():
    looked = []
    at, start = along(lambda t: -t, lambda t: -1.0)
    found = strong_wolfe(lambda t: looked.append(t) or at(t), start, 1.0, 1.0, 3)
    assert len(looked) == 4
    assert found.t == looked[-1]


def test_a_cubic_is_found_from_two_points_and_slopes():
    at, _ = along(lambda t: t**3 - 3 * t, lambda t: 3 * t * t - 3)
    for a, b in ((0.0, 3.0), (3.0, 0.0), (-0.5, 1.2)):
        assert float(cubic_minimum(at(a), at(b), min(a, b), max(a, b))) == pytest.approx(1)
    assert float(cubic_minimum(at(0.0), at(3.0), 1.5, 3.0)) == 1.5
    falling, _ = along(lambda t: -3 * t, lambda t: -4.0)
    assert cubic_minimum(falling(0.0), falling(1.0), 0.0, 1.0) == 0.5
