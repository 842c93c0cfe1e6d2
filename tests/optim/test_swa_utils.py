"""Averaged weights are torch's, those of each kind of average; so are their schedule, and batch statistics made anew."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg

AVERAGES = {
    "mean": lambda s: {},
    "mean, by tensor": lambda s: dict(avg_fn=s.get_swa_avg_fn()),
    "mean, by list": lambda s: dict(multi_avg_fn=s.get_swa_multi_avg_fn()),
    "moving": lambda s: dict(avg_fn=s.get_ema_avg_fn(0.7)),
    "moving, by list": lambda s: dict(multi_avg_fn=s.get_ema_multi_avg_fn(0.7)),
    "slowly moving": lambda s: dict(multi_avg_fn=s.get_ema_multi_avg_fn(0.2)),
    "one's own": lambda s: dict(avg_fn=lambda average, p, n: (average * n + p * p) / (n + 2)),
}


def model_in(t, dtype="float32"):
    return t.nn.Sequential(t.nn.Linear(3, 4), t.nn.BatchNorm1d(4), t.nn.Linear(4, 2)).to(getattr(t, dtype))


def trained(t, model, seed):
    """Give a model other weights and statistics, the same in both engines."""
    rng = np.random.default_rng(seed)
    for p in model.parameters():
        p.data = t.tensor(rng.standard_normal(tuple(p.shape)), dtype=p.dtype)
    model(t.tensor(rng.standard_normal((5, 3)), dtype=p.dtype))


def numbers(module):
    return {name: value.detach().numpy().copy() for name, value in module.state_dict().items()}


def same(ours, theirs, eps=0.0):
    assert list(ours) == list(theirs)
    for name, value in theirs.items():
        assert ours[name].dtype == value.dtype, name
        np.testing.assert_allclose(ours[name], value, rtol=4 * eps, atol=4 * eps, err_msg=name)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("kind", "use_buffers"),
    [(kind, False) for kind in AVERAGES] + [(kind, True) for kind in AVERAGES if kind != "mean, by list"],
)  # (the mean by list is of floats alone, and batch normalization counts)
def test_averages_are_torchs(kind, use_buffers, dtype, torch):
    seen = []
    for t in (tg, torch):
        model = model_in(t, dtype)
        trained(t, model, 0)
        average = t.optim.swa_utils.AveragedModel(model, use_buffers=use_buffers, **AVERAGES[kind](t.optim.swa_utils))
        for seed in range(1, 7):
            trained(t, model, seed)
            average.update_parameters(model)
        seen.append(numbers(average))
    same(*seen, eps=np.finfo(dtype).eps)


def test_the_mean_is_the_mean():
    model = tg.nn.Linear(2, 1, bias=False).double()
    average = tg.optim.swa_utils.AveragedModel(model)
    rows = np.random.default_rng(0).standard_normal((9, 1, 2))
    for row in rows:
        model.weight.data = tg.tensor(row)
        average.update_parameters(model)
    np.testing.assert_allclose(average.module.weight.detach().numpy(), rows.mean(0), rtol=1e-6)
    assert average.n_averaged.item() == 9
    assert not average.n_averaged.requires_grad


def test_integers_are_averaged_as_in_torch(torch):
    seen = []
    for t in (tg, torch):
        model = t.nn.Module()
        model.register_buffer("count", t.tensor([0, 7, -7]))
        found = []
        for kind in ("mean", "moving", "moving, by list"):
            average = t.optim.swa_utils.AveragedModel(model, use_buffers=True, **AVERAGES[kind](t.optim.swa_utils))
            for step in ([3, 5, 1], [10, -4, 2], [8, 8, -9]):
                model.count = t.tensor(step)
                average.update_parameters(model)
                found.append(average.module.count.tolist())
        with pytest.raises(RuntimeError):
            t.optim.swa_utils.get_swa_multi_avg_fn()([t.tensor([1])], [t.tensor([2])], average.n_averaged)
        seen.append(found)
    assert seen[0] == seen[1]


def test_how_many_were_averaged_may_be_a_number(torch):
    seen = []
    for t in (tg, torch):
        into = [t.tensor([0.0, 1.0], dtype=t.float64)]
        t.optim.swa_utils.get_swa_multi_avg_fn()(into, [t.tensor([3.0, 5.0], dtype=t.float64)], 2)
        seen.append(into[0].tolist())
    assert seen[0] == seen[1]


def test_an_average_is_a_model():
    model = model_in(tg)
    average = tg.optim.swa_utils.AveragedModel(model)
    trained(tg, model, 1)
    average.update_parameters(model)
    x = tg.ones(4, 3)
    assert average.eval()(x).tolist() == model.eval()(x).tolist()
    assert average.module[0].weight.data_ptr() != model[0].weight.data_ptr()
    for twin in (copy.deepcopy(average), pickle.loads(pickle.dumps(average))):
        same(numbers(twin), numbers(average))
    trained(tg, model, 2)
    assert average(x).tolist() != model(x).tolist()


def test_checkpoints_travel_both_ways(torch):
    for here, there in ((tg, torch), (torch, tg)):
        whole, parts = [], []
        for engines in ((here,) * 2, (here, there)):
            average = None
            for steps, t in zip((range(3), range(3, 6)), engines):
                model = model_in(t)
                begun, average = average, t.optim.swa_utils.AveragedModel(model)
                if begun is not None:
                    average.load_state_dict({k: t.tensor(v) for k, v in numbers(begun).items()})
                for seed in steps:
                    trained(t, model, seed)
                    average.update_parameters(model)
            (whole if engines[0] is engines[1] else parts).append(numbers(average))
        same(parts[0], whole[0], eps=np.finfo(np.float32).eps)


@pytest.mark.parametrize("as_pair", [False, True])
def test_batch_statistics_are_averages_over_all_batches(as_pair, torch):
    batches = np.random.default_rng(0).standard_normal((4, 6, 3)).astype(np.float32)
    seen = []
    for t in (tg, torch):
        model = model_in(t)
        trained(t, model, 0)
        model.eval()
        loader = [(t.tensor(b), t.zeros(6)) if as_pair else t.tensor(b) for b in batches]
        t.optim.swa_utils.update_bn(loader, model, device="cpu")
        assert not model.training
        assert model[1].momentum == 0.1
        seen.append(numbers(model))
    same(*seen, eps=np.finfo(np.float32).eps)
    assert tg.optim.swa_utils.update_bn(None, tg.nn.Linear(1, 1)) is None


def test_batch_statistics_survive_a_loader_that_fails():
    model = model_in(tg).eval()
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        tg.optim.swa_utils.update_bn([tg.ones(2, 3), tg.ones(2, 4)], model)
    assert (model.training, model[1].momentum) == (False, 0.1)


# ------------------------------------------------------------------ the schedule


def optimizer_in(t):
    groups = [{"params": [t.nn.Parameter(t.zeros(1))]}, {"params": [t.nn.Parameter(t.zeros(2))], "lr": 0.03}]
    return t.optim.SGD(groups, lr=0.1)


options = st.fixed_dictionaries(
    dict(
        swa_lr=st.one_of(st.floats(1e-3, 0.5), st.just([0.2, 0.01])),
        anneal_epochs=st.integers(0, 30),
        anneal_strategy=st.sampled_from(["cos", "linear"]),
    )
)


@given(options, st.integers(0, 59), st.booleans())
def test_rates_are_torchs_and_go_on_there(options, change, after_another):
    torch = pytest.importorskip("torch")

    def run(t, then):
        optimizer, seen = optimizer_in(t), []
        schedule = t.optim.swa_utils.SWALR(optimizer, **options)
        first = t.optim.lr_scheduler.ExponentialLR(optimizer, 0.9) if after_another else schedule
        for step in range(60):
            if step == change:
                state, groups = schedule.state_dict(), optimizer.state_dict()
                optimizer = optimizer_in(then)
                schedule = first = then.optim.swa_utils.SWALR(optimizer, **options)
                schedule.load_state_dict(state)
                optimizer.load_state_dict(groups)
            optimizer.step()
            (first if step < 5 else schedule).step()
            seen.append([(group["lr"], group["swa_lr"]) for group in optimizer.param_groups])
        return seen, schedule.get_last_lr(), sorted(schedule.state_dict())

    expected = run(torch, torch)
    for t, then in ((tg, tg), (tg, torch), (torch, tg)):
        assert run(t, then) == expected


WRONG = {
    "too few rates": lambda s, o: s.SWALR(o, [0.1]),
    "no such line": lambda s, o: s.SWALR(o, 0.1, anneal_strategy="x"),
    "a fraction of an epoch": lambda s, o: s.SWALR(o, 0.1, 1.5),
    "fewer than no epochs": lambda s, o: s.SWALR(o, 0.1, -1),
    "resumed without a beginning": lambda s, o: s.SWALR(o, 0.1, last_epoch=4),
    "a decay above 1": lambda s, o: s.get_ema_avg_fn(1.1),
    "a decay below 0": lambda s, o: s.get_ema_multi_avg_fn(-0.1),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_raises_what_it_raises_in_torch(case, torch):
    with pytest.raises((ValueError, KeyError)) as theirs:
        WRONG[case](torch.optim.swa_utils, optimizer_in(torch))
    optimizer = optimizer_in(tg)
    with pytest.raises(theirs.type) as ours:
        WRONG[case](tg.optim.swa_utils, optimizer)
    assert str(ours.value)[:50] == str(theirs.value)[:50]


def test_an_average_is_of_one_kind():
    s = tg.optim.swa_utils
    with pytest.raises(AssertionError, match="Only one of avg_fn and multi_avg_fn"):
        s.AveragedModel(tg.nn.Linear(1, 1), avg_fn=s.get_swa_avg_fn(), multi_avg_fn=s.get_swa_multi_avg_fn())


def test_a_schedule_that_is_refused_leaves_no_trace():
    optimizer = optimizer_in(tg)
    with pytest.raises(ValueError, match="anneal_strategy"):
        tg.optim.swa_utils.SWALR(optimizer, 0.1, anneal_strategy="x")
    assert "swa_lr" not in optimizer.param_groups[0]


def test_the_rate_is_not_for_asking():
    schedule = tg.optim.swa_utils.SWALR(optimizer_in(tg), 0.1)
    with pytest.warns(UserWarning, match="get_last_lr"):
        schedule.get_lr()
