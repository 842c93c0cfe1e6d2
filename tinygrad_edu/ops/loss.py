"""How wrong a prediction is, as one number: the losses, in torch's order of operations."""

import math
import warnings

import numpy as np

from ..dtype import as_dtype
from ..op import op
from ..tensor import Tensor

probability = lambda rng, shape: rng.uniform(0.1, 0.9, shape)


def reduced(losses, reduction):
    """The losses, their mean, or their sum."""
    if reduction == "none":
        return losses
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction: it is 'none', 'mean' or 'sum'")
    total = np.add.reduce(losses, None)
    return total / losses.size if reduction == "mean" else total


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
    method=False,
    sample=probability,
    cases=[
        ([(4,), (4,), None], {}),
        ([(2, 3), (2, 3), (3,)], {"reduction": "sum"}),
        ([(3,), (3,), None], {"reduction": "none"}),
    ],
)
def binary_cross_entropy(x, target, weight=None, *, reduction="mean"):
    """-(t log p + (1 - t) log(1 - p)), each logarithm no less than -100.

    The slope in p is (p - t) / (p (1 - p)): after a sigmoid, whose slope is p (1 - p), just p - t."""
    if x.shape != target.shape:
        raise ValueError(
            f"Using a target size (torch.Size({list(target.shape)})) that is different to the input size"
            f" (torch.Size({list(x.shape)})) is deprecated. Please ensure they have the same size: squeeze() the one, or"
            " unsqueeze() the other."
        )
    if not ((x >= 0) & (x <= 1)).all():
        i = np.unravel_index(np.argmin((x >= 0) & (x <= 1)), x.shape)
        why = (
            "it is NaN: find the op that made it with detect_anomaly()"
            if np.isnan(x[i])
            else "did you forget the sigmoid?"
        )
        raise RuntimeError(
            f"all elements of input should be between 0 and 1, and element {[int(n) for n in i]} is {x[i]}; {why}"
        )
    losses = (target - 1) * np.maximum(np.log1p(-x), -100) - target * np.maximum(np.log(x), -100)
    return reduced(losses if weight is None else losses * weight, reduction)


def log_sigmoid(x):
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def logit_slope(x, target, pos_weight):
    """d/dx of the loss below: σ(x) - t where positives weigh no more than negatives."""
    p = 1 / (1 + np.exp(-x))
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
    method=False,
    sample={"target": probability, "weight": probability, "pos_weight": probability},
    cases=[
        ([(4,), (4,), None, None], {}),
        ([(2, 3), (2, 3), (3,), (3,)], {"reduction": "sum"}),
        ([(3,), (3,), None, (3,)], {"reduction": "none"}),
    ],
)
def binary_cross_entropy_with_logits(x, target, weight=None, pos_weight=None, *, reduction="mean"):
    """The loss above of σ(x), which is exact where σ(x) rounds to 0 or 1: (1 - t) x - log σ(x).

    `pos_weight` multiplies the loss of the positives."""
    if x.shape != target.shape:
        raise ValueError(
            f"Target size (torch.Size({list(target.shape)})) must be the same as input size (torch.Size({list(x.shape)})):"
            " squeeze() the one, or unsqueeze() the other."
        )
    times = 1 if pos_weight is None else 1 + (pos_weight - 1) * target
    losses = (1 - target) * x - times * log_sigmoid(x)
    return reduced(losses if weight is None else losses * weight, reduction)


@op(
    dx=lambda g, x, target, reduction: per_item(g * (2 * (x - target)), None, reduction),
    dtarget=lambda g, x, target, reduction: per_item(g * (2 * (target - x)), None, reduction),
    method=False,
    broadcasts=True,
    promotes=("x", "target"),
    cases=[([(2, 3), (2, 3)], {}), ([(4,), (4,)], {"reduction": "sum"}), ([(4,), (4,)], {"reduction": "none"})],
)
def mse_loss(x, target, *, reduction="mean"):
    """(x - t)²."""
    if x.shape != target.shape:
        warnings.warn(
            f"Using a target size (torch.Size({list(target.shape)})) that is different to the input size"
            f" (torch.Size({list(x.shape)})). This will likely lead to incorrect results due to broadcasting. Please ensure"
            " they have the same size.",
            UserWarning,
            stacklevel=4,
        )
    return reduced(np.square(x - target), reduction)


def class_weights(target, shape, weight, ignore_index, reduction):
    """Minus what each log probability counts for: the weight of the item's class at its class, 0 elsewhere."""
    target = target.array if isinstance(target, Tensor) else target
    weight = weight.array if isinstance(weight, Tensor) else weight
    hit = (
        np.arange(shape[1]).reshape(-1, *[1] * (len(shape) - 2)) == np.expand_dims(target, 1)
        if len(shape) > 1
        else np.arange(shape[0]) == target
    )
    heard = np.expand_dims(target != ignore_index, 1) if len(shape) > 1 else target != ignore_index
    counts = hit & heard
    if weight is not None:
        counts = counts * (weight.reshape(-1, *[1] * (len(shape) - 2)) if len(shape) > 1 else weight)
    return counts / counts.sum() if reduction == "mean" else counts


@op(
    dx=lambda g, shape, target, weight, ignore_index, reduction: (
        -(np.expand_dims(g, 1) if reduction == "none" and len(shape) > 1 else g)
        * class_weights(target, shape, weight, ignore_index, reduction)
    ),
    dtarget=None,
    dweight=None,
    method=False,
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
    classes = x.shape[1 if x.ndim > 1 else 0]
    if target.dtype.kind not in "iu":
        raise RuntimeError(
            f"expected scalar type Long but found {as_dtype(target.dtype)}: nll_loss wants class numbers"
        )
    if target.shape != x.shape[:1] * (x.ndim > 1) + x.shape[2:]:
        raise ValueError(
            f"Expected input batch_size ({x.shape[0]}) to match target batch_size ({target.shape[0] if target.ndim else 1}):"
            f" input has shape {list(x.shape)}, target {list(target.shape)}"
        )
    heard = target != ignore_index
    wrong = heard & ((target < 0) | (target >= classes))
    if wrong.any():
        raise IndexError(f"Target {target[wrong].ravel()[0]} is out of bounds: there are {classes} classes, from 0")
    safe = np.where(heard, target, 0)
    picked = np.take_along_axis(x, np.expand_dims(safe, 1), 1).squeeze(1) if x.ndim > 1 else x[safe]
    weights = heard * (1 if weight is None else weight[safe])
    losses = np.where(heard, -picked * weights, 0).astype(x.dtype)
    if reduction != "mean":
        return reduced(losses, reduction)
    return (np.add.reduce(losses, None) / weights.sum()).astype(x.dtype)
