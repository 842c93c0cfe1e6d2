"""Suspects where numbers are made to have mean 0 and variance 1: over how many, with ε where, and what is remembered of them."""

import math

import numpy as np

from .evidence import Unfit
from .suspects import Flaw, formula

DEFAULTS = dict(eps=1e-5, num_groups=1, training=True, use_input_stats=True, momentum=0.1)


def together(e, x):
    """The input in a shape, and the axes in it whose numbers get one mean and one variance."""
    o = e.options
    if e.op == "layer_norm":
        return x, tuple(range(x.ndim - len(np.atleast_1d(o.normalized_shape)), x.ndim))
    if e.op == "group_norm":
        return x.reshape(len(x), o.num_groups, -1), (2,)
    if e.op == "instance_norm":
        return x, tuple(range(2, x.ndim))
    return x, (0, *range(2, x.ndim))


def statistics(e, x, over):
    """Mean and variance: the batch's own, or those that are remembered."""
    if e.op == "batch_norm" and not e.options.training:
        shape = (1, -1, *[1] * (x.ndim - 2))
        return e.input("running_mean").reshape(shape), e.input("running_var").reshape(shape)
    return x.mean(axis=over, keepdims=True), x.var(axis=over, keepdims=True)


def scaled(e, y, weight=lambda w: w, bias=lambda b: b):
    """y w + b, with a number for each channel, or for each place that layer norm takes together."""
    shape = (1, -1, *[1] * (y.ndim - 2)) if e.op != "layer_norm" else None
    w, b = (
        None if a is None else a if shape is None else a.reshape(shape) for a in (e.input("weight"), e.input("bias"))
    )
    y = y if w is None else y * weight(w)
    return y if b is None else y + bias(b)


NORMS = ("layer_norm", "batch_norm", "group_norm", "instance_norm")
ROOT = lambda v, eps: np.sqrt(v + eps)


@formula("output", *NORMS, **DEFAULTS)
def normalized(
    e,
    root=ROOT,
    variance=lambda v, n: v,
    centre=lambda x, mean: x - mean,
    weight=lambda w: w,
    bias=lambda b: b,
    over=None,
    own=None,
):
    """(x - μ) / √(σ² + ε) w + b."""
    x = e.given[0]
    cut, dims = together(e, x)
    dims = over(cut, dims) if over else dims
    mean, v = own(cut, dims) if own else statistics(e, cut, dims)
    n = math.prod(cut.shape[i] for i in dims)
    y = centre(cut, mean) / root(variance(v, n), e.options.eps)
    return scaled(e, y.reshape(x.shape), weight, bias)


OUTSIDE = "ours divides by σ + ε, where the reference has √(σ² + ε), ε = {eps}"
normalized.flaw("eps outside the root", OUTSIDE, root=lambda v, eps: np.sqrt(v) + eps)
normalized.flaw(
    "eps forgotten", "ours divides by σ, where the reference has √(σ² + ε), ε = {eps}", root=lambda v, eps: np.sqrt(v)
)
normalized.flaw(
    "eps squared",
    "ours has √(σ² + ε²), where the reference has √(σ² + ε), ε = {eps}",
    root=lambda v, eps: np.sqrt(v + eps * eps),
)
normalized.flaw("variance for σ", "ours divides by σ² + ε, without the root", root=lambda v, eps: v + eps)
normalized.flaw(
    "ddof",
    "ours standardizes by the variance over n - 1; layers divide by that over n (only what batch norm remembers is over n - 1)",
    variance=lambda v, n: v * n / (n - 1),
)
normalized.flaw(
    "mean not taken out", "ours divides by σ, but does not take the mean out first", centre=lambda x, mean: x
)
normalized.flaw("weight forgotten", "ours is without the weight", weight=lambda w: 1)
normalized.flaw("bias forgotten", "ours is without the bias", bias=lambda b: 0)


@normalized.also
def other_numbers(e):
    x, _ = together(e, e.given[0])
    for axis in range(x.ndim):
        words = f"ours takes mean and variance over axis {axis} alone, which is not what {e.op} takes together"
        yield Flaw("wrong axis", words, dict(over=lambda x, dims, axis=axis: (axis,)))
    if e.op == "batch_norm" and not e.options.training:
        own = lambda x, dims: (x.mean(axis=dims, keepdims=True), x.var(axis=dims, keepdims=True))
        yield Flaw(
            "batch's own statistics",
            "ours standardizes by the batch's own mean and variance, though not in training: eval() uses those that are remembered",
            dict(own=own),
        )
    elif e.op == "batch_norm" and e.input("running_mean") is not None:
        shape = (1, -1, *[1] * (x.ndim - 2))
        kept = lambda x, dims: (e.input("running_mean").reshape(shape), e.input("running_var").reshape(shape))
        yield Flaw(
            "remembered statistics",
            "ours standardizes by what is remembered, though in training: there it is the batch's own mean and variance",
            dict(own=kept),
        )


@formula("gradient", *NORMS, **DEFAULTS)
def normalized_rule(e, less=lambda g, y, mean: g - mean(g) - y * mean(g * y), root=ROOT, variance=lambda v, n: v):
    """(g - ḡ - y · mean(g y)) / √(σ² + ε), with the weight in g; Σ g y for the weight, Σ g for the bias."""
    x, g = e.given[0], e.g
    cut, dims = together(e, x)
    if e.op == "batch_norm" and not e.options.training:
        raise Unfit("statistics that are constants")
    mean, v = statistics(e, cut, dims)
    sigma = root(variance(v, math.prod(cut.shape[i] for i in dims)), e.options.eps)
    y = (cut - mean) / sigma
    if e.wrt in ("weight", "bias"):
        d = g * y.reshape(x.shape) if e.wrt == "weight" else g
        kept = e.input(e.wrt).ndim
        return d.sum(axis=tuple(range(d.ndim - kept) if e.op == "layer_norm" else (i for i in range(d.ndim) if i != 1)))
    e.of(0, "input")
    g = (scaled(e, g, bias=lambda b: 0)).reshape(cut.shape)
    return (less(g, y, lambda a: a.mean(axis=dims, keepdims=True)) / sigma).reshape(x.shape)


SHIFTS = "where the rule takes from g its mean, for what only shifts x, and its part along the output, for what only stretches x"
normalized_rule.flaw("only shifted", f"ours takes only the mean from g, {SHIFTS}", less=lambda g, y, mean: g - mean(g))
normalized_rule.flaw(
    "only stretched",
    f"ours takes only its part along the output from g, {SHIFTS}",
    less=lambda g, y, mean: g - y * mean(g * y),
)
normalized_rule.flaw(
    "statistics as constants", f"ours is g / σ, {SHIFTS}: mean and variance depend on x, too", less=lambda g, y, mean: g
)
normalized_rule.flaw("eps outside the root", OUTSIDE, root=lambda v, eps: np.sqrt(v) + eps)
normalized_rule.flaw(
    "ddof",
    "ours divides by the root of the variance over n - 1, the reference by that over n",
    variance=lambda v, n: v * n / (n - 1),
)


@formula("output", "rms_norm", eps=None)
def rms_normalized(e, root=ROOT, square=lambda x, dims: (x * x).mean(axis=dims, keepdims=True)):
    """x / √(mean x² + ε) w."""
    x, w, o = e.given[0], e.input("weight"), e.options
    dims = tuple(range(x.ndim - len(np.atleast_1d(o.normalized_shape)), x.ndim))
    eps = np.finfo(e.theirs.dtype).eps if o.eps is None else o.eps
    y = x / root(square(x, dims), eps)
    return y if w is None else y * w


rms_normalized.flaw(
    "eps outside the root",
    "ours divides by the root mean square + ε, where the reference has ε inside the root",
    root=lambda v, eps: np.sqrt(v) + eps,
)
rms_normalized.flaw(
    "mean taken out",
    "ours takes the mean out, as layer norm does, and rms norm does not",
    square=lambda x, dims: x.var(axis=dims, keepdims=True),
)
rms_normalized.flaw(
    "sum for mean",
    "ours divides by the root of the sum of squares, and not of their mean",
    square=lambda x, dims: (x * x).sum(axis=dims, keepdims=True),
)


@formula("update", "batch_norm", "instance_norm", **DEFAULTS)
def remembered(e, rest=lambda momentum: (1 - momentum, momentum), variance=lambda v, n: v * n / (n - 1)):
    """(1 - momentum) · what was remembered + momentum · the batch's; of the variance that over n - 1."""
    x, was = e.given[0], e.input(e.wrt) if e.was(e.wrt) is None else e.was(e.wrt)
    over = (0, *range(2, x.ndim))
    n = x.size // x.shape[1]
    batch = x.mean(axis=over) if e.wrt == "running_mean" else variance(x.var(axis=over), n)
    old, new = rest(e.options.momentum)
    return old * was + new * batch


remembered.flaw(
    "momentum for its rest",
    "ours keeps momentum = {momentum} of what was remembered, and torch 1 - momentum: its momentum is the share of the new",
    rest=lambda m: (m, 1 - m),
)
remembered.flaw(
    "ddof",
    "ours remembers the variance over n, by which the batch is divided, and torch that over n - 1",
    variance=lambda v, n: v,
)
remembered.flaw("nothing kept", "ours remembers the last batch only", rest=lambda m: (0, 1))
remembered.flaw("only added", "ours adds the batch's share without letting go of the old", rest=lambda m: (1, m))
