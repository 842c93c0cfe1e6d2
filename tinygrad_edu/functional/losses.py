"""The losses that are made of others."""

import numpy as np

from ..compose import composed
from ..ops.index import getitem
from ..ops.loss import nll_loss
from ..ops.piecewise import where
from ..ops.reduce import log_softmax, sum
from ..ops.shape import unsqueeze


@composed(places="nn.functional")
def cross_entropy(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """-log softmax(input)[target]: for logits of shape (N, C, ...), and classes (N, ...) or probabilities (N, C, ...).

    With `label_smoothing` ε, the target is (1 - ε) times itself and ε spread evenly over the C classes.
    Raises what `nll_loss` raises. https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.cross_entropy(tg.tensor([[0.0, 0.0]]), tg.tensor([1]))
    tensor(0.6931)
    """
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    dim = 1 if input.array.ndim > 1 else 0
    logs = log_softmax(input, dim)
    if not target.is_floating_point():
        hard = nll_loss(logs, target, weight, ignore_index=ignore_index, reduction=reduction)
        if not label_smoothing:
            return hard
        heard = target != ignore_index
        weighted = logs if weight is None else logs * per_class(weight, logs)
        soft = -where(unsqueeze(heard, dim), weighted, 0)
        counts = heard if weight is None else getitem(weight, (np.where(heard.array, target.array, 0),)) * heard
        spread_loss = averaged(sum(soft, dim), reduction, sum(counts))
        return (1 - label_smoothing) * hard + label_smoothing / input.array.shape[dim] * spread_loss
    if target.shape != input.shape:
        raise RuntimeError(
            f"probabilities of shape {list(target.shape)} for logits of shape {list(input.shape)}: they must be equal (class numbers must be integers: target.long())"
        )
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / input.array.shape[dim]
    losses = -(logs * target if weight is None else logs * target * per_class(weight, logs))
    items = input.array.size // input.array.shape[dim]
    return averaged(sum(losses, dim), reduction, items)


def per_class(weight, logs):
    """One weight per class, along dim 1."""
    return weight.reshape(-1, *[1] * (logs.array.ndim - 2)) if logs.array.ndim > 1 else weight


def averaged(losses, reduction, count):
    return losses if reduction == "none" else sum(losses) / count if reduction == "mean" else sum(losses)
