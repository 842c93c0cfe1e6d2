"""Losses where something is missing: ignored items, zero weights, NaN, corners; beside torch."""

import itertools

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.snippets import outcome

NAN, INF = float("nan"), float("inf")


def close(ours, theirs):
    assert not isinstance(theirs, Exception), theirs
    if isinstance(ours, Exception):
        raise ours
    for a, b in zip(ours, theirs, strict=True):
        assert np.shape(a) == np.shape(b)
        assert np.allclose(a, b, rtol=1e-12, atol=1e-15, equal_nan=True), (a, b)


SCORES = {
    "(N, C)": ((4, 3), [0, 2, 1, 1]),
    "(N, C), one ignored": ((4, 3), [0, -100, 1, 1]),
    "(N, C), all ignored": ((2, 3), [-100, -100]),
    "(N, C, d)": ((2, 3, 2), [[0, 1], [2, -100]]),
    "(C)": ((3,), 2),
    "(C), ignored": ((3,), -100),
}


@pytest.mark.parametrize("case", SCORES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("weighted", "smoothing"), list(itertools.product([False, True], [0.0, 0.2])))
def test_cross_entropy_and_its_derivatives(case, reduction, weighted, smoothing, torch, rng):
    shape, target = SCORES[case]
    scores, weight = rng.standard_normal(shape), np.array([0.5, 2.0, 1.0])

    def program(t):
        x = t.tensor(scores, requires_grad=True)
        w = t.tensor(weight) if weighted else None
        loss = t.nn.functional.cross_entropy(x, t.tensor(target), w, reduction=reduction, label_smoothing=smoothing)
        (g,) = t.autograd.grad(loss.sum(), x, create_graph=True)
        (h,) = t.autograd.grad((g * g).sum(), x)
        return [loss, g, h]

    close(outcome(program, tg), outcome(program, torch))


def test_probabilities_as_targets(torch, rng):
    scores, target = rng.standard_normal((4, 3)), rng.dirichlet([1, 1, 1], 4)

    def program(t):
        x, y = t.tensor(scores, requires_grad=True), t.tensor(target, requires_grad=True)
        weight = t.tensor([0.5, 2.0, 1.0], dtype=t.float64)
        losses = [t.nn.functional.cross_entropy(x, y, w, label_smoothing=s) for w in (None, weight) for s in (0.0, 0.3)]
        return [*losses, *t.autograd.grad(sum(losses), [x, y])]

    close(outcome(program, tg), outcome(program, torch))


AT = [-INF, -1000.0, -100.0, -1.0, -1e-30, -0.0, 0.0, 1e-30, 0.5, 1.0, 2.0, 100.0, 1000.0, INF, NAN]
CORNERS = {
    "relu": lambda t, x: t.relu(x),
    "sigmoid": lambda t, x: t.sigmoid(x),
    "tanh": lambda t, x: t.tanh(x),
    "softplus": lambda t, x: t.nn.functional.softplus(x),
    "logsigmoid": lambda t, x: t.nn.functional.logsigmoid(x),
    "clamp": lambda t, x: x.clamp(-1, 1),
    "maximum": lambda t, x: t.maximum(x, t.zeros_like(x)),
    "minimum": lambda t, x: t.minimum(x, t.ones_like(x)),
    "max": lambda t, x: x.max(),
    "min": lambda t, x: x[:-1].min(),
    "amax": lambda t, x: x[:-1].amax(),
    "amax of ties": lambda t, x: t.stack([x[:-1], x[:-1] - 1, x[:-1]]).amax(0),
    "amin of ties": lambda t, x: t.stack([x[:-1], x[:-1] + 1, x[:-1]]).amin(0),
    "max of pairs": lambda t, x: x[:-1].reshape(2, -1).max(1).values,
    "logits": lambda t, x: t.nn.functional.binary_cross_entropy_with_logits(x[1:-2], t.ones_like(x[1:-2])),
    "softmax": lambda t, x: t.softmax(x[1:-2].reshape(2, -1), 1) * t.arange(6),
    "log_softmax": lambda t, x: t.log_softmax(x[1:-2].reshape(2, -1), 1) * t.arange(6),
    "bce": lambda t, x: t.nn.functional.binary_cross_entropy(
        x[5:10], t.tensor([0.0, 1.0, 1.0, 0.0, 0.0], dtype=t.float64)
    ),
}


@pytest.mark.parametrize("name", CORNERS)
def test_values_and_slopes_at_corners_and_at_the_ends_of_the_line(name, torch):
    def program(t):
        x = t.tensor(AT, dtype=t.float64, requires_grad=True)
        y = CORNERS[name](t, x)
        y.sum().backward()
        return [y, x.grad]

    close(outcome(program, tg), outcome(program, torch))
