"""The workloads by hand in NumPy, as a person would write them who knows their calculus."""

import numpy as np


class Adam:
    """Adam over a list of arrays."""

    def __init__(self, parameters, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        self.parameters, self.lr, self.beta1, self.beta2, self.eps = parameters, lr, beta1, beta2, eps
        self.m = [np.zeros_like(p) for p in parameters]
        self.v = [np.zeros_like(p) for p in parameters]
        self.t = 0

    def step(self, gradients):
        self.t += 1
        scale1, scale2 = 1 - self.beta1**self.t, 1 - self.beta2**self.t
        for i, (p, g) in enumerate(zip(self.parameters, gradients)):
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * g
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * g * g
            p -= self.lr * (self.m[i] / scale1) / (np.sqrt(self.v[i] / scale2) + self.eps)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def trained(weights, gradients_of):
    """`step` and `look` (see workloads.py) of a model whose loss and gradients we have."""
    weights = [w.copy() for w in weights]
    optimizer, gradients = Adam(weights), []

    def step():
        loss, *gradients[:] = gradients_of(*weights)
        optimizer.step(gradients)
        return loss

    return step, lambda: [a for pair in zip(weights, gradients) for a in pair]


def differentiated(leaves, gradients_of):
    gradients = []

    def step():
        loss, *gradients[:] = gradients_of(*leaves)
        return loss

    return step, lambda: [a for pair in zip(leaves, gradients) for a in pair]


def perceptron(x, y, weights):
    def gradients_of(w, b):
        p = sigmoid(x @ w.T + b)[:, 0]
        loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
        d = (p - y)[:, None] / len(y)
        return loss, d.T @ x, d.sum(0)

    return trained(weights, gradients_of)


def mlp(x, y, weights):
    items = np.arange(len(y))

    def gradients_of(w1, b1, w2, b2, w3, b3):
        h1 = np.maximum(x @ w1.T + b1, 0)
        h2 = np.maximum(h1 @ w2.T + b2, 0)
        z = h2 @ w3.T + b3
        e = np.exp(z - z.max(1, keepdims=True))
        p = e / e.sum(1, keepdims=True)
        loss = -np.mean(np.log(p[items, y]))
        p[items, y] -= 1
        d3 = p / len(y)
        d2 = d3 @ w3 * (h2 > 0)
        d1 = d2 @ w2 * (h1 > 0)
        return loss, d1.T @ x, d1.sum(0), d2.T @ h1, d2.sum(0), d3.T @ h2, d3.sum(0)

    return trained(weights, gradients_of)


def chain(n, leaves):
    def gradients_of(h, w, b, c):
        inputs, outputs = [], []
        for _ in range(n // 5):
            inputs.append(h)
            a = np.tanh(h * w + b - c)
            outputs.append(a)
            h = -a
        g, dw, db = np.ones_like(h), np.zeros_like(w), np.zeros_like(b)
        for x, a in zip(reversed(inputs), reversed(outputs)):
            d = -g * (1 - a * a)
            dw += d * x
            db += d
            g = d * w
        return h.sum(), g, dw, db, -db

    return differentiated(leaves, gradients_of)


def broadcast(leaves):
    def gradients_of(x, row, col):
        h = np.tanh(x * row + col)
        s = sigmoid(h * row)
        u = s - col
        loss = (u * x + h * h).sum()
        ds = x * s * (1 - s)
        da = (2 * h + ds * row) * (1 - h * h)
        return loss, u + da * row, (ds * h + da * x).sum(0), (da - x).sum(1, keepdims=True)

    return differentiated(leaves, gradients_of)


def rnn(x, y, weights):
    def gradients_of(wx, wh, b):
        states = [np.zeros_like(y)]
        for x_t in x:
            states.append(np.tanh(x_t @ wx + states[-1] @ wh + b))
        error = states[-1] - y
        g = 2 * error / error.size
        dwx, dwh, db = np.zeros_like(wx), np.zeros_like(wh), np.zeros_like(b)
        for x_t, before, h in zip(x[::-1], states[-2::-1], states[:0:-1]):
            d = g * (1 - h * h)
            dwx += x_t.T @ d
            dwh += before.T @ d
            db += d.sum(0)
            g = d @ wh.T
        return np.mean(error**2), dwx, dwh, db

    return trained(weights, gradients_of)
