"""Pooling: the maximum, the mean, or the p-norm of what each window sees, in one, two and three dims."""

from math import prod

import numpy as np

from ..compose import composed
from ..ops.elementwise import relu
from ..ops.index import getitem
from ..ops.piecewise import abs, sign
from ..ops.reduce import mean, sum
from ..ops.resample import resample
from ..ops.window import adaptive_maxima, maxima, spans, windows
from ..tensor import made
from .spatial import at_least, batched, ints


def checked(name, input, dims, filled):
    """The input with a batch dim, and whether it had one; torch's error if its dims, or the sizes of some, do not fit."""
    if input.array.ndim not in (dims + 1, dims + 2) or 0 in filled:
        raise RuntimeError(
            f"{name}(): Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with optional 0 dim batch size for input,"
            f" but got:{list(input.shape)}"
        )
    return batched(input, dims)


def slide(name, size, kernel_size, stride, padding, dilation, ceil_mode):
    """How many windows there are along each dim, and kernel, stride, padding and dilation, as the ops take them."""
    dims = len(size)
    kernel = ints(name, "kernel_size", kernel_size, dims)
    stride = kernel if stride is None or stride == () or stride == [] else ints(name, "stride", stride, dims)
    padding, dilation = ints(name, "padding", padding, dims), ints(name, "dilation", dilation, dims)
    for what, value in {"kernel_size": kernel, "stride": stride, "dilation": dilation}.items():
        at_least(1, name, what, value)
    at_least(0, name, "padding", padding)
    if any(p > k // 2 for p, k in zip(padding, kernel)):
        raise RuntimeError(
            f"{name}(): pad should be at most half of effective kernel size, but got pad={list(padding)}, kernel_size="
            f"{list(kernel)}"
        )
    out = tuple(map(count, size, kernel, stride, padding, dilation, [ceil_mode] * dims))
    if any(n < 1 for n in out):
        raise RuntimeError(
            f"{name}(): Given input size: {list(size)}. Calculated output size: {list(out)}. Output size is too small"
        )
    return out, kernel, stride, padding, dilation


def count(n, kernel, stride, padding, dilation, ceil_mode):
    """How many windows there are along a dim; with `ceil_mode` also one that sticks out, if it begins before the end."""
    room = n + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    m = -(-room // stride) + 1
    return m - ((m - 1) * stride >= n + padding)


# ------------------------------------------------------------------ maxima


def taken(x, at):
    """What x, (N, C, *size), has at these places of its flattened dims: (N, C, *out)."""
    images = np.arange(x.shape[0] * x.shape[1]).reshape(x.shape[:2])
    first = images.reshape(*images.shape, *[1] * (at.ndim - 2)) * prod(x.shape[2:])
    return getitem(x.reshape(-1), (first + at,))


def with_places(x, at, has_batch, return_indices):
    """The numbers at these places, as torch returns them: alone, or with the places."""
    values, indices = taken(x, at), made(at, None)
    if not has_batch:
        values, indices = values.squeeze(0), indices.squeeze(0)
    return (values, indices) if return_indices else values


def max_pool(name, dims, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    x, has_batch = checked(name, input, dims, input.shape[-dims - 1 :])
    if x.array.dtype.kind == "b":
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}: convert with .to(torch.uint8) first')
    at = maxima(x.array, *slide(name, x.shape[2:], kernel_size, stride, padding, dilation, ceil_mode))
    return with_places(x, at, has_batch, return_indices)


@composed(places="torch nn.functional")
def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The maximum in each window of (N, C, L); NaN if one is NaN. Its slope is 1 at the first maximum, 0 elsewhere.

    `ceil_mode` allows a window to stick out at the end; `return_indices` gives a tuple, with where the maxima are."""
    return max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@composed(places="torch nn.functional")
def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """max_pool1d for windows of (N, C, H, W); the places count along the rows of the image."""
    return max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@composed(places="torch nn.functional")
def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """max_pool1d for windows of (N, C, D, H, W)."""
    return max_pool("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


# ------------------------------------------------------------------ means


def averageable(name, x):
    """Raise torch's error for what it takes no means of."""
    if not x.is_floating_point() and x.array.dtype != np.int64:
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}: convert with .float() first')


def quotient(x, n):
    """x / n, for a number or an array; integers are rounded towards 0."""
    if not x.is_floating_point():
        return made((x.array / n).astype(np.int64), None)
    return x / (made(n.astype(x.array.dtype), None) if isinstance(n, np.ndarray) else n)


def avg_pool(name, dims, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    x, has_batch = checked(name, input, dims, input.shape[-dims - 1 :])
    how = slide(name, x.shape[2:], kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    averageable(name, x)
    found = quotient(sum(windows(x, *how), 2), divisor_override or counts(x.shape[2:], *how, count_include_pad))
    return found if has_batch else found.squeeze(0)


def counts(size, out, kernel, stride, padding, dilation, padded):
    """How many places of each window are inside the input, or inside its padding if that counts."""
    inside = []
    for n, m, k, s, p in zip(size, out, kernel, stride, padding):
        begin = np.arange(m) * s - p
        margin = p if padded else 0
        inside.append(np.minimum(begin + k, n + margin) - np.maximum(begin, -margin))
    if all((lengths == k).all() for lengths, k in zip(inside, kernel)):
        return prod(kernel)
    return prod(np.ix_(*inside))


@composed(places="torch nn.functional")
def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean in each window of (N, C, L), where padding counts as 0, or does not count."""
    return avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


@composed(places="nn.functional")
def avg_pool2d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """avg_pool1d for windows of (N, C, H, W); or the sum in each, divided by `divisor_override`."""
    return avg_pool(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


@composed(places="nn.functional")
def avg_pool3d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """avg_pool2d for windows of (N, C, D, H, W)."""
    return avg_pool(
        "avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def lp_pool(name, dims, input, norm_type, kernel_size, stride, ceil_mode):
    places = prod(ints(name, "kernel_size", kernel_size, dims))
    average = avg_pool(name, dims, input**norm_type, kernel_size, stride, 0, ceil_mode, True, None)
    return (sign(average) * relu(abs(average)) * places) ** (1.0 / norm_type)


@composed(places="nn.functional")
def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """(Σ xᵖ)^(1/p) in each window of (N, C, L)."""
    return lp_pool("lp_pool1d", 1, input, norm_type, kernel_size, stride, ceil_mode)


@composed(places="nn.functional")
def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """(Σ xᵖ)^(1/p) in each window of (N, C, H, W)."""
    return lp_pool("lp_pool2d", 2, input, norm_type, kernel_size, stride, ceil_mode)


@composed(places="nn.functional")
def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """(Σ xᵖ)^(1/p) in each window of (N, C, D, H, W)."""
    return lp_pool("lp_pool3d", 3, input, norm_type, kernel_size, stride, ceil_mode)


@composed(places="nn.functional")
def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """x / (k + alpha · mean of x² over the `size` channels around)^beta."""
    x = input
    if x.array.ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {x.array.ndim} dimensions)")
    if not x.array.size:
        return x
    at_least(1, "local_response_norm", "size", (size,))
    averageable("local_response_norm", x)
    squares = (x * x).reshape(x.shape[0], 1, x.shape[1], -1)
    around = windows(squares, squares.shape[2:], (size, 1), (1, 1), (size // 2, 0), (1, 1))
    average = quotient(sum(around, 2), size).reshape(x.shape)
    return x / (average * alpha + k) ** beta


# ------------------------------------------------------------------ windows that share the input


def shares(name, dims, input, output_size):
    """How many windows are asked for along each dim; None keeps a dim's size."""
    if dims > 1 and isinstance(output_size, (tuple, list)):
        if input.array.ndim <= len(output_size):
            raise ValueError(
                f"Input dimension should be at least {len(output_size) + 1}, but it has shape {list(input.shape)}"
            )
        sizes = input.shape[len(input.shape) - len(output_size) :]
        output_size = [n if m is None else m for m, n in zip(output_size, sizes)]
    found = ints(name, "output_size", output_size, dims)
    if isinstance(output_size, (tuple, list)) and len(output_size) != dims:
        raise RuntimeError(f"{name}(): output_size must be {dims} numbers, but got {list(output_size)}")
    at_least(0, name, "output_size", found)
    if not input.is_floating_point():
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}: convert with .float() first')
    return found


def means_of_shares(x, dim, m):
    """The means of m windows that share a dim evenly."""
    begin, end = spans(x.shape[dim], m)
    to = np.repeat(np.arange(m), end - begin)
    source = np.arange(len(to)) - np.repeat(np.cumsum(end - begin) - end, end - begin)
    return resample(x, m, dim, to, source, 1 / (end - begin)[to])


def adaptive_avg_pool(name, dims, input, output_size):
    out = shares(name, dims, input, output_size)
    x, has_batch = checked(name, input, dims, input.shape[-dims:])
    if out == (1,) * dims:
        x = mean(x, tuple(range(2, dims + 2)), keepdim=True)
    else:
        for dim, m in enumerate(out, 2):
            x = means_of_shares(x, dim, m)
    return x if has_batch else x.squeeze(0)


def adaptive_max_pool(name, dims, input, output_size, return_indices):
    out = shares(name, dims, input, output_size)
    x, has_batch = checked(name, input, dims, input.shape[1:])
    return with_places(x, adaptive_maxima(x.array, out), has_batch, return_indices)


@composed(places="torch nn.functional")
def adaptive_avg_pool1d(input, output_size):
    """The means of as many windows as asked for, which share (N, C, L) evenly: window i from ⌊i·L / m⌋ to ⌈(i + 1)·L / m⌉."""
    return adaptive_avg_pool("adaptive_avg_pool1d", 1, input, output_size)


@composed(places="nn.functional")
def adaptive_avg_pool2d(input, output_size):
    """adaptive_avg_pool1d along two dims."""
    return adaptive_avg_pool("adaptive_avg_pool2d", 2, input, output_size)


@composed(places="nn.functional")
def adaptive_avg_pool3d(input, output_size):
    """adaptive_avg_pool1d along three dims."""
    return adaptive_avg_pool("adaptive_avg_pool3d", 3, input, output_size)


@composed(places="nn.functional")
def adaptive_max_pool1d(input, output_size, return_indices=False):
    """The maxima of as many windows as asked for, which share (N, C, L) evenly, and perhaps where they are."""
    return adaptive_max_pool("adaptive_max_pool1d", 1, input, output_size, return_indices)


@composed(places="nn.functional")
def adaptive_max_pool2d(input, output_size, return_indices=False):
    """adaptive_max_pool1d along two dims."""
    return adaptive_max_pool("adaptive_max_pool2d", 2, input, output_size, return_indices)


@composed(places="nn.functional")
def adaptive_max_pool3d(input, output_size, return_indices=False):
    """adaptive_max_pool1d along three dims."""
    return adaptive_max_pool("adaptive_max_pool3d", 3, input, output_size, return_indices)
