"""Windows: what a kernel sees of its input, place by place, as it slides along; and the frames put round the input."""

from itertools import product
from math import prod

import numpy as np

from ..op import op
from .places import apply

# ------------------------------------------------------------------ frames


def framed(x, margins, value=0):
    """x with so many more entries of `value` before and after each of its last dims; negative margins cut."""
    if not any(map(any, margins)):
        return x
    lead = x.shape[: x.ndim - len(margins)]
    frame = [(max(before, 0), max(after, 0)) for before, after in margins]
    x = x[(..., *(slice(max(-before, 0), min(after, 0) or None) for before, after in margins))]
    if not any(map(any, frame)):
        return x.copy()
    out = np.full((*lead, *(b + n + a for n, (b, a) in zip(x.shape[len(lead) :], frame))), value, x.dtype)
    out[(..., *(slice(b, b + n) for n, (b, _) in zip(x.shape[len(lead) :], frame)))] = x
    return out


@op(
    dx=lambda g, pad: apply(constant_pad_nd, g, [-n for n in pad]),
    places="torch",
    cases=[([(2, 3)], {"pad": (1, 2)}), ([(2, 3, 4)], {"pad": (-1, 2, 1, -2), "value": 1.5})],
)
def constant_pad_nd(x, pad, value=0):
    """x with pad = (before, after) entries of `value` at its last dim, then at the one before it, ...; negative ones cut."""
    margins = list(zip(pad[::2], pad[1::2]))[::-1]
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(margins) > x.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length"
            f" {len(pad)} and input of dimension {x.ndim}"
        )
    for n, (before, after) in zip(x.shape[x.ndim - len(margins) :], margins):
        if min(before, 0) + min(after, 0) + n < 0 or before + after + n < 0:
            raise RuntimeError(f"narrow(): length must be non-negative: pad {list(pad)} cuts more than there is of {n}")
    if x.dtype.kind in "iu" and not np.iinfo(x.dtype).min <= value <= np.iinfo(x.dtype).max:
        raise RuntimeError(f"value cannot be converted to type {x.dtype} without overflow: {value}")
    return framed(x, margins, value) if any(pad) else x.copy()


# ------------------------------------------------------------------ windows


def reach(out, kernel, stride, dilation):
    """How far so many windows reach along each dim."""
    return [s * (n - 1) + d * (k - 1) + 1 for n, k, s, d in zip(out, kernel, stride, dilation)]


def margins(size, out, kernel, stride, padding, dilation):
    """The frame in which the windows fit exactly: the padding before, and after whatever that takes."""
    return [(p, far - n - p) for n, p, far in zip(size, padding, reach(out, kernel, stride, dilation))]


def shifts(out, kernel, stride, dilation):
    """For each place in the kernel, row by row, what all the windows have there: slices of the framed input."""
    for place in product(*map(range, kernel)):
        yield (..., *(slice(i * d, i * d + s * (n - 1) + 1, s) for i, n, s, d in zip(place, out, stride, dilation)))


SLIDE = {"kernel": (2, 3), "stride": (2, 1), "padding": (1, 0), "dilation": (1, 2)}
PLAIN = {"kernel": (2, 2), "stride": (1, 1), "padding": (0, 0), "dilation": (1, 1)}


@op(
    dx=lambda g, shape, kernel, stride, padding, dilation: apply(
        overlap_add, g, shape[2:], kernel, stride, padding, dilation
    ),
    places="",
    torch="Im2Col",
    cases=[([(2, 1, 4, 6)], {"out": (3, 2)} | SLIDE), ([(1, 2, 4, 4)], {"out": (3, 3)} | PLAIN)],
)
def windows(x, out, kernel, stride, padding, dilation):
    """What each of `out` windows sees of x, (N, C, *size), by its place in the kernel: (N, C, places, *out)."""
    x = framed(x, margins(x.shape[2:], out, kernel, stride, padding, dilation))
    seen = np.empty((*x.shape[:2], prod(kernel), *out), x.dtype)
    for place, shift in enumerate(shifts(out, kernel, stride, dilation)):
        seen[:, :, place] = x[shift]
    return seen


@op(
    dx=lambda g, shape, kernel, stride, padding, dilation: apply(
        windows, g, shape[3:], kernel, stride, padding, dilation
    ),
    places="",
    torch="Col2Im",
    cases=[([(2, 1, 6, 3, 2)], {"size": (4, 6)} | SLIDE), ([(1, 2, 4, 3, 3)], {"size": (4, 4)} | PLAIN)],
)
def overlap_add(x, size, kernel, stride, padding, dilation):
    """The adjoint of taking windows: every number goes back to its place, and is added to what is there."""
    out = x.shape[3:]
    found = np.zeros((*x.shape[:2], *reach(out, kernel, stride, dilation)), x.dtype)
    for place, shift in enumerate(shifts(out, kernel, stride, dilation)):
        found[shift] += x[:, :, place]
    return framed(found, [(-b, -a) for b, a in margins(size, out, kernel, stride, padding, dilation)])


# ------------------------------------------------------------------ where the maxima are
#
# Of several equal ones, it is the first. A NaN is larger than any number, and of several it is the last.


def maxima(x, out, kernel, stride, padding, dilation):
    """Where in x, (N, C, *size) with its dims flattened, each window has its maximum."""
    size = x.shape[2:]
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min  # outside of x
    frame = framed(x, margins(size, out, kernel, stride, padding, dilation), lowest)
    place = np.min_scalar_type(prod(kernel)).type
    flat, first = places(size, out, kernel, stride, padding, dilation)
    best, at = None, None
    for k, shift in enumerate(shifts(out, kernel, stride, dilation)):
        seen = frame[shift].copy()
        if best is None:
            best, at = seen, np.broadcast_to(first, seen.shape).astype(place)
        else:
            better = (seen > best) | (seen != seen)
            np.maximum(at, better * place(k), out=at)  # the latest k is the largest
            np.maximum(best, seen, out=best)
    window = np.arange(prod(out)).reshape(out)
    return flat.reshape(-1).take(at.astype(np.int64) * window.size + window)


def places(size, out, kernel, stride, padding, dilation):
    """Where in the flattened x each place in the kernel is, by place and by window; and each window's first place inside."""
    flat, first = np.zeros((1, 1), np.int64), np.zeros([1] * len(out), np.int64)
    for dim, (n, m, k, s, p, d) in enumerate(zip(size, out, kernel, stride, padding, dilation)):
        at = np.arange(k)[:, None] * d + np.arange(m) * s - p
        inside = (at >= 0) & (at < n)
        if not inside.any(0).all():
            raise RuntimeError("a window sees nothing but padding, which has no maximum: take less padding or dilation")
        flat = (flat[:, None, :, None] * n + at[:, None]).reshape(-1, flat.shape[1] * m)
        first = first * k + np.argmax(inside, 0).reshape(-1, *[1] * (len(out) - 1 - dim))
    return flat, first


def spans(n, m):
    """Where m windows that share n places evenly begin and end: from i·n / m, rounded down, to (i + 1)·n / m, rounded up."""
    i = np.arange(m)
    return i * n // m, -(-(i + 1) * n // m)


def adaptive_maxima(x, out):
    """Where in x, (N, C, *size) with its dims flattened, each of `out` windows that share it evenly has its maximum."""
    size = x.shape[2:]
    flat, found = np.arange(prod(size)).reshape(size), np.empty((*x.shape[:2], *out), np.int64)
    cuts = [[slice(*ends) for ends in zip(*spans(n, m))] for n, m in zip(size, out)]
    for window in np.ndindex(*out):
        part = tuple(cut[i] for cut, i in zip(cuts, window))
        seen = x[(..., *part)].reshape(*x.shape[:2], flat[part].size)
        nan = seen != seen
        last = seen.shape[2] - 1 - np.argmax(nan[..., ::-1], -1)
        found[(..., *window)] = flat[part].reshape(-1)[np.where(nan.any(-1), last, np.argmax(seen, -1))]
    return found
