"""Numbers counted off: ranges, and the indices of triangles."""

import math
import operator

import numpy as np

from .creation import creates, floats
from .dtype import int64
from .tensor import Tensor
from .users import warn


def number(x):
    """A bound: a number, or a tensor of one."""
    return x.item() if isinstance(x, Tensor) else x


def check_range(start, end, step):
    """Refuse what has no end."""
    if not step:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")


@creates
def arange(start=None, end=None, step=1, *, dtype):
    """start, start + step, ... before end; from 0 if only one number is given."""
    if start is None and end is None:
        raise TypeError("arange() needs an end")
    start, end = (0, start) if end is None else (0 if start is None else start, end)
    start, end, step = map(number, (start, end, step))
    if dtype is None:
        dtype = np.dtype(np.int64) if all(isinstance(n, int) for n in (start, end, step)) else floats(None)
    if dtype.kind == "b":
        raise NotImplementedError('"arange_cpu" not implemented for torch.bool: it counts')
    check_range(start, end, step)
    if dtype == np.int64 and not int(step):
        raise ValueError(f"step must be nonzero: {step}, as an integer, is 0")
    if dtype == np.int64:
        return np.arange(int(start), int(end), int(step))
    n = math.ceil((end - start) / step)
    if dtype.kind != "f":
        start, step = int(start), int(step)
    return counted(start, step, n, float if dtype.kind == "f" else int).astype(dtype, copy=False)


@creates
def range(start=0, end=None, step=1, *, dtype):
    """start, start + step, ... up to end, with it, in floats: torch's old form of `arange`."""
    if end is None:
        raise TypeError('range() missing 1 required positional arguments: "end"')
    warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with"
        " Python's range builtin. Instead, use torch.arange, which produces values in [start, end)."
    )
    start, end, step = map(number, (start, end, step))
    check_range(start, end, step)
    n = int((end - start) / step) + 1
    d = floats(dtype)
    return counted(start, step, n, float if d.kind == "f" else int).astype(d, copy=False)


def counted(start, step, n, dtype):
    """start + step · i, for i from 0 up to n."""
    x = np.arange(n, dtype=dtype)
    if step != 1:
        x *= step
    if start != 0:
        x += start
    return x


def evenly(start, end, steps, dtype):
    """steps numbers from start to end at equal distances, counted from the nearer end: exact at both."""
    for name, x in (("start", start), ("end", end)):
        if isinstance(x, Tensor) and x.array.ndim:
            raise RuntimeError(
                f"only 0-dimensional start and end tensors are supported, but {name} has {x.array.ndim} dims"
            )
    steps = operator.index(steps)
    if steps < 0:
        raise RuntimeError(f"number of steps must be non-negative, and is {steps}")
    working = dtype if dtype.kind == "f" else np.dtype(np.float64)
    start, end = (np.array(number(x)).astype(dtype).astype(working) for x in (start, end))
    if steps < 2:
        return np.full(steps, start)
    step = (end - start) / working.type(steps - 1)
    half = steps // 2
    return np.concatenate([counted(start, step, half, working), counted(end, -step, steps - half, working)[::-1]])


@creates
def linspace(start, end, steps, *, dtype):
    """`steps` numbers from start to end, both included, at equal distances."""
    return evenly(start, end, steps, floats(dtype)).astype(floats(dtype), copy=False)


@creates
def logspace(start, end, steps, base=10.0, *, dtype):
    """base to the powers linspace(start, end, steps)."""
    powers = evenly(start, end, steps, floats(dtype))
    return (powers.dtype.type(base) ** powers).astype(floats(dtype))


def triangle(row, col, offset, keep):
    for name, n in (("row", row), ("col", col)):
        if n < 0:
            raise RuntimeError(f"{name} must be non-negative, got {n}")
    return np.array(np.nonzero(keep(np.ones((row, col), bool), offset)))


@creates
def tril_indices(row, col, offset=0, *, dtype):
    """Where a matrix has its lower triangle: the rows, and the columns, of those places."""
    return triangle(row, col, offset, np.tril).astype(dtype or int64.dtype)


@creates
def triu_indices(row, col, offset=0, *, dtype):
    """Where a matrix has its upper triangle: the rows, and the columns, of those places."""
    return triangle(row, col, offset, np.triu).astype(dtype or int64.dtype)
