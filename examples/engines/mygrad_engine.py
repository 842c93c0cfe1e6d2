"""MyGrad (R. Soklaski, PyPI: mygrad) judged: python -m parity engine examples/engines/mygrad_engine.py"""

import mygrad as mg
import numpy as np
from mygrad.nnet import relu, softmax_crossentropy


class MyGrad:
    """The adapter."""

    def __init__(self):
        rng = np.random.default_rng(0)
        sizes = {"W1": (4, 16), "b1": (16,), "W2": (16, 16), "b2": (16,), "W3": (16, 3), "b3": (3,)}
        self.params = {name: mg.tensor(rng.normal(size=size)) for name, size in sizes.items()}

    def parameters(self):
        return {name: p.data for name, p in self.params.items()}

    def load(self, parameters):
        self.params = {name: mg.tensor(a) for name, a in parameters.items()}

    def gradients(self, x, y):
        p = self.params
        h = relu(x @ p["W1"] + p["b1"])
        h = mg.tanh(h @ p["W2"] + p["b2"])
        loss = softmax_crossentropy(h @ p["W3"] + p["b3"], y)
        loss.backward()
        return loss.data, {name: parameter.grad for name, parameter in p.items()}

    names = {
        f"{own}{i + 1}": f"{2 * i}.{name}" for i in range(3) for own, name in {"W": "weight.T", "b": "bias"}.items()
    }


engine = MyGrad


def reference(torch):
    nn = torch.nn
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 3))
    return model, nn.CrossEntropyLoss()


rng = np.random.default_rng(0)
batches = [(x, x[:, :3].argmax(1)) for x in rng.normal(size=(5, 32, 4))]
