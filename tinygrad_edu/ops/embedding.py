"""Rows of a table, looked up by number; what each row's readers heard is added up again for it."""

import numpy as np

from ..op import op
from .index import placed

NUMBERS = np.array([2, 0, 2])


@op(
    dx=lambda g, shape, index, share: placed(g if share is None else g * share, shape, (index,)),
    places="",
    torch="Embedding",
    cases=[([(4, 3)], {"index": NUMBERS})],
)
def lookup(x, index, share=None):
    """x[index], for an array of row numbers; `share` is how much of g each reader passes on."""
    return x.take(index, 0)
