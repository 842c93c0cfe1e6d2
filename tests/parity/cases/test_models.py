"""The five models with data of their own: the data are whole, both engines train them alike, and a wrong layer is found."""

from types import SimpleNamespace

import numpy as np
import pytest

import parity
import tinygrad_edu as tg
from parity import environment
from parity.cases import CASES, Options
from parity.cases.gpt import text
from parity.cases.lenet import digits
from parity.cases.lstm import series
from parity.cases.surnames import surnames, tokens
from parity.twin import Twin

from ..test_lockstep import FLOAT64, engine, failed

MODELS = ["text-mlp", "char-cnn", "lenet", "lstm", "gpt"]
nn = tg.nn


# ------------------------------------------------------------------ the data


def test_the_surnames_are_whole():
    names, languages = surnames()
    assert np.bincount(languages).tolist() == [60] * 6
    assert len(set(names)) == 360
    assert all(name.isascii() and name.isalpha() for name in names)
    assert tokens(["abz"]).tolist() == [[1, 2, 26] + [0] * 9]


def test_the_digits_are_whole():
    images, labels = digits()
    assert images.shape == (1797, 1, 8, 8)
    assert (images.min(), images.max(), images.sum() * 16) == (0, 1, 561718)
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (images[0, 0, :2] * 16).tolist() == [[0, 0, 5, 13, 9, 1, 0, 0], [0, 0, 13, 15, 10, 15, 5, 0]]


def test_the_text_is_whole():
    characters, vocabulary = text()
    assert (len(characters), vocabulary) == (4215, 54)
    assert characters.max() == vocabulary - 1


def test_the_series_begins_alike_whatever_its_length():
    assert series(1, 100)[:10].tobytes() == series(1, 10).tobytes()


# ------------------------------------------------------------------ options


@pytest.mark.parametrize(
    "wrong",
    [
        Options("gpt", model="mlp"),
        Options("lenet", width=8),
        Options("lstm", optimizer="sgd"),
        Options("toy", depth=3),
        Options("breast-cancer", model="perceptron", activation="tanh"),
    ],
    ids=str,
)
def test_what_does_not_apply_is_refused(wrong):
    with pytest.raises(ValueError, match=r"does not apply to|is trained by"):
        CASES[wrong.data].complete(wrong)


@pytest.mark.parametrize("data", CASES)
def test_complete_options_are_complete(data):
    case = CASES[data]
    complete = case.complete(Options(data))
    assert complete == case.complete(complete)
    assert complete.lr == case.optimizers[complete.optimizer]
    assert case.complete(Options(data, lr=0.5)).lr == 0.5


# ------------------------------------------------------------------ both engines


@pytest.mark.parametrize("data", MODELS)
def test_the_engines_agree(data, promised):
    report = parity.run(Options(data, steps=2))
    assert report.first_failure is None
    assert [len(run.ours.case.losses) for run in report.runs] == [2, 2]


def test_the_stream_goes_on_from_step_to_step_and_into_the_next_epoch(promised):
    report = parity.run(Options("char-cnn", steps=10), ("float32",))  # masks in 9 steps, and then a shuffle
    assert report.first_failure is None
    assert {row.quantity for row in report.runs[0].ledgers[0].rows.values()} >= {"batch", "initial weights"}


def test_the_learning_rate_falls_in_both(promised):
    report = parity.run(Options("lstm", batch_size=200, epochs=4), FLOAT64)
    assert report.first_failure is None
    (row,) = (row for row in report.runs[0].ledgers[2].rows.values() if row.quantity == "learning rate")
    assert row.rule.words == "equal bits"
    assert report.runs[0].ours.case.optimizer.param_groups[0]["lr"] == 0.005


def test_elsewhere_nothing_is_dropped(monkeypatch, torch):
    monkeypatch.setattr(environment, "departures", lambda torch: ["another machine"])
    elsewhere = engine(manual_seed=lambda seed: tg.manual_seed(seed + 1))
    for data in ("char-cnn", "gpt"):
        assert parity.run(Options(data, steps=1), engine=elsewhere).first_failure is None


@pytest.mark.parametrize(("data", "reached"), [("text-mlp", 0.5), ("lstm", 0.02)])
def test_it_is_learned(data, reached):
    twin = Twin(tg, CASES[data], Options(data, dtype="float32"))
    while batch := twin.next_batch():
        twin.step(*batch)
    assert twin.score() > reached if twin.case.measure.counted else twin.score() < reached


# ------------------------------------------------------------------ planted bugs


class Bent(nn.Module):
    """gelu's tanh form with another constant: 0.044, where 0.044715 should stand."""

    def __init__(self, approximate):
        super().__init__()

    def forward(self, x):
        return 0.5 * x * (1 + ((2 / np.pi) ** 0.5 * (x + 0.044 * x**3)).tanh())


class Louder(nn.Dropout):
    def forward(self, x):
        return super().forward(x) * (1 + 1e-4)


class Tokens(nn.Embedding):
    """Its row for padding learns, too."""

    def forward(self, x):
        return nn.functional.embedding(x, self.weight)


class Convolution(nn.Conv2d):
    """Its kernels are upside down."""

    def forward(self, x):
        return nn.functional.conv2d(x, self.weight.flip(2), padding=self.padding)


class Gates(nn.LSTM):
    """It forgets what it should take in, and takes in what it should forget."""

    def forward(self, x):
        with tg.no_grad():
            for p in self.parameters():
                i, f, g, o = p.chunk(4)
                p.copy_(tg.cat([f, i, g, o]))
        return super().forward(x)


def clipped_longer(parameters, longest):
    return nn.utils.clip_grad_norm_(parameters, longest * (1 + 1e-4))


def stepped_sooner(optimizer, step_size, gamma):
    return tg.optim.lr_scheduler.StepLR(optimizer, step_size - 1, gamma)


def smoothed():
    return nn.CrossEntropyLoss(label_smoothing=1e-4)


BUGS = {
    "softer targets": ("text-mlp", dict(nn={"CrossEntropyLoss": smoothed}), ("lock-step", "loss")),
    "padding learns": ("char-cnn", dict(nn={"Embedding": Tokens}), ("lock-step", "gradient")),
    "dropout scale": ("char-cnn", dict(nn={"Dropout": Louder}), ("lock-step", "loss")),
    "dropout share": ("char-cnn", dict(nn={"Dropout": lambda p: nn.Dropout(p + 0.01)}), ("lock-step", "loss")),
    "kernel": ("lenet", dict(nn={"Conv2d": Convolution}), ("lock-step", "loss")),
    "momentum": (
        "lenet",
        dict(nn={"BatchNorm2d": lambda n: nn.BatchNorm2d(n, momentum=0.1001)}),
        ("lock-step", "buffer"),
    ),
    "gates": ("lstm", dict(nn={"LSTM": Gates}), ("lock-step", "loss")),
    "clip": (
        "lstm",
        dict(nn={"utils": SimpleNamespace(clip_grad_norm_=clipped_longer)}),
        ("lock-step", "gradient"),
    ),
    "schedule": (
        "lstm",
        dict(optim={"lr_scheduler": SimpleNamespace(StepLR=stepped_sooner)}),
        ("optimizer", "learning rate"),
    ),
    "gelu's constant": ("gpt", dict(nn={"GELU": Bent}), ("lock-step", "loss")),
    "layer norm's eps": ("gpt", dict(nn={"LayerNorm": lambda n: nn.LayerNorm(n, eps=1.1e-5)}), ("lock-step", "loss")),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug, promised):
    data, names, place = BUGS[bug]
    options = Options(data, batch_size=460, steps=3) if bug == "schedule" else Options(data, steps=2)
    assert place in failed(parity.run(options, FLOAT64, engine=engine(**names)))


@pytest.mark.parametrize("bug", ["dropout scale", "clip", "gelu's constant", "layer norm's eps"])
def test_float32_finds_it_too(bug, promised):
    data, names, _ = BUGS[bug]
    assert {"lock-step"} == {
        ledger for ledger, _ in failed(parity.run(Options(data, steps=2), ("float32",), engine=engine(**names)))
    } - {"free-running"}
