"""Suspects in sums, means and extremes: over which axis, over how many, and who gets the gradient of a tie."""

import math

import numpy as np

from .evidence import axes
from .suspects import Flaw, formula

REDUCTIONS = {
    "sum": np.sum,
    "mean": np.mean,
    "prod": np.prod,
    "amax": np.max,
    "amin": np.min,
    "logsumexp": lambda x, axis, keepdims: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
}
SPREADS = {"var": lambda v: v, "std": np.sqrt}


@formula("output", *REDUCTIONS, *SPREADS, dim=None, keepdim=False, correction=1)
def reduction(e, dim=None, keepdim=None, less=None):
    """Σ x, Σ x / n, Σ (x - x̄)² / (n - correction) ... over the axes `dim`."""
    (x,), o = e.given, e.options
    where = axes(o.dim if dim is None else dim, x.ndim)
    keep = dict(axis=where, keepdims=o.keepdim if keepdim is None else keepdim)
    if e.op in REDUCTIONS:
        return np.asarray(REDUCTIONS[e.op](x, **keep))
    return np.asarray(SPREADS[e.op](np.var(x, ddof=o.correction if less is None else less, **keep)))


@reduction.also
def reduced_otherwise(e):
    said = f"ours is the {e.op} over axis {{}}, where the reference's is over dim={e.options.dim}"
    for axis in range(e.given[0].ndim):
        yield Flaw("wrong axis", said.format(axis), dict(dim=axis))
    if e.op in SPREADS:
        c = e.options.correction
        said = f"ours divides by {'n' if c else 'n - 1'}, and the reference by n - {c} (correction={c}, NumPy's ddof, which is 0 unless said)"
        yield Flaw("ddof", said, dict(less=0 if c else 1))


@formula("output", "mean", dim=None, keepdim=False)
def average(e, count=lambda x, dim: math.prod(x.shape[i] for i in dim)):
    """Σ x / n."""
    (x,), o = e.given, e.options
    dim = axes(o.dim, x.ndim)
    return np.sum(x, axis=dim, keepdims=o.keepdim) / count(x, dim)


def put_back(g, shape, dim, keepdim):
    """g with the axes that a reduction took away."""
    return g if keepdim else np.expand_dims(g, dim)


@formula("gradient", "sum", "mean", dim=None, keepdim=False)
def average_rule(e, back=put_back, count=lambda x, dim: math.prod(x.shape[i] for i in dim)):
    """g to each of those that were added, over their number n if it is a mean."""
    (x,), o = e.given, e.options
    dim = axes(o.dim, x.ndim)
    shared = e.g if e.op == "sum" else e.g / count(x, dim)
    return np.broadcast_to(back(shared, x.shape, dim, o.keepdim), x.shape)


average_rule.flaw(
    "axis not put back",
    "ours stretches g along another axis than the one that was summed over: put that back first (expand_dims), and then broadcast",
    back=lambda g, shape, dim, keepdim: g,
)


@average.also
@average_rule.also
def counted_otherwise(e):
    (x,) = e.given
    right = math.prod(x.shape[i] for i in axes(e.options.dim, x.ndim))
    axis = lambda n: " or ".join(str(i) for i, m in enumerate(x.shape) if m == n)
    lengths = {n: f"the length of axis {axis(n)}" for n in x.shape} | {x.size: "the number of all entries"}
    for n, what in lengths.items():
        if n != right and e.op == "mean":
            words = f"ours divides by {n}, {what}, where a mean of {right} numbers divides by {right}"
            yield Flaw("wrong count", words, dict(count=lambda x, dim, n=n: n))


@formula("gradient", "amax", "amin", "max", "min", dim=None, keepdim=False)
def largest_rule(e, share=lambda found, dim: found / found.sum(axis=dim, keepdims=True)):
    """g, shared among those that are the largest."""
    (x,), o = e.given, e.options
    dim = axes(o.dim, x.ndim)
    best = np.max if e.op.endswith("max") else np.min
    found = x == best(x, axis=dim, keepdims=True)
    return put_back(e.g, x.shape, dim, o.keepdim) * share(found, dim)


def one_of(found, dim, last):
    """The first, or the last, of those found along the axes."""
    order = [*(i for i in range(found.ndim) if i not in dim), *dim]
    flat = found.transpose(order).reshape(*(found.shape[i] for i in order[: found.ndim - len(dim)]), -1)
    flat = flat[..., ::-1] if last else flat
    one = flat & (np.cumsum(flat, axis=-1) == 1)
    one = one[..., ::-1] if last else one
    return one.reshape([found.shape[i] for i in order]).transpose(np.argsort(order))


TIES = "where several are the largest, ours gives {}, and torch's amax shares g among them"
largest_rule.flaw("ties of amax", TIES.format("the whole of g to each"), share=lambda found, dim: found)
largest_rule.flaw("ties of amax", TIES.format("it to the first"), share=lambda found, dim: one_of(found, dim, False))
largest_rule.flaw("ties of amax", TIES.format("it to the last"), share=lambda found, dim: one_of(found, dim, True))


def others(x, dim):
    """The product of all others along the axes, also where one is 0."""
    order = [*(i for i in range(x.ndim) if i not in dim), *dim]
    flat = x.transpose(order).reshape(*(x.shape[i] for i in order[: x.ndim - len(dim)]), -1)
    before = np.concatenate([np.ones_like(flat[..., :1]), np.cumprod(flat, -1)[..., :-1]], -1)
    after = np.concatenate([np.cumprod(flat[..., ::-1], -1)[..., -2::-1], np.ones_like(flat[..., :1])], -1)
    return (before * after).reshape([x.shape[i] for i in order]).transpose(np.argsort(order))


@formula("gradient", "prod", dim=None, keepdim=False)
def prod_rule(e, slope=others):
    """g times the product of all others."""
    (x,), o = e.given, e.options
    dim = axes(o.dim, x.ndim)
    return put_back(e.g, x.shape, dim, o.keepdim) * slope(x, dim)


prod_rule.flaw(
    "divided by zero",
    "ours has product / x, which is 0 / 0 where x = 0: there the slope is the product of all others",
    slope=lambda x, dim: x.prod(axis=dim, keepdims=True) / x,
)
prod_rule.flaw(
    "the product itself",
    "ours has the whole product, where the slope is the product of all others",
    slope=lambda x, dim: x.prod(axis=dim, keepdims=True),
)


@formula("gradient", "var", "std", dim=None, keepdim=False, correction=1)
def spread_rule(e, less=lambda c: c, centred=lambda x, dim: x - x.mean(axis=dim, keepdims=True), two=2):
    """2 (x - x̄) / (n - correction); of its root that over 2 σ."""
    (x,), o = e.given, e.options
    dim = axes(o.dim, x.ndim)
    n = math.prod(x.shape[i] for i in dim)
    slope = two * centred(x, dim) / (n - less(o.correction))
    if e.op == "std":
        slope = slope / (2 * x.std(axis=dim, keepdims=True, ddof=o.correction))
    return put_back(e.g, x.shape, dim, o.keepdim) * slope


spread_rule.flaw("ddof", "ours divides by another n: correction is {correction} in the reference", less=lambda c: 1 - c)
spread_rule.flaw(
    "mean not taken out", "ours has 2 x / n, where the slope of a variance is 2 (x - x̄) / n", centred=lambda x, dim: x
)
spread_rule.flaw("2 forgotten", "ours lacks the 2 of the square's slope", two=1)


# ------------------------------------------------------------------ running sums, and the order of axes


@formula("gradient", "cumsum", dim=0)
def cumsum_rule(e, running=lambda g, dim: np.flip(np.cumsum(np.flip(g, dim), dim), dim)):
    """The sum of g from each place on: a number is in all later sums."""
    return running(e.g, e.options.dim)


cumsum_rule.flaw(
    "cumsum not turned round",
    "ours runs forward, as the sum does; a number is in all later sums, so its gradient is the sum of g from its place on",
    running=lambda g, dim: np.cumsum(g, dim),
)
cumsum_rule.flaw(
    "a sum is missing", "ours passes g on as it came; a number is in all later sums", running=lambda g, dim: g
)


@formula("output", "cumsum", "cumprod", dim=0)
def running(e, dim=None):
    (x,) = e.given
    return (np.cumsum if e.op == "cumsum" else np.cumprod)(x, e.options.dim if dim is None else dim)


@running.also
def running_along_another(e):
    for axis in range(e.given[0].ndim):
        yield Flaw(
            "wrong axis", f"ours runs along axis {axis}, the reference along dim={e.options.dim}", dict(dim=axis)
        )


@formula("gradient", "permute")
def permute_rule(e, order=np.argsort):
    """g with its axes back in the input's order."""
    (x,) = e.given
    return e.g.transpose(order([int(i) % x.ndim for i in np.ravel(e.options.dims)]))


permute_rule.flaw(
    "permuted again",
    "ours permutes g once more by {dims}; the way back is the inverse order, which is the same for two axes only",
    order=lambda dims: dims,
)
