"""The nonlinear functions between the layers of a network."""

import numpy as np

from ..op import op
from .elementwise import logistic


@op(dx=lambda g, x: g * logistic(-x), promotes=("x",), floats=True, places="nn.functional", torch="LogSigmoid")
def logsigmoid(x):
    """log σ(x) = min(x, 0) - log(1 + e^-|x|), whose slope is σ(-x)."""
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


@op(
    dx=lambda g, x, beta, threshold: np.where(beta * x > threshold, g, g * logistic(beta * x)),
    promotes=("x",),
    floats=True,
    places="nn.functional",
    cases=[([(2, 3)], {}), ([(2, 3)], {"beta": 2.0, "threshold": 1.0})],
)
def softplus(x, beta=1.0, threshold=20.0):
    """log(1 + e^βx) / β, and x itself once βx > threshold; its slope is σ(βx)."""
    return np.where(beta * x > threshold, x, np.log1p(np.exp(beta * x)) / beta)
