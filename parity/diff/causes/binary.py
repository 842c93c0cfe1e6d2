"""Suspects in the losses of a yes or no: a sigmoid too many or too few, logarithms of 0, weights that do not count."""

import numpy as np

from .losses import REDUCED, counted, otherwise_counted, otherwise_reduced
from .slopes import logistic, softplus
from .suspects import Flaw, formula

TINY = float(np.float32(1e-12))
logs = lambda p: np.maximum(np.log(p), -100)


def weighted(e, losses):
    w = e.input("weight")
    return losses if w is None else losses * w


@formula("output", "binary_cross_entropy", reduction="mean")
def bce(e, of=lambda p: p, log=logs, weights=weighted, total=None, sign=-1):
    """-(t log p + (1 - t) log(1 - p)), each logarithm at least -100."""
    p, t = e.given[:2]
    p = of(p)
    return np.asarray((total or REDUCED[e.options.reduction])(weights(e, sign * (t * log(p) + (1 - t) * log(1 - p)))))


bce.flaw(
    "double sigmoid",
    "ours takes the sigmoid of what already is a probability: binary_cross_entropy wants σ(x), and its sibling with logits x",
    of=logistic,
)
bce.flaw("log of zero", "ours takes log 0, where torch keeps each logarithm at -100 or above", log=np.log)
bce.flaw(
    "log of zero",
    "ours adds a small number before the logarithm, where torch keeps each logarithm at -100 or above",
    log=lambda p: np.log(p + 1e-8),
)
bce.flaw(
    "log of zero",
    "ours keeps p above 1e-12, where torch keeps each logarithm at -100 or above",
    log=lambda p: np.log(np.maximum(p, 1e-12)),
)
bce.flaw("weights not counted", "ours ignores the weight", weights=lambda e, losses: losses)
bce.flaw("wrong sign", "ours is the log likelihood, and the loss is minus that", sign=1)
bce.also(otherwise_reduced)


@formula("gradient", "binary_cross_entropy", reduction="mean")
def bce_rule(
    e, slope=lambda p, t, tiny: (p - t) / np.maximum((1 - p) * p, tiny), tiny=TINY, weights=weighted, count=counted
):
    """(p - t) / (p (1 - p)), whose denominator is at least float32's 1e-12."""
    e.of(0, "input")
    p, t = e.given[:2]
    return weights(e, e.g * slope(p, t, tiny)) / count(p.shape, e.options.reduction)


OF_BCE = "where the slope in p is (p - t) / (p (1 - p))"
bce_rule.flaw(
    "slope of the logits", f"ours is p - t, the slope in x = σ⁻¹(p), {OF_BCE}", slope=lambda p, t, tiny: p - t
)
bce_rule.flaw(
    "wrong sign",
    f"ours is minus that: it has t - p, {OF_BCE}",
    slope=lambda p, t, tiny: (t - p) / np.maximum((1 - p) * p, tiny),
)
bce_rule.flaw(
    "half of the loss heard", f"ours is -t / p, without the half for 1 - t, {OF_BCE}", slope=lambda p, t, tiny: -t / p
)
bce_rule.flaw("weights not counted", "ours ignores the weight", weights=lambda e, losses: losses)
for tiny in (1e-12, 1e-8, 1e-7, 1e-6, 0.0):
    bce_rule.flaw(
        "another tiny",
        f"ours keeps p (1 - p) above {tiny:g}, and torch above the float32 number next to 1e-12",
        tiny=tiny,
    )
bce_rule.also(otherwise_counted)


@formula("output", "binary_cross_entropy_with_logits", reduction="mean")
def bce_logits(e, of=lambda x: x, log=lambda x: -softplus(-x), weights=weighted, more=lambda w: w, total=None):
    """(1 - t) x - (1 + (w - 1) t) log σ(x), for a weight w of the positives."""
    x, t = e.given[:2]
    x, w = of(x), more(e.input("pos_weight"))
    losses = (1 - t) * x - (1 + (0 if w is None else w - 1) * t) * log(x)
    return np.asarray((total or REDUCED[e.options.reduction])(weights(e, losses)))


bce_logits.flaw(
    "double sigmoid",
    "ours takes the sigmoid twice: this loss has it inside, and wants the scores before it",
    of=logistic,
)
bce_logits.flaw(
    "logits overflow",
    "ours has log σ(x) as -log(1 + e⁻ˣ), where e⁻ˣ overflows for x far below 0: take min(x, 0) out first",
    log=lambda x: -np.log1p(np.exp(-x)),
)
bce_logits.flaw(
    "logits overflow", "ours takes the logarithm of σ(x), which is log 0 far below 0", log=lambda x: np.log(logistic(x))
)
bce_logits.flaw("weights not counted", "ours ignores the weight", weights=lambda e, losses: losses)
bce_logits.flaw(
    "pos_weight ignored",
    "ours ignores pos_weight, by which the loss of the positives is multiplied",
    more=lambda w: None,
)
bce_logits.also(otherwise_reduced)


@bce_logits.also
def without_sigmoid(e):
    x, t = e.given[:2]
    losses = -(t * logs(x) + (1 - t) * logs(1 - x))
    words = "ours takes the scores for probabilities: the sigmoid is missing"
    yield Flaw("sigmoid missing", words, dict(weights=lambda e, _: weighted(e, losses)))


@formula("gradient", "binary_cross_entropy_with_logits", reduction="mean")
def bce_logits_rule(e, slope=lambda x, t: logistic(x) - t, weights=weighted, more=lambda w: w, count=counted):
    """σ(x) - t; positives weigh w times as much."""
    e.of(0, "input")
    x, t = e.given[:2]
    w = more(e.input("pos_weight"))
    d = slope(x, t) if w is None else slope(x, t) * (1 - t) + t * w * slope(x, 1)
    return weights(e, e.g * d) / count(x.shape, e.options.reduction)


OF_LOGITS = "where the slope in x is σ(x) - t"
bce_logits_rule.flaw("sigmoid missing", f"ours is x - t, {OF_LOGITS}", slope=lambda x, t: x - t)
bce_logits_rule.flaw(
    "double sigmoid", f"ours is σ(σ(x)) - t, {OF_LOGITS}", slope=lambda x, t: logistic(logistic(x)) - t
)
bce_logits_rule.flaw(
    "sigmoid's slope too much",
    f"ours has the factor σ(x) (1 - σ(x)), {OF_LOGITS}: there it has cancelled",
    slope=lambda x, t: (logistic(x) - t) * logistic(x) * (1 - logistic(x)),
)
bce_logits_rule.flaw(
    "slope of the probabilities",
    f"ours has the denominator p (1 - p), {OF_LOGITS}: there it has cancelled",
    slope=lambda x, t: (logistic(x) - t) / (logistic(x) * (1 - logistic(x))),
)
bce_logits_rule.flaw("wrong sign", f"ours has t - σ(x), {OF_LOGITS}", slope=lambda x, t: t - logistic(x))
bce_logits_rule.flaw("weights not counted", "ours ignores the weight", weights=lambda e, losses: losses)
bce_logits_rule.flaw(
    "pos_weight ignored",
    "ours ignores pos_weight, by which the loss of the positives is multiplied",
    more=lambda w: None,
)
bce_logits_rule.also(otherwise_counted)
