"""micrograd (A. Karpathy, PyPI: micrograd) judged: python -m parity engine examples/engines/micrograd_engine.py"""

import numpy as np
from micrograd.nn import MLP


class Micrograd:
    """The adapter. A neuron's Values are numbers; here they are a matrix and a vector for each layer, of float64."""

    dtypes = ("float64",)

    def __init__(self):
        self.model = MLP(2, [4, 4, 1])

    def parameters(self):
        return self.arrays("data")

    def arrays(self, what):
        read = np.vectorize(lambda value: getattr(value, what), otypes=[float])
        weights = {f"W{i}": read([n.w for n in layer.neurons]) for i, layer in enumerate(self.model.layers)}
        return weights | {f"b{i}": read([n.b for n in layer.neurons]) for i, layer in enumerate(self.model.layers)}

    def load(self, parameters):
        for i, layer in enumerate(self.model.layers):
            for neuron, w, b in zip(layer.neurons, parameters[f"W{i}"], parameters[f"b{i}"]):
                neuron.b.data = b
                for value, number in zip(neuron.w, w):
                    value.data = number

    def gradients(self, x, y):
        self.model.zero_grad()
        loss = sum((1 - t * self.model(row)).relu() for row, t in zip(x, y)) * (1 / len(x))  # the hinge loss
        loss.backward()
        return loss.data, self.arrays("grad")

    names = {f"{own}{i}": f"{2 * i}.{name}" for i in range(3) for own, name in {"W": "weight", "b": "bias"}.items()}


engine = Micrograd


def reference(torch):
    nn = torch.nn
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1), nn.Flatten(0))
    return model, lambda score, y: (1 - y * score).relu().mean()


rng = np.random.default_rng(0)
batches = [(x, np.where(x[:, 0] > x[:, 1] ** 2, 1.0, -1.0)) for x in rng.normal(size=(5, 8, 2))]
