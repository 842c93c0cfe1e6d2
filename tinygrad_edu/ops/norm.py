"""Numbers made to have mean 0 and variance 1: what layer, group, instance and batch normalisation have in common.

Ioffe & Szegedy, Batch normalization, 2015; Ba, Kiros & Hinton, Layer normalization, 2016.
"""

import math

import numpy as np

from ..dtype import as_dtype
from ..op import op
from ..sums import total


def mean(x, dim):
    """Σ x / n over a tuple of axes, which stay, one long."""
    return total(x, dim, keepdims=True) / math.prod(x.shape[i] for i in dim)


def rescaling(d, dim, eps):
    """1 / √(σ² + ε), of the differences d from the mean; σ² is over n, not n - 1."""
    return 1 / np.sqrt(mean(d * d, dim) + eps)


@op(
    dx=lambda g, x, out, dim, eps: (
        rescaling(x - mean(x, dim), dim, eps) * (g - mean(g, dim) - out * mean(g * out, dim))
    ),
    places="",
    torch="NativeLayerNorm",
    cases=[([(3, 4)], {"dim": (1,), "eps": 1e-5}), ([(3, 2, 4)], {"dim": (0, 2), "eps": 0.1})],
)
def standardize(x, dim, eps):
    """(x - μ) / √(σ² + ε), with mean and variance over a tuple of axes.

    The rule takes from g what only shifts x, its mean, and what only stretches x, its part along the output."""
    if x.dtype.kind != "f":
        raise NotImplementedError(f'"norm" not implemented for {as_dtype(x.dtype)}: convert with .float()')
    d = x - mean(x, dim)
    return d * rescaling(d, dim, eps)
