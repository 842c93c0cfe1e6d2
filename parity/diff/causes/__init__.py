"""Why do the two engines differ here? The usual suspects are tried, and those that explain the numbers are named.

A guess is stated only if it turns what we have into what the reference has, within the judge's own bound.

>>> import numpy as np
>>> x = np.array([[1.0, 2.0], [3.0, 5.0]])
>>> close = lambda a, b: np.allclose(a, b, rtol=1e-12)
>>> seen = dict(what="output", op="mean", inputs={"input": x}, arguments={"dim": 1}, close=close)
>>> [cause] = causes(Evidence(ours=x.mean(0), theirs=x.mean(1), **seen))
>>> cause.words
"ours is the mean over axis 0, where the reference's is over dim=1"

Suspects are declared in chapters: turned.py and amounts.py know what becomes of numbers, whatever they are; the others know
formulas, and how people get them wrong.
"""

from . import (
    adam,
    adam_kin,
    adaptive,
    amounts,
    arithmetic,
    attention,
    binary,
    classes,
    convolution,
    gelu,
    indexing,
    losses,
    normalization,
    recurrence,
    reductions,
    sgd,
    slopes,
    softmax,
    turned,
)
from .evidence import Cause, Evidence
from .suspects import causes

__all__ = ["Cause", "Evidence", "causes"]
