"""Suspects in gelu, which has two forms."""

import math

import numpy as np

from .slopes import curve

erf = np.vectorize(math.erf, otypes=[np.float64])


def bell(x):
    """The density of a normal number."""
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


STEEP, BEND = math.sqrt(2 / math.pi), 0.044715


def bent(x, bend=BEND):
    """tanh √(2/π) (x + bend x³)."""
    return np.tanh(STEEP * (x + bend * x**3))


def gelu(x, o, bend=BEND, form=None):
    """x Φ(x); or x (1 + tanh √(2/π) (x + 0.044715 x³)) / 2."""
    return x * (1 + bent(x, bend) if (form or o.approximate) == "tanh" else 1 + erf(x / math.sqrt(2))) / 2


def gelu_slope(x, y, o, cubed=3, form=None):
    """Φ(x) + x φ(x); or, with t = tanh u, (1 + t + x (1 - t²) u') / 2."""
    if (form or o.approximate) != "tanh":
        return (1 + erf(x / math.sqrt(2))) / 2 + x * bell(x)
    t = bent(x)
    return (1 + t + x * (1 - t * t) * STEEP * (1 + cubed * BEND * x * x)) / 2


OTHER = {"tanh": "none", "none": "tanh"}

gelu_value, gelu_rule = curve(
    "gelu",
    gelu,
    gelu_slope,
    (
        "gelu's slope of a square",
        "ours takes the derivative of x + 0.044715 x³ for 1 + 2 · 0.044715 x², where it is 1 + 3 · 0.044715 x²",
        lambda x, y, o: gelu_slope(x, y, o, cubed=2),
    ),
    (
        "gelu's slope of a square",
        "ours takes the derivative of x + 0.044715 x³ for 1 + 0.044715 x², where it is 1 + 3 · 0.044715 x²",
        lambda x, y, o: gelu_slope(x, y, o, cubed=1),
    ),
    (
        "gelu's other form",
        "ours has the slope of gelu's other form: approximate is {approximate!r} in the reference",
        lambda x, y, o: gelu_slope(x, y, o, form=OTHER[o.approximate]),
    ),
    (
        "product rule",
        "ours has Φ(x) alone, where x Φ(x) has the slope Φ(x) + x φ(x)",
        lambda x, y, o: gelu_slope(x, y, o, cubed=0) * 0 + (1 + erf(x / math.sqrt(2))) / 2,
    ),
    approximate="none",
)
gelu_value.flaw(
    "gelu's other form",
    "ours is gelu's other form: approximate is {approximate!r} in the reference, and the tanh form is near the exact one",
    f=lambda x, o: gelu(x, o, form=OTHER[o.approximate]),
)
for wrong in (0.0447, 0.04472, 0.045, 0.44715, 0.0044715):
    gelu_value.flaw(
        "gelu's constant",
        f"ours has {wrong:g} where gelu's tanh form has 0.044715",
        f=lambda x, o, wrong=wrong: gelu(x, o, bend=wrong),
    )
