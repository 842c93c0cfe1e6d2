"""Python numbers as 0-d tensors: NumPy takes a 0-d array in half the time of a float."""

from functools import lru_cache
from math import isinf

import numpy as np

from .data import fitting
from .dtype import as_dtype
from .tensor import made
from .thread import thread


@lru_cache(maxsize=1024, typed=True)
def cached(value, dtype):
    array = thread.quietly(np.array, value, dtype)
    array.flags.writeable = False  # many graphs may hold it
    return made(array, None)


def constant(value, dtype):
    """A Python number as a 0-d tensor of this dtype. (0.0 == -0.0, so zero is not looked up.)"""
    return cached(value, dtype) if value else made(thread.quietly(np.array, value, dtype), None)


def converted(value, dtype):
    """`constant`, as torch stores it: -1 is 255 in uint8, and a number that is too large for the dtype is an error."""
    value = value.item() if isinstance(value, np.generic) else value
    if not isinstance(value, (bool, int, float)):
        raise TypeError(f"expected a number or a 0-dim Tensor, not {type(value).__name__}")
    stored = made(fitting(value, as_dtype(dtype)), None)
    if isinf(stored.array) and not isinf(value):
        raise RuntimeError(f"value cannot be converted to type {as_dtype(dtype)} without overflow: it is {value}")
    return stored
