"""Schedules give torch's rates and momenta, to the bit, at every step; their states go there and come back."""

import copy
import math
import pickle
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg

STEPS = 60
unit = st.floats(0.01, 1.0)
count = st.integers(1, 12)


class Decay:
    """A function of the step that has state of its own."""

    def __init__(self, rate):
        self.rate = rate

    def __call__(self, t):
        return self.rate**t


SCHEDULES = {
    "StepLR": st.fixed_dictionaries(dict(step_size=count, gamma=unit)),
    "MultiStepLR": st.fixed_dictionaries(dict(milestones=st.lists(count, max_size=4), gamma=unit)),
    "ConstantLR": st.fixed_dictionaries(dict(factor=unit, total_iters=st.integers(0, 12))),
    "LinearLR": st.fixed_dictionaries(dict(start_factor=unit, end_factor=st.floats(0, 1), total_iters=count)),
    "ExponentialLR": st.fixed_dictionaries(dict(gamma=unit)),
    "PolynomialLR": st.fixed_dictionaries(dict(total_iters=count, power=st.floats(0.5, 3))),
    "CosineAnnealingLR": st.fixed_dictionaries(dict(T_max=count, eta_min=st.floats(0, 0.01))),
    "CosineAnnealingWarmRestarts": st.fixed_dictionaries(dict(T_0=count, T_mult=st.integers(1, 3))),
    "LambdaLR": st.builds(lambda rate: dict(lr_lambda=[Decay(rate), lambda t: 1 / (t + 1)]), unit),
    "MultiplicativeLR": st.builds(lambda rate: dict(lr_lambda=Decay(rate)), unit),
    "CyclicLR": st.fixed_dictionaries(
        dict(
            base_lr=st.floats(1e-4, 1e-2),
            max_lr=st.one_of(st.floats(0.1, 1), st.just([0.2, 0.5])),
            step_size_up=count,
            step_size_down=st.one_of(st.none(), count),
            mode=st.sampled_from(["triangular", "triangular2", "exp_range"]),
            gamma=unit,
            scale_fn=st.sampled_from([None, lambda x: 1 / (x + 2)]),
            scale_mode=st.sampled_from(["cycle", "iterations"]),
            cycle_momentum=st.booleans(),
        )
    ),
    "OneCycleLR": st.fixed_dictionaries(
        dict(
            max_lr=unit,
            total_steps=st.integers(STEPS + 1, 150),
            pct_start=st.floats(0.2, 0.45),
            anneal_strategy=st.sampled_from(["cos", "linear"]),
            cycle_momentum=st.booleans(),
            three_phase=st.booleans(),
        )
    ),
}


def optimizer_in(t, name="SGD"):
    """Two groups with rates of their own."""
    options = dict(momentum=0.9) if name == "SGD" else {}
    groups = [{"params": [t.nn.Parameter(t.zeros(1))]}, {"params": [t.nn.Parameter(t.zeros(2))], "lr": 0.03}]
    return getattr(t.optim, name)(groups, lr=0.1, **options)


def taken(optimizer, schedule, steps, *args):
    """What each step leaves in the groups."""
    seen = []
    for _ in range(steps):
        optimizer.step()
        schedule.step(*args)
        seen.append(
            [
                {k: v for k, v in group.items() if "lr" in k or "mom" in k or k == "betas"}
                for group in optimizer.param_groups
            ]
        )
        assert schedule.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
    return seen


@pytest.mark.parametrize("name", SCHEDULES)
@given(data=st.data())
def test_rates_and_momenta_are_torchs(name, data):
    torch = pytest.importorskip("torch")
    kind, options = data.draw(st.sampled_from(["SGD", "Adam"])), data.draw(SCHEDULES[name])
    seen = []
    for t in (tg, torch):
        optimizer = optimizer_in(t, kind)
        seen.append(taken(optimizer, getattr(t.optim.lr_scheduler, name)(optimizer, **copy.deepcopy(options)), STEPS))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("name", SCHEDULES)
@given(data=st.data())
def test_a_schedule_goes_on_in_torch_and_comes_back(name, data):
    torch = pytest.importorskip("torch")
    options, first = data.draw(SCHEDULES[name]), data.draw(st.integers(0, 10))
    make = lambda t: (o := optimizer_in(t), getattr(t.optim.lr_scheduler, name)(o, **copy.deepcopy(options)))
    (reference, whole), expected = make(torch), None
    expected = taken(reference, whole, STEPS)
    for here, there in ((tg, torch), (torch, tg)):
        (a, schedule), (b, other) = make(here), make(there)
        begun = taken(a, schedule, first)
        other.load_state_dict(plain(schedule.state_dict()))
        b.load_state_dict(a.state_dict())
        assert begun + taken(b, other, STEPS - first) == expected


def plain(state):
    """A state without what belongs to one engine: torch's method that stands for the scale."""
    return {name: value for name, value in state.items() if name != "_scale_fn_ref"}


def combined(t, optimizer, kind):
    s = t.optim.lr_scheduler
    if kind == "sequential":
        return s.SequentialLR(
            optimizer, [s.LinearLR(optimizer, 0.1, total_iters=4), s.CosineAnnealingLR(optimizer, 9)], [4]
        )
    if kind == "chained":
        return s.ChainedScheduler([s.ConstantLR(optimizer, 0.1, 3), s.ExponentialLR(optimizer, 0.9)])
    if kind == "steps of steps":
        return s.ChainedScheduler([s.StepLR(optimizer, 3), s.ExponentialLR(optimizer, 0.9)])
    inner = s.SequentialLR(optimizer, [s.StepLR(optimizer, 2), s.ExponentialLR(optimizer, 0.8)], [3])
    return s.SequentialLR(optimizer, [inner, s.PolynomialLR(optimizer, 5), s.ConstantLR(optimizer, 0.5, 2)], [7, 12])


@pytest.mark.filterwarnings(
    "ignore:Detected call"
)  # a sequence in a sequence begins with a step of its own, in torch too
@pytest.mark.parametrize("kind", ["sequential", "chained", "nested", "steps of steps"])
def test_combined_schedules_give_torchs_rates(kind, torch):
    seen, states = [], []
    for t in (tg, torch):
        optimizer = optimizer_in(t)
        schedule = combined(t, optimizer, kind)
        seen.append([schedule.get_last_lr(), *taken(optimizer, schedule, STEPS)])
        states.append(schedule.state_dict())
        again = combined(t, optimizer_in(t), kind)
        again.load_state_dict(schedule.state_dict())
        assert again.get_last_lr() == schedule.get_last_lr()
    assert seen[0] == seen[1]
    assert states[0].keys() == states[1].keys()


plain_schedule = st.sampled_from(sorted(SCHEDULES)).flatmap(lambda name: st.tuples(st.just(name), SCHEDULES[name]))
schedule = st.recursive(
    plain_schedule,
    lambda parts: st.one_of(
        st.tuples(st.just("chained"), st.lists(plain_schedule, min_size=1, max_size=3)),
        st.lists(parts, min_size=1, max_size=4).flatmap(
            lambda several: st.tuples(
                st.just("sequential"),
                st.just(several),
                st.lists(st.integers(1, STEPS), min_size=len(several) - 1, max_size=len(several) - 1, unique=True),
            )
        ),
    ),
    max_leaves=6,
)


def built(t, optimizer, kind, options, milestones=()):
    """A schedule as the strategy above describes it."""
    s = t.optim.lr_scheduler
    if kind == "chained":
        return s.ChainedScheduler([built(t, optimizer, *part) for part in options])
    if kind == "sequential":
        return s.SequentialLR(optimizer, [built(t, optimizer, *part) for part in options], sorted(milestones))
    return getattr(s, kind)(optimizer, **copy.deepcopy(options))


@pytest.mark.filterwarnings("ignore:Detected call")
@given(schedule, st.integers(0, STEPS))
def test_schedules_of_schedules_go_on_in_torch_and_come_back(description, change):
    torch = pytest.importorskip("torch")

    def run(t, then):
        try:
            optimizer = optimizer_in(t)
            schedule = built(t, optimizer, *description)
            seen = taken(optimizer, schedule, change)
            other = optimizer_in(then)
            again = built(then, other, *description)
            again.load_state_dict(schedule.state_dict())
            other.load_state_dict(optimizer.state_dict())
            return seen + taken(other, again, STEPS - change)
        except (NotImplementedError, AttributeError) as refused:  # a chain has no rates of its own for a sequence
            return type(refused).__name__

    expected = run(torch, torch)
    for t, then in ((tg, tg), (tg, torch), (torch, tg)):
        assert run(t, then) == expected


@given(
    st.lists(st.one_of(st.floats(-2, 2), st.just(math.nan)), min_size=30, max_size=30),
    st.fixed_dictionaries(
        dict(
            mode=st.sampled_from(["min", "max"]),
            factor=st.floats(0.1, 0.9),
            patience=st.integers(0, 4),
            threshold=st.floats(0, 0.1),
            threshold_mode=st.sampled_from(["rel", "abs"]),
            cooldown=st.integers(0, 4),
            min_lr=st.sampled_from([0, 0.01, [0.02, 0.001]]),
        )
    ),
)
def test_a_plateau_is_where_torch_sees_it(losses, options):
    torch = pytest.importorskip("torch")
    seen = []
    for t in (tg, torch):
        optimizer = optimizer_in(t)
        schedule = t.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        seen.append([taken(optimizer, schedule, 1, t.tensor(loss, dtype=t.float64)) for loss in losses])
    assert seen[0] == seen[1]
    assert {k: v for k, v in schedule.state_dict().items() if k != "optimizer"}


def mine(t):
    """A schedule as people write their own."""

    class Noam(t.optim.lr_scheduler.LRScheduler):
        def __init__(self, optimizer, warmup, last_epoch=-1):
            self.warmup = warmup
            super().__init__(optimizer, last_epoch)

        def get_lr(self):
            n = max(self.last_epoch, 1)
            return [lr * min(n**-0.5, n * self.warmup**-1.5) for lr in self.base_lrs]

    return Noam


def test_a_schedule_of_ones_own(torch):
    seen = []
    for t in (tg, torch):
        optimizer = optimizer_in(t)
        seen.append(taken(optimizer, mine(t)(optimizer, 4), STEPS))
    assert seen[0] == seen[1]


def test_resuming_at_an_epoch(torch):
    seen = []
    for t in (tg, torch):
        optimizer = optimizer_in(t)
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
        seen.append(taken(optimizer, t.optim.lr_scheduler.CosineAnnealingLR(optimizer, 7, last_epoch=3), STEPS))
        seen.append(taken(optimizer, t.optim.lr_scheduler.StepLR(optimizer, 4, last_epoch=3), STEPS))
    assert seen[:2] == seen[2:]


@pytest.mark.filterwarnings("ignore:The epoch parameter")
@pytest.mark.parametrize(
    "name",
    [
        "StepLR",
        "MultiStepLR",
        "LinearLR",
        "ExponentialLR",
        "PolynomialLR",
        "ConstantLR",
        "CosineAnnealingLR",
        "CosineAnnealingWarmRestarts",
    ],
)
def test_the_closed_form_is_torchs(name, torch):
    options = {
        "StepLR": dict(step_size=3),
        "MultiStepLR": dict(milestones=[2, 5]),
        "ExponentialLR": dict(gamma=0.9),
        "CosineAnnealingLR": dict(T_max=6),
        "CosineAnnealingWarmRestarts": dict(T_0=3, T_mult=2),
    }.get(name, {})
    seen = []
    for t in (tg, torch):
        optimizer, rates = optimizer_in(t), []
        schedule = getattr(t.optim.lr_scheduler, name)(optimizer, **options)
        for epoch in (1, 7, 2, 12):
            optimizer.step()
            schedule.step(epoch)
            rates.append(schedule.get_last_lr())
        seen.append(rates)
    assert seen[0] == seen[1]


WRONG = {
    "no optimizer": lambda s, o: s.StepLR(3, 2),
    "resumed without a beginning": lambda s, o: s.StepLR(o, 2, last_epoch=4),
    "too few functions": lambda s, o: s.LambdaLR(o, [abs]),
    "no function": lambda s, o: s.MultiplicativeLR(o, 3),
    "a constant above 1": lambda s, o: s.ConstantLR(o, 2.0),
    "a start at 0": lambda s, o: s.LinearLR(o, 0.0),
    "an end above 1": lambda s, o: s.LinearLR(o, 0.5, 2.0),
    "no cycle": lambda s, o: s.CosineAnnealingWarmRestarts(o, 0),
    "a fraction of a cycle": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, 1.5),
    "an epoch before the first": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3).step(-1),
    "no such mode": lambda s, o: s.CyclicLR(o, 0.1, 1, mode="x"),
    "too few rates": lambda s, o: s.CyclicLR(o, [0.1], 1),
    "no steps": lambda s, o: s.OneCycleLR(o, 0.1),
    "no positive number of steps": lambda s, o: s.OneCycleLR(o, 0.1, 0),
    "no share": lambda s, o: s.OneCycleLR(o, 0.1, 10, pct_start=2.0),
    "no such line": lambda s, o: s.OneCycleLR(o, 0.1, 10, anneal_strategy="x"),
    "beyond the last step": lambda s, o: [o.step(), c := s.OneCycleLR(o, 0.1, 2), *(c.step() for _ in range(4))],
    "a factor of 1": lambda s, o: s.ReduceLROnPlateau(o, factor=1.0),
    "no such direction": lambda s, o: s.ReduceLROnPlateau(o, "x"),
    "no such threshold": lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="x"),
    "too few lowest rates": lambda s, o: s.ReduceLROnPlateau(o, min_lr=[0.1]),
    "no schedules": lambda s, o: s.ChainedScheduler([]),
    "no schedules in a row": lambda s, o: s.SequentialLR(o, [], []),
    "no schedule": lambda s, o: s.SequentialLR(o, [3], []),
    "a plateau among them": lambda s, o: s.ChainedScheduler([s.ReduceLROnPlateau(o)]),
    "too few milestones": lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1), s.StepLR(o, 1)], []),
    "no rates": lambda s, o: s.LRScheduler(o),
}


@pytest.mark.filterwarnings("ignore:Detected call")
@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_raises_what_it_raises_in_torch(case, torch):
    with pytest.raises((ValueError, TypeError, KeyError, NotImplementedError)) as theirs:
        WRONG[case](torch.optim.lr_scheduler, optimizer_in(torch))
    with pytest.raises(theirs.type):
        WRONG[case](tg.optim.lr_scheduler, optimizer_in(tg))


def test_warnings():
    optimizer = optimizer_in(tg)
    schedule = tg.optim.lr_scheduler.StepLR(optimizer, 2)
    with pytest.warns(UserWarning, match=r"before `optimizer.step\(\)`") as seen:
        schedule.step()
    assert seen[0].filename == __file__
    with pytest.warns(UserWarning, match="get_last_lr"):
        schedule.get_lr()
    with pytest.warns(UserWarning, match="The epoch parameter"):
        schedule.step(3)
    optimizer = optimizer_in(tg)
    schedule = tg.optim.lr_scheduler.StepLR(optimizer, 2)
    optimizer.step = lambda: None
    with pytest.warns(UserWarning, match="has been overridden"):
        schedule.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer = optimizer_in(tg)
        schedule = tg.optim.lr_scheduler.StepLR(optimizer, 2)
        optimizer.step()
        schedule.step()


def test_an_optimizer_with_a_schedule_is_copied():
    optimizer = optimizer_in(tg)
    tg.optim.lr_scheduler.StepLR(optimizer, 2)
    for twin in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        p = twin.param_groups[0]["params"][0]
        p.grad = tg.ones(1)
        twin.step()
        assert p.item() != 0
        assert optimizer.param_groups[0]["params"][0].item() == 0


def test_a_rate_that_is_a_tensor_is_overwritten(torch):
    seen = []
    for t in (tg, torch):
        lr = t.tensor(0.5)
        optimizer = t.optim.SGD([t.nn.Parameter(t.zeros(1))], lr=lr)
        schedule = t.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        optimizer.step()
        schedule.step()
        seen.append((lr.item(), optimizer.param_groups[0]["lr"] is lr))
    assert seen[0] == seen[1]
