"""Broken loops get the right diagnosis within two steps and no other; healthy ones get none."""

import warnings

import numpy as np
import pytest

import tinygrad_edu as torch
from tinygrad_edu import graph, nn, optim
from tinygrad_edu.clinic import DoctorWarning
from tinygrad_edu.nn import functional as F
from tinygrad_edu.thread import thread


def batch(n=8, features=3):
    x = torch.randn(n, features)
    return x, (x.sum(1) > 0).float()


def network(*last, hidden=4):
    return nn.Sequential(nn.Linear(3, hidden), nn.ReLU(), nn.Linear(hidden, 1), *last)


def train(visit, model, optimizer, steps=2, loss=None, zero=True, data=batch):
    """The ordinary loop."""
    loss = loss or (lambda x, y: F.binary_cross_entropy_with_logits(model(x).squeeze(1), y))
    for _ in range(steps):
        if zero:
            optimizer.zero_grad()
        loss(*data()).backward()
        optimizer.step()


# ---------------------------------------------------------------- broken: each with the illness that it has


def no_zero_grad():
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit:
        train(visit, model, optimizer, zero=False)
    return visit, "forgotten zero_grad"


def step_first():
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit:
        for _ in range(2):
            x, y = batch()
            optimizer.zero_grad()
            loss = F.binary_cross_entropy_with_logits(model(x).squeeze(1), y)
            optimizer.step()
            loss.backward()
    return visit, "step before backward"


def half_an_optimizer():
    model = network()
    optimizer = optim.SGD(model[2].parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit:
        train(visit, model, optimizer)
    return visit, "parameters not in the optimizer"


def detached():
    first, second = nn.Linear(3, 4), nn.Linear(4, 1)
    model = nn.ModuleList([first, second])
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit:
        loss = lambda x, y: F.binary_cross_entropy_with_logits(second(first(x).tanh().detach()).squeeze(1), y)
        train(visit, model, optimizer, loss=loss)
    return visit, "gradient is None"


def column_against_row():
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using a target size")
        train(visit, model, optimizer, loss=lambda x, y: F.mse_loss(model(x), y))
    return visit, "(N) against (N, 1)"


def column_minus_row():
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit:
        train(visit, model, optimizer, loss=lambda x, y: (y - model(x)).square().mean())
    return visit, "(N) against (N, 1)"


def softmax_twice():
    model = nn.Sequential(nn.Linear(3, 3), nn.Softmax(dim=1))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit:
        train(visit, model, optimizer, loss=lambda x, y: F.cross_entropy(model(x), y.long()))
    return visit, "softmax before cross_entropy"


def sigmoid_twice():
    model = network(nn.Sigmoid())
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit:
        train(visit, model, optimizer)
    return visit, "sigmoid twice"


def squeezed():
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using a target size")
        for n in (4, 1):
            train(visit, model, optimizer, 1, lambda x, y: F.mse_loss(model(x).squeeze(), y), data=lambda n=n: batch(n))
    return visit, "squeeze lost the batch"


def still_evaluating():
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 1)).eval()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit:
        train(visit, model, optimizer)
    return visit, "training in eval mode"


def still_training():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit:
        train(visit, model, optimizer, 1)
        with torch.no_grad():
            model(batch()[0])
    return visit, "evaluating in train mode"


def too_fast():
    model = nn.Linear(3, 1)
    optimizer = optim.SGD(model.parameters(), lr=50)
    with torch.doctor(model, optimizer) as visit:
        train(visit, model, optimizer, loss=lambda x, y: F.mse_loss(model(x).squeeze(1), y))
    return visit, "exploding steps"


def infinite():
    model = nn.Linear(3, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit:
        train(visit, model, optimizer, 1, loss=lambda x, y: (model(x) * 0).log().mean())
    return visit, "not a number"


def starved():
    layers = [layer for _ in range(20) for layer in (nn.Linear(3, 3), nn.Sigmoid())]
    model = nn.Sequential(*layers, nn.Linear(3, 1))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit:
        train(visit, model, optimizer)
    return visit, "vanishing gradient"


BROKEN = [
    no_zero_grad,
    step_first,
    half_an_optimizer,
    detached,
    column_against_row,
    column_minus_row,
    softmax_twice,
    sigmoid_twice,
    squeezed,
    still_evaluating,
    still_training,
    too_fast,
    infinite,
    starved,
]


@pytest.mark.parametrize("loop", BROKEN, ids=lambda loop: loop.__name__)
def test_a_broken_loop_gets_its_diagnosis_within_two_steps_and_no_other(loop):
    torch.manual_seed(0)
    with pytest.warns(DoctorWarning):
        visit, illness = loop()
    assert [found.name for found in visit.diagnoses] == [illness]
    (found,) = visit.diagnoses
    assert found.step <= 2
    assert __file__ in found.line
    assert "Why: " in str(visit)
    assert "Fix: " in str(visit)


# ---------------------------------------------------------------- healthy


def plain():
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit:
        train(visit, model, optimizer, 5)
    return visit


def accumulated(set_to_none=True):
    model = network()
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    with torch.doctor(model, optimizer) as visit:
        for _ in range(3):
            optimizer.zero_grad(set_to_none=set_to_none)
            for _ in range(4):
                x, y = batch()
                (F.binary_cross_entropy_with_logits(model(x).squeeze(1), y) / 4).backward()
            optimizer.step()
    return visit


def accumulated_in_zeros():
    return accumulated(set_to_none=False)


def adversaries():
    maker, judge = network(), nn.Sequential(nn.Linear(1, 4), nn.LeakyReLU(0.2), nn.Linear(4, 1))
    ours, theirs = optim.Adam(maker.parameters(), lr=0.01), optim.Adam(judge.parameters(), lr=0.01)
    both = nn.ModuleList([maker, judge])
    real, fake = torch.ones(8, 1), torch.zeros(8, 1)
    with torch.doctor(both, [ours, theirs]) as visit:
        for _ in range(3):
            x, y = batch()
            made = maker(x)
            theirs.zero_grad()
            score = F.binary_cross_entropy_with_logits
            (score(judge(y[:, None]), real) + score(judge(made.detach()), fake)).backward()
            theirs.step()
            ours.zero_grad()
            score(judge(made), real).backward()
            ours.step()
    return visit


def frozen():
    model = network()
    model[0].requires_grad_(False)
    optimizer = optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1, momentum=0.9)
    with torch.doctor(model, optimizer) as visit:
        train(visit, model, optimizer, 3)
    return visit


def closures():
    model = network()
    optimizer = optim.LBFGS(model.parameters(), max_iter=5)
    x, y = batch()

    def closure():
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(x).squeeze(1), y)
        loss.backward()
        return loss

    with torch.doctor(model, optimizer) as visit:
        for _ in range(3):
            optimizer.step(closure)
    return visit


def clipped_and_warmed_up():
    model = network()
    optimizer = optim.AdamW(model.parameters(), lr=0.05)
    schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / 5)
    with torch.doctor(model, optimizer) as visit:
        for _ in range(5):
            x, y = batch()
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(x).squeeze(1), y).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            optimizer.step()
            schedule.step()
    return visit


def shared():
    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3), nn.Linear(3, 1))
    model[2].weight = model[0].weight
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit:
        train(visit, model, optimizer, 3)
    return visit


def carried():
    """A recurrent net whose state goes on from step to step, detached."""
    model = nn.ModuleDict({"rnn": nn.RNN(3, 4), "out": nn.Linear(4, 1)})
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    state = None
    with torch.doctor(model, optimizer) as visit:
        for _ in range(3):
            x, y = batch()
            optimizer.zero_grad()
            found, state = model["rnn"](x, state)
            state = state.detach()
            F.mse_loss(model["out"](found).squeeze(1), y).backward()
            optimizer.step()
    return visit


def evaluated():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))
    optimizer = optim.Adam(model.parameters())
    with torch.doctor(model, optimizer) as visit:
        for _ in range(3):
            model.train()
            train(visit, model, optimizer, 2)
            model.eval()
            with torch.no_grad():
                model(batch()[0])
    return visit


def one_example_left():
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with torch.doctor(model, optimizer) as visit:
        for n in (4, 4, 1):
            train(visit, model, optimizer, 1, data=lambda n=n: batch(n))
    return visit


def tables_on_purpose():
    """Distances between all pairs, and a ranking loss over all pairs of a batch."""
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def ranking(x, y):
        score = model(x)
        return F.softplus(-(score - score.squeeze(1)) * (y[:, None] - y)).mean()

    with torch.doctor(model, optimizer) as visit:
        train(visit, model, optimizer, 3, loss=ranking)
    return visit


def the_book():
    perceptron = nn.Linear(2, 1)
    optimizer = optim.Adam(perceptron.parameters(), lr=0.01)
    with torch.doctor(perceptron, optimizer) as visit:
        loss = lambda x, y: nn.BCELoss()(torch.sigmoid(perceptron(x)).squeeze(), y)
        train(visit, perceptron, optimizer, 10, loss, data=lambda: batch(100, 2))
    return visit


HEALTHY = [
    plain,
    accumulated,
    accumulated_in_zeros,
    adversaries,
    frozen,
    closures,
    clipped_and_warmed_up,
    shared,
    carried,
    evaluated,
    one_example_left,
    tables_on_purpose,
    the_book,
]


@pytest.mark.parametrize("loop", HEALTHY, ids=lambda loop: loop.__name__)
@pytest.mark.parametrize("seed", range(3))
def test_a_healthy_loop_gets_none(loop, seed):
    torch.manual_seed(seed)
    visit = loop()
    assert visit.diagnoses == []
    assert str(visit).startswith("healthy, as far as")


def test_the_numbers_are_the_same_and_nothing_is_left_behind():
    def trained(watched):
        torch.manual_seed(0)
        model = network()
        optimizer = optim.Adam(model.parameters(), lr=0.01)
        if watched:
            with torch.doctor(model, optimizer) as visit:
                train(visit, model, optimizer, 5)
        else:
            train(None, model, optimizer, 5)
        return model

    watched, alone = trained(True), trained(False)
    for p, q in zip(watched.parameters(), alone.parameters()):
        assert np.array_equal(p.detach().numpy(), q.detach().numpy())
        assert not graph.hooks.get(p.node)
    assert thread.watchers == ()
