"""The textbook: the table of derivatives, one chapter a file."""

from . import elementwise, piecewise, activations, logic, reduce, shape, index, linalg, loss  # isort: skip (in reading order)

__all__ = ["elementwise", "piecewise", "activations", "logic", "reduce", "shape", "index", "linalg", "loss"]
