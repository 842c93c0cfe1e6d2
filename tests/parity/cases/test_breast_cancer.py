"""The real data set: it is whole, split and standardised as it says, and learned as torch learns it."""

import numpy as np
import pytest

import parity
import tinygrad_edu as tg
from parity.cases import MODELS, OPTIMIZERS, BreastCancer, Options
from parity.cases.breast_cancer import table


def test_the_data_are_whole():
    x, y = table()
    assert x.shape == (569, 30)
    assert np.bincount(y.astype(int)).tolist() == [212, 357]
    assert (x[:, 0].min(), x[:, 0].max(), x[:, 3].max(), x[0, 2]) == (6.981, 28.11, 2501.0, 122.8)
    assert x.sum() == pytest.approx(1056474.4596356)


def test_the_split():
    case = BreastCancer(tg, Options(data="breast-cancer"))
    train, _ = case.loader.dataset.tensors
    assert (len(train), len(case.test[0])) == (455, 114)
    assert np.allclose(train.numpy().mean(0), 0, atol=1e-12)
    assert np.allclose(train.numpy().std(0), 1, atol=1e-12)
    assert [len(x) for x, _ in case.loader] == [32] * 14 + [7]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_both_learn_it(model, optimizer, torch):
    (run,) = parity.run(Options(data="breast-cancer", model=model, optimizer=optimizer), ("float64",)).runs
    assert all(ledger.first_failure is None for ledger in run.ledgers)
    assert len(run.ours.case.losses) == 20 * 15
    assert run.ours.scores == run.reference.scores
    assert run.ours.scores[-1] > 0.95
