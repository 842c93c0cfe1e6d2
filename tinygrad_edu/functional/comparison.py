"""Comparisons of whole tensors, and what is true of all entries."""

import numpy as np

from ..compose import composed
from ..ops.axes import axes
from ..tensor import Tensor, made


def comparable(name, other):
    """Raise torch's TypeError for what is no tensor."""
    if not isinstance(other, Tensor):
        raise TypeError(f"{name}(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}")


@composed
def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """|input - other| <= atol + rtol · |other|, or input = other, entry by entry."""
    comparable("isclose", other)
    if input.dtype is not other.dtype:
        raise RuntimeError(f"{input.dtype} did not match {other.dtype}: convert one with .to(other.dtype)")
    for name, bound in {"rtol": rtol, "atol": atol}.items():
        if not bound >= 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {bound}")
    try:
        return made(np.asarray(np.isclose(input.array, other.array, rtol, atol, equal_nan)), None)
    except ValueError:
        raise RuntimeError(
            f"The size of tensor a {list(input.shape)} must match the size of tensor b {list(other.shape)}, or broadcast"
        ) from None


@composed
def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all entries are close."""
    comparable("allclose", other)
    return bool(isclose(input, other, rtol, atol, equal_nan).array.all())


@composed
def equal(input, other):
    """Whether shape and every entry are equal."""
    comparable("equal", other)
    return np.array_equal(input.array, other.array)


def true_of(ufunc, input, dim, keepdim):
    """all and any: of bytes a byte, of all else a truth. No dims at all are no reduction."""
    over = () if dim == () or dim == [] else axes(dim, input.array.ndim)
    truths = input.array if input.array.dtype == bool else input.array != 0
    out = np.asarray(ufunc.reduce(truths, over, keepdims=keepdim))
    return made(out.astype(np.uint8) if input.array.dtype == np.uint8 else out, None)


@composed
def all(input, dim=None, keepdim=False):
    """Whether every entry (along `dim`) is true."""
    return true_of(np.logical_and, input, dim, keepdim)


@composed
def any(input, dim=None, keepdim=False):
    """Whether some entry (along `dim`) is true."""
    return true_of(np.logical_or, input, dim, keepdim)


@composed
def count_nonzero(input, dim=None):
    """How many entries (along `dim`) are not zero."""
    return made(np.asarray(np.count_nonzero(input.array, axes(dim, input.array.ndim)), np.int64), None)


@composed(places="torch")
def isin(elements, test_elements, *, assume_unique=False, invert=False):
    """Whether each element is among the test elements, either of which may be one number."""
    if not isinstance(elements, Tensor) and not isinstance(test_elements, Tensor):
        raise TypeError("isin() received an invalid combination of arguments: one of the two must be a Tensor")
    mine, theirs = (x.array if isinstance(x, Tensor) else np.asarray(x) for x in (elements, test_elements))
    if "b" in (mine.dtype.kind, theirs.dtype.kind):
        raise RuntimeError("Unsupported input type encountered for isin(): Bool: convert with .to(torch.uint8)")
    return made(np.asarray(np.isin(mine, theirs, assume_unique=assume_unique, invert=invert)), None)
