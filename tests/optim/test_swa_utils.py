"""Averaged models and their schedule, beside torch's."""

import numpy as np
import pytest

import tinygrad_edu as tg

AVERAGES = {
    "equal weights": lambda s: {},
    "exponential": lambda s: dict(multi_avg_fn=s.get_ema_multi_avg_fn(0.9)),
    "exponential, one by one": lambda s: dict(avg_fn=s.get_ema_avg_fn(0.9)),
    "equal weights, one by one": lambda s: dict(avg_fn=s.get_swa_avg_fn()),
    "buffers too": lambda s: dict(use_buffers=True),
    "buffers too, exponential": lambda s: dict(use_buffers=True, multi_avg_fn=s.get_ema_multi_avg_fn(0.3)),
    "a function of ones own": lambda s: dict(avg_fn=lambda mean, p, n: 0.5 * mean + p / (n + 2)),
}


def trained(t, average):
    """The averages and batch statistics at the end of a short training."""
    t.manual_seed(0)
    model = t.nn.Sequential(t.nn.Linear(3, 4), t.nn.BatchNorm1d(4), t.nn.Linear(4, 1)).double()
    optimizer = t.optim.SGD(model.parameters(), lr=0.1)
    mean = t.optim.swa_utils.AveragedModel(model, **AVERAGES[average](t.optim.swa_utils))
    batches = [t.tensor(np.random.RandomState(i).standard_normal((8, 3))) for i in range(5)]
    for x in batches:
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()
        mean.update_parameters(model)
    before = [v.numpy().copy() for v in mean.state_dict().values()]
    t.optim.swa_utils.update_bn([(x, 0) for x in batches], mean)
    return list(mean.state_dict()), before, [v.numpy() for v in mean.state_dict().values()], mean.module[1].momentum


@pytest.mark.parametrize("average", AVERAGES)
def test_averages_are_torchs(average, promised):
    ours, theirs = trained(tg, average), trained(promised, average)
    assert ours[0] == theirs[0]
    assert ours[3] == theirs[3]
    for a, b in zip(ours[1] + ours[2], theirs[1] + theirs[2], strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("epochs", [0, 1, 5])
@pytest.mark.parametrize("strategy", ["cos", "linear"])
def test_the_schedule_is_torchs(epochs, strategy, torch):
    seen = []
    for t in (tg, torch):
        optimizer = t.optim.SGD([{"params": [t.zeros(1)]}, {"params": [t.zeros(2)], "lr": 0.5}], lr=0.1)
        schedule = t.optim.swa_utils.SWALR(optimizer, [0.01, 0.3], epochs, strategy)
        rates = []
        for _ in range(8):
            optimizer.step()
            schedule.step()
            rates.append(schedule.get_last_lr())
        seen.append((rates, {k: v for k, v in schedule.state_dict().items() if k != "_last_lr"}))
    assert seen[0] == seen[1]


WRONG = {
    "a decay above 1": lambda s, t: s.get_ema_avg_fn(1.5),
    "a decay below 0": lambda s, t: s.get_ema_multi_avg_fn(-0.1),
    "two ways at once": lambda s, t: s.AveragedModel(t.nn.Linear(1, 1), avg_fn=max, multi_avg_fn=max),
    "no such line": lambda s, t: s.SWALR(t.optim.SGD([t.zeros(1)], lr=1), 0.1, anneal_strategy="x"),
    "epochs below 0": lambda s, t: s.SWALR(t.optim.SGD([t.zeros(1)], lr=1), 0.1, -1),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_raises_what_it_raises_in_torch(case, torch):
    with pytest.raises((ValueError, AssertionError)) as theirs:
        WRONG[case](torch.optim.swa_utils, torch)
    with pytest.raises(theirs.type):
        WRONG[case](tg.optim.swa_utils, tg)
