"""Differences of neighbours, and the areas under the lines between them."""

from ..compose import composed
from ..ops.axes import one_dim
from ..ops.logic import ne
from ..ops.reduce import sum
from ..ops.scan import cumsum, joined, span


@composed
def diff(input, n=1, dim=-1, prepend=None, append=None):
    """out_k = input_{k+1} - input_k along `dim`, taken n times; of truths, whether they differ."""
    if not input.array.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    dim = one_dim(dim, input.array.ndim)
    ends = [x for x in (prepend, input, append) if x is not None]
    if any(x.array.ndim != input.array.ndim for x in ends):
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    if any(a != b for x in ends for i, (a, b) in enumerate(zip(x.shape, input.shape)) if i != dim):
        raise RuntimeError(
            "diff expects the shape of tensor to prepend or append to match that of input except along the differencing"
            f" dimension {dim}: {', '.join(str(list(x.shape)) for x in ends)}"
        )
    if n == 0:
        return input.clone()
    x = joined(ends, dim) if len(ends) > 1 else input
    for _ in range(min(n, x.array.shape[dim])):
        after, before = span(x, dim, 1), span(x, dim, 0, -1)
        x = ne(after, before) if x.array.dtype.kind == "b" else after - before
    return x


def strips(name, y, x, dx, dim):
    """The area of the strip between each two neighbours: half their sum, times how far they lie apart."""
    if not y.array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    if y.array.dtype.kind == "b":
        raise RuntimeError(f"{name}: received a bool input for `y`, but bool is not supported")
    if x is not None and dx is not None:
        raise TypeError(f"{name}() received an invalid combination of arguments: x says how far apart they lie, or dx")
    dim = one_dim(dim, y.array.ndim)
    if not y.array.shape[dim]:
        y, x, dx = span(y, dim, 0, 0), None, None
    if x is None:
        width = 1 if dx is None else dx
    elif not x.array.ndim:
        width = 0
    else:
        if x.array.dtype.kind == "b":
            raise RuntimeError(f"{name}: received a bool input for `x`, but bool is not supported")
        if x.array.ndim == 1:
            if x.array.shape[0] != y.array.shape[dim]:
                raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
            x = x.reshape([-1 if i == dim else 1 for i in range(y.array.ndim)])
        lead = max(0, y.array.ndim - x.array.ndim)
        width = diff(x.reshape((1,) * lead + tuple(x.shape)), 1, dim)
    return (span(y, dim, 1) + span(y, dim, 0, -1)) * width / 2, dim


@composed(places="torch", also="trapz")
def trapezoid(y, x=None, *, dx=None, dim=-1):
    """The area under the lines that join the points (x, y) along `dim`; x in steps of dx, which is 1, if not given."""
    return sum(*strips("trapezoid", y, x, dx, dim))


@composed(places="torch")
def cumulative_trapezoid(y, x=None, *, dx=None, dim=-1):
    """The area up to each point but the first."""
    return cumsum(*strips("cumulative_trapezoid", y, x, dx, dim))
