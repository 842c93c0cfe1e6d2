"""gradient_flow and history: the numbers are those of NumPy, nothing is left behind, and plots say what they show."""

from itertools import pairwise

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.explain import gradient_flow, history


def trained(steps=4, optimizer=tg.optim.SGD, **options):
    """A small model, what was seen of its training, and its weights before each step and after the last."""
    tg.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 1))
    opt, weights = optimizer(model.parameters(), lr=0.1, **options), []
    with history(model, opt) as seen:
        for _ in range(steps):
            opt.zero_grad()
            model(tg.randn(8, 3)).square().mean().backward()
            weights.append(model[0].weight.detach().numpy().copy())
            opt.step()
    weights.append(model[0].weight.detach().numpy().copy())
    return model, seen, weights


def rms(array):
    return np.sqrt(np.mean(np.square(array, dtype=float)))


def test_ratios_are_the_size_of_the_step_over_that_of_the_weights():
    _, seen, weights = trained()
    expected = [rms(after - before) / rms(before) for before, after in pairwise(weights)]
    assert seen.ratios["0.weight"] == pytest.approx(expected)


def test_gradients_are_those_of_the_step():
    model, seen, weights = trained(1)
    assert seen.gradients["0.weight"] == pytest.approx([rms(model[0].weight.grad.numpy())])
    assert seen.gradients["0.weight"][0] * 0.1 == pytest.approx(rms(weights[1] - weights[0]), rel=1e-4)  # SGD


def test_a_unit_is_dead_that_no_example_opens():
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
    with tg.no_grad():
        model[0].bias.copy_(tg.tensor([-100.0, -100.0, 100.0, 100.0]))
    opt = tg.optim.SGD(model.parameters(), lr=0.0)
    with history(model, opt) as seen:
        model(tg.ones(3, 2)).sum().backward()
        opt.step()
    assert seen.dead == {"1": [0.5]}


def test_nothing_is_left_behind_and_the_training_is_the_same():
    model, _, _ = trained()
    assert not any(m._forward_hooks for m in model.modules())
    tg.manual_seed(0)
    alone = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 1))
    opt = tg.optim.SGD(alone.parameters(), lr=0.1)
    for _ in range(4):
        opt.zero_grad()
        alone(tg.randn(8, 3)).square().mean().backward()
        opt.step()
    for p, q in zip(model.parameters(), alone.parameters()):
        assert (p == q).all()


def test_a_table_has_a_line_for_each_parameter_and_says_where_no_gradient_came():
    model, seen, _ = trained()
    assert [line.split()[0] for line in seen.table().splitlines()] == [
        "parameter",
        "0.weight",
        "0.bias",
        "2.weight",
        "2.bias",
    ]
    model[0].bias.grad = None
    assert "0.bias none" in " ".join(str(gradient_flow(model)).split())


def test_plots_name_their_lines_and_say_what_they_show():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    model, seen, _ = trained()
    figure = seen.plot()
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles[0] == "Size of the gradient"
    assert len(titles) == 4
    named = {text.get_text() for text in figure.axes[0].texts}
    assert named == {"0.weight", "2.weight"}
    model[0].weight.grad *= 0
    ax = gradient_flow(model).plot()
    assert "times the gradient of" in ax.get_title(loc="left")
    assert "0" in {text.get_text() for text in ax.texts}
    matplotlib.pyplot.close("all")


def test_a_model_without_any_gradient_can_be_shown():
    flow = gradient_flow(nn.Linear(2, 1))
    assert flow.finding == "No gradient has arrived anywhere"
    assert str(flow).count("none") == 2
