"""Comparisons of whole tensors, and what is true of all entries."""

import numpy as np

from ..compose import composed
from ..tensor import made


@composed
def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """|input - other| <= atol + rtol · |other|, entry by entry."""
    return made(np.isclose(input.array, other.array, rtol, atol, equal_nan), None)


@composed
def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all entries are close."""
    return np.allclose(input.array, other.array, rtol, atol, equal_nan)


@composed
def equal(input, other):
    """Whether shape and every entry are equal."""
    return np.array_equal(input.array, other.array)


@composed
def all(input, dim=None, keepdim=False):
    """Whether every entry (along `dim`) is true."""
    return made(np.asarray(np.all(input.array, dim, keepdims=keepdim)), None)


@composed
def any(input, dim=None, keepdim=False):
    """Whether some entry (along `dim`) is true."""
    return made(np.asarray(np.any(input.array, dim, keepdims=keepdim)), None)
