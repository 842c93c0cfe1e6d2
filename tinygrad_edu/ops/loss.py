"""How wrong a prediction is, as one number: the losses, in torch's order of operations."""

import math

import numpy as np

from ..dtype import as_dtype
from ..op import op
from ..tensor import Tensor, made
from ..users import warn
from .activations import logsigmoid
from .elementwise import logistic
from .index import put

probability = lambda rng, shape: rng.uniform(0.1, 0.9, shape)


def reduced(losses, reduction):
    """The losses, their mean, or their sum."""
    if reduction == "none":
        return losses
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction: it is 'none', 'mean' or 'sum'")
    total = np.add.reduce(losses, None)
    return total / losses.size if reduction == "mean" else total


def one_dtype(x, target):
    if x.dtype != target.dtype:
        raise RuntimeError(
            f"Found dtype {as_dtype(target.dtype)} but expected {as_dtype(x.dtype)}: convert the target, target.to(input.dtype)"
        )


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
    places="nn.functional",
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
    one_dtype(x, target)
    losses = (target - 1) * np.maximum(np.log1p(-x), -100) - target * np.maximum(np.log(x), -100)
    loss = reduced(losses if weight is None else losses * weight, reduction)
    if (loss != loss).any():  # NaN, as it is where a p outside [0, 1] has no logarithm
        refuse_improbable(x)
    return loss


def refuse_improbable(x):
    """Raise torch's error if some x is no probability."""
    improbable = ~((x >= 0) & (x <= 1))
    if improbable.any():
        at = tuple(int(i) for i in np.argwhere(improbable)[0])
        why = (
            "it is NaN: detect_anomaly() finds the op that made it"
            if np.isnan(x[at])
            else "did you forget the sigmoid?"
        )
        raise RuntimeError(f"all elements of input should be between 0 and 1, and element {list(at)} is {x[at]}; {why}")


log_sigmoid = logsigmoid.op.forward  # of arrays, and in rules of Tensors too


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
    places="nn.functional",
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
    one_dtype(x, target)
    times = 1 if pos_weight is None else 1 + (pos_weight - 1) * target
    losses = (1 - target) * x - times * log_sigmoid(x)
    return reduced(losses if weight is None else losses * weight, reduction)


@op(
    dx=lambda g, x, target, reduction: per_item(g * (2 * (x - target)), None, reduction),
    dtarget=lambda g, x, target, reduction: per_item(g * (2 * (target - x)), None, reduction),
    places="nn.functional",
    broadcasts=True,
    cases=[([(2, 3), (2, 3)], {}), ([(4,), (4,)], {"reduction": "sum"}), ([(4,), (4,)], {"reduction": "none"})],
)
def mse_loss(x, target, *, reduction="mean"):
    """(x - t)²."""
    one_dtype(x, target)
    if x.shape != target.shape:
        warn(
            f"Using a target size (torch.Size({list(target.shape)})) that is different to the input size"
            f" (torch.Size({list(x.shape)})). This will likely lead to incorrect results due to broadcasting. Please ensure"
            " they have the same size."
        )
    return reduced(np.square(x - target), reduction)


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
    if reduction == "mean":
        counts = counts / (total or 1)
    counted = target != ignore_index
    index = at_class(np.where(counted, target, 0))
    if taped:
        return put(np.where(made(np.asarray(counted), None), -g * made(np.asarray(counts), None), 0), shape, index)
    out = np.zeros(shape, g.dtype)
    out[index] = np.where(counted, -g * counts, 0)
    return out


@op(
    dx=lambda g, shape, target, weight, ignore_index, reduction: share(
        g, shape, target, weight, ignore_index, reduction
    ),
    dtarget=None,
    dweight=None,
    places="nn.functional",
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
    if target.dtype not in (np.int64, np.uint8):
        raise RuntimeError(
            f"expected scalar type Long but found {as_dtype(target.dtype)}: nll_loss wants class numbers, in int64"
        )
    if x.ndim == 2 and target.ndim > 1:
        raise RuntimeError(
            f"0D or 1D target tensor expected, multi-target not supported: the target has shape {list(target.shape)}"
        )
    if target.shape != x.shape[:1] * (x.ndim > 1) + x.shape[2:]:
        raise ValueError(
            f"Expected input batch_size ({x.shape[0]}) to match target batch_size ({target.shape[0] if target.ndim else 1}):"
            f" input has shape {list(x.shape)}, target {list(target.shape)}"
        )
    if weight is not None and weight.shape != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of shape:"
            f" {list(weight.shape)}"
        )
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
