"""What comes next in a series? An LSTM forecasts it, with clipped gradients and a falling learning rate.

Hochreiter and Schmidhuber, Long short-term memory, 1997.
"""

import numpy as np

from .case import ERROR, Case


def series(seed, length):
    """Two sines and some noise."""
    t = np.arange(length)
    noise = np.random.default_rng(seed).normal(0, 0.05, length)
    return np.sin(2 * np.pi * t / 25) + 0.5 * np.sin(2 * np.pi * t / 11) + noise


class LSTM(Case):
    """Windows of 24 numbers, in shuffled mini-batches of 32, each with the number after it; the last fifth to test on."""

    optimizers = {"adam": 0.01}
    defaults = {"batch_size": 32, "epochs": 10}
    measure = ERROR
    length, window, hidden, longest_gradient = 600, 24, 32, 0.25

    def __init__(self, torch, options):
        super().__init__(torch, options)
        numbers = series(options.seed, self.length)
        x = np.lib.stride_tricks.sliding_window_view(numbers[:-1], self.window)[..., None]
        y = numbers[self.window :, None]
        n = len(x) * 4 // 5
        self.test = self.tensors(x[n:], y[n:])
        self.loader = self.shuffled(x[:n], y[:n])
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, step_size=3, gamma=0.5)

    def build(self):
        return forecaster(self.torch, self.hidden)

    def loss(self):
        return self.torch.nn.MSELoss()

    def batches(self):
        for _ in range(self.options.epochs):
            yield from self.loader
            self.scheduler.step()

    def backward(self, x, y):
        loss = super().backward(x, y)
        self.norm = self.torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.longest_gradient)
        return loss


def forecaster(torch, hidden):
    nn = torch.nn

    class Forecaster(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(input_size=1, hidden_size=hidden, batch_first=True)
            self.fc = nn.Linear(hidden, 1)

        def forward(self, x):
            outputs, _ = self.lstm(x)
            return self.fc(outputs[:, -1])

    return Forecaster()
