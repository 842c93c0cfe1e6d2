"""Losses that ask for a margin: what is right must score higher than what is wrong by that much, and then costs nothing."""

import numpy as np

from ..compose import composed
from ..ops.activations import logsigmoid
from ..ops.elementwise import exp, log1p, mul, relu, sqrt, sub
from ..ops.index import getitem
from ..ops.piecewise import clamp, minimum, where
from ..tensor import made
from .distances import pairwise_distance
from .losses import chosen, reduced

TINY = 1e-12  # what torch adds to squared lengths


def hinge(x):
    """max(x, 0), with slope 1 at 0."""
    return clamp(x, 0)


@composed(places="nn.functional")
def hinge_embedding_loss(input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"):
    """x, a distance, where t = 1 (alike), and max(margin - x, 0) where t = -1."""
    losses = where(target != 1, hinge(margin - input), 0) + where(target != -1, input, 0)
    return reduced(losses, reduction, size_average, reduce)


@composed(places="nn.functional")
def margin_ranking_loss(input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"):
    """max(margin - t (x₁ - x₂), 0): x₁ is to be the larger where t = 1, the smaller where t = -1."""
    reduction = chosen(reduction, size_average, reduce)
    if not input1.array.ndim == input2.array.ndim == target.array.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: input1:"
            f" {list(input1.shape)}, input2: {list(input2.shape)}, target: {list(target.shape)}"
        )
    return reduced(hinge(-target * sub(input1, input2) + margin), reduction)


@composed(places="nn.functional")
def cosine_embedding_loss(input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"):
    """1 - cos where t = 1, and max(cos - margin, 0) where t = -1, for the angle between rows (N, D), or two vectors."""
    reduction = chosen(reduction, size_average, reduce)
    dim = target.array.ndim
    if dim > 1 or input1.array.ndim != dim + 1 or input2.array.ndim != dim + 1:
        raise RuntimeError(
            f"cosine_embedding_loss: {dim}D target tensor expects {dim + 1}D input tensors (and is 0D or 1D), but found inputs"
            f" with sizes {list(input1.shape)} and {list(input2.shape)}"
        )
    squares = (mul(input1, input1).sum(dim) + TINY) * (mul(input2, input2).sum(dim) + TINY)
    cos = mul(input1, input2).sum(dim) / sqrt(squares)
    return reduced(where(target == 1, 1 - cos, 0) + where(target == -1, hinge(cos - margin), 0), reduction)


@composed(places="nn.functional")
def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """log(1 + e^(-t x)), for t = 1 or -1."""
    return reduced(log1p(exp(-target * input)), reduction, size_average, reduce)


@composed(places="nn.functional")
def triplet_margin_loss(
    anchor,
    positive,
    negative,
    margin=1.0,
    p=2,
    eps=1e-06,
    swap=False,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """max(‖a - p‖ - ‖a - n‖ + margin, 0): nearer to the positive than to the negative; `swap` takes ‖p - n‖ if less.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html"""
    reduction = chosen(reduction, size_average, reduce)
    distance = lambda x, y: pairwise_distance(x, y, p, eps)
    return reduced(triplet(distance, anchor, positive, negative, margin, swap), reduction)


@composed(places="nn.functional")
def triplet_margin_with_distance_loss(
    anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction="mean"
):
    """triplet_margin_loss of any distance, pairwise_distance by default."""
    reduction = chosen(reduction, None, None)
    distance = pairwise_distance if distance_function is None else distance_function
    return reduced(triplet(distance, anchor, positive, negative, margin, swap), reduction)


def triplet(distance, anchor, positive, negative, margin, swap):
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.array.ndim == positive.array.ndim == negative.array.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor"
            f" {anchor.array.ndim}D, positive {positive.array.ndim}D, and negative {negative.array.ndim}D inputs"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return hinge(near - far + margin)


# ------------------------------------------------------------------ one class against the others


def rows_of(name, input):
    """Scores (N, C), or those of one item as one row."""
    if input.array.ndim > 2 or 0 in input.shape[-1:]:
        raise RuntimeError(
            f"{name}: Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(input.shape)}"
        )
    return input if input.array.ndim == 2 else input.reshape(1, input.array.size)


def numbered(name, target):
    if target.array.dtype != np.int64:
        raise RuntimeError(f"{name}: expected scalar type Long but found {target.dtype}: the target has class numbers")
    return target.array


@composed(places="nn.functional")
def multi_margin_loss(input, target, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction="mean"):
    """Σ over the other classes j of max(margin - xₜ + xⱼ, 0)^p / C, times the weight of class t."""
    reduction = chosen(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError(f"only p == 1 and p == 2 supported, not {p}")
    if weight is not None and weight.array.ndim != 1:
        raise ValueError(f"weight must be one-dimensional, and has shape {list(weight.shape)}")
    x = rows_of("multi_margin_loss", input)
    n, classes = x.shape
    if target.shape not in ((n,), ()) or (not target.array.ndim and n != 1):
        raise RuntimeError(
            f"target tensor should be 1-D with size equal to the number of items. Expected target size [{n}], but got"
            f" {list(target.shape)}"
        )
    if weight is not None and len(weight.array) != classes:
        raise RuntimeError(f"inconsistent weight size, expected {classes} but got {list(weight.shape)}")
    t = numbered("multi_margin_loss", target).reshape(-1)
    if t.size and not 0 <= t.min() <= t.max() < classes:
        raise RuntimeError(f"target out of range: {t.min()} to {t.max()} for {classes} classes")
    own = made(t[:, None] == np.arange(classes), None)
    over = relu(margin - getitem(x, (np.arange(n), t))[:, None] + x)
    losses = where(own, 0, over if p == 1 else over * over)
    if weight is not None:
        losses = losses * getitem(weight, (t,))[:, None]
    losses = losses.sum(1) / classes
    return reduced(losses if target.array.ndim else losses[0], reduction)


@composed(places="nn.functional")
def multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """Σ over classes t that an item has and classes i that it has not of max(1 - xₜ + xᵢ, 0) / C.

    The target lists the classes that an item has, up to the first -1."""
    reduction = chosen(reduction, size_average, reduce)
    x = rows_of("multilabel_margin_loss", input)
    if target.shape != input.shape:
        raise RuntimeError(f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}")
    t = numbered("multilabel_margin_loss", target).reshape(x.shape)
    n, classes = x.shape
    if t.size and not -1 <= t.min() <= t.max() < classes:
        raise RuntimeError(f"target out of range: {t.min()} to {t.max()} for {classes} classes")
    listed = np.logical_and.accumulate(t >= 0, 1)
    item = np.arange(n)[:, None]
    has = np.zeros(x.shape, bool)
    has[np.nonzero(listed)[0], t[listed]] = True
    pairs = made(listed[:, :, None] & ~has[:, None, :], None)
    own = getitem(x, (item, np.where(listed, t, 0)))
    losses = where(pairs, relu(1 - own[:, :, None] + x[:, None, :]), 0).sum((1, 2)) / classes
    return reduced(losses if input.array.ndim == 2 else losses[0], reduction)


@composed(places="nn.functional")
def multilabel_soft_margin_loss(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """-(t log σ(x) + (1 - t) log σ(-x)), averaged over the classes, the last dim."""
    reduction = chosen(reduction, size_average, reduce)
    losses = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    losses = losses if weight is None else losses * weight
    return reduced(losses.sum(-1) / (input.shape[-1] if input.array.ndim else 1), reduction)
