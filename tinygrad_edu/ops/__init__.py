"""The textbook: the table of derivatives, one chapter a file; `__all__` is the reading order.

The last chapters are for networks, and are loaded by nn.functional.
"""

from . import (
    activations,
    elementwise,
    index,
    inverse,
    linalg,
    logic,
    piecewise,
    places,
    reduce,
    scan,
    scatter,
    shape,
    softmax,
    spectral,
    steps,
)

__all__ = [
    "elementwise",
    "piecewise",
    "steps",
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
__all__ += ["linalg", "inverse", "spectral", "window", "conv", "resample"]
__all__ += ["norm", "embedding", "recurrence", "loss", "alignment"]
