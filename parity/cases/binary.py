"""Two classes: the models to choose from, which say how probable the second one is."""

from itertools import pairwise

from .case import SIDES, Case


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

BUILD = {"depth": 2, "width": 16, "activation": "relu"}  # of the mlp


class Binary(Case):
    """A perceptron or an mlp with so many `inputs`, trained by binary cross-entropy."""

    inputs: int
    measure = SIDES

    @classmethod
    def own(cls, options):
        return cls.defaults | {"model": "perceptron"} | (BUILD if options.model == "mlp" else {})

    def build(self):
        return MODELS[self.options.model](self.torch, self.inputs, self.options)

    def loss(self):
        return self.torch.nn.BCELoss()

    def output(self, x):
        return self.model(x).squeeze(-1)
