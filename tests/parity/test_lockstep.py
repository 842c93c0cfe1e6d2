"""Both engines side by side: they agree, and a bug planted anywhere in ours is found where it is."""

from types import SimpleNamespace

import pytest

import parity
import tinygrad_edu as tg
from parity import environment
from parity.cases import OPTIMIZERS
from tinygrad_edu.testing.judge import KAPPA

FLOAT64 = ("float64",)


def engine(nn=(), optim=(), data=(), **top):
    """tinygrad_edu with some of its names replaced."""
    names = vars(tg) | top
    utils = SimpleNamespace(data=SimpleNamespace(**(vars(tg.utils.data) | dict(data))))
    names |= dict(
        nn=SimpleNamespace(**(vars(tg.nn) | dict(nn))),
        optim=SimpleNamespace(**(vars(tg.optim) | dict(optim))),
        utils=utils,
    )
    return SimpleNamespace(**names)


def failed(report):
    """(ledger, quantity) of everything that disagreed."""
    return {
        (b.name, row.quantity) for run in report.runs for b in run.ledgers for row in b.rows.values() if row.failure
    }


# ------------------------------------------------------------------ agreement


@pytest.mark.parametrize("model", ["perceptron", "mlp"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("data", ["toy", "breast-cancer"])
def test_the_engines_agree(data, optimizer, model, torch):
    report = parity.run(parity.Options(data=data, optimizer=optimizer, model=model, steps=10))
    assert report.first_failure is None
    assert [len(run.reference.case.losses) for run in report.runs] == [10, 10]


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_deep_nets_are_judged_step_by_step_but_not_where_they_drift_to(activation, torch):
    options = parity.Options(
        data="breast-cancer", model="mlp", depth=8, width=8, activation=activation, optimizer="sgd", steps=10
    )
    report = parity.run(options)
    assert report.first_failure is None
    words = [row.rule.words for run in report.runs for b in run.ledgers[-2:] for row in b.rows.values()]
    assert set(words) == {"no bound"}
    steps = report.runs[1].ledgers[1]
    assert 0 < max(row.kappa.value for row in steps.rows.values()) < KAPPA


def test_elsewhere_random_numbers_are_copied_and_only_the_algebra_is_judged(monkeypatch, torch):
    monkeypatch.setattr(environment, "departures", lambda torch: ["another machine"])
    elsewhere = engine(manual_seed=lambda seed: tg.manual_seed(seed + 1))
    for data in ("toy", "breast-cancer"):
        report = parity.run(parity.Options(data=data, epochs=2), engine=elsewhere)
        assert report.first_failure is None
        assert [b.name for b in report.runs[0].ledgers] == ["lock-step", "optimizer", "free-running", "outcome"]
    wrong = engine(
        optim={"Adam": lambda params, lr: tg.optim.Adam(params, lr * 1.001)}, manual_seed=elsewhere.manual_seed
    )
    assert ("optimizer", "parameter") in failed(parity.run(parity.Options(steps=2), FLOAT64, engine=wrong))


# ------------------------------------------------------------------ planted bugs


class Loss(tg.nn.BCELoss):
    def forward(self, input, target):
        return super().forward(input, target) * (1 + 1e-11)


class Gradient(tg.nn.Linear):
    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.weight.register_hook(lambda g: g * (1 + 1e-11))


class NoGradient(tg.nn.Linear):
    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.bias.requires_grad = False


class Nudge(tg.optim.Adam):
    """Too little to be seen in one step, too much to add up."""

    by = 1 + 2**-51

    def step(self):
        super().step()
        with tg.no_grad():
            for p in self.param_groups[0]["params"]:
                p *= self.by


class ToNan(Nudge):
    by = float("nan")


class Shuffle(tg.utils.data.DataLoader):
    def __init__(self, dataset, batch_size, shuffle):
        super().__init__(dataset, batch_size)


class Fewer(tg.utils.data.DataLoader):
    def __init__(self, dataset, batch_size, shuffle):
        super().__init__(dataset, batch_size, shuffle, drop_last=True)


class More(tg.utils.data.DataLoader):
    def __iter__(self):
        for _ in range(2):
            yield from super().__iter__()


def wrong_when_tested(z):
    return tg.sigmoid(z if tg.is_grad_enabled() else -z)


TOY = {
    "loss": (engine(nn={"BCELoss": Loss}), ("lock-step", "loss")),
    "gradient": (engine(nn={"Linear": Gradient}), ("lock-step", "gradient")),
    "no gradient": (engine(nn={"Linear": NoGradient}), ("lock-step", "gradient")),
    "buffer": (
        engine(optim={"Adam": lambda params, lr: tg.optim.Adam(params, lr, betas=(0.9, 0.999 + 1e-12))}),
        ("optimizer", "exp_avg_sq"),
    ),
    "update": (
        engine(optim={"Adam": lambda params, lr: tg.optim.Adam(params, lr * (1 + 1e-7))}),
        ("optimizer", "parameter"),
    ),
    "NaN": (engine(optim={"Adam": ToNan}), ("optimizer", "parameter")),
    "drift": (engine(optim={"Adam": Nudge}), ("free-running", "parameter")),
    "seed": (engine(manual_seed=lambda seed: tg.manual_seed(seed + 1)), ("drawn", "initial weights")),
    "accuracy": (engine(sigmoid=wrong_when_tested), ("outcome", "accuracy")),
}

REAL = {
    "split": (engine(randperm=lambda n: tg.arange(n)), ("drawn", "held-out data")),
    "shuffle": (engine(data={"DataLoader": Shuffle}), ("drawn", "batch")),
    "fewer batches": (engine(data={"DataLoader": Fewer}), ("outcome", "end of training")),
    "more batches": (engine(data={"DataLoader": More}), ("outcome", "end of training")),
}


@pytest.mark.parametrize("bug", TOY)
def test_a_planted_bug_is_found(bug, promised):
    wrong, place = TOY[bug]
    report = parity.run(parity.Options(steps=80), FLOAT64, engine=wrong)
    _, ledger, row = report.first_failure
    assert (ledger, row.quantity) == place
    assert not report.agrees


@pytest.mark.parametrize("bug", REAL)
def test_a_bug_in_the_data_is_found(bug, promised):
    wrong, place = REAL[bug]
    report = parity.run(parity.Options(data="breast-cancer", epochs=1), FLOAT64, engine=wrong)
    assert place in failed(report)
    assert not {quantity for ledger, quantity in failed(report) if ledger == "lock-step"}, (
        "same batch in, same numbers out"
    )


def test_float32_finds_a_gradient_wrong_by_a_ten_thousandth(promised):
    class Off(tg.nn.Linear):
        def __init__(self, *sizes):
            super().__init__(*sizes)
            self.weight.register_hook(lambda g: g * (1 + 1e-4))

    report = parity.run(parity.Options(steps=10), ("float32",), engine=engine(nn={"Linear": Off}))
    assert report.first_failure[1] == "lock-step"


def test_a_missing_buffer_is_found(torch):
    plain = engine(optim={"SGD": lambda params, lr, momentum: tg.optim.SGD(params, lr)})
    assert ("optimizer", "momentum_buffer") in failed(
        parity.run(parity.Options(optimizer="sgd", steps=3), FLOAT64, engine=plain)
    )


def test_a_free_run_ends_where_nothing_can_be_computed_any_more(torch):
    report = parity.run(parity.Options(steps=10), FLOAT64, engine=engine(optim={"Adam": ToNan}))
    assert len(report.runs[0].reference.case.losses) == 1
