"""A real data set: is a tumour benign? 569 of them, 30 measurements each (source and licence: breast_cancer.txt)."""

from functools import cache
from pathlib import Path

import numpy as np

from .binary import Binary


@cache
def table():
    """The measurements, and the targets: 0 malignant, 1 benign."""
    numbers = np.loadtxt(Path(__file__).with_suffix(".csv"), delimiter=",", skiprows=1)
    return numbers[:, :-1], numbers[:, -1]


class BreastCancer(Binary):
    """455 tumours in random order to learn from, in shuffled mini-batches of 32; the other 114 to test on.

    After the seed, torch's generator gives: the weights, the order of the tumours, and in each epoch what a DataLoader
    draws for its shuffle."""

    inputs = 30
    optimizers = {"adam": 0.01, "adamw": 0.01, "sgd": 0.01}
    defaults = {"batch_size": 32, "epochs": 20}
    train_size = 455

    def __init__(self, torch, options):
        super().__init__(torch, options)
        x, y = table()
        order = torch.randperm(len(x)).numpy()
        train, test = order[: self.train_size], order[self.train_size :]
        x = (x - x[train].mean(0)) / x[train].std(0)
        self.test = self.tensors(x[test], y[test])
        self.loader = self.shuffled(x[train], y[train])
