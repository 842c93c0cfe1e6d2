"""What is timed: each workload is its data and one program, a function of the module `torch`, whichever that is.

A program is given NumPy arrays and returns two functions: `step`, which is timed and returns the loss, and `look`,
which lists the parameters and their gradients as the last step left them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice, pairwise

import numpy as np

from parity.cases import CASES, Options


@dataclass(frozen=True)
class Workload:
    """A program with its data, and how much of torch's time we allow ourselves."""

    what: str
    program: Callable
    data: Callable
    target: float | None = None
    memory: bool = False  # whether peak memory is compared too
    judged: bool = False  # whether we time the judge on it


def both(parameters):
    return [t for p in parameters for t in (p, p.grad)]


def trained(torch, model, weights, loss_of):
    """`step` and `look` of a model that starts from these weights and is trained by Adam."""
    parameters = list(model.parameters())
    with torch.no_grad():
        for p, w in zip(parameters, weights, strict=True):
            p.copy_(torch.from_numpy(w))
    optimizer = torch.optim.Adam(parameters)

    def step():
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        optimizer.step()
        return loss

    return step, lambda: both(parameters)


def differentiated(torch, leaves, loss_of):
    """`step` and `look` of a function whose gradients we want, and no more."""
    leaves = [torch.tensor(leaf, requires_grad=True) for leaf in leaves]

    def step():
        for leaf in leaves:
            leaf.grad = None
        loss = loss_of(*leaves)
        loss.backward()
        return loss

    return step, lambda: both(leaves)


# ------------------------------------------------------------------ the programs


def perceptron(torch, x, y, weights):
    """Linear, sigmoid, squeeze, BCELoss, Adam: the book's first model."""

    class Perceptron(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(2, 1)

        def forward(self, x):
            return torch.sigmoid(self.linear(x)).squeeze()

    x, y, criterion = torch.from_numpy(x), torch.from_numpy(y), torch.nn.BCELoss()
    return trained(torch, Perceptron(), weights, lambda model: criterion(model(x), y))


def mlp(torch, x, y, weights):
    """Three Linear layers with ReLU between them, CrossEntropyLoss, Adam."""
    model, loss_of = classifier(torch, weights)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    return trained(torch, model, weights, lambda model: loss_of(model, x, y))


def classifier(torch, weights):
    one, two, three = (torch.nn.Linear(*reversed(w.shape)) for w in weights[::2])
    criterion = torch.nn.CrossEntropyLoss()
    model = torch.nn.Sequential(one, torch.nn.ReLU(), two, torch.nn.ReLU(), three)
    return model, lambda model, x, y: criterion(model(x), y)


def chain(torch, n, leaves):
    """n tiny ops one after the other. Every slope is near 1, so that gradients neither vanish nor grow."""

    def loss_of(h, w, b, c):
        for _ in range(n // 5):
            h = -torch.tanh(h * w + b - c)
        return h.sum()

    return differentiated(torch, leaves, loss_of)


def broadcast(torch, leaves):
    """Nine elementwise ops on a million numbers, with a row and a column stretched over them."""

    def loss_of(x, row, col):
        h = torch.tanh(x * row + col)
        u = torch.sigmoid(h * row) - col
        return (u * x + h * h).sum()

    return differentiated(torch, leaves, loss_of)


def rnn(torch, x, y, weights):
    """A tanh recurrent network; the mean squared error of its last state; Adam."""

    class Recurrent(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.wx, self.wh, self.b = (torch.nn.Parameter(torch.zeros(w.shape)) for w in weights)

        def forward(self, x):
            h = torch.zeros(y.shape)
            for t in range(len(x)):
                h = torch.tanh(x[t] @ self.wx + h @ self.wh + self.b)
            return h

    x, y, criterion = torch.from_numpy(x), torch.from_numpy(y), torch.nn.MSELoss()
    return trained(torch, Recurrent(), weights, lambda model: criterion(model(x), y))


def case(torch, name):
    """One of parity's cases, whose initial weights and masks are equal to the bit in both engines."""
    training = CASES[name](torch, Options(data=name, dtype="float32"))
    batches = cycle(list(islice(training.batches(), 8)))
    return lambda: training.step(*next(batches)), lambda: both(training.model.parameters())


# ------------------------------------------------------------------ their data


def normal(rng, *shape, scale=1.0):
    return rng.normal(0, scale, shape).astype(np.float32)


def linear(rng, n_in, n_out):
    """Weight and bias of a layer, as torch would scale them."""
    bound = n_in**-0.5
    return [rng.uniform(-bound, bound, shape).astype(np.float32) for shape in ((n_out, n_in), (n_out,))]


def points(batch, rng):
    x = normal(rng, batch, 2)
    return dict(x=x, y=(x.sum(1) > 0).astype(np.float32), weights=linear(rng, 2, 1))


def classes(batch, sizes, rng):
    weights = [w for a, b in pairwise(sizes) for w in linear(rng, a, b)]
    return dict(x=normal(rng, batch, sizes[0]), y=rng.integers(0, sizes[-1], batch), weights=weights)


def links(n, rng):
    h, b, signs = normal(rng, 8), normal(rng, 8, scale=0.1), rng.choice([-1, 1], 8).astype(np.float32)
    return dict(n=n, leaves=[h, signs, b, b.copy()])


def square(rng):
    return dict(leaves=[normal(rng, 1000, 1000), normal(rng, 1000), normal(rng, 1000, 1)])


def sequence(rng, steps=100, batch=16, features=16, hidden=64):
    wx, wh = normal(rng, features, hidden, scale=features**-0.5), normal(rng, hidden, hidden, scale=hidden**-0.5)
    weights = [wx, wh, normal(rng, hidden, scale=0.1)]
    return dict(x=normal(rng, steps, batch, features), y=normal(rng, batch, hidden), weights=weights)


def named(name, what, target=None):
    """The case of this name as a workload: it brings its own data."""
    return Workload(what, case, lambda rng: {"name": name}, target)


WORKLOADS = {
    "a32": Workload("perceptron, batch 32", perceptron, partial(points, 32), 0.25),
    "a1000": Workload("perceptron, batch 1000", perceptron, partial(points, 1000), 0.25),
    "b": Workload("MLP 64-128-128-10, batch 64", mlp, partial(classes, 64, (64, 128, 128, 10)), 0.50, judged=True),
    "c": Workload(
        "MLP 784-512-512-10, batch 256", mlp, partial(classes, 256, (784, 512, 512, 10)), 0.90, memory=True, judged=True
    ),
    "d1k": Workload("chain of 1,000 tiny ops", chain, partial(links, 1_000), 0.65),
    "d10k": Workload("chain of 10,000", chain, partial(links, 10_000)),
    "d100k": Workload("chain of 100,000", chain, partial(links, 100_000)),
    "e": Workload("9 ops on 1000 x 1000, broadcast", broadcast, square, 0.95, memory=True),
    "f": Workload("tanh RNN, 100 steps", rnn, sequence, 0.50),
    "text-mlp": named("text-mlp", "MLP 26-64-6, batch 32", 1.00),
    "char-cnn": named("char-cnn", "CNN on 12 letters, batch 32"),
    "lenet": named("lenet", "LeNet, 8 x 8, batch 64"),
    "lstm": named("lstm", "LSTM of 32, 24 steps, batch 32"),
    "gpt": named("gpt", "GPT, 2 layers of 64, 16 x 32", 1.50),
}
