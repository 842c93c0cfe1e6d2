"""κ by family: of honest samples, and of each with every rule in it wrong by a ten-thousandth, one rule at a time."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context

import numpy as np

from tinygrad_edu.testing.judge import KAPPA, distance, kappas, share
from tinygrad_edu.testing.rounding import spread
from tinygrad_edu.thread import watching

from ..modules import names as module_names
from ..ops import Missing
from ..ops import names as op_names
from ..ops.walk import quiet
from . import sampled
from .tables import heading, row
from .training import Planted, Rules

NOTHING = "it has no floats"
SMALL = 1e-5  # of a gradient's scale: an error that moves it by less is a tenth of the one that was planted

# what may be asked about: those of these names, or all, and the samples of one
KINDS = {
    "ops": (lambda names: op_names.keys(names or ["core"]), sampled.of_op),
    "modules": (module_names.keys, sampled.of_module),
    "cases": (lambda names: names or sampled.MODELS, sampled.of_model),
}


@dataclass
class Found:
    """What one sample showed. `refused`: why the judge could not measure σ, or which engine raised what."""

    name: str
    family: str
    sample: str
    output: float = 0.0  # the largest honest κ of a value
    gradient: float = 0.0  # ... of a derivative
    torchs: bool = False  # in what exceeds the limit, torch's float32 is no nearer to its float64 than ours is
    planted: dict[str, float] = field(default_factory=dict)  # the largest κ, by the rule that is wrong
    moved: dict[str, float] = field(default_factory=dict)  # ... how far that moves a gradient, of its scale, at most
    unseen: list[str] = field(default_factory=list)  # rules that can be wrong without a bit of the gradients' changing
    refused: str = ""

    @property
    def honest(self):
        return max(self.output, self.gradient)


def judged(sample):
    """The judge's opinion of our numbers as they are, and with an error planted in each rule."""
    found = Found(sample.name, sample.family, sample.words)
    try:
        theirs = floats(sample.theirs())
        honest, sigma = spread(lambda: floats(sample.ours()))
    except Exception as error:  # (σ needs numbers that may be moved: those of a positive definite matrix may not)
        found.refused = f"{type(error).__name__}: {error}".partition("\n")[0]
        return found
    if not honest:
        found.refused = NOTHING
        return found
    found.output, found.gradient = (largest(honest, theirs, sigma, kind) for kind in ("output", "gradient"))
    found.torchs = found.honest > KAPPA and no_nearer(sample, honest, theirs, sigma)
    with watching(Rules()) as rules:
        sample.ours()
    for rule in sorted(rules.seen.keys() - {None}):
        with watching(Planted(rule)):
            wrong = floats(sample.ours())
        if all(wrong[name].tobytes() == a.tobytes() for name, a in honest.items()):
            found.unseen.append(rule)
        else:
            found.planted[rule] = largest(wrong, theirs, sigma, "gradient")
            found.moved[rule] = max(of_scale(wrong[name], a) for name, a in honest.items())
    return found


def floats(arrays):
    return {name: a for name, a in arrays.items() if a.dtype.kind == "f"}


def largest(ours, theirs, sigma, kind):
    """The largest κ of those of a kind."""
    each = [kappas(a, theirs[name], sigma[name]) for name, a in ours.items() if name.startswith(kind)]
    return max((float(kappa.max(initial=0)) for kappa in each), default=0.0)


def of_scale(a, b):
    """max |a - b| / max |b|, of what is finite."""
    finite = np.isfinite(a) & np.isfinite(b)
    return share(distance(a[finite], b[finite]), float(np.abs(b[finite]).max(initial=0)))


def no_nearer(sample, ours, theirs, sigma):
    """Whether in every entry that rounding does not explain torch's float32 is as far from its own float64 as ours is."""
    truth = sample.wide() if sample.wide else {}
    over = {name: kappas(a, theirs[name], sigma[name]) > KAPPA for name, a in ours.items()}
    farther = lambda name: np.abs(ours[name] - truth[name]) <= np.abs(theirs[name] - truth[name])
    return all(name in truth and bool(farther(name)[at].all()) for name, at in over.items() if at.any())


# ------------------------------------------------------------------ all of them


def walk(kind, key, most):
    """What the samples of one op, module or model showed; none if it is not in the library."""
    with quiet():
        try:
            found = [judged(sample) for sample in KINDS[kind][1](key, most)]
        except Missing:
            return []
    return [one for one in found if one.refused != NOTHING]


def walk_all(kind, names, most, jobs):
    """Of all of these, in their order."""
    keys, one = KINDS[kind][0](names), partial(walk, kind, most=most)
    if jobs == 1:
        return [found for key in keys for found in one(key)]
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        return [found for each in pool.map(one, keys) for found in each]


# ------------------------------------------------------------------ in words


def tables(results):
    """A line for each family; what is beyond the limit on either side, sample by sample; what other limits would do."""
    yield from heading(
        *("family", "samples", "values: most", "gradients: median", "99 %", "most", "in"),
        *("planted", "κ: median", "least", f"above {KAPPA}"),
    )
    known = [found for found in results if not found.refused]
    for family in sorted({found.family for found in known}):
        yield row(family, *cells([found for found in known if found.family == family]))
    yield from (row("all", *cells(known)), "", *beyond(known))
    yield from (f"not judged: {f.name} {f.sample}: {f.refused}" for f in results if f.refused)
    planted = [(kappa, found.moved[rule]) for found in known for rule, kappa in found.planted.items()]
    missed = [moved for kappa, moved in planted if kappa <= KAPPA]
    yield f"{sum(len(f.unseen) for f in known)} errors changed no bit, and are not counted."
    yield f"{len(missed)} of {len(planted)} are missed; {sum(m < SMALL for m in missed)} of these moved no gradient by {SMALL} of its scale."
    for limit in (KAPPA / 4, KAPPA / 2, KAPPA):
        alarms, seen = sum(f.honest > limit and not f.torchs for f in known), np.mean([k > limit for k, _ in planted])
        yield f"With the limit at {limit:.0f}: {alarms} false alarms, {seen:.1%} of the errors seen."


def beyond(known):
    for found in sorted(known, key=lambda found: -found.honest):
        if found.honest > KAPPA:
            whose = "torch's own rounding" if found.torchs else "NOT EXPLAINED"
            yield f"honest: {found.name} {found.sample}: κ {found.honest:.3g}: {whose}"
    for found in known:
        for rule, kappa in found.planted.items():
            if kappa <= KAPPA:
                yield f"missed: {found.name} {found.sample}: {rule} κ {kappa:.2g}, moves {found.moved[rule]:.1g} of the scale"


def cells(group):
    """Of some samples: how many; κ of their values and of their gradients, without what is torch's own rounding; κ with
    an error planted."""
    honest = [found for found in group if not found.torchs]
    values, gradients = (np.array([getattr(f, what) for f in honest]) for what in ("output", "gradient"))
    worst = max(honest, key=lambda found: found.gradient).name
    yield from (len(group), f"{values.max():.1f}", f"{np.median(gradients):.2f}", f"{np.quantile(gradients, 0.99):.1f}")
    yield from (f"{gradients.max():.1f}", f"`{worst.removeprefix('nn.functional.')}`" if gradients.any() else "")
    planted = np.array([kappa for found in group for kappa in found.planted.values()])
    yield planted.size or ""
    if planted.size:
        yield from (f"{np.median(planted):.0f}", f"{planted.min():.2g}", f"{np.mean(planted > KAPPA):.1%}")
    else:
        yield from ("", "", "")
