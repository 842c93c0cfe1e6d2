"""Suspects in the losses of one of several classes: a softmax too many or too few, and who counts how much in the mean."""

import numpy as np

from .losses import REDUCED, otherwise_reduced
from .slopes import logistic
from .softmax import log_softmax, softmax
from .suspects import Flaw, formula

CLASSES = dict(reduction="mean", ignore_index=-100, label_smoothing=0.0)
last = lambda a: a if a.ndim == 1 else np.moveaxis(a, 1, -1)
LOGARITHM = {"cross_entropy": log_softmax, "nll_loss": lambda x, dim: x}


def wanted(e, counts, heard, smoothing):
    """(q, n): what share of each class is wanted in each item, times its weight; and how much each item counts.

    Of a target that names shares, and not one class, each item counts 1."""
    x, t, o = last(e.given[0]), e.given[1], e.options
    w = counts(np.ones(x.shape[-1]) if e.input("weight") is None else e.input("weight"))
    if t.shape == e.given[0].shape:
        hit, some = last(t), np.ones(x.shape[:-1])
        n = some
    else:
        some = heard(t, o.ignore_index)
        hit = np.eye(x.shape[-1])[np.where(abs(t) < x.shape[-1], t, 0)]  # of -100, if it is heard, class 0's
        n = (hit * w).sum(-1) * some
    eps = smoothing(o.label_smoothing)
    return ((1 - eps) * hit + eps / x.shape[-1]) * w * some[..., None], n


def over_weights(items, n):
    return items.sum() / n.sum()


def over_items(items, n):
    return items.sum() / items.size


def over_heard(items, n):
    return items.sum() / np.count_nonzero(n)


PARTS = dict(
    counts=lambda w: w,
    heard=lambda t, ignored: t != ignored,
    smoothing=lambda eps: eps,
    of=lambda x: x,
)


@formula("output", *LOGARITHM, **CLASSES)
def class_loss(e, log=None, sign=-1, mean=over_weights, total=None, of=PARTS["of"], **parts):
    """-Σ q log p, and under the mean over the weights of the classes that are hit."""
    shares, n = wanted(e, **{k: parts.get(k, PARTS[k]) for k in ("counts", "heard", "smoothing")})
    logarithms = (log or LOGARITHM[e.op])(of(last(e.given[0])), -1)
    items = sign * np.where(shares != 0, shares * logarithms, 0).sum(-1)
    if total is None and e.options.reduction == "mean":
        return np.asarray(mean(items, n))
    return np.asarray((total or REDUCED[e.options.reduction])(items))


@formula("gradient", *LOGARITHM, **CLASSES)
def class_rule(e, pulled=None, mean=lambda n: n.sum(), **parts):
    """p Σ q - q for cross entropy, and -q for nll_loss; times g, over n under the mean."""
    e.of(0, "input")
    q, n = wanted(e, **{k: parts.get(k, PARTS[k]) for k in ("counts", "heard", "smoothing")})
    x = last(e.given[0])
    d = (pulled or PULLED[e.op])(q, x)
    d = d * (e.g[..., None] if np.ndim(e.g) else e.g) / (mean(n) if e.options.reduction == "mean" else 1)
    return d if x.ndim == 1 else np.moveaxis(d, -1, 1)


PULLED = {"cross_entropy": lambda q, x: softmax(x, -1) * q.sum(-1, keepdims=True) - q, "nll_loss": lambda q, x: -q}

for about in (class_loss, class_rule):
    about.flaw(
        "ignored class heard",
        "ours counts the items of class {ignore_index}, ignore_index, which are to be left out",
        heard=lambda t, ignored: np.ones(t.shape, bool),
    )
    about.flaw("weights not counted", "ours ignores the weights of the classes", counts=lambda w: np.ones_like(w))
    about.flaw(
        "label smoothing off",
        "ours is without label_smoothing, {label_smoothing} in the reference",
        smoothing=lambda eps: 0.0,
    )

WEIGHTED = "ours divides by {}, and the reference by the sum of the weights of the classes that were hit"
class_loss.flaw("weights not counted", WEIGHTED.format("the number of items"), mean=over_items)
class_loss.flaw("weights not counted", WEIGHTED.format("the number of items that are not ignored"), mean=over_heard)
class_rule.flaw("weights not counted", WEIGHTED.format("the number of items"), mean=lambda n: n.size)
class_rule.flaw(
    "weights not counted", WEIGHTED.format("the number of items that are not ignored"), mean=np.count_nonzero
)
class_loss.flaw("wrong sign", "ours is the log likelihood, and the loss is minus that", sign=1)
class_loss.also(otherwise_reduced)


@class_rule.also
def class_counts(e):
    if e.options.reduction == "mean":
        words = "the loss is a mean, and ours passes on the gradient of the sum"
        yield Flaw("sum for mean", words, dict(mean=lambda n: 1))
        words = "ours divides by the number of scores, and the reference by the number of items"
        yield Flaw("mean over scores", words, dict(mean=lambda n, size=e.given[0].size: size))


@class_loss.also
def too_many_or_few(e):
    """A softmax twice, or not at all, or its logarithm forgotten."""
    if e.op == "cross_entropy":
        words = "ours takes the softmax twice: cross_entropy has it inside, and wants the scores before it"
        yield Flaw("double softmax", words, dict(of=lambda x: softmax(x, -1)))
        words = "ours takes a sigmoid before the softmax that cross_entropy has inside"
        yield Flaw("sigmoid before softmax", words, dict(of=logistic))
        words = "ours takes the scores for log probabilities: the softmax is missing"
        yield Flaw("softmax missing", words, dict(log=lambda x, dim: x))
        words = "ours has eˣ / Σ eˣ as it stands, which overflows for large x: take the largest out first"
        yield Flaw("softmax overflows", words, dict(log=lambda x, dim: np.log(softmax(x, dim, top=False))))
    else:
        words = "ours takes log softmax of what already is one: log softmax of its own result is the same, so this was none: nll_loss wants log probabilities"
        yield Flaw("softmax too many", words, dict(log=log_softmax))
        yield Flaw(
            "logarithm too many",
            "ours takes the logarithm, and nll_loss wants it taken",
            dict(log=lambda x, dim: np.log(x)),
        )
    words = "ours has the probabilities themselves, without the logarithm"
    yield Flaw(
        "logarithm missing", words, dict(log=lambda x, dim: softmax(x, dim) if e.op == "cross_entropy" else np.exp(x))
    )


@class_rule.also
def other_class_slopes(e):
    if e.op == "cross_entropy":
        words = "where the slope of cross entropy is softmax(x) - target"
        p = softmax(last(e.given[0]), -1)
        yield Flaw(
            "softmax missing",
            f"ours is x - target, {words}",
            dict(pulled=lambda q, x: x * q.sum(-1, keepdims=True) - q),
        )
        yield Flaw(
            "target not subtracted",
            f"ours is softmax(x), {words}",
            dict(pulled=lambda q, x: p * q.sum(-1, keepdims=True)),
        )
        yield Flaw("only at the target", f"ours is minus the target, {words}", dict(pulled=lambda q, x: -q))
        words = f"ours passes the gradient through softmax's slope once more, {words}: there it has cancelled"
        again = lambda d: p * (d - (d * p).sum(-1, keepdims=True))
        yield Flaw("double softmax", words, dict(pulled=lambda q, x: again(p * q.sum(-1, keepdims=True) - q)))
        twice = lambda q, x: again(softmax(p, -1) * q.sum(-1, keepdims=True) - q)
        yield Flaw(
            "double softmax",
            "ours is the slope of cross entropy of softmax(x): the softmax is taken twice",
            dict(pulled=twice),
        )
