"""Why do the two engines differ here? The usual suspects are tried, and those that explain the numbers are named.

A guess is stated only if it turns what we have into what the reference has, within the judge's own bound.

>>> import numpy as np
>>> x = np.array([[1.0, 2.0], [3.0, 5.0]])
>>> mean, total = x.mean(0), x.sum(0)
>>> close = lambda a, b: np.allclose(a, b, rtol=1e-12)
>>> [cause] = causes(Evidence(what="output", op="mean", ours=mean.copy(), theirs=x.mean(1), inputs={"input": x}, arguments={"dim": 1}, close=close))
>>> cause.name
'wrong axis'

Suspects are declared in chapters: turned.py and amounts.py know what becomes of numbers, whatever they are; the others know
formulas, and how people get them wrong.
"""

from . import (
    amounts,
    attention,
    convolution,
    indexing,
    losses,
    normalization,
    recurrence,
    rules,
    slopes,
    turned,
    updates,
)
from .evidence import Cause, Evidence
from .suspects import causes

__all__ = ["Cause", "Evidence", "causes"]
