"""The book's loop: a perceptron learns which of two Gaussian clouds a point comes from.

Rao and McMahan, Natural Language Processing with PyTorch, 2019, Example 3.10; the data are their notebook's.
"""

from functools import cache
from itertools import count

import numpy as np

from .binary import Binary

LEFT_CENTER, RIGHT_CENTER = (3, 3), (3, -2)


class ToyData:
    """The points in the order in which the book draws them, after `np.random.seed(seed)`.

    A RandomState is what `np.random.seed` seeds: one of our own gives the same points, and nobody else draws from it.
    They depend on nothing but the seed, so both engines are handed one drawing of them."""

    def __init__(self, seed, batch_size):
        self.random, self.batch_size, self.batches = np.random.RandomState(seed), batch_size, []
        self.sample = self.draw(1000)

    def draw(self, n):
        """n points and their targets: 0 in the left cloud, 1 in the right one."""
        # normal(loc=centre) is centre + standard_normal(2), bit for bit, and ten times slower than this.
        uniform, normal = self.random.random, self.random.standard_normal
        drawn = np.array([(uniform(), normal(), normal()) for _ in range(n)])
        left = drawn[:, :1] > 0.5
        return np.where(left, LEFT_CENTER, RIGHT_CENTER) + drawn[:, 1:], np.where(left[:, 0], 0.0, 1.0)

    def batch(self, i):
        while len(self.batches) <= i:
            self.batches.append(self.draw(self.batch_size))
        return self.batches[i]


toy_data = cache(ToyData)


class Book(Binary):
    """Fresh batches of 1000, five an epoch, until the loss has settled."""

    inputs = 2
    optimizers = {"adam": 0.001, "adamw": 0.001, "sgd": 0.01}
    defaults = {"batch_size": 1000, "epochs": None}
    batches_per_epoch, fewest_epochs, small_change, small_loss = 5, 12, 1e-3, 0.3

    def __init__(self, torch, options):
        super().__init__(torch, options)
        self.data = toy_data(options.seed, self.options.batch_size)
        self.test = self.tensors(*self.data.sample)

    def batches(self):
        for epoch in count():
            if epoch == self.options.epochs or self.settled(epoch):
                return
            for i in range(self.batches_per_epoch):
                yield self.tensors(*self.data.batch(epoch * self.batches_per_epoch + i))

    def settled(self, epochs):
        """The book's stop rule, asked after each epoch."""
        if epochs < self.fewest_epochs:
            return False
        before, last = self.losses[-2:]
        return abs(last - before) <= self.small_change and last <= self.small_loss
