"""Resampling along one dim: each number of the result is a weighted sum of numbers that are read at named places."""

import numpy as np

from ..op import op
from .places import apply

TENTS = {
    "to": np.array([0, 0, 1, 1, 3]),
    "source": np.array([0, 1, 1, 2, 1]),
    "weight": np.array([0.3, 0.7, 0.5, 0.5, 2]),
}
COPIES = {"to": np.arange(4), "source": np.array([1, 0, 1, 2]), "weight": None}


@op(
    dx=lambda g, shape, dim, to, source, weight: apply(resample, g, shape[dim], dim, source, to, weight),
    places="",
    cases=[([(2, 3, 2)], {"size": 4, "dim": 1} | TENTS), ([(2, 3)], {"size": 4, "dim": 1} | COPIES)],
)
def resample(x, size, dim, to, source, weight):
    """out[to[i]] = Σ weight[i] · x[source[i]] along `dim`: x times a sparse matrix, whose transpose is its adjoint.

    Places that are named nowhere in `to` are 0; no weights are ones."""
    out = np.zeros((*x.shape[:dim], size, *x.shape[dim + 1 :]), x.dtype)
    before = (slice(None),) * dim
    for turn, some in enumerate(turns(to)):
        part = x.take(source[some], dim)
        if weight is not None:
            part *= weight[some].astype(x.dtype).reshape(-1, *[1] * (x.ndim - 1 - dim))
        at = (*before, slice(None) if len(some) == size else to[some])
        if turn:
            out[at] += part
        else:
            out[at] = part
    return out


def turns(to):
    """The entries of `to` in turns: first the first entry of each place, then the second of those that have two, ..."""
    order = np.argsort(to, kind="stable")
    turn = np.arange(len(to)) - np.searchsorted(to[order], to[order])
    return [order[turn == i] for i in range(turn.max(initial=-1) + 1)]
