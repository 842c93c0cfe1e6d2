"""Normalisation layers: numbers standardized over some axes, then scaled and shifted by what was learned."""

import math

import numpy as np

from ..compose import composed
from ..device import channels_last, contiguous_format
from ..memory import wrote
from ..ops import norm
from ..ops.elementwise import sqrt, square
from ..ops.norm import standardize
from ..ops.reduce import mean
from ..thread import thread


def affine(x, weight, bias, shape):
    """x · weight + bias, each in this shape."""
    x = x if weight is None else x * weight.reshape(shape)
    return x if bias is None else x + bias.reshape(shape)


def order(x):
    """How torch lays out in memory what it normalizes: row by row, but images with channels last as they are."""
    last = x.array.ndim == 4 and x.is_contiguous(memory_format=channels_last)
    return channels_last if last and not x.is_contiguous() else contiguous_format


def fitting(x, shape, **parameters):
    """Raise torch's errors unless each parameter has this shape, and x's dtype."""
    for name, p in parameters.items():
        if p is None:
            continue
        if p.array.shape != tuple(shape):
            raise RuntimeError(
                f"Expected {name} to be of shape {list(shape)}, but got {name} of shape {list(p.shape)}, and input of shape"
                f" {list(x.shape)}"
            )
        if p.array.dtype != x.array.dtype and x.is_floating_point():
            raise RuntimeError(
                f"mixed dtype (CPU): expect parameter to have scalar type of {x.dtype}, but {name} has {p.dtype}"
            )


def trailing(x, normalized_shape):
    """The axes at the end of x that have these lengths."""
    shape = tuple(normalized_shape)
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element"
        )
    if x.array.shape[-len(shape) :] != shape:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*, {', '.join(map(str, shape))}], but got"
            f" input of size{list(x.shape)}"
        )
    return tuple(range(x.array.ndim - len(shape), x.array.ndim))


@composed(places="torch nn.functional")
def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05):
    """(x - μ) / √(σ² + ε) · weight + bias, with mean and variance over the last axes, whose lengths are given.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html"""
    over = trailing(input, normalized_shape)
    fitting(input, normalized_shape, weight=weight, bias=bias)
    return affine(standardize(input.contiguous(), over, eps), weight, bias, normalized_shape)


@composed(places="torch nn.functional")
def rms_norm(input, normalized_shape, weight=None, eps=None):
    """x / √(mean of x² + ε) · weight, with the mean over the last axes, whose lengths are given.

    ε is the dtype's machine epsilon by default. Zhang & Sennrich, Root mean square layer normalization, 2019."""
    over = trailing(input, normalized_shape)
    weight = None if weight is None else weight.to(input.dtype)
    fitting(input, normalized_shape, weight=weight)
    if not input.is_floating_point():
        raise NotImplementedError(f'"rms_norm" not implemented for {input.dtype}: convert with .float()')
    eps = np.finfo(input.array.dtype).eps.item() if eps is None else eps
    input = input.contiguous(memory_format=order(input))
    out = input / sqrt(mean(square(input), over, keepdim=True) + eps)
    return affine(out, weight, None, normalized_shape)


@composed(places="torch nn.functional")
def group_norm(input, num_groups, weight=None, bias=None, eps=1e-05):
    """(x - μ) / √(σ² + ε) · weight + bias, with mean and variance over each of `num_groups` groups of channels.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html"""
    if input.array.ndim < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {input.array.ndim}: (N, C, ...)"
        )
    n, channels, *rest = input.shape
    if num_groups < 1 or channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape"
            f" {list(input.shape)} and num_groups={num_groups}"
        )
    several(n * channels // num_groups * math.prod(rest), "value per channel", input)
    fitting(input, (channels,), weight=weight, bias=bias)
    groups = standardize(
        input.contiguous().reshape(n, num_groups, input.array.size // max(1, n * num_groups)), (2,), eps
    )
    out = affine(groups.reshape(input.shape), weight, bias, (channels, *[1] * len(rest)))
    return out.contiguous(memory_format=order(input))


def several(values, what, input):
    if values == 1:
        raise ValueError(f"Expected more than 1 {what} when training, got input size {list(input.shape)}")


@composed(places="nn.functional")
def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05):
    """(x - μ) / √(σ² + ε) · weight + bias, for each channel of (N, C, ...).

    While training, mean and variance are the batch's, and the running ones, which else are taken, move towards them:
    running ← (1 - momentum) · running + momentum · batch's, where that variance is over n - 1.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html"""
    if training:
        several(math.prod(input.shape[:1] + input.shape[2:]), "value per channel", input)
    if eps < 0 or (training and not eps):
        raise ValueError(f"batch_norm eps must be {'positive during training' if training else 'non-negative'}: {eps}")
    return by_channel(input, running_mean, running_var, weight, bias, training, momentum, eps, (0,))


@composed(places="nn.functional")
def instance_norm(
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-05,
):
    """batch_norm with each item's own mean and variance, or with the running ones if not `use_input_stats`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html"""
    if use_input_stats:
        several(math.prod(input.shape[2:]), "spatial element", input)
    return by_channel(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps, ())


def by_channel(input, running_mean, running_var, weight, bias, own, momentum, eps, over):
    """x standardized for each channel, with its own statistics over those axes and all after the channels', or with running ones."""
    channels = input.shape[1:2] or (0,)
    if not own and (running_mean is None or running_var is None):
        raise RuntimeError("running_mean and running_var must be defined in evaluation mode")
    if (running_mean is None) != (running_var is None):
        raise ValueError("running_mean and running_var must either both be None or neither be None")
    fitting(input, channels, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    for running in (running_mean, running_var):
        if running is not None and running.requires_grad and thread.grad:
            raise RuntimeError("batch_norm is not differentiable with respect to its running statistics: detach() them")
    shape = (*channels, *[1] * (input.array.ndim - 2))
    over = (*over, *range(2, input.array.ndim))
    input = input.contiguous(memory_format=order(input))
    if not input.array.size:
        out = input.clone()
    elif own:
        out = standardize(input, over, eps)
        if running_mean is not None:
            update(running_mean, running_var, input.array, over, momentum)
    else:
        if not input.is_floating_point():
            raise NotImplementedError(f'"batch_norm" not implemented for {input.dtype}: convert with .float()')
        out = (input - running_mean.reshape(shape)) / sqrt(running_var.reshape(shape) + eps)
    return affine(out, weight, bias, shape)


def update(running_mean, running_var, x, over, momentum):
    """Move the running statistics towards those of x; the variance is over n - 1, and items' statistics are averaged."""
    mean = norm.mean(x, over)
    d = x - mean
    n = x.size // mean.size
    variance = norm.mean(d * d, over) * (n / (n - 1))
    for running, batch in ((running_mean, mean), (running_var, variance)):
        batch = np.moveaxis(batch, 1, 0).reshape(len(running.array), -1).mean(1)
        running.array[...] = (1 - momentum) * running.array + momentum * batch
        wrote(running)
