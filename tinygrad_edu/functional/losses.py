"""The losses of probabilities and classes, and what all losses share: how they are reduced."""

import numpy as np

from ..compose import composed
from ..ops import loss
from ..ops.elementwise import exp
from ..ops.index import getitem
from ..ops.piecewise import where
from ..ops.reduce import mean, sum
from ..ops.shape import unsqueeze
from ..ops.softmax import log_softmax
from ..tensor import Tensor
from ..users import warn

# ------------------------------------------------------------------ what they share


def chosen(reduction, size_average, reduce):
    """The reduction, which `size_average=` and `reduce=` said before torch had the word."""
    if size_average is None is reduce and reduction in REDUCTIONS:  # first, for it is called in every step of training
        return reduction
    if size_average is not None or reduce is not None:
        reduction = "none" if reduce in (False, 0) else "sum" if size_average in (False, 0) else "mean"
        warn(f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.")
    elif reduction == "elementwise_mean":
        warn("reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.")
        reduction = "mean"
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction: it is 'none', 'mean' or 'sum'")
    return reduction


def reduced(losses, reduction, size_average=None, reduce=None):
    """The losses, their mean, or their sum."""
    return REDUCTIONS[chosen(reduction, size_average, reduce)](losses)


REDUCTIONS = {"none": lambda losses: losses, "mean": mean, "sum": sum}


# ------------------------------------------------------------------ probabilities


@composed(places="nn.functional")
def binary_cross_entropy(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """-(t log p + (1 - t) log(1 - p)), each logarithm no less than -100.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html"""
    return loss.binary_cross_entropy(input, target, weight, reduction=chosen(reduction, size_average, reduce))


@composed(places="nn.functional")
def binary_cross_entropy_with_logits(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None
):
    """binary_cross_entropy of σ(x), exact where σ(x) rounds to 0 or 1; `pos_weight` multiplies the loss of the positives.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html"""
    reduction = chosen(reduction, size_average, reduce)
    return loss.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction=reduction)


@composed(places="nn.functional")
def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """t (log t - x), for log probabilities x, and t probabilities or, with `log_target`, their logarithms.

    "batchmean" is the sum over all, divided by the first dim's length: the divergence that mathematics defines.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html"""
    if not (input.is_floating_point() and target.is_floating_point()):
        raise RuntimeError(f"kl_div: Integral inputs not supported. Got: {input.dtype} and {target.dtype}")
    losses = exp(target) * (target - input) if log_target else loss.xlogx(target) - target * input
    if size_average is not None or reduce is not None:
        total = reduced(losses, reduction, size_average, reduce)
    else:
        if reduction == "mean":
            warn(
                "reduction: 'mean' divides the total loss by both the batch size and the support size. 'batchmean' divides"
                " only by the batch size, and aligns with the KL div math definition. 'mean' will be changed to behave the"
                " same as 'batchmean' in the next major release."
            )
        total = reduced(losses, "sum" if reduction == "batchmean" else reduction)
    return total / len(input.array) if reduction == "batchmean" and input.array.ndim else total


# ------------------------------------------------------------------ classes


@composed(places="nn.functional")
def nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"):
    """-x[i, t_i], for log probabilities x of shape (N, C, ...) and classes t of shape (N, ...).

    The mean is over the weights of the classes hit; items of class `ignore_index` do not count.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html"""
    reduction = chosen(reduction, size_average, reduce)
    return loss.nll_loss(input, target, weight, ignore_index=ignore_index, reduction=reduction)


@composed(places="nn.functional")
def cross_entropy(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
    label_smoothing=0.0,
):
    """-log softmax(input)[target]: for logits of shape (N, C, ...), and classes (N, ...) or probabilities (N, C, ...).

    With `label_smoothing` ε, the target is (1 - ε) times itself and ε spread evenly over the C classes.
    Raises what `nll_loss` raises. https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.cross_entropy(tg.tensor([[0.0, 0.0]]), tg.tensor([1]))
    tensor(0.6931)
    """
    reduction = chosen(reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if not isinstance(target, Tensor):
        raise TypeError(f"cross_entropy(): argument 'target' (position 2) must be Tensor, not {type(target).__name__}")
    dim = 1 if input.array.ndim > 1 else 0
    logs = log_softmax(input, dim)
    evenly = label_smoothing / max(1, input.array.shape[dim]) if label_smoothing else 0
    if not target.is_floating_point():
        hard = loss.nll_loss(logs, target, weight, ignore_index=ignore_index, reduction=reduction)
        if not label_smoothing:
            return hard
        heard = target != ignore_index
        weighted = logs if weight is None else logs * per_class(weight, logs)
        soft = -where(unsqueeze(heard, dim), weighted, 0)
        counts = heard if weight is None else getitem(weight, (np.where(heard.array, target.array, 0),)) * heard
        spread_loss = averaged(sum(soft, dim), reduction, sum(counts))
        return (1 - label_smoothing) * hard + evenly * spread_loss
    if target.shape != input.shape:
        raise RuntimeError(
            f"probabilities of shape {list(target.shape)} for logits of shape {list(input.shape)}: they must be equal (class numbers must be integers: target.long())"
        )
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target: class probabilities have no class")
    if label_smoothing:
        target = target * (1 - label_smoothing) + evenly
    losses = -(logs * target if weight is None else logs * target * per_class(weight, logs))
    losses = sum(losses, dim)
    return averaged(losses, reduction, losses.array.size)


def per_class(weight, logs):
    """One weight per class, along dim 1."""
    return weight.reshape(-1, *[1] * (logs.array.ndim - 2)) if logs.array.ndim > 1 else weight


def averaged(losses, reduction, count):
    return losses if reduction == "none" else sum(losses) / count if reduction == "mean" else sum(losses)
