"""What every case shares: its options, the optimizers and measures to choose from, and the training step."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np


@dataclass(frozen=True)
class Options:
    """What to train, and how. None: as the case has it, or no limit (`epochs`, `steps`).

    `model` is for the cases that have several; `depth` layers with `width` units between them and an `activation` after
    each are for the mlp."""

    data: str = "toy"
    model: str | None = None
    optimizer: str | None = None
    dtype: str = "float64"
    lr: float | None = None
    batch_size: int | None = None
    epochs: int | None = None
    steps: int | None = None
    seed: int = 1337
    depth: int | None = None
    width: int | None = None
    activation: str | None = None

    def __str__(self):
        return ", ".join(part for part in (self.data, self.model, self.optimizer) if part)


OPTIMIZERS = {
    "adam": lambda torch, params, lr: torch.optim.Adam(params=params, lr=lr),
    "adamw": lambda torch, params, lr: torch.optim.AdamW(params=params, lr=lr),
    "sgd": lambda torch, params, lr: torch.optim.SGD(params=params, lr=lr, momentum=0.9),
}


@dataclass(frozen=True)
class Measure:
    """How good predictions are, as one number; `counted` if it is a count of right ones."""

    name: str
    of: Callable
    words: str
    counted: bool = True


SIDES = Measure("accuracy", lambda p, y: np.mean((p > 0.5) == (y > 0.5)), "{:.2%} right")
CLASSES = Measure("accuracy", lambda p, y: np.mean(p.argmax(-1) == y), "{:.2%} right")
ERROR = Measure("squared error", lambda p, y: np.mean(np.square(p - y)), "error {:.6f}", counted=False)


class Case:
    """A model in training. Subclasses say which, by which loss, on what, and on what it is tested.

    They set `loader`, which gives an epoch's batches, and `test`, which is held out. Its `optimizers` are those to choose
    from, each with its learning rate, the first by default; `defaults` are for the options that not every case has. The
    weights are always drawn in float32 and then cast, so that runs in both dtypes begin alike."""

    optimizers = {"adam": 0.001}
    defaults: dict[str, object] = {}
    measure = CLASSES
    scheduler = None  # of the learning rate; it is stepped by `batches`
    norm = None  # of all gradients together, before they were clipped

    def __init__(self, torch, options):
        torch.manual_seed(options.seed)
        self.torch, self.options = torch, self.complete(options)
        self.dtype = getattr(torch, options.dtype)
        self.model = self.build().to(self.dtype)
        self.loss_fn = self.loss()
        self.optimizer = OPTIMIZERS[self.options.optimizer](torch, self.groups(), self.options.lr)
        self.losses = []

    @classmethod
    def complete(cls, options):
        """The options, with the case's own where nothing else is asked for; ValueError for what it does not have."""
        own = Options(options.data, optimizer=next(iter(cls.optimizers)), **cls.own(options))
        asked = {name: value for name, value in vars(options).items() if value is not None}
        if strange := [name for name in SOME if name in asked and name not in cls.own(options)]:
            raise ValueError(f"{strange[0].replace('_', '-')} does not apply to {own}")
        full = replace(own, **asked)
        if full.optimizer not in cls.optimizers:
            raise ValueError(f"{options.data} is trained by {' or '.join(cls.optimizers)}, not by {full.optimizer}")
        return replace(full, lr=full.lr or cls.optimizers[full.optimizer])

    @classmethod
    def own(cls, options):
        """The case's own choice for each of the options that not every case has, if it has it."""
        return cls.defaults

    def build(self):
        """The model."""
        raise NotImplementedError

    def loss(self):
        return self.torch.nn.CrossEntropyLoss()

    def groups(self):
        """The parameters as the optimizer gets them."""
        return self.model.parameters()

    def tensors(self, *arrays):
        """Floats in the run's dtype; whole numbers as they are."""
        return tuple(self.torch.tensor(a, dtype=self.dtype if a.dtype.kind == "f" else None) for a in arrays)

    def shuffled(self, *arrays):
        """A DataLoader of these, in shuffled mini-batches."""
        dataset = self.torch.utils.data.TensorDataset(*self.tensors(*arrays))
        return self.torch.utils.data.DataLoader(dataset, batch_size=self.options.batch_size, shuffle=True)

    def batches(self):
        """What to train on, until training is over: a step is made wherever a batch is yielded."""
        for _ in range(self.options.epochs):
            yield from self.loader

    def step(self, x, y):
        loss = self.backward(x, y)
        self.optimizer.step()
        self.losses.append(loss.item())
        return loss

    def backward(self, x, y):
        self.optimizer.zero_grad()
        loss = self.loss_fn(self.output(x), y)
        loss.backward()
        return loss

    def output(self, x):
        return self.model(x)


EVERY = ("data", "optimizer", "dtype", "lr", "steps", "seed")
SOME = [f.name for f in fields(Options) if f.name not in EVERY]
