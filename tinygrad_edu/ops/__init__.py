"""The textbook: the table of derivatives, one chapter a file, in reading order.

The last chapters are for networks, and are loaded by nn.functional.
"""

from . import (
    elementwise,
    piecewise,
    activations,
    logic,
    shape,
    scan,
    reduce,
    softmax,
    index,
    places,
    scatter,
    linalg,
    inverse,
    spectral,
)  # isort: skip

__all__ = [
    "elementwise",
    "piecewise",
    "activations",
    "special",
    "logic",
    "shape",
    "scan",
    "reduce",
    "softmax",
    "index",
    "places",
    "scatter",
]
__all__ += ["linalg", "inverse", "spectral", "window", "conv", "resample", "norm", "embedding", "loss"]
