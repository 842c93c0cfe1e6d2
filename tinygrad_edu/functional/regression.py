"""The losses of numbers that are to be near others: of their differences, and of what a distribution says of them."""

import math

import numpy as np

from ..compose import composed
from ..ops import loss
from ..ops.elementwise import exp, log, square, sub
from ..ops.piecewise import abs, where
from ..ops.reduce import sum
from ..tensor import made
from ..users import warn
from .losses import chosen, reduced


def compared(input, target):
    """Warn, as torch does, where the one will be stretched to the other."""
    if input.shape != target.shape:
        warn(
            f"Using a target size (torch.Size({list(target.shape)})) that is different to the input size"
            f" (torch.Size({list(input.shape)})). This will likely lead to incorrect results due to broadcasting. Please ensure"
            f" they have the same size.\n{loss.pairing(input.shape, target.shape)}"
        )


def weighed(losses, weight, input, reduction):
    """The losses, their sum, or their mean, each loss counted as often as its weight says."""
    if weight.shape != input.shape:
        raise ValueError(f"Weights and input must have the same size: {list(weight.shape)} and {list(input.shape)}")
    total = reduced(losses * weight, "sum" if reduction == "mean" else reduction)
    return total / sum(weight) if reduction == "mean" else total


@composed(places="nn.functional")
def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """(x - t)². https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html"""
    compared(input, target)
    reduction = chosen(reduction, size_average, reduce)
    if weight is None:
        return loss.mse_loss(input, target, reduction=reduction)
    return weighed(loss.mse_loss(input, target, reduction="none"), weight, input, reduction)


@composed(places="nn.functional")
def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """|x - t|. https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html"""
    compared(input, target)
    losses = abs(sub(input, target))
    if weight is None:
        return reduced(losses, reduction, size_average, reduce)
    return weighed(losses, weight, input, chosen(reduction, size_average, reduce))


@composed(places="nn.functional")
def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """(x - t)² / 2β where |x - t| < β, and |x - t| - β / 2 beyond.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html"""
    compared(input, target)
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss does not support negative values for beta. Got: {beta}")
    losses = loss.huber(input, target, delta=beta) if beta else abs(sub(input, target))
    return reduced(losses if beta in (0, 1) else losses / beta, reduction, size_average, reduce)


@composed(places="nn.functional")
def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """(x - t)² / 2 where |x - t| <= δ, and δ (|x - t| - δ / 2) beyond.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html"""
    compared(input, target)
    if delta <= 0:
        raise RuntimeError(f"huber_loss does not support non-positive values for delta. Got: {delta}")
    if target.is_floating_point() and not input.is_floating_point():
        raise RuntimeError(f"result type {target.dtype} can't be cast to the desired output type {input.dtype}")
    losses = loss.huber(input, target, delta=delta).to(input.dtype)
    if weight is None:
        return reduced(losses, reduction)
    if weight.shape != input.shape:
        raise ValueError(f"Weights and input must have the same size: {list(weight.shape)} and {list(input.shape)}")
    return reduced(losses * weight, reduction)


# ------------------------------------------------------------------ what a distribution says


@composed(places="nn.functional")
def poisson_nll_loss(
    input, target, log_input=True, full=False, size_average=None, eps=1e-08, reduce=None, reduction="mean"
):
    """λ - t log λ, for counts t that are Poisson distributed: input is log λ or, if not `log_input`, λ.

    `full` adds Stirling's t log t - t + log(2πt) / 2, which stands for log t!, where t > 1."""
    reduction = chosen(reduction, size_average, reduce)
    losses = exp(input) - target * input if log_input else input - target * log(input + eps)
    if full:
        stirling = target * log(target) - target + 0.5 * log(2 * math.pi * target)
        losses = losses + where(target <= 1, 0, stirling)
    return reduced(losses, reduction)


@composed(places="nn.functional")
def gaussian_nll_loss(input, target, var, full=False, eps=1e-06, reduction="mean"):
    """(log σ² + (x - t)² / σ²) / 2, for targets that are normal with mean x and variance `var`, no less than ε.

    `full` adds log(2π) / 2. `var` has x's shape, or one number for all along one dim, or is a number.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html"""
    if isinstance(var, float):
        var = made(np.full(input.shape, var, input.array.dtype), None)
    if (var.array < 0).any():
        raise ValueError("var has negative entry/entries")
    if var.shape != input.shape:
        differing = [n for m, n in zip(input.shape, var.shape) if m != n]
        if input.shape[:-1] == var.shape:
            var = var.unsqueeze(-1)
        elif input.array.ndim != var.array.ndim or differing != [1]:
            raise ValueError(f"var is of incorrect size: {list(var.shape)} for an input of {list(input.shape)}")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid: it is 'none', 'mean' or 'sum'")
    var = var + made(np.maximum(eps - var.array, 0), None)  # whose slope is 1 below ε too, as torch has it
    losses = 0.5 * (log(var) + square(input - target) / var)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)
