"""When two engines' numbers are the same: the bounds, and a ledger of the worst that was seen of each quantity.

Three rules. What is drawn at random must be equal to the bit. In lock-step, a number may be off by a small multiple of
its tensor's scale: the largest magnitude that the reference has shown in that tensor so far, for near the optimum a
gradient is a sum of large terms that cancel, and its own size says nothing about their rounding. In a free run,
parameters may have drifted by an absolute amount, since they cross zero.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

# One step. In float64, rounding stays seven times or more below the bound, so that only a wrong formula reaches it. In
# float32 the worst of 96 trainings (both data sets, all models and optimizers, 8 seeds) was 2.3e-5, or 190 eps: a mean
# of 1000 slopes that cancelled to a thousandth in its very first step, squared by Adam. Most stay below 2e-6.
LOCKSTEP = {"float64": 1e-12, "float32": 6e-5}

# A whole training, for each parameter. The worst of the same trainings was 1.3e-15 in float64; in float32, in the order
# of the table, 3.6e-7, 1.9e-6, 2.4e-7 and 5e-7. A perceptron's errors die out, since its problem is convex; an mlp's
# grow where a point that a hidden unit just sees in one engine is just out of its sight in the other.
FREE_RUN = {
    ("toy", "perceptron"): {"float64": 1e-14, "float32": 5e-7},
    ("toy", "mlp"): {"float64": 1e-14, "float32": 1e-5},
    ("breast-cancer", "perceptron"): {"float64": 1e-14, "float32": 2e-6},
    ("breast-cancer", "mlp"): {"float64": 1e-14, "float32": 1e-5},
}


class Bits:
    """Equal in every bit."""

    words = "equal bits"

    def used(self, ours, theirs):
        """The share of the bound that the difference uses up: agreement is at most 1."""
        return 0.0 if ours.tobytes() == theirs.tobytes() else np.inf


class Scaled:
    """Off by at most `bound` times the largest magnitude the reference has shown so far."""

    def __init__(self, bound):
        self.bound, self.scale = bound, 0.0
        self.words = f"{bound:.2g} × scale"

    def used(self, ours, theirs):
        self.scale = max(self.scale, float(np.abs(theirs).max(initial=0.0)))
        return share(distance(ours, theirs), self.bound * self.scale)


class Absolute:
    """Off by at most `bound`."""

    def __init__(self, bound):
        self.bound = bound
        self.words = f"{bound:.2g}"

    def used(self, ours, theirs):
        return share(distance(ours, theirs), self.bound)


def drift(options, quantity):
    """A free run's rule. A loss may move four times as far as a parameter: its slope is a mean of inputs, of about 3."""
    bound = FREE_RUN[options.data, options.model][options.dtype]
    return Absolute(4 * bound if quantity == "loss" else bound)


def distance(ours, theirs):
    """max |ours - theirs|, subtracted in float64."""
    return float(np.abs(ours.astype(np.float64) - theirs).max(initial=0.0))


def share(distance, allowed):
    return 0.0 if distance == 0 else np.inf if allowed == 0 else distance / allowed


def ulps(ours, theirs):
    """How many floating-point numbers apart the two arrays are, at most.

    Read as an integer, a positive float is its rank among the positive ones; a negative float's rank is mirrored. The
    distance of two ranks of opposite signs may need all 64 bits, so they are subtracted as unsigned integers."""

    def rank(x):
        bits = x.reshape(-1).view(f"i{x.itemsize}").astype(np.int64)
        return np.where(bits < 0, -(2 ** (8 * x.itemsize - 1)) - bits, bits)

    a, b = rank(ours), rank(theirs)
    return int((np.maximum(a, b).view(np.uint64) - np.minimum(a, b).view(np.uint64)).max(initial=0))


def fault(ours, theirs):
    """Why the two arrays cannot be compared, in words; None if they can."""
    if ours is None or theirs is None:
        return f"only {'the reference' if ours is None else 'our engine'} has it"
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        return f"it is {ours.dtype} of shape {ours.shape}, the reference's {theirs.dtype} of shape {theirs.shape}"
    for whose, values in (("ours", ours), ("the reference's", theirs)):
        if not np.isfinite(values).all():
            return f"{whose} has {values[~np.isfinite(values)].flat[0]} in it"
    return None


@dataclass
class Row:
    """The worst that was seen of one tensor of one quantity, and the first disagreement, if any."""

    quantity: str
    tensor: str
    rule: Bits | Scaled | Absolute
    delta: float = 0.0
    delta_step: int = 0
    ulp: int = 0
    ulp_step: int = 0
    used: float = 0.0
    broken: bool = False
    failed_step: int | None = None
    failure: str | None = None

    def compare(self, step, ours, theirs):
        if reason := fault(ours, theirs):
            self.used, self.broken = np.inf, True
            self.fail(step, reason)
            return
        delta, used = distance(ours, theirs), self.rule.used(ours, theirs)
        ulp = ulps(ours, theirs) if delta else 0
        if delta > self.delta:
            self.delta, self.delta_step = delta, step
        if ulp > self.ulp:
            self.ulp, self.ulp_step = ulp, step
        self.used = max(self.used, used)
        if used > 1:
            self.fail(step, f"|Δ| = {delta:.3g} ({ulp} ULP), and the bound is {self.rule.words}")

    def fail(self, step, reason):
        if self.failure is None:
            self.failed_step, self.failure = step, reason


@dataclass
class Ledger:
    """One kind of comparison: a row for each tensor of each quantity, each with a rule of its own."""

    name: str
    rule_for: Callable[[str], Bits | Scaled | Absolute]
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)

    def compare(self, step, ours, theirs):
        """Enter two snapshots, {quantity: {tensor: array}}. What only one engine has is a disagreement too."""
        for quantity in theirs | ours:
            mine, reference = ours.get(quantity, {}), theirs.get(quantity, {})
            for tensor in reference | mine:
                row = self.rows.setdefault((quantity, tensor), Row(quantity, tensor, self.rule_for(quantity)))
                row.compare(step, mine.get(tensor), reference.get(tensor))

    @property
    def broken(self):
        """Whether something could not be compared at all, such as a NaN: nothing can be computed from there."""
        return any(row.broken for row in self.rows.values())

    @property
    def first_failure(self):
        """The row that disagreed first, None if all agree; within one step, in the order of computation."""
        return min((row for row in self.rows.values() if row.failure), key=lambda row: row.failed_step, default=None)
