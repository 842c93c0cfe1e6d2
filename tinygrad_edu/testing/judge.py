"""When are two numbers the same? The judge's rules.

A rule says which share of what it allows a difference uses up: agreement is at most 1. docs/judge.md has the measured
distributions that the limits come from, and why tolerances, ULP and worst-case bounds do not do.
"""

import numpy as np

KAPPA = 64  # |Δ| / σ, with σ by `rounding.spread`: honest steps reach 31, an error of 1e-4 in one rule brings 156
UPDATE = 4  # |Δ| / (eps Σ |terms|), with the terms of an update by `updates.terms`: honest updates reach 1.6
ALGEBRA = 1e-12  # in float64, of a tensor's scale: rounding stays seven times below, so only a wrong formula gets there


class Bits:
    """Equal in every bit."""

    words = "equal bits"

    def used(self, ours, theirs, sigma=None):
        return 0.0 if ours.tobytes() == theirs.tobytes() else np.inf


class Scaled:
    """Off by at most `bound` times the largest magnitude that the reference has shown so far.

    Near the optimum a gradient is a sum of large terms that cancel, and its own size says nothing about their rounding.
    """

    def __init__(self, bound):
        self.bound, self.scale = bound, 0.0
        self.words = f"{bound:.2g} × scale"

    def used(self, ours, theirs, sigma=None):
        self.scale = max(self.scale, float(np.abs(theirs).max(initial=0.0)))
        return share(distance(ours, theirs), self.bound * self.scale)


class Absolute:
    """Off by at most `bound`, which may be infinite where a difference is to be seen and not judged."""

    def __init__(self, bound):
        self.bound = bound
        self.words = f"{bound:.2g}" if bound < np.inf else "no bound"

    def used(self, ours, theirs, sigma=None):
        return share(distance(ours, theirs), self.bound)


class Spread:
    """Off, in each entry, by at most `limit` times what rounding can do to that entry."""

    def __init__(self, limit, words="κ ≤ {}"):
        self.limit = limit
        self.words = words.format(limit)

    def used(self, ours, theirs, sigma):
        return float(kappas(ours, theirs, sigma).max(initial=0.0)) / self.limit


def distance(ours, theirs):
    """max |ours - theirs|, subtracted in float64."""
    return float(np.abs(ours.astype(np.float64) - theirs).max(initial=0.0))


def share(distance, allowed):
    return 0.0 if distance == 0 else np.inf if allowed == 0 else distance / allowed


def kappas(ours, theirs, sigma):
    """κ = |Δ| / σ entry by entry: 0 where both are the same (two NaN are), infinite where nothing can be said."""
    same = (ours == theirs) | ((ours != ours) & (theirs != theirs))
    with np.errstate(all="ignore"):
        kappa = np.abs(ours.astype(np.float64) - theirs) / sigma
    return np.where(same, 0.0, np.where(np.isnan(kappa), np.inf, kappa))


def ulps(ours, theirs):
    """How many floating-point numbers apart the two arrays are, at most.

    Read as an integer, a positive float is its rank among the positive ones; a negative float's rank is mirrored. The
    distance of two ranks of opposite signs may need all 64 bits, so they are subtracted as unsigned integers."""

    def rank(x):
        bits = np.ascontiguousarray(x).reshape(-1).view(f"i{x.itemsize}").astype(np.int64)
        return np.where(bits < 0, -(2 ** (8 * x.itemsize - 1)) - bits, bits)

    a, b = rank(ours), rank(theirs)
    return int((np.maximum(a, b).view(np.uint64) - np.minimum(a, b).view(np.uint64)).max(initial=0))
