"""Dropout: numbers, or whole channels, set to 0 at random while training, and the rest scaled up to make up for it.

The mask is drawn as torch draws it, two words per number: 1 where u < 1 - p, else 0.
Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014; Klambauer et al.,
Self-normalizing neural networks, 2017, for the alpha forms.
"""

import math

import numpy as np

from ..compose import composed
from ..tensor import made
from ..users import warn

SATURATION = 1.7580993408473766  # selu(-∞) = -SATURATION


@composed(places="nn.functional")
def dropout(input, p=0.5, training=True, inplace=False):
    """input · mask / (1 - p), where each number of the mask is 0 with probability p, else 1; input if not training.

    Raises ValueError for a p outside [0, 1], RuntimeError for integers, whose type has no 1 / (1 - p).
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html

    >>> import tinygrad_edu as tg
    >>> _ = tg.manual_seed(0)
    >>> tg.nn.functional.dropout(tg.ones(6), p=0.5)
    tensor([0., 0., 2., 0., 0., 0.])
    """
    check(p)
    if unchanged(input, p, training):
        return input
    return times(input, 0 if p == 1 else kept(input, p) / scalar(input, 1 - p), inplace)


@composed(places="nn.functional")
def alpha_dropout(input, p=0.5, training=False, inplace=False):
    """a · (input where kept, selu's lowest value elsewhere) + b, with a and b such that mean 0 and variance 1 stay so.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html"""
    check(p)
    return saturated(input, p, training, inplace, kept)


@composed(places="nn.functional")
def feature_alpha_dropout(input, p=0.5, training=False, inplace=False):
    """alpha_dropout of whole channels: input[i, j] for each i and j.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.feature_alpha_dropout.html"""
    check(p)
    return saturated(input, p, training, inplace, kept_channels)


@composed(places="nn.functional")
def dropout1d(input, p=0.5, training=True, inplace=False):
    """dropout of whole channels: input (N, C, L) or (C, L).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout1d.html"""
    check(p)
    if input.dim() not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, (C, L) or (N, C, L), but received a {input.dim()}D input"
        )
    return channels(input, p, training, inplace, batched=input.dim() == 3)


@composed(places="nn.functional")
def dropout2d(input, p=0.5, training=True, inplace=False):
    """dropout of whole channels: input (N, C, H, W).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html"""
    check(p)
    if input.dim() not in (3, 4):
        deprecated("dropout2d", input, "(N, C, H, W)")
    elif input.dim() == 3:
        warn(
            "dropout2d: Received a 3D input, which is taken as (N, C, L) and not as (C, H, W), as in torch: use dropout1d"
        )
    return channels(input, p, training, inplace, batched=True)


@composed(places="nn.functional")
def dropout3d(input, p=0.5, training=True, inplace=False):
    """dropout of whole channels: input (N, C, D, H, W) or (C, D, H, W).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout3d.html"""
    check(p)
    if input.dim() not in (4, 5):
        deprecated("dropout3d", input, "(N, C, D, H, W) or (C, D, H, W)")
    return channels(input, p, training, inplace, batched=input.dim() == 5)


# ------------------------------------------------------------------ what they share


def check(p):
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def deprecated(name, input, shapes):
    warn(f"{name}: Received a {input.dim()}-D input, which is deprecated: give it {shapes}, or use dropout")


def unchanged(input, p, training):
    return p == 0 or not training or not input.numel()


def scalar(input, number):
    return input.array.dtype.type(number)


def times(input, noise, inplace):
    noise = made(np.asarray(noise, input.array.dtype), None)
    return input.mul_(noise) if inplace else input * noise


def mask(array, p):
    """Overwritten with 0 with probability p, else 1."""
    if array.dtype.kind != "f":
        raise RuntimeError(f"dropout scales by 1 / (1 - p), which {array.dtype} cannot hold: make the input float")
    return made(array, None).bernoulli_(1 - p).array


def kept(input, p):
    """A mask for each number."""
    return mask(np.empty_like(input.array), p)


def kept_channels(input, p):
    """A mask for each channel."""
    if input.dim() < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input: (N, C, ...)")
    return mask(np.empty(input.shape[:2] + (1,) * (input.dim() - 2), input.array.dtype), p)


def channels(input, p, training, inplace, batched):
    if unchanged(input, p, training):
        return input
    batch = input if batched else input.unsqueeze(0)
    out = times(batch, 0 if p == 1 else kept_channels(batch, p) / scalar(input, 1 - p), inplace)
    return input if inplace else out if batched else out.squeeze(0)


def saturated(input, p, training, inplace, kept):
    """a (input · mask - SATURATION (1 - mask)) + b, in torch's order of operations."""
    if unchanged(input, p, training):
        return input
    if p == 1:
        return times(input, 0, inplace)
    mask, a = kept(input, p), 1 / math.sqrt((SATURATION**2 * p + 1) * (1 - p))
    shift = (mask - 1) * scalar(input, SATURATION * a) + scalar(input, SATURATION * a * p)
    return times(input, mask * scalar(input, a), inplace).add_(made(shift, None))
