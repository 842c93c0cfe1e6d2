"""gradient_flow and history: the numbers are those of NumPy, nothing is left behind, and plots say what they show."""

import sys
from itertools import pairwise

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.explain import gradient_flow, history
from tinygrad_edu.explain.flow import apart, dead_share


@pytest.fixture
def pyplot():
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


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


def test_plots_name_their_lines_and_say_what_they_show(pyplot):
    model, seen, _ = trained()
    figure = seen.plot()
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles[0].startswith("Size of the gradient: ")
    assert len(titles) == 4
    named = {text.get_text() for text in figure.axes[0].texts}
    assert named == {"0.weight", "2.weight"}
    model[0].weight.grad *= 0
    ax = gradient_flow(model).plot()
    assert ax.get_title(loc="left") == "The gradient of 0.weight is zero"
    assert "0" in {text.get_text() for text in ax.texts}


def test_a_model_without_any_gradient_can_be_shown():
    flow = gradient_flow(nn.Linear(2, 1))
    assert flow.finding == "No gradient has arrived anywhere"
    assert str(flow).count("none") == 2


def partly():
    """A model of which one weight is frozen, one bias has the gradient 0, and the last layer none."""
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1), nn.Linear(1, 1))
    model[0].weight.requires_grad_(False)
    model[1](tg.full((1, 2), 3.0)).sum().backward()
    model[0].bias.grad = tg.zeros(2)
    return model


def train(model, optimizer, x, steps=3):
    for _ in range(steps):
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()


def test_what_is_broken_is_the_finding():
    model = partly()
    assert (
        gradient_flow(model).finding == "The gradient of 2.weight and 1 more is missing"
    )  # not that of what is frozen
    for p in model[2].parameters():
        p.grad = tg.ones_like(p)
    assert gradient_flow(model).finding == "The gradient of 0.bias is zero"
    model[1].bias.grad.fill_(float("nan"))
    assert gradient_flow(model).finding == "The gradient of 1.bias is not finite"
    model[1].bias.grad.fill_(5.0)
    model[0].bias.grad.fill_(0.001)
    assert gradient_flow(model).finding == "1.bias gets 5000 times the gradient of 0.bias"
    model.zero_grad()
    assert gradient_flow(model).finding == "No gradient has arrived anywhere"
    assert gradient_flow(nn.ReLU()).finding == "No gradient has arrived anywhere"


def test_every_parameter_has_its_row_in_the_plot_and_its_dot_or_a_word(pyplot):
    flow = gradient_flow(partly())
    ax = flow.plot()
    assert [label.get_text() for label in ax.get_yticklabels()] == [name for name, _, _ in flow.rows]
    words = {
        round(text.get_position()[1]): text.get_text()
        for text in ax.texts
        if text.get_text().isalpha() or " " in text.get_text()
    }
    assert words == {0: "frozen", 4: "no gradient", 5: "no gradient"}
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines] == [(3.0, 2), (1.0, 3)]
    bottom, top = ax.get_ylim()
    assert top < 0
    assert bottom > 5  # all six are in sight


def test_activations_are_those_of_the_step():
    tg.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = tg.optim.SGD(model.parameters(), lr=0.1)
    x = tg.randn(6, 2)
    with history(model, optimizer) as seen:
        train(model, optimizer, x)
        with tg.no_grad():
            out = model[1](model[0](x)).numpy()
        train(model, optimizer, x, steps=1)
    assert seen.means["1"][-1] == pytest.approx(out.mean(), rel=1e-5)
    assert seen.activations["1"][-1] == pytest.approx(out.std(), rel=1e-5)
    assert seen.dead["1"][-1] == (out == 0).all(0).mean()


def test_what_a_later_module_writes_into_is_seen_as_it_was():
    model = nn.Sequential(nn.Linear(1, 1), nn.ReLU(inplace=True))
    tg.nn.init.constant_(model[0].weight, -1.0)
    tg.nn.init.zeros_(model[0].bias)
    optimizer = tg.optim.SGD(model.parameters(), lr=0.0)
    with history(model, optimizer) as seen:
        train(model, optimizer, tg.ones(3, 1), steps=1)
    assert (seen.means["0"], seen.means["1"], seen.dead["1"]) == ([-1.0], [0.0], [1.0])


def test_a_validation_is_not_taken_for_the_training():
    model = nn.Sequential(nn.Linear(1, 1, bias=False))
    tg.nn.init.ones_(model[0].weight)
    optimizer = tg.optim.SGD(model.parameters(), lr=0.0)
    with history(model, optimizer) as seen:
        model(tg.ones(2, 1)).sum().backward()
        with tg.no_grad():
            model(tg.full((2, 1), 100.0))
        optimizer.step()
        optimizer.step()  # before which nothing was computed
    assert seen.means["0"][0] == 1.0
    assert np.isnan(seen.means["0"][1])


def test_a_unit_is_an_entry_of_the_last_axis_or_a_channel_of_an_image():
    rows, images = np.ones((4, 3)), np.ones((4, 2, 5, 5))
    rows[:, 1] = 0
    images[:, 0] = 0
    images[:, 1, 2, 2] = 0  # a place is no unit
    assert dead_share(rows) == pytest.approx(1 / 3)
    assert dead_share(images) == 0.5
    assert dead_share(np.zeros(())) == 1


def test_names_stand_at_the_ends_of_their_lines_in_the_colour_of_their_layer(pyplot):
    tg.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = tg.optim.SGD(model.parameters(), lr=0.1)
    with history(model, optimizer) as seen:
        train(model, optimizer, tg.randn(6, 2), steps=4)
    axes = seen.plot().axes
    assert len(axes) == 4
    for ax, names in zip(axes, (["0.weight", "2.weight"], ["0.weight", "2.weight"], ["0", "1", "2"], ["1"])):
        assert sorted(text.get_text() for text in ax.texts if text.get_text() != "1/1000") == names
    for ax in axes[:3]:
        ends = {line.get_color(): line.get_ydata()[-1] for line in ax.lines if len(line.get_xdata()) == 4}
        texts = sorted((text for text in ax.texts if text.get_color() in ends), key=lambda text: text.xy[1])
        assert [ends[text.get_color()] for text in texts] == sorted(ends.values())
    colors = [{text.get_text().removesuffix(".weight"): text.get_color() for text in ax.texts} for ax in axes]
    assert colors[0]["0"] == colors[1]["0"] == colors[2]["0"] != colors[2]["2"]
    assert "0.weight" in axes[0].get_title(loc="left")


def test_a_history_without_steps_and_one_without_relu_have_plots(pyplot):
    model = nn.Sequential(nn.Linear(2, 1))
    assert len(history(model, tg.optim.SGD(model.parameters(), lr=0.1)).plot().axes) == 3
    assert gradient_flow(nn.ReLU()).plot() is not None


def test_labels_are_moved_apart_as_little_as_it_takes():
    rng = np.random.default_rng(0)
    for _ in range(50):
        heights = sorted(rng.random(6))
        found = apart(heights, 0.1)
        assert np.all(np.diff(found) >= 0.1 - 1e-12)
        assert sum(found) == pytest.approx(sum(heights))
    assert apart([0.1, 0.5], 0.1) == [0.1, 0.5]


def test_without_matplotlib_the_numbers_are_there_and_the_plot_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    flow = gradient_flow(partly())
    assert "no" in str(flow)
    with pytest.raises(ImportError, match=r'pip install "tinygrad_edu\[viz\]"'):
        flow.plot()
