"""The judge of single results: is this difference what rounding can do to what was computed from these very numbers?"""

from dataclasses import dataclass

import numpy as np

from tinygrad_edu.testing.judge import ALGEBRA, KAPPA, kappas, ulps
from tinygrad_edu.testing.rounding import spread

from ..ops.compare import ROUNDED, plainly_close, same

# Where nobody can say how a number was computed, how far it may be off, in shares of the largest magnitude seen so far.
COARSE = {"float16": ROUNDED, "float32": 1e-4, "float64": 1e-10}
LUCK = 4  # our worst entry may be so many times as far off as torch's


@dataclass(frozen=True)
class Verdict:
    """Whether two arrays agree, and the worst entry: how far it is off, plainly, in ULP and in σ (None if not measured)."""

    agrees: bool
    delta: float = 0.0
    ulp: int = 0
    kappa: float | None = 0.0
    index: tuple[int, ...] = ()
    why: str = ""


EQUAL = Verdict(True)


class Judge:
    """Compares arrays. `stochastic`: whether it may make a call again and again, to see what rounding does to it."""

    def __init__(self, stochastic=True):
        self.stochastic, self.scales, self.measured = stochastic, {}, 0

    def judge(self, what, ours, theirs, again=None, exact=None, reach=None, measure=False):
        """The verdicts on pairs of arrays. `again()` computes ours once more, `exact()` the reference's in float64, `reach()`
        says what rounding does besides, where redoing it in `again` does not show it; `what` is the same for what is the
        same in another step. `measure`: κ is wanted even where the answer is plain."""
        verdicts = [self.plain((what, i), a, b) for i, (a, b) in enumerate(zip(ours, theirs))]
        if measure and self.stochastic:
            verdicts = [None if v and v.agrees and v.kappa is None else v for v in verdicts]
        doubtful = [i for i, verdict in enumerate(verdicts) if verdict is None]
        if doubtful:
            sigma = self.sigma(again, ours, doubtful)
            for i in doubtful:
                asked = [f and (lambda f=f, i=i: f()[i]) for f in (exact, reach)]
                verdicts[i] = self.rounded((what, i), ours[i], theirs[i], sigma.get(i), *asked)
        return verdicts

    def plain(self, key, a, b):
        """The verdict that needs no measurement, if there is one."""
        if a is None or b is None or a.shape != b.shape or a.dtype != b.dtype:
            if a is b:
                return EQUAL
            said = ["nothing" if x is None else f"{x.dtype} of shape {list(x.shape)}" for x in (a, b)]
            return Verdict(False, kappa=None, why=f"ours is {said[0]}, torch's {said[1]}")
        if a.tobytes() == b.tobytes() or (equal := same(a, b)).all():
            self.see(key, b)
            return EQUAL
        scale = self.see(key, b)
        if a.dtype.kind != "f" or (np.isfinite(a) != np.isfinite(b)).any() or not np.isfinite(a[~equal]).all():
            index = np.unravel_index(np.argmax(~equal), a.shape)
            return Verdict(False, kappa=None, index=index, why="they must be equal")
        if plainly_close(a, b, scale, ALGEBRA):
            return self.verdict(True, a, b, np.abs(a - b), None)
        return None

    def see(self, key, b):
        if b.dtype.kind != "f":
            return 0.0
        finite = np.abs(b, where=np.isfinite(b), out=np.zeros(b.shape)).max(initial=0.0)
        scale = self.scales[key] = max(self.scales.get(key, 0.0), float(finite))
        return scale

    def sigma(self, again, ours, doubtful):
        """σ of those results, if it can be measured."""
        if not self.stochastic or again is None:
            return {}
        self.measured += 1
        try:
            _, sigma = spread(lambda: dict(enumerate(again())))
        except (
            Exception
        ):  # it moves numbers that may not be moved, of a positive definite matrix; or cannot be called again
            return {}
        return {i: sigma[i] for i in doubtful if i in sigma and sigma[i].shape == ours[i].shape}

    def rounded(self, key, a, b, sigma, exact=None, reach=None):
        delta = np.abs(a.astype(np.float64) - b)
        if sigma is None:
            allowed = COARSE[b.dtype.name] * self.scales[key]
            if (delta <= allowed).all() or not reach or (sigma := attempt(reach)) is None:
                return self.verdict(
                    bool((delta <= allowed).all()), a, b, delta, None, f"{COARSE[b.dtype.name]:g} × scale"
                )
        kappa = kappas(a, b, sigma)
        if kappa.max() > KAPPA and reach and (further := attempt(reach)) is not None:
            kappa = kappas(a, b, np.hypot(sigma, further))
        if kappa.max() > KAPPA and exact and b.dtype == np.float32 and (truth := attempt(exact)) is not None:
            kappa[honest(a, b, truth, self.scales[key])] = 0
        worst = float(kappa.max())
        return self.verdict(worst <= KAPPA, a, b, kappa, worst)

    def verdict(self, agrees, a, b, badness, kappa, bound=f"κ ≤ {KAPPA}"):
        index = np.unravel_index(np.argmax(badness), a.shape)
        delta = abs(float(a[index]) - float(b[index]))
        return Verdict(
            agrees,
            delta,
            ulps(a[index], b[index]),
            kappa,
            tuple(map(int, index)),
            "" if agrees else f"the bound is {bound}",
        )


def honest(a, b, truth, scale):
    """Where ours (a) is as near to the truth as torch's float32 (b) is: some entries of it have more luck than others, so what
    counts is the worst. And that must not be far, or something else than rounding is wrong with it."""
    off, scale = np.abs(b - truth), np.abs(truth[np.isfinite(truth)]).max(initial=scale)
    return (np.abs(a - truth) <= LUCK * off.max()) & (off.max() <= ROUNDED * scale)


def attempt(f):
    """What f gives; None if it cannot."""
    try:
        return f()
    except Exception:
        return None
