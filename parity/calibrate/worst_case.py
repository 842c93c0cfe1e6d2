"""The bound that the judge does not use: how far rounding could move an MLP's gradients if every error conspired.

Running error analysis: beside each value goes a bound on its error, which every operation may only increase. It is safe,
and with each layer it is further from what happens. Here to be compared with κ (docs/judge.md)."""

import numpy as np

EPS = float(np.finfo(np.float32).eps)

# By activation: its value, its slope, and a bound on the slope's slope.
ACTIVATIONS = {
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2, 0.77),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2, 0.1),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0, 0.0),
}


def worst_case(weights, activation, x, target):
    """Bounds on the errors of the gradients of mean BCE(sigmoid(...)), in the order of `weights`: W, b, W, b ..."""
    act, slope, bend = ACTIVATIONS[activation]
    sigmoid, sigmoid_slope, sigmoid_bend = ACTIVATIONS["sigmoid"]
    layers = list(zip(weights[::2], weights[1::2]))
    h, h_error, seen = x, np.zeros_like(x), []
    for i, (w, b) in enumerate(layers):
        z = h @ w.T + b
        z_error = h_error @ np.abs(w).T + (len(w.T) + 1) * EPS * (np.abs(h) @ np.abs(w).T + np.abs(b))
        last = i == len(layers) - 1
        f, df, ddf = (sigmoid, sigmoid_slope, sigmoid_bend) if last else (act, slope, bend)
        flips = (np.abs(z) <= z_error) & (activation == "relu") & (not last)
        seen.append((h, h_error, w, df(z), ddf * z_error + flips))
        h = f(z)
        h_error = (np.abs(df(z)) + ddf * z_error + flips) * z_error + 2 * EPS * np.abs(h)
    n, t = len(x), target[:, None]
    odds = np.maximum(h * (1 - h), 1e-12)
    g = (h - t) / odds / n
    g_error = np.where(t > 0, 1 / np.maximum(h, EPS), 1 / np.maximum(1 - h, EPS)) ** 2 / n * h_error + 4 * EPS * np.abs(
        g
    )
    errors = []
    for h, h_error, w, d, d_error in reversed(seen):
        g, g_error = g * d, g_error * np.abs(d) + np.abs(g) * d_error + EPS * np.abs(g * d)
        w_error = g_error.T @ np.abs(h) + np.abs(g).T @ h_error + n * EPS * np.abs(g).T @ np.abs(h)
        errors = [w_error, g_error.sum(0) + n * EPS * np.abs(g).sum(0), *errors]
        g, g_error = g @ w, g_error @ np.abs(w) + len(w) * EPS * np.abs(g) @ np.abs(w)
    return errors
