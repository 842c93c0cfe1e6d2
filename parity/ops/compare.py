"""Are two results the same: how they are built, and every number, but for rounding?"""

from dataclasses import dataclass, field
from math import sqrt

import numpy as np

from tinygrad_edu.testing import rounding
from tinygrad_edu.testing.judge import ALGEBRA, KAPPA, kappas, ulps

# Where torch's formula is not the plain one: {(operator, stage): (what stands for ALGEBRA, why)}
LOOSER = {
    ("nn.functional.binary_cross_entropy", "second"): (1e-9, "torch adds 1e-12 to what it divides by"),
    ("lgamma", "second"): (1e-9, "torch's trigamma is a short series, right to nine digits"),
}

ROUNDED = 2.0**-10  # of its 24 bits, float32 has 10 left: where fewer are, more than rounding is wrong


@dataclass
class Result:
    """What an engine made of a sample. An array is None for a gradient that did not come: that is zero."""

    built: str = ""
    arrays: list = field(default_factory=list)
    scale: float = 0.0  # of what a derivative was taken of: where its terms cancel, its own size says nothing
    summed: float = 0.0  # of what these are sums of, where no op shows the judge how rounding moves them
    nothing: str = ""  # why nothing is asked, where there is nothing to compare
    exact: bool = False  # every bit must be the same


def difference(ours, theirs, again, exact, algebra=ALGEBRA):
    """How the results differ, in words; None if they do not. `again` and `exact` compute our result once more, and
    torch's in float64, for the judge."""
    if ours.built != theirs.built:
        return f"ours is {ours.built}, torch's {theirs.built}"
    doubtful = {}
    for i, (a, b) in enumerate(zip(ours.arrays, theirs.arrays, strict=True)):
        a, b = filled(a, b), filled(b, a)
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            return f"ours is {a.dtype}{list(a.shape)}, torch's {b.dtype}{list(b.shape)}"
        if theirs.exact:
            if a.tobytes() != b.tobytes():
                return differing(a, b, ~same(a, b)) + ", and every bit should be the same"
        elif a.dtype.kind != "f" or (np.isfinite(a) != np.isfinite(b)).any():
            if not same(a, b).all():
                return differing(a, b, ~same(a, b))
        elif not plainly_close(a, b, theirs.scale, algebra):
            doubtful[i] = a, b
    return beyond_rounding(doubtful, theirs, again, exact) if doubtful else None


def filled(a, like):
    if a is not None:
        return a
    return np.zeros(0) if like is None else np.zeros_like(like)


def same(a, b):
    return (a == b) | ((a != a) & (b != b))


def plainly_close(a, b, scale, algebra):
    """Whether the judge need not be asked: in float64 `algebra` says so; or κ is small, for σ is at least b's own rounding."""
    off = ~same(a, b)
    if not np.isfinite(a[off]).all():
        return False
    eps, scale = np.finfo(b.dtype).eps, np.abs(b[np.isfinite(b)], dtype=np.float64).max(initial=scale)
    allowed = algebra * scale if b.dtype == np.float64 else 0
    a, b = a[off].astype(np.float64), b[off].astype(np.float64)
    return bool((np.abs(a - b) <= np.maximum(allowed, KAPPA * eps / sqrt(12) * np.abs(b))).all())


def beyond_rounding(pairs, theirs, again, exact):
    """The number that rounding explains least, in words; None if it explains all: ours, by κ, or torch's own."""

    def step():
        arrays = again().arrays
        return {i: filled(arrays[i], a) for i, (a, _) in pairs.items()}

    truth, why = {}, ""
    try:
        _, sigma = rounding.spread(step)
    except Exception as error:  # (it moves numbers that may not be moved, of a positive definite matrix)
        truth = in_float64(pairs, exact)
        sigma = {i: rms(b - truth[i]) if i in truth else 0.0 for i, (_, b) in pairs.items()}
        why = f" by torch's own rounding; the judge cannot say what rounding does: {error!r}"
    floor = {i: np.finfo(b.dtype).eps / sqrt(12) * theirs.summed for i, (_, b) in pairs.items()}
    found = {i: kappas(*pair, np.maximum(sigma[i], floor[i])) for i, pair in pairs.items()}
    if max(kappa.max() for kappa in found.values()) > KAPPA:
        for i, b64 in (truth or in_float64(pairs, exact)).items():
            found[i][torchs_own(*pairs[i], b64, theirs.scale)] = 0
    worst = max(found, key=lambda i: found[i].max())
    if (kappa := found[worst].max()) <= KAPPA:
        return None
    return f"{differing(*pairs[worst], found[worst] == kappa)}, κ = {kappa:.3g}{why}"


def in_float64(pairs, exact):
    """What torch itself gets in float64, where it has got float32 and can."""
    narrow = {i: b for i, (_, b) in pairs.items() if b.dtype == np.float32}
    try:
        arrays = exact().arrays if narrow else ()
    except (RuntimeError, TypeError):
        return {}
    truth = {i: filled(arrays[i], b.astype(np.float64)) for i, b in narrow.items()}
    return {i: t for i, t in truth.items() if t.shape == narrow[i].shape}


def torchs_own(a, b, truth, scale):
    """Where the rounding is torch's: ours (a) is as near to the truth as its float32 (b), and that is not far."""
    off, scale = np.abs(b - truth), np.abs(truth[np.isfinite(truth)]).max(initial=scale)
    return (np.abs(a - truth) <= off) & (off <= ROUNDED * scale)


def rms(a):
    return float(np.sqrt(np.mean(np.square(a))))


def differing(a, b, where):
    """The first pair of entries where `where` is."""
    at = np.unravel_index(np.argmax(where), where.shape)
    place = f" at {[int(n) for n in at]}" if at else ""
    return f"ours {a[at]}, torch {b[at]}{place}"


def worst_ulp(ours, theirs):
    """How many float32 numbers apart the results are, at most."""
    pairs = [(a, b) for a, b in zip(ours.arrays, theirs.arrays) if a is not None and b is not None]
    known = [(a, b, np.isfinite(a) & np.isfinite(b)) for a, b in pairs if a.dtype == b.dtype == np.float32]
    return max((ulps(a[finite], b[finite]) for a, b, finite in known), default=0)
