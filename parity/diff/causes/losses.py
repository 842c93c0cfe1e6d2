"""Suspects in losses: how they are averaged, over what, and which distance they measure."""

import math

import numpy as np

from .evidence import Unfit
from .suspects import Flaw, formula

REDUCED = {"mean": np.mean, "sum": np.sum, "none": lambda losses: losses}

CALLED = {  # (what is wanted, what ours has): how people call it
    ("mean", "sum"): "sum for mean",
    ("sum", "mean"): "mean for sum",
    ("none", "mean"): "reduced",
    ("none", "sum"): "reduced",
    ("mean", "none"): "not reduced",
    ("sum", "none"): "not reduced",
}


def otherwise_reduced(e):
    """The losses' sum where their mean is wanted, and all other exchanges; and a mean that divides by something else."""
    wanted = e.options.reduction
    for other, total in REDUCED.items():
        if other != wanted:
            words = f"ours is the losses with reduction={other!r}, the reference's with {wanted!r}"
            yield Flaw(CALLED[wanted, other], words, dict(total=total))
    if wanted == "mean":
        if e.given[1].ndim < 2:
            return
        rows = lambda losses: losses.sum() / len(losses)
        words = "ours divides the sum of the losses by {}, and the reference by the number of all losses"
        yield Flaw("mean over rows", words.format("the number of rows"), dict(total=rows))
        columns = lambda losses: losses.sum() / losses.shape[-1]
        yield Flaw("mean over columns", words.format("the length of the last axis"), dict(total=columns))


# ------------------------------------------------------------------ distances

DISTANCES = {
    "mse_loss": (lambda d, o: d * d, lambda d, o: 2 * d),
    "l1_loss": (lambda d, o: np.abs(d), lambda d, o: np.sign(d)),
    "smooth_l1_loss": (
        lambda d, o: np.where(np.abs(d) < o.beta, d * d / 2 / o.beta, np.abs(d) - o.beta / 2),
        lambda d, o: np.clip(d / o.beta, -1, 1),
    ),
    "huber_loss": (
        lambda d, o: np.where(np.abs(d) < o.delta, d * d / 2, o.delta * (np.abs(d) - o.delta / 2)),
        lambda d, o: np.clip(d, -o.delta, o.delta),
    ),
}
THEIR_DEFAULTS = dict(reduction="mean", beta=1.0, delta=1.0)


@formula("output", *DISTANCES, **THEIR_DEFAULTS)
def distance_loss(e, loss=None, total=None):
    """f(x - t)."""
    x, t = e.given[:2]
    return np.asarray((total or REDUCED[e.options.reduction])((loss or DISTANCES[e.op][0])(x - t, e.options)))


distance_loss.also(otherwise_reduced)


@distance_loss.also
def another_distance(e):
    half = DISTANCES[e.op][0]
    yield Flaw(
        "half",
        "ours has a factor 1/2, which the textbook's squared error has and torch's has not",
        dict(loss=lambda d, o: half(d, o) / 2),
    )
    for name, (loss, _) in DISTANCES.items():
        if name != e.op:
            yield Flaw("another loss", f"ours is {name}, the reference {e.op}", dict(loss=loss))
    yield Flaw(
        "root of the mean square",
        "ours is the root of the reference: RMSE for MSE",
        dict(total=lambda losses: np.sqrt(losses.mean())),
    )


@formula("gradient", *DISTANCES, **THEIR_DEFAULTS)
def distance_rule(e, slope=None, count=None):
    """g f'(x - t), over the number of losses if their mean was taken; minus that for the target."""
    x, t = e.given[:2]
    d = e.g * (slope or DISTANCES[e.op][1])(x - t, e.options)
    d = d / (count or counted)(np.broadcast_shapes(x.shape, t.shape), e.options.reduction)
    if x.shape != t.shape:
        raise Unfit("shapes that stretch")
    return d if e.place == 0 else -d


def counted(shape, reduction):
    """The number of losses, if it is their mean that was taken."""
    return math.prod(shape) if reduction == "mean" else 1


def otherwise_counted(e):
    if e.options.reduction == "mean":
        words = "the loss is a mean over {} losses, and ours passes on the gradient of {}"
        n = math.prod(e.given[0].shape)
        yield Flaw("sum for mean", words.format(n, "their sum"), dict(count=lambda shape, reduction: 1))
        yield Flaw(
            "mean over rows", words.format(n, "a mean over the rows"), dict(count=lambda shape, reduction: shape[0])
        )
    if e.options.reduction == "sum":
        mean = dict(count=lambda shape, reduction: math.prod(shape))
        yield Flaw("mean for sum", "the loss is a sum, and ours passes on the gradient of the mean", mean)


distance_rule.also(otherwise_counted)


@distance_rule.also
def another_slope(e):
    right = DISTANCES[e.op][1]
    yield Flaw(
        "wrong sign", "ours has t - x, where the slope in x is that of x - t", dict(slope=lambda d, o: -right(d, o))
    )
    yield Flaw(
        "2 forgotten",
        "ours lacks a factor 2: the slope of (x - t)² is 2 (x - t)",
        dict(slope=lambda d, o: right(d, o) / 2),
    )
    for name, (_, slope) in DISTANCES.items():
        if name != e.op:
            yield Flaw("another loss", f"ours is the slope of {name}, and the loss {e.op}", dict(slope=slope))


# ------------------------------------------------------------------ distributions


@formula("output", "kl_div", reduction="mean", log_target=False)
def kl(e, order=lambda x, t: (x, t), total=None):
    """t (log t - x), for x a logarithm."""
    x, t = order(*e.given[:2])
    totals = REDUCED | {"batchmean": lambda losses: losses.sum() / len(losses)}
    t, logarithm = (np.exp(t), t) if e.options.log_target else (t, np.log(t))
    return np.asarray((total or totals[e.options.reduction])(np.where(t > 0, t * (logarithm - x), 0)))


@kl.also
def kl_otherwise(e):
    words = "ours takes the inputs the other way round: kl_div wants the input's logarithms first"
    yield Flaw("inputs exchanged", words, dict(order=lambda x, t: (np.log(t), np.exp(x))))
    words = "ours takes the first input for probabilities, and kl_div wants their logarithms"
    yield Flaw("logarithm too many", words, dict(order=lambda x, t: (np.log(x), t)))
    if e.options.reduction == "mean":
        words = "ours divides by the number of rows (batchmean), and the reference by the number of all entries"
        yield Flaw("mean over rows", words, dict(total=lambda losses: losses.sum() / len(losses)))
    if e.options.reduction == "batchmean":
        words = "ours divides by the number of all entries, and the reference by that of rows (batchmean)"
        yield Flaw("mean for batchmean", words, dict(total=np.mean))
