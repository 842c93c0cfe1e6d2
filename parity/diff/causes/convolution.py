"""Suspects in windows that slide: kernels turned round, groups mixed up, padding on the other side, and the wrong one of equal maxima."""

from itertools import combinations

import numpy as np

from .suspects import Flaw, formula

CONVS = ("conv1d", "conv2d", "conv3d")
DEFAULTS = dict(stride=1, padding=0, dilation=1, groups=1)


def each(value, n):
    """One number for each of n axes."""
    return (value,) * n if np.ndim(value) == 0 else tuple(value) * (n // len(value))


class Window:
    """Where the taps of a kernel of this size read an input of this shape, and how it is padded."""

    def __init__(self, o, shape, kernel, more_in_front=False):
        n = len(kernel)
        self.kernel, self.stride, self.dilation = kernel, each(o.stride, n), each(o.dilation, n)
        spans = [d * (k - 1) for d, k in zip(self.dilation, kernel)]
        if o.padding == "same":
            self.pads = [((s + 1) // 2, s // 2) if more_in_front else (s // 2, (s + 1) // 2) for s in spans]
        else:
            self.pads = [(p, p) for p in each(0 if o.padding == "valid" else o.padding, n)]
        self.long = [a + sum(p) for a, p in zip(shape[2:], self.pads)]
        self.out = [(a - s - 1) // t + 1 for a, s, t in zip(self.long, spans, self.stride)]

    def padded(self, x, value=0):
        return np.pad(x, [(0, 0), (0, 0), *self.pads], constant_values=value)

    def cut(self, x):
        return x[(..., *(slice(p, n - q) for (p, q), n in zip(self.pads, self.long)))]

    def taps(self):
        """(place in the kernel, what it reads of the padded input)."""
        for tap in np.ndindex(*self.kernel):
            starts = [k * d for k, d in zip(tap, self.dilation)]
            yield tap, (..., *(slice(a, a + s * (n - 1) + 1, s) for a, s, n in zip(starts, self.stride, self.out)))


def grouped(a, groups, axis):
    return a.reshape(*a.shape[:axis], groups, a.shape[axis] // groups, *a.shape[axis + 1 :])


def flat(a):
    """A place in the output as one axis."""
    return a.reshape(*a.shape[:3], -1)


def convolved(o, x, w, window):
    x, w, found = grouped(window.padded(x), o.groups, 1), grouped(w, o.groups, 0), 0
    for tap, where in window.taps():
        found = found + w[(..., *tap)] @ flat(x[where])
    return found.reshape(len(x), -1, *window.out)


@formula("output", *CONVS, **DEFAULTS)
def conv(e, kernel=lambda w: w, bias=lambda b: b, in_front=False, shown=lambda y: y, **other):
    """Σ x[place · stride + tap · dilation] w[tap] + b."""
    (x, w, *b), o = e.given, e.options
    for name, value in other.items():
        setattr(o, name, value(getattr(o, name)))
    w = kernel(w)
    y = shown(convolved(o, x, w, Window(o, x.shape, w.shape[2:], in_front)))
    return y + bias(b[0]).reshape(-1, *[1] * (w.ndim - 2)) if b else y


@formula("gradient", *CONVS, **DEFAULTS)
def conv_rule(e, kernel=lambda w: w, bias=np.sum):
    """To the input what each tap passes back to where it has read; to the weight what each tap has met."""
    x, w = e.given[:2]
    o, window = e.options, Window(e.options, x.shape, w.shape[2:])
    g = grouped(e.g, o.groups, 1)
    if e.place == 2:
        return bias(e.g, axis=(0, *range(2, e.g.ndim)))
    if e.place == 1:
        d, met = np.zeros_like(w), grouped(window.padded(x), o.groups, 1)
        for tap, where in window.taps():
            d[(..., *tap)] = (flat(g) @ flat(met[where]).mT).sum(0).reshape(w.shape[:2])
        return d
    d, w = grouped(np.zeros_like(window.padded(x)), o.groups, 1), grouped(kernel(w), o.groups, 0)
    for tap, where in window.taps():
        d[where] += (w[(..., *tap)].mT @ flat(g)).reshape(d[where].shape)
    return window.cut(d.reshape(len(x), -1, *window.long))


conv_rule.flaw(
    "mean for sum",
    "ours is a mean, where a bias, which is added at every place, has the sum of their gradients",
    bias=np.mean,
)


@conv.also
@conv_rule.also
def kernels(e):
    w, groups = e.given[1], e.options.groups
    places = range(2, w.ndim)
    for n in range(len(places), 0, -1):
        for dims in combinations(places, n):
            words = f"ours turns the kernel round along axis {' and '.join(map(str, dims))}: torch's conv is a correlation, which does not turn it"
            yield Flaw("kernel flipped", words, dict(kernel=lambda w, dims=dims: np.flip(w, dims)))
    if w.ndim > 3 and len(set(w.shape[2:])) == 1:
        words = "ours has rows and columns of the kernel exchanged"
        yield Flaw("kernel transposed", words, dict(kernel=lambda w: w.swapaxes(-1, -2)))
    if groups > 1:
        dealt = lambda w: w.reshape(-1, groups, *w.shape[1:]).swapaxes(0, 1).reshape(w.shape)
        words = f"in ours output o belongs to group o mod {groups}, and in torch to one of {groups} equal runs"
        yield Flaw("groups interleaved", words, dict(kernel=dealt))
    if groups > 1 and e.what in conv.kinds:
        back = lambda y: grouped(y, groups, 1).swapaxes(1, 2).reshape(y.shape)
        yield Flaw("groups interleaved", words, dict(kernel=dealt, shown=back))


conv.flaw("bias forgotten", "ours is without the bias", bias=lambda b: 0 * b)
conv.flaw(
    "odd one in front",
    "padding='same' needs an odd number of places here: ours puts the last one before, torch after",
    in_front=True,
)
conv.flaw("padding forgotten", "ours does not pad: padding is {padding} in the reference", padding=lambda p: 0)
conv.flaw("stride forgotten", "ours goes in steps of 1: stride is {stride} in the reference", stride=lambda s: 1)
conv.flaw("dilation forgotten", "ours reads neighbours: dilation is {dilation} in the reference", dilation=lambda d: 1)

# ------------------------------------------------------------------ pooling

POOLS = ("max_pool1d", "max_pool2d", "max_pool3d")


def pooled(e, x, value):
    """The window, and what its taps read, tap after tap."""
    o = e.options
    o.stride = o.kernel_size if o.stride in (None, [], ()) else o.stride
    window = Window(o, x.shape, each(o.kernel_size, x.ndim - 2))
    seen = window.padded(x, value)
    return window, np.stack([seen[where] for _, where in window.taps()])


def first(found):
    return found & (np.cumsum(found, axis=0) == 1)


@formula("gradient", *POOLS, stride=None, padding=0, dilation=1)
def max_pool_rule(e, chosen=first):
    """g to the first of the largest in each window."""
    (x,) = e.given
    window, seen = pooled(e, x, -np.inf)
    to = e.g * chosen(seen == seen.max(0))
    d = window.padded(np.zeros_like(x))
    for (_, where), part in zip(window.taps(), to):
        d[where] += part
    return window.cut(d)


LARGEST = "of equal maxima in a window ours gives g to {}, and torch to the first"
max_pool_rule.flaw(
    "the last of equal maxima", LARGEST.format("the last"), chosen=lambda found: first(found[::-1])[::-1]
)
max_pool_rule.flaw("all of equal maxima", LARGEST.format("all"), chosen=lambda found: found)
max_pool_rule.flaw("all of equal maxima", LARGEST.format("all, shared"), chosen=lambda found: found / found.sum(0))


@formula("output", "avg_pool1d", "avg_pool2d", "avg_pool3d", stride=None, padding=0, dilation=1, count_include_pad=True)
def avg_pool(e, with_padding=lambda yes: yes, average=lambda seen, n: seen.sum(0) / n):
    """The mean of each window; padding counts if count_include_pad."""
    (x,) = e.given
    _, seen = pooled(e, x, 0)
    _, there = pooled(e, np.ones_like(x), 0)
    return average(seen, len(seen) if with_padding(e.options.count_include_pad) else there.sum(0))


avg_pool.flaw(
    "padding counted otherwise",
    "ours counts padding in the mean, or not, against count_include_pad = {count_include_pad}",
    with_padding=lambda yes: not yes,
)
avg_pool.flaw("sum for mean", "ours is the sum over each window", average=lambda seen, n: seen.sum(0))
avg_pool.flaw("maximum for mean", "ours is the largest in each window", average=lambda seen, n: seen.max(0))
