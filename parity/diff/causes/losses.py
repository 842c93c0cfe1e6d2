"""Suspects in losses: what is taken of what (a sigmoid or softmax too many, or too few), how it is averaged, who counts."""

import math

import numpy as np

from .evidence import Unfit
from .rules import log_softmax, softmax
from .slopes import logistic, softplus
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


# ------------------------------------------------------------------ yes or no

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

# ------------------------------------------------------------------ one of several classes

CLASSES = dict(reduction="mean", ignore_index=-100, label_smoothing=0.0)
last = lambda a: a if a.ndim == 1 else np.moveaxis(a, 1, -1)
LOGARITHM = {"cross_entropy": log_softmax, "nll_loss": lambda x, dim: x}


def wanted(e, counts, heard, smoothing):
    """(q, n): what share of each class is wanted in each item, times its weight; and how much each item counts."""
    x, t, o = last(e.given[0]), e.given[1], e.options
    w = counts(np.ones(x.shape[-1]) if e.input("weight") is None else e.input("weight"))
    some = heard(t, o.ignore_index)
    hit = np.eye(x.shape[-1])[np.where(some, t, 0)] if t.shape != e.given[0].shape else last(t)
    if t.shape == e.given[0].shape:
        some = np.ones(x.shape[:-1])
    eps = smoothing(o.label_smoothing)
    q = ((1 - eps) * hit + eps / x.shape[-1]) * w * np.asarray(some)[..., None]
    return q, (hit * w).sum(-1) * some


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


@formula("output", "kl_div", reduction="mean", log_target=False)
def kl(e, order=lambda x, t: (x, t), total=None):
    """t (log t - x), for x a logarithm."""
    x, t = order(*e.given[:2])
    totals = REDUCED | {"batchmean": lambda losses: losses.sum() / len(losses)}
    t, logarithm = (np.exp(t), t) if e.options.log_target else (t, np.log(t))
    return np.asarray((total or totals[e.options.reduction])(np.where(t > 0, t * (logarithm - x), 0)))


@kl.also
def kl_otherwise(e):
    x, t = e.given[:2]
    words = (
        "ours takes the inputs the other way round: kl_div wants the log probabilities first, and the target's second"
    )
    yield Flaw("inputs exchanged", words, dict(order=lambda x, t: (np.log(t), np.exp(x))))
    words = "ours takes the first input for probabilities, and kl_div wants their logarithms"
    yield Flaw("logarithm too many", words, dict(order=lambda x, t: (np.log(x), t)))
    if e.options.reduction == "mean":
        words = "ours divides by the number of rows (batchmean), and the reference by the number of all entries"
        yield Flaw("mean over rows", words, dict(total=lambda losses: losses.sum() / len(losses)))
    if e.options.reduction == "batchmean":
        words = "ours divides by the number of all entries, and the reference by that of rows (batchmean)"
        yield Flaw("mean for batchmean", words, dict(total=np.mean))
