"""What every case shares: its options, the models and optimizers to choose from, and the training step."""

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Options:
    """What to train, and how. None: as the case has it (`lr`, `batch_size`), or no limit (`epochs`, `steps`).

    `depth` layers with `width` units between them and an `activation` after each are for the mlp."""

    data: str = "toy"
    model: str = "perceptron"
    optimizer: str = "adam"
    dtype: str = "float64"
    lr: float | None = None
    batch_size: int | None = None
    epochs: int | None = None
    steps: int | None = None
    seed: int = 1337
    depth: int = 2
    width: int = 16
    activation: str = "relu"


def perceptron(torch, inputs, options):
    """The book's: one linear layer, and a sigmoid."""

    class Perceptron(torch.nn.Module):
        def __init__(self, input_dim):
            super().__init__()
            self.fc1 = torch.nn.Linear(input_dim, 1)

        def forward(self, x):
            return torch.sigmoid(self.fc1(x))

    return Perceptron(input_dim=inputs)


def mlp(torch, inputs, options):
    """Linear layers with an activation between them; one hidden layer of 16, if nothing else is asked for."""
    nn = torch.nn
    sizes = [inputs, *[options.width] * (options.depth - 1), 1]
    layers = [
        layer for n, m in pairwise(sizes) for layer in (nn.Linear(n, m), getattr(nn, ACTIVATIONS[options.activation])())
    ]
    return nn.Sequential(*layers[:-1], nn.Sigmoid())


MODELS = {"perceptron": perceptron, "mlp": mlp}

ACTIVATIONS = {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid"}

OPTIMIZERS = {
    "adam": lambda torch, params, lr: torch.optim.Adam(params=params, lr=lr),
    "adamw": lambda torch, params, lr: torch.optim.AdamW(params=params, lr=lr),
    "sgd": lambda torch, params, lr: torch.optim.SGD(params=params, lr=lr, momentum=0.9),
}


class Case:
    """A model in training. Subclasses say on what: `batches()` yields them until training is over, `test` is held out.

    The weights are always drawn in float32 and then cast, so that runs in both dtypes begin alike."""

    inputs: int
    learning_rates: dict[str, float]

    def __init__(self, torch, options):
        torch.manual_seed(options.seed)
        self.torch, self.options = torch, options
        self.dtype = getattr(torch, options.dtype)
        self.model = MODELS[options.model](torch, self.inputs, options).to(self.dtype)
        self.loss_fn = torch.nn.BCELoss()
        lr = self.learning_rates[options.optimizer] if options.lr is None else options.lr
        self.optimizer = OPTIMIZERS[options.optimizer](torch, self.model.parameters(), lr)
        self.losses = []

    def tensors(self, x, y):
        return self.torch.tensor(x, dtype=self.dtype), self.torch.tensor(y, dtype=self.dtype)

    def step(self, x, y):
        loss = self.backward(x, y)
        self.optimizer.step()
        self.losses.append(loss.item())
        return loss

    def backward(self, x, y):
        self.optimizer.zero_grad()
        y_pred = self.model(x).squeeze(-1)
        loss = self.loss_fn(y_pred, y)
        loss.backward()
        return loss
