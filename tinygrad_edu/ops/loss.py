"""How wrong a prediction is, as one number: the losses that have rules of their own, in torch's order of operations."""

import math

import numpy as np

from ..dtype import as_dtype
from ..op import op
from ..teaching import explained, taught
from ..tensor import Tensor, made
from ..thread import thread
from ..users import package_name
from .activations import log_sigmoid
from .elementwise import logistic, positive
from .index import put

probability = lambda rng, shape: rng.uniform(0.1, 0.9, shape)


def reduced(losses, reduction):
    """The losses, their mean, or their sum."""
    if reduction == "none":
        return losses
    total = np.add.reduce(losses, None)
    return total / losses.size if reduction == "mean" else total


def floats(name, x):
    if x.dtype.kind != "f":
        raise NotImplementedError(f'"{name}" not implemented for {as_dtype(x.dtype)}: convert with .float()')


def weighted(losses, weight):
    """Each loss times its weight, in the losses' own shape and dtype."""
    if weight is None:
        return losses
    try:
        return np.multiply(losses, weight, out=np.asarray(losses), casting="same_kind")
    except ValueError:
        raise RuntimeError(
            f"output with shape {list(losses.shape)} doesn't match the broadcast shape: a weight of {list(weight.shape)}"
            " must stretch to the shape of the losses"
        ) from None


def per_item(d, weight, reduction):
    """The slope at each item, weighted, and divided by their number under the mean."""
    d = d if weight is None else d * weight
    return d / math.prod(d.shape) if reduction == "mean" else d


# torch keeps the denominator of p (1 - p) away from zero by this, a float32 number even in float64.
TINY = float(np.float32(1e-12))


@op(
    dx=lambda g, x, target, weight, reduction: per_item(
        g * (x - target) / np.maximum((1 - x) * x, TINY), weight, reduction
    ),
    dtarget=lambda g, x, weight, reduction: per_item(
        g * (np.maximum(np.log1p(-x), -100) - np.maximum(np.log(x), -100)), weight, reduction
    ),
    dweight=None,
    places="",
    sample=probability,
    cases=[
        ([(4,), (4,), None], {}),
        ([(2, 3), (2, 3), (3,)], {"reduction": "sum"}),
        ([(3,), (3,), None], {"reduction": "none"}),
    ],
)
def binary_cross_entropy(x, target, weight=None, *, reduction="mean"):
    """-(target log x + (1 - target) log(1 - x)), each logarithm no less than -100.

    The slope in x is (x - target) / (x (1 - x)): after a sigmoid, whose slope is x (1 - x), just x - target."""
    if x.shape != target.shape:
        raise ValueError(
            f"Using a target size (torch.Size({list(target.shape)})) that is different to the input size"
            f" (torch.Size({list(x.shape)})) is deprecated. Please ensure they have the same size.\n"
            + pairing(x.shape, target.shape)
        )
    if x.dtype != target.dtype:
        raise RuntimeError(
            f"Found dtype {as_dtype(target.dtype)} but expected {as_dtype(x.dtype)}: convert the target, target.to(input.dtype)"
        )
    floats("binary_cross_entropy", x)
    losses = (target - 1) * np.maximum(np.log1p(-x), -100) - target * np.maximum(np.log(x), -100)
    loss = reduced(weighted(losses, weight), reduction)
    if (loss != loss).any():  # NaN, as it is where a p outside [0, 1] has no logarithm
        refuse_improbable(x)
    return loss


def pairing(shape, other):
    """What is said of a loss whose two sides have not one shape: which items broadcasting would pair, and how to mend it."""
    why, fix = "a loss pairs each prediction with its own target", "give both one shape"
    if {len(shape), len(other)} == {1, 2} and 1 in (shape[-1], other[-1]) and shape[0] == other[0]:
        why += (
            f"; broadcasting would pair each with all: {shape[0]} x {shape[0]} differences in the place of {shape[0]}"
        )
        fix = f"drop the axis of length 1 of the {'target' if len(shape) == 1 else 'input'}, `.squeeze(1)`"
    return explained(why, fix)


def refuse_improbable(x):
    """Raise torch's error if some x is no probability."""
    improbable = ~((x >= 0) & (x <= 1))
    if not improbable.any():
        return
    at = tuple(int(i) for i in np.argwhere(improbable)[0])
    what = f"all elements of input should be between 0 and 1, and element {list(at)} is {x[at]!s}."
    if np.isnan(x[at]):
        for watcher in thread.watchers:
            if trail := watcher.tells(x):
                raise RuntimeError(trail.taught(what))
        why = "nan is no probability: an op before made it, as log(-1) or 0 / 0 do, and each op since has passed it on"
        fix = f"find that op with `{package_name()}.autograd.detect_anomaly()` around the forward, and keep its input where it is defined"
    else:
        why = "the input is read as a probability p, and log(p) and log(1 - p) are real for p from 0 to 1 only"
        fix = "put what is any real number through `sigmoid` first; `BCEWithLogitsLoss` does both, exactly"
    raise RuntimeError(taught(what, why=why, fix=fix))


def logit_slope(x, target, pos_weight):
    """d/dx of the loss below: σ(x) - t where positives weigh no more than negatives."""
    p = logistic(x)
    return p - target if pos_weight is None else (pos_weight * target + 1 - target) * p - pos_weight * target


def logit_odds(x, pos_weight):
    """d/dt of the loss below."""
    return -x if pos_weight is None else -x - (pos_weight - 1) * log_sigmoid(x)


@op(
    dx=lambda g, x, target, weight, pos_weight, reduction: per_item(
        g * logit_slope(x, target, pos_weight), weight, reduction
    ),
    dtarget=lambda g, x, weight, pos_weight, reduction: per_item(g * logit_odds(x, pos_weight), weight, reduction),
    dweight=None,
    dpos_weight=None,
    places="",
    sample={"target": probability, "weight": probability, "pos_weight": probability},
    cases=[
        ([(4,), (4,), None, None], {}),
        ([(2, 3), (2, 3), (3,), (3,)], {"reduction": "sum"}),
        ([(3,), (3,), None, (3,)], {"reduction": "none"}),
    ],
)
def binary_cross_entropy_with_logits(x, target, weight=None, pos_weight=None, *, reduction="mean"):
    """(1 - target) x - log σ(x): the binary cross entropy of σ(x), exact where σ(x) rounds to 0 or 1.

    `pos_weight` multiplies the loss of the positives."""
    if x.shape != target.shape:
        raise ValueError(
            f"Target size (torch.Size({list(target.shape)})) must be the same as input size (torch.Size({list(x.shape)}))\n"
            + pairing(x.shape, target.shape)
        )
    floats("binary_cross_entropy_with_logits", x)
    if target.dtype.kind != "f":
        raise RuntimeError(
            f"result type {as_dtype(x.dtype)} can't be cast to the desired output type {as_dtype(target.dtype)}: convert the"
            " target, target.to(input.dtype)"
        )
    times = 1 if pos_weight is None else 1 + weighted(+target, pos_weight - 1)
    losses = (1 - target) * x - times * log_sigmoid(x)
    return reduced(weighted(losses.astype(target.dtype, copy=False), weight), reduction)


@op(
    dx=lambda g, x, target, reduction: per_item(g * (2 * (x - target)), None, reduction),
    dtarget=lambda g, x, target, reduction: per_item(g * (2 * (target - x)), None, reduction),
    places="",
    broadcasts=True,
    promotes=("x", "target"),
    cases=[([(2, 3), (2, 3)], {}), ([(4,), (4,)], {"reduction": "sum"}), ([(4,), (4,)], {"reduction": "none"})],
)
def mse_loss(x, target, *, reduction="mean"):
    """(x - t)²."""
    floats("mse", x)
    return reduced(np.square(x - target), reduction)


def within(x, delta):
    """The nearest number between -δ and δ; its own slope is 0 on the bounds too."""
    return np.where(np.abs(x) < delta, x, delta * np.sign(x)) if isinstance(x, Tensor) else np.clip(x, -delta, delta)


@op(
    dx=lambda g, x, target, delta: g * within(x - target, delta),
    dtarget=lambda g, x, target, delta: g * within(target - x, delta),
    places="",
    broadcasts=True,
    promotes=("x", "target"),
    cases=[([(2, 6), (2, 6)], {"delta": 0.4})],
)
def huber(x, target, delta):
    """d² / 2 for d = x - t, |d| <= δ, and beyond its tangents δ (|d| - δ / 2): c (d - c / 2), where c, the slope, is d kept within ±δ."""
    floats("huber", x)
    d = x - target
    c = within(d, delta)
    return c * (d - c / 2)


@op(dx=lambda g, x: g * (np.log(x) + x / x), places="", sample=positive, kinks="NaN at 0")
def xlogx(x):
    """x log x, and 0 at x = 0, where torch has NaN for the slope."""
    return np.where(x == 0, 0, x * np.log(x))


def at_class(target):
    """The index of each item's own class in scores of shape (C) or (N, C, ...): an item is a place along the other dims."""
    if not target.ndim:
        return (target,)
    items = [np.arange(n).reshape(-1, *[1] * (target.ndim - 1 - k)) for k, n in enumerate(target.shape)]
    return (items[0], target, *items[1:])


def heard(target, weight, ignore_index, dtype):
    """How much each item counts (the weight of its class, and 0 for the class to ignore), and all together."""
    listened = target != ignore_index
    if weight is None and listened.all():  # nearly always
        return dtype.type(1), dtype.type(target.size)
    counts = listened.astype(dtype) if weight is None else np.where(listened, weight[np.where(listened, target, 0)], 0)
    return counts, counts.sum()


def share(g, shape, target, weight, ignore_index, reduction):
    """The adjoint of picking: minus g, as much as the item counts, at its class; 0 elsewhere."""
    target, weight = (getattr(t, "array", t) for t in (target, weight))
    taped = isinstance(g, Tensor)
    counts, total = heard(target, weight, ignore_index, g.array.dtype if taped else g.dtype)
    counted = target != ignore_index
    if reduction == "mean":
        counts = np.where(counted, counts / total, 0)
    index = at_class(np.where(counted, target, 0))
    if taped:
        return put(np.where(made(np.asarray(counted), None), -g * made(np.asarray(counts), None), 0), shape, index)
    out = np.zeros(shape, g.dtype)
    out[index] = np.where(counted, -g * counts, 0)
    return out


def fitting(x, target, weight):
    """Raise torch's errors unless there is a class for each item, and a weight, if any, for each class."""
    if not x.ndim:
        raise ValueError("Expected 1 or more dimensions (got 0): one score per class")
    if x.ndim > 1 and x.shape[:1] != target.shape[:1]:
        raise ValueError(
            f"Expected input batch_size ({x.shape[0]}) to match target batch_size ({target.shape[0] if target.ndim else 1}):"
            f" input has shape {list(x.shape)}, target {list(target.shape)}"
        )
    if x.ndim < 3 and target.ndim > 1:
        raise RuntimeError(
            f"0D or 1D target tensor expected, multi-target not supported: the target has shape {list(target.shape)}"
        )
    items = x.shape[:1] * (x.ndim > 1) + x.shape[2:]
    if target.shape != items:
        raise RuntimeError(f"Expected target size {list(items)}, got {list(target.shape)}, for scores {list(x.shape)}")
    floats("nll_loss", x)
    if target.dtype not in (np.int64, np.uint8):
        raise RuntimeError(
            f"expected scalar type Long but found {as_dtype(target.dtype)}: nll_loss wants class numbers, in int64"
        )
    if weight is not None and weight.dtype != x.dtype:
        raise RuntimeError(
            f"expected scalar type {as_dtype(x.dtype)} but found {as_dtype(weight.dtype)}: weight.to(...)"
        )
    classes = x.shape[min(1, x.ndim - 1)]
    if weight is not None and weight.shape != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of shape:"
            f" {list(weight.shape)}"
        )


@op(
    dx=lambda g, shape, target, weight, ignore_index, reduction: share(
        g, shape, target, weight, ignore_index, reduction
    ),
    dtarget=None,
    dweight=None,
    places="",
    sample={"target": lambda rng, shape: rng.integers(0, 3, shape), "weight": probability},
    cases=[
        ([(4, 3), (4,), None], {}),
        ([(2, 3, 2), (2, 2), (3,)], {}),
        ([(4, 3), (4,), (3,)], {"reduction": "none"}),
        ([(3,), (), None], {"reduction": "sum"}),
    ],
)
def nll_loss(x, target, weight=None, *, ignore_index=-100, reduction="mean"):
    """-x[i, t_i], for log probabilities x of shape (N, C, ...) and classes t of shape (N, ...).

    The mean is over the weights of the classes hit; items of class `ignore_index` do not count."""
    fitting(x, target, weight)
    classes = x.shape[min(1, x.ndim - 1)]
    counts, total = heard(target, weight, ignore_index, x.dtype)
    if target.size and (target.min() < 0 or target.max() >= classes):
        wrong = (target != ignore_index) & ((target < 0) | (target >= classes))
        if wrong.any():
            raise IndexError(f"Target {target[wrong].ravel()[0]} is out of bounds: there are {classes} classes, from 0")
        target = np.where(target != ignore_index, target, 0)
    losses = -x[at_class(target)] * counts
    if reduction != "mean":
        return reduced(np.where(counts != 0, losses, 0), reduction)
    return np.add.reduce(losses, None) / total
