"""Convolution: in every window, the sum of what a kernel sees there times the kernel's weights.

It is linear in x and in w, so that T = Σ y · conv(x, w) is linear in each of x, w and y. The slopes of T by y, by x and
by w are three ops, and each of them has the other two for its rules: derivatives of any order come for free.

The kernel's rows (its places along the first dim) are summed over, and its other dims are unrolled: x is laid out in
memory with a shifted copy of itself for each place in a row. What row i meets is then a matrix, and is multiplied as one.
"""

from math import prod

import numpy as np

from ..op import op
from ..sums import total
from .places import apply
from .window import overlap_add, reach, windows

CACHE = 1 << 17  # so many numbers are unrolled at a time: they should stay in the processor's cache


class Rows:
    """How the rows of a kernel meet those of x, which has this shape, (N, C, *size)."""

    def __init__(self, shape, out, kernel, stride, padding, dilation, groups):
        if len(out) == 1:  # a line is an image of height 1
            shape, out, kernel = (*shape[:2], 1, *shape[2:]), (1, *out), (1, *kernel)
            stride, padding, dilation = (1, *stride), (0, *padding), (1, *dilation)
        self.shape, self.kernel, self.groups = shape, kernel, groups
        self.count, self.step, self.apart = out[0], stride[0], dilation[0]
        self.kept = (*reach(out[:1], kernel, stride, dilation), *out[1:])  # all rows of x, and in each the windows
        self.slide = (1, *kernel[1:]), (1, *stride[1:]), padding, (1, *dilation[1:])  # one row of the kernel over x
        self.places = prod(kernel[1:])
        self.block = groups, shape[1] // groups * self.places, self.kept[0], prod(out[1:])

    def portions(self):
        """Slices of the batch, to be unrolled one at a time."""
        n = max(1, CACHE // max(1, prod(self.block)))
        return [slice(start, start + n) for start in range(0, self.shape[0], n)]

    def unrolled(self, x):
        """(N, groups, channels of a group · places in a row, rows of x, windows in a row)."""
        seen = windows.op.forward(x.reshape(len(x), *self.shape[1:]), self.kept, *self.slide)
        return seen.reshape(len(x), *self.block)

    def rolled(self, seen):
        """The adjoint of unrolling."""
        seen = seen.reshape(len(seen), self.shape[1], self.places, *self.kept)
        return overlap_add.op.forward(seen, self.shape[2:], *self.slide)

    def met(self, seen, i):
        """Those rows that row i of the kernel meets: as many as there are rows of windows."""
        first = i * self.apart
        return seen[..., first : first + self.step * (self.count - 1) + 1 : self.step, :]

    def matrix(self, seen, i):
        """The same with one column for each window."""
        return self.met(seen, i).reshape(*seen.shape[:3], self.count * self.block[-1])

    def by_row(self, w):
        """The rows of a kernel, each as (groups, outputs of a group, channels of a group · places in a row)."""
        rows = np.moveaxis(w.reshape(*w.shape[:2], *self.kernel), 2, 0)
        return rows.reshape(len(rows), self.groups, len(w) // self.groups, self.block[1])

    def by_group(self, y):
        """(N, groups, outputs of a group, windows)."""
        return y.reshape(len(y), self.groups, y.shape[1] // self.groups, self.count * self.block[-1])


SLIDE = {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2), "groups": 2}
PLAIN = {"stride": (1,), "padding": (0,), "dilation": (1,), "groups": 1}


@op(
    dx=lambda g, w, shape, stride, padding, dilation, groups: apply(
        conv_input, g, w, shape[2:], stride, padding, dilation, groups
    ),
    dw=lambda g, x, shape, stride, padding, dilation, groups: apply(
        conv_weight, g, x, shape[2:], stride, padding, dilation, groups
    ),
    db=lambda g: total(g, (0, *range(2, len(g.shape)))),
    places="",
    torch="Convolution",
    cases=[
        ([(2, 4, 5, 5), (6, 2, 3, 2), (6,)], {"out": (3, 3)} | SLIDE),
        ([(2, 1, 4), (3, 1, 2), None], {"out": (3,)} | PLAIN),
    ],
)
def conv(x, w, b=None, out=(), stride=(), padding=(), dilation=(), groups=1):
    """Σ w · x in each window, plus b: of (N, C, *size) and (O, C / groups, *kernel) it makes (N, O, *out)."""
    rows = Rows(x.shape, out, w.shape[2:], stride, padding, dilation, groups)
    found = np.zeros((len(x), len(w), *out), x.dtype)
    if b is not None:
        found += b.reshape(-1, *[1] * len(out))
    sums, weights = rows.by_group(found), rows.by_row(w)
    for some in rows.portions():
        seen = rows.unrolled(x[some])
        for i, row in enumerate(weights):
            sums[some] += row @ rows.matrix(seen, i)
    return found


@op(
    dy=lambda g, w, shape, stride, padding, dilation, groups: apply(
        conv, g, w, None, shape[2:], stride, padding, dilation, groups
    ),
    dw=lambda g, y, shape, stride, padding, dilation, groups: apply(
        conv_weight, y, g, shape[2:], stride, padding, dilation, groups
    ),
    places="",
    torch="Convolution",
    cases=[([(2, 6, 3, 3), (6, 2, 3, 2)], {"size": (5, 5)} | SLIDE), ([(2, 3, 3), (3, 1, 2)], {"size": (4,)} | PLAIN)],
)
def conv_input(y, w, size, stride, padding, dilation, groups):
    """The slope of T by x: every y is spread over its window. It is also called transposed convolution."""
    found = np.empty((len(y), groups * w.shape[1], *size), y.dtype)
    rows = Rows(found.shape, y.shape[2:], w.shape[2:], stride, padding, dilation, groups)
    y, weights = rows.by_group(y), rows.by_row(w).mT
    for some in rows.portions():
        seen = np.zeros((len(y[some]), *rows.block), y.dtype)
        for i, row in enumerate(weights):
            met = rows.met(seen, i)
            met += (row @ y[some]).reshape(met.shape)
        found[some] = rows.rolled(seen).reshape(found[some].shape)
    return found


@op(
    dy=lambda g, x, shape, stride, padding, dilation, groups: apply(
        conv, x, g, None, shape[2:], stride, padding, dilation, groups
    ),
    dx=lambda g, y, shape, stride, padding, dilation, groups: apply(
        conv_input, y, g, shape[2:], stride, padding, dilation, groups
    ),
    places="",
    torch="ConvolutionBackward",
    cases=[
        ([(2, 6, 3, 3), (2, 4, 5, 5)], {"kernel": (3, 2)} | SLIDE),
        ([(2, 3, 3), (2, 1, 4)], {"kernel": (2,)} | PLAIN),
    ],
)
def conv_weight(y, x, kernel, stride, padding, dilation, groups):
    """The slope of T by w: what each place in the kernel saw, times the y of that window, over all windows."""
    rows = Rows(x.shape, y.shape[2:], kernel, stride, padding, dilation, groups)
    found = np.zeros((rows.kernel[0], groups, y.shape[1] // groups, rows.block[1]), x.dtype)
    y = rows.by_group(y)
    for some in rows.portions():
        seen = rows.unrolled(x[some])
        for i, row in enumerate(found):
            row += np.add.reduce(y[some] @ rows.matrix(seen, i).mT, 0)
    outputs, channels = groups * y.shape[2], x.shape[1] // groups
    found = np.moveaxis(found.reshape(len(found), outputs, channels, *rows.kernel[1:]), 0, 2)
    return np.ascontiguousarray(found).reshape(outputs, channels, *kernel)
