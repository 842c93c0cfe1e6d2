"""The losses that the stepper's tests walk back from."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import nn


def data(n, d=2):
    rng = np.random.default_rng(0)
    return tg.tensor(rng.standard_normal((n, d))), tg.tensor((rng.random(n) > 0.5).astype(float))


def book(n=1000, dtype=tg.float32):
    """The book's perceptron: a line through a sigmoid, and binary cross-entropy."""
    tg.manual_seed(1337)
    model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()).to(dtype)
    x, target = (t.to(dtype) for t in data(n))
    return model, lambda: nn.BCELoss()(model(x).squeeze(), target)


def two_layers(n=100, dtype=tg.float32, hidden=4):
    tg.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, hidden), nn.ReLU(), nn.Linear(hidden, 1)).to(dtype)
    x, target = (t.to(dtype) for t in data(n))
    return model, lambda: nn.functional.binary_cross_entropy_with_logits(model(x).squeeze(), target)
