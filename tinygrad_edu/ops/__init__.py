"""The textbook: the table of derivatives, one chapter a file."""

from . import elementwise, piecewise, activations, logic, shape, scan, reduce, softmax, index, places, scatter, linalg, inverse, spectral, window, conv, resample, norm, embedding, loss  # isort: skip (in reading order)

__all__ = ["elementwise", "piecewise", "activations", "logic", "shape", "scan", "reduce", "softmax", "index", "places", "scatter", "linalg", "inverse", "spectral", "window", "conv", "resample", "norm", "embedding", "loss"]
