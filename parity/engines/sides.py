"""Who is judged and whom by: an engine behind its adapter, and the reference as a case that a twin can train.

Snapshots are arrays by (quantity, tensor). Two of them are compared with the engine's names and in its layout."""

from functools import partial
from itertools import cycle

import numpy as np

from ..cases.case import Case, Options
from ..twin import Twin
from .names import paired


class Reference(Case):
    """The model, the loss and perhaps the optimizer that somebody's function builds of `torch`, on their batches.

    Without an optimizer of theirs Adam trains it, so that the engine is judged in more than one place."""

    test = ()

    def __init__(self, build, data, torch, options):
        self.torch, self.data, self.dtype, self.losses = torch, data, getattr(torch, options.dtype), []
        torch.manual_seed(0)
        self.model, self.loss_fn, *optimizer = build(torch)
        self.model.to(self.dtype)
        self.trains = bool(optimizer)
        self.optimizer = optimizer[0] if optimizer else torch.optim.Adam(self.model.parameters(), lr=0.01)

    def batches(self):
        for x, y in cycle(self.data):
            yield self.tensors(np.asarray(x), np.asarray(y))


def twin(build, data, torch, dtype, steps):
    """The reference in one engine. Its dropout keeps all, for nobody else can draw the same masks."""
    return Twin(torch, partial(Reference, build, data), Options(dtype=dtype, steps=steps), bits=False)


class Guest:
    """An engine that is judged beside a reference, whose snapshots it can read."""

    def __init__(self, adapter, snapshot, pairs=None):
        self.adapter = adapter
        theirs = {name: a for (_, name), a in snapshot.items()}
        self.pairs = pairs or paired(adapter.parameters(), theirs, getattr(adapter, "names", None))

    def paired(self, pairs):
        """The same engine, paired otherwise."""
        return Guest(self.adapter, {}, pairs)

    @property
    def trains(self):
        return hasattr(self.adapter, "update")

    def read(self, snapshot, quantity):
        """The reference's arrays of one quantity, as this engine has them, by name."""
        named = ((pair, (quantity, pair.torch)) for pair in self.pairs)
        return {pair.own: pair.turned(snapshot[key]).copy() for pair, key in named if key in snapshot}

    def translated(self, snapshot):
        """The reference's snapshot with this engine's names and layout."""
        quantities = {quantity: None for quantity, _ in snapshot}  # in their order
        own = {(quantity, name): a for quantity in quantities for name, a in self.read(snapshot, quantity).items()}
        return {key: snapshot[key] for key in [("loss", "loss")] if key in snapshot} | own

    def load(self, snapshot):
        self.adapter.load(self.read(snapshot, "parameter"))

    def backward(self, x, y):
        """The first half of a step: the loss and the gradients."""
        return self.noted(*self.adapter.gradients(x.copy(), y.copy()), x.dtype)

    def update(self, snapshot):
        """The second half: what the optimizer makes of the reference's parameters, gradients and buffers."""
        self.load(snapshot)
        for quantity, buffers in self.state().items():
            for name, a in self.read(snapshot, quantity).items():
                if name in buffers:
                    buffers[name][...] = a
        self.adapter.update(self.read(snapshot, "gradient"))
        return self.moments() | self.parameters()

    def step(self, x, y):
        """A step of training on its own: the loss, and what became of the parameters."""
        loss, gradients = self.adapter.gradients(x.copy(), y.copy())
        noted = self.noted(loss, {}, x.dtype)
        self.adapter.update(gradients)
        return noted | self.parameters()

    def parameters(self):
        return {("parameter", name): np.array(a) for name, a in self.adapter.parameters().items()}

    def state(self):
        return self.adapter.state() if hasattr(self.adapter, "state") else {}

    def moments(self):
        return {(quantity, name): np.array(a) for quantity, some in self.state().items() for name, a in some.items()}

    def noted(self, loss, gradients, dtype):
        """A snapshot. A plain Python number has no dtype of its own."""
        loss = np.array(loss, dtype if type(loss) in (int, float) else None)
        return {("loss", "loss"): loss} | {
            ("gradient", name): np.array(g) for name, g in gradients.items() if g is not None
        }
