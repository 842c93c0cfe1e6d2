"""Which digit is that? LeNet, with batch normalization, on 1797 small images (source and licence: digits.txt).

LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition, 1998.
"""

from functools import cache
from pathlib import Path

import numpy as np

from .case import Case


@cache
def digits():
    """The images, (1797, 1, 8, 8) from 0 to 1, and the digits."""
    lines = Path(__file__).with_name("digits.csv").read_text().splitlines()[1:]
    pixels = np.array([[int(pixel, 17) for pixel in line[2:]] for line in lines])
    return pixels.reshape(-1, 1, 8, 8) / 16, np.array([int(line[0]) for line in lines])


class LeNet(Case):
    """The first 1437 images to learn from, in shuffled mini-batches of 64; the last 360 to test on."""

    optimizers = {"sgd": 0.02}
    defaults = {"batch_size": 64, "epochs": 5}
    train_size = 1437

    def __init__(self, torch, options):
        super().__init__(torch, options)
        images, labels = digits()
        self.test = self.tensors(images[self.train_size :], labels[self.train_size :])
        self.loader = self.shuffled(images[: self.train_size], labels[: self.train_size])

    def build(self):
        nn = self.torch.nn
        return nn.Sequential(
            nn.Conv2d(1, 6, kernel_size=5, padding=2, bias=False),  # the normalization would take a bias away again
            nn.BatchNorm2d(6),
            nn.Tanh(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, kernel_size=3, bias=False),
            nn.BatchNorm2d(16),
            nn.Tanh(),
            nn.Flatten(),
            nn.Linear(64, 120),
            nn.Tanh(),
            nn.Linear(120, 84),
            nn.Tanh(),
            nn.Linear(84, 10),
        )
