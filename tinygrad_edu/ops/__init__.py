"""The textbook: the table of derivatives, one chapter a file."""

from . import elementwise, index, linalg, logic, loss, reduce, shape

__all__ = ["elementwise", "index", "linalg", "logic", "loss", "reduce", "shape"]
