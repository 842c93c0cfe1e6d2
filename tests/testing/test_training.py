"""training_loops: random trainings beside torch; what is wrong is found, shrunk, and printed as a script that shows it."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings

import tinygrad_edu as tg
from tinygrad_edu.testing import training_loops
from tinygrad_edu.testing.beside import Record, compare, difference
from tinygrad_edu.testing.layers import Flow, Layer
from tinygrad_edu.testing.models import Model
from tinygrad_edu.testing.recipes import Criterion
from tinygrad_edu.testing.rounding import spread
from tinygrad_edu.testing.training import TrainingLoop

pytestmark = pytest.mark.torch


@given(loop=training_loops())
def test_trainings_equal_torchs(promised, loop):
    found = difference(loop.run(tg), loop.run(promised), lambda: spread(lambda: loop.run(tg))[1])
    assert found is None, found


def wrong(**names):
    """An engine that is ours but for what is named, in nn or in optim."""
    changed = lambda module: SimpleNamespace(**{n: getattr(module, n) for n in dir(module)} | names)
    parts = {name: getattr(tg, name) for name in ("manual_seed", "from_numpy", "no_grad")}
    return SimpleNamespace(nn=changed(tg.nn), optim=changed(tg.optim), **parts)


class Tanh(tg.nn.Tanh):
    def forward(self, input):
        return super().forward(input) * (1 + 1e-6)


class SGD(tg.optim.SGD):
    """Its weight decay comes after the momentum, not before."""

    def __init__(self, params, lr, weight_decay=0.0, **options):
        super().__init__(params, lr=lr * (1 + weight_decay), **options)


def least(strategy, condition):
    phases = [Phase.generate, Phase.shrink]
    return find(strategy, condition, settings=settings(database=None, phases=phases, max_examples=500))


def first_found(engine, torch, *kinds):
    differs = lambda loop: difference(loop.run(engine), loop.run(torch)) is not None
    return least(training_loops(*kinds), differs)


@pytest.mark.sweep
def test_a_wrong_module_is_found_and_shrunk(promised):
    loop = first_found(wrong(Tanh=Tanh), promised, "vectors")
    assert len(loop.model.layers) == 2
    assert "nn.Tanh()" in loop.source
    assert (loop.steps, loop.batches, loop.model.shape) == (1, 1, (1, 1))
    assert "criterion = nn.MSELoss()" in loop.source
    assert "torch.optim.SGD(model.parameters(), lr=0.1)" in loop.source
    assert difference(loop.run(wrong(Tanh=Tanh)), loop.run(promised)).quantity == "output"


def test_a_wrong_optimizer_is_found_and_shrunk(promised):
    loop = first_found(wrong(SGD=SGD), promised, "vectors")
    assert len(loop.model.layers) == loop.steps == 1
    assert "weight_decay=" in loop.optimizer
    assert difference(loop.run(wrong(SGD=SGD)), loop.run(promised)).quantity in ("state", "learning rate")


NUMBERS = Flow("vectors", (1, 1))
LEAST = TrainingLoop(
    Model(NUMBERS, (Layer("nn.Linear(1, 1)", "x = {layer}(x)", NUMBERS),)),
    Criterion("nn.MSELoss()", "out", "rng.standard_normal((1, 1))"),
    optimizer="torch.optim.SGD(model.parameters(), lr=0.1)",
    scheduler=None,
    clip=None,
    batches=1,
    evaluates=False,
    steps=1,
    seed=0,
)


@pytest.mark.sweep
def test_the_least_training_is_one_step_of_one_weight():
    assert least(training_loops(), lambda loop: True) == LEAST


def test_the_script_shows_it(promised, tmp_path):
    """By itself: in a folder of its own, with an engine whose every optimizer is in a hurry."""
    (tmp_path / "hasty.py").write_text(
        "from tinygrad_edu import *\nfrom tinygrad_edu import nn\nfrom types import SimpleNamespace\n"
        "import tinygrad_edu\n"
        "optim = SimpleNamespace(SGD=lambda params, lr: tinygrad_edu.optim.SGD(params, lr=lr * 1.001))\n"
    )
    (tmp_path / "found.py").write_text(LEAST.script("hasty"))
    ran = subprocess.run([sys.executable, "found.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    assert ran.stdout.startswith("step 1: learning rate 'group 0' differs: is 0.1001 here and 0.1 in the reference")


# ------------------------------------------------------------------ the comparison


def arrays(**changed):
    told = {(0, "initial state", "w"): np.ones(2), (1, "gradient", "w"): np.ones(2), (1, "state", "w"): np.zeros(2)}
    return told | {(1, name, "w"): value for name, value in changed.items()}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, None),
        ({"gradient": np.array([1, 1 + 5e-11])}, None),
        ({"gradient": np.array([1, 1 + 2e-10])}, "entry [1] is 1.0000000002 here and 1.0 in the reference"),
        ({"state": np.array([1e-15, 0])}, "entry [0] is 1e-15 here and 0.0 in the reference"),
        ({"gradient": np.array([1, np.nan])}, "entry [1] is nan here"),
        ({"gradient": np.ones(3)}, "ours is float64 of shape (3,)"),
        ({"gradient": np.ones(2, np.float32)}, "ours is float32"),
        ({"momentum": np.ones(3)}, "only ours has it"),
    ],
    ids=str,
)
def test_what_differs_first(change, told):
    found = difference(arrays(**change), arrays())
    assert (found and found.told.startswith(told)) if told else found is None


def test_initial_weights_are_compared_by_bits():
    assert difference({(0, "initial state", "w"): np.array([0.0])}, {(0, "initial state", "w"): np.array([-0.0])})


def test_the_same_overflow_is_no_difference():
    wild = arrays(gradient=np.array([np.inf, np.nan]))
    assert difference(wild, wild) is None


def test_a_zero_but_for_rounding_is_no_difference():
    gradient = {(1, "gradient", "w"): np.ones(2), (1, "gradient", "b"): np.zeros(1)}
    assert difference(gradient, gradient | {(1, "gradient", "b"): np.array([1e-16])}) is None
    assert difference(gradient, gradient | {(1, "gradient", "b"): np.array([1e-13])})


def test_rounding_is_asked_where_the_bound_is_passed():
    ours, theirs = arrays(gradient=np.array([1, 1 + 2e-10])), arrays()
    sigma = lambda size: lambda: {key: np.full(a.shape, size) for key, a in theirs.items()}
    assert difference(ours, theirs, sigma(1e-10)) is None
    assert "κ = 200" in difference(ours, theirs, sigma(1e-12)).told


def test_what_compare_says_and_exits_with(capsys):
    def train(torch, record):
        record.outputs(loss=torch.tensor([1.0 if torch is tg else 2.0], dtype=torch.float64).exp())

    assert compare(train, tg, tg) == 0
    assert capsys.readouterr().out == "no difference\n"
    assert Record().of(train, tg).keys() == {(0, "output", "loss")}
