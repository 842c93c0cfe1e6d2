"""What it costs to judge a step of float32 training, in steps: 13 runs of its first half, and the optimizer's terms."""

from functools import partial
from types import SimpleNamespace

import numpy as np

import tinygrad_edu
from parity.twin import Twin
from tinygrad_edu.testing.rounding import spread
from tinygrad_edu.testing.updates import terms

from .race import race
from .workloads import WORKLOADS, classifier

TARGET = 45  # of our steps


class Judged:
    """A workload as one of parity's cases."""

    test, batches = (), lambda self: iter(())
    norm = scheduler = None

    def __init__(self, torch, options):
        self.model, self.loss_of = classifier(torch, **options.data)
        self.optimizer = torch.optim.Adam(self.model.parameters())

    def backward(self, x, y):
        self.optimizer.zero_grad()
        loss = self.loss_of(self.model, x, y)
        loss.backward()
        return loss

    def step(self, x, y):
        loss = self.backward(x, y)
        self.optimizer.step()
        return loss


def costs(name, rounds):
    """(first half, second half): how many of our float32 steps it takes to judge each."""
    data = WORKLOADS[name].data(np.random.default_rng(0))
    x, y = data.pop("x"), data.pop("y")
    twin = Twin(tinygrad_edu, Judged, SimpleNamespace(data=data, steps=1))
    batch = tinygrad_edu.from_numpy(x), tinygrad_edu.from_numpy(y)
    twin.case.step(*batch)
    state = twin.state()
    turns = {
        "step": partial(twin.case.step, *batch),
        "first": lambda: spread(lambda: twin.backward(x, y)),
        "second": lambda: terms(twin.update, state),
    }
    times = race({what: lambda turn=turn: (turn, None) for what, turn in turns.items()}, rounds)
    return tuple(float(np.median(np.divide(times[half], times["step"]))) for half in ("first", "second"))
