"""A network written by hand in NumPy, as tutorials do it, judged: python -m parity engine examples/engines/numpy_mlp.py"""

import numpy as np


class MLP:
    """tanh(x W1 + b1) W2 + b2 with the mean squared error, trained by SGD with momentum."""

    def __init__(self, inputs, hidden, outputs):
        rng = np.random.default_rng(0)
        self.params = {
            "W1": rng.normal(size=(inputs, hidden)) / np.sqrt(inputs),
            "b1": np.zeros(hidden),
            "W2": rng.normal(size=(hidden, outputs)) / np.sqrt(hidden),
            "b2": np.zeros(outputs),
        }
        self.velocity = {}

    def backward(self, x, y):
        p = self.params
        h = np.tanh(x @ p["W1"] + p["b1"])
        error = h @ p["W2"] + p["b2"] - y
        d_out = 2 * error / error.size
        d_hidden = d_out @ p["W2"].T * (1 - h**2)
        grads = {"W1": x.T @ d_hidden, "b1": d_hidden.sum(0), "W2": h.T @ d_out, "b2": d_out.sum(0)}
        return np.mean(error**2), grads

    def sgd(self, grads, lr=0.1, momentum=0.9):
        for name, g in grads.items():
            self.velocity[name] = momentum * self.velocity.get(name, 0) + g
            self.params[name] = self.params[name] - lr * self.velocity[name]


class HandWritten:
    """The adapter."""

    def __init__(self):
        self.mlp = MLP(3, 8, 2)

    def parameters(self):
        return self.mlp.params

    def load(self, parameters):
        self.mlp.params = parameters

    def gradients(self, x, y):
        return self.mlp.backward(x, y)

    def update(self, gradients):
        self.mlp.sgd(gradients)

    def state(self):
        return {"momentum_buffer": self.mlp.velocity}


engine = HandWritten


def reference(torch):
    model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
    return model, torch.nn.MSELoss(), torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


rng = np.random.default_rng(1)
batches = [(x, np.stack([x[:, 0] * x[:, 1], np.sin(x[:, 2])], 1)) for x in rng.normal(size=(8, 32, 3))]
