"""Sums whose rounding error hardly grows with the number of terms.

NumPy adds up numbers that lie side by side by halves, and its error grows with log n. Along any other axis it adds one
row after another to a running total, and its error grows with n: 1e-5 of the sum of a million float32 rows.
"""

import math
from functools import lru_cache

import numpy as np

SHORT = 32  # so few rows may be added one after another
FEW = 4096  # and in so small an array, any number: to do better would take longer than the sum


def total(x, over, dtype=None, keepdims=False):
    """Σ x over a tuple of axes, of an array or of a Tensor."""
    if not isinstance(x, (np.ndarray, np.generic)):
        return x.sum(over, keepdims=keepdims)
    if x.size > FEW and x.dtype.kind == "f" and not (len(over) == x.ndim and x.flags.c_contiguous):
        side_by_side = min(range(x.ndim), key=lambda i: (x.shape[i] == 1, abs(x.strides[i])))
        for axis in over:
            while axis != side_by_side and x.shape[axis] >= SHORT:
                x = folded(x, axis, dtype)
    return np.add.reduce(x, over, dtype, keepdims=keepdims)


def folded(x, axis, dtype=None):
    """x cut along `axis` into up to 16 equal parts, which are added; what the cut left over is added to the first rows."""
    parts = min(16, math.isqrt(x.shape[axis]))
    rows = x.shape[axis] // parts
    before = (slice(None),) * axis
    equal, left = x[(*before, slice(parts * rows))], x[(*before, slice(parts * rows, None))]
    out = np.add.reduce(equal.reshape(*x.shape[:axis], parts, rows, *x.shape[axis + 1 :]), axis, dtype)
    out[(*before, slice(left.shape[axis]))] += left
    return out


def sum_of_rows(x):
    """Σ over the first axis of a matrix: 1ᵀ x where rows are few, since NumPy multiplies matrices faster than it adds."""
    few = type(x) is np.ndarray and len(x) <= 1024
    return ones(len(x), x.dtype).dot(x) if few else total(x, (0,))


@lru_cache(maxsize=64)
def ones(n, dtype):
    return np.ones(n, dtype)
