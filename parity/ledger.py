"""The ledger: of all that two engines computed, the worst that was seen of each tensor, and the first disagreement.

The rules that it applies are the judge's, tinygrad_edu/testing/judge.py."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tinygrad_edu.testing.judge import Absolute, Bits, Scaled, Spread, distance, kappas, ulps

from .cases import BUILD, CASES

# How far each parameter may have moved in a whole training; a loss may move four times as far, for its slope is a mean
# of inputs, of about 3. The worst of 96 trainings (both data sets, all models and optimizers, 8 seeds) was 1.3e-15 in
# float64; in float32, in the order of the table, 3.6e-7, 1.9e-6, 2.4e-7 and 5e-7. A perceptron's errors die out, since
# its problem is convex; an mlp's grow where a point that a hidden unit just sees in one engine is just out of its sight
# in the other. The five below, 8 seeds each, 40 for lenet: in float64 2e-15 to 6e-14, in float32 1.2e-6, 5.5e-6, 4.9e-3,
# 1.7e-5 and 6.2e-5. In lenet that came of a maximum that two pixels share to the last bits, so that each engine may take
# another: 3 trainings met one, all others stay below 3e-7.
FREE_RUN = {
    ("toy", "perceptron"): {"float64": 1e-14, "float32": 5e-7},
    ("toy", "mlp"): {"float64": 1e-14, "float32": 1e-5},
    ("breast-cancer", "perceptron"): {"float64": 1e-14, "float32": 2e-6},
    ("breast-cancer", "mlp"): {"float64": 1e-14, "float32": 1e-5},
    ("text-mlp", None): {"float64": 1e-13, "float32": 1e-5},
    ("char-cnn", None): {"float64": 1e-13, "float32": 5e-5},
    ("lenet", None): {"float64": 1e-13, "float32": 2e-2},
    ("lstm", None): {"float64": 1e-13, "float32": 1e-4},
    ("gpt", None): {"float64": 1e-12, "float32": 5e-4},
}


def bound(options):
    """How far parameters may have moved; infinitely far in an mlp of another build, for deep nets are chaotic.

    With 8 layers of tanh, two float64 trainings that agree in every step end, 300 steps on, at losses of 0.09 and 0.01."""
    another = options.model == "mlp" and any(getattr(options, part) != usual for part, usual in BUILD.items())
    return np.inf if another else FREE_RUN[options.data, options.model][options.dtype]


def drift(options, quantity):
    """A free run's rule. Parameters cross zero, so it is absolute."""
    return Absolute(bound(options) * (4 if quantity == "loss" else 1))


def outcome(options, quantity):
    """The rule for where a free run ends: the same, if it is bounded at all; but an error drifts as the loss does."""
    measure = CASES[options.data].measure
    drifts = quantity == measure.name and not measure.counted
    return drift(options, "loss") if drifts or np.isinf(bound(options)) else Bits()


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


def worst(ours, theirs, sigma=None):
    """Where two arrays differ most: in units of σ, if there is one."""
    differences = np.abs(ours.astype(np.float64) - theirs) if sigma is None else kappas(ours, theirs, sigma)
    return tuple(int(i) for i in np.unravel_index(np.argmax(differences), ours.shape))


@dataclass
class Worst:
    """The largest value so far, and the step that it was seen in."""

    value: float = 0.0
    step: int = 0

    def see(self, value, step):
        if value > self.value:
            self.value, self.step = value, step


@dataclass
class Row:
    """The worst that was seen of one tensor of one quantity, and the first disagreement, if any."""

    quantity: str
    tensor: str
    rule: Bits | Scaled | Absolute | Spread
    delta: Worst = field(default_factory=Worst)
    ulp: Worst = field(default_factory=Worst)
    kappa: Worst = field(default_factory=Worst)
    used: float = 0.0
    broken: bool = False
    failed_step: int | None = None
    failure: str | None = None
    entry: tuple[int, ...] | None = None  # where the first disagreement was worst

    def compare(self, step, ours, theirs, sigma=None):
        if reason := fault(ours, theirs):
            self.used, self.broken = np.inf, True
            self.fail(step, reason)
            return
        delta, used = distance(ours, theirs), self.rule.used(ours, theirs, sigma)
        ulp = ulps(ours, theirs) if delta else 0
        kappa = 0.0 if sigma is None or not delta else float(kappas(ours, theirs, sigma).max())
        self.delta.see(delta, step)
        self.ulp.see(ulp, step)
        self.kappa.see(kappa, step)
        self.used = max(self.used, used)
        if used > 1:
            entry, in_sigma = worst(ours, theirs, sigma), f", κ = {kappa:.3g}" if kappa else ""
            where = f"[{', '.join(map(str, entry))}] " if entry else ""
            self.fail(
                step,
                f"{where}{ours[entry]!s} ≠ {theirs[entry]!s}, |Δ| = {delta:.3g} ({ulp} ULP{in_sigma}),"
                f" and the bound is {self.rule.words}",
                entry,
            )

    def fail(self, step, reason, entry=None):
        if self.failure is None:
            self.failed_step, self.failure, self.entry = step, reason, entry


@dataclass
class Ledger:
    """One kind of comparison: a row for each tensor of each quantity, each with a rule of its own."""

    name: str
    rule_for: Callable[[str], Bits | Scaled | Absolute | Spread]
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)

    def compare(self, step, ours, theirs, sigma=None):
        """Enter two snapshots, arrays by (quantity, tensor). What only one engine has is a disagreement too."""
        for key in theirs | ours:
            row = self.rows.setdefault(key, Row(*key, self.rule_for(key[0])))
            row.compare(step, ours.get(key), theirs.get(key), sigma and sigma.get(key))

    @property
    def broken(self):
        """Whether something could not be compared at all, such as a NaN: nothing can be computed from there."""
        return any(row.broken for row in self.rows.values())

    @property
    def first_failure(self):
        """The row that disagreed first, None if all agree; within one step, in the order of computation."""
        return min((row for row in self.rows.values() if row.failure), key=lambda row: row.failed_step, default=None)


class Runs:
    """What has `runs`, one for each dtype, each with ledgers."""

    @property
    def first_failure(self):
        """The first disagreement, as (dtype, ledger's name, row); None if everything agrees."""
        failures = ((run.dtype, ledger.name, ledger.first_failure) for run in self.runs for ledger in run.ledgers)
        return next((failure for failure in failures if failure[2]), None)

    @property
    def agrees(self):
        return self.first_failure is None
